"""`cclc explain`: the page of a diagnostic code, or the list of all codes."""

import sys

from ccl.cli.columns import columns
from ccl.diagnostics import explain as pages
from ccl.diagnostics.codes import TEMPLATES, full_code
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import SEAL, has_color, width_of


def explain_code(code: str | None) -> None:
    """Prints the page of a code, without one all codes. Raises CommandError."""
    if code is None:
        _list_codes()
        return
    name = full_code(code)
    page = pages.load_page(name) if name in TEMPLATES else None
    if page is None:
        raise _unknown_code(code, name)
    sys.stdout.write(
        pages.render_page(page, color=has_color(sys.stdout), width=width_of(sys.stdout), seal=SEAL)
    )


def _list_codes() -> None:
    titles = {name: page.title for name in TEMPLATES if (page := pages.load_page(name))}
    rows = [
        (name, TEMPLATES[name].severity.value, titles.get(name, TEMPLATES[name].title))
        for name in sorted(TEMPLATES)
    ]
    sys.stdout.write(columns(rows))


def _unknown_code(given: str, name: str) -> CommandError:
    nearest = pages.nearest_code(name)
    suggestion = f"did you mean {nearest}? " if nearest else ""
    return CommandError(
        ExitCode.NOT_FOUND,
        "unknown-code",
        f"there is no diagnostic {given}",
        hint=f"{suggestion}`cclc explain` lists all of them",
        details={"given": given},
    )
