"""Diagnostics as text: five formats of the same value.

Pure: no terminal, file or environment is looked at; whoever prints says whether there is
colour and how wide the terminal is.
"""

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.shown import ERRORS_SHOWN_MAX, shown_of
from ccl.source.spans import SourceMap


class Format(Enum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"

    @property
    def for_machines(self) -> bool:
        """Machine formats are the output of a command, the others are remarks about it."""
        return self in (Format.JSON, Format.SARIF, Format.GITHUB)


def render(
    diagnostics: Sequence[Diagnostic],
    sources: SourceMap,
    format: Format,  # noqa: A002
    *,
    color: bool,
    width: int,
    seal: str = "",
    max_errors: int = ERRORS_SHOWN_MAX,
) -> str:
    """The diagnostics in the order given, ending with a line break (or empty).

    The errors are the first `max_errors`; formats for machines say how many there are.

    `width` is in terminal cells, `seal` that of `Paint`. Colour, seal and width matter to the
    formats for people only.
    """
    from ccl.diagnostics.render import full, plain

    shown = shown_of(diagnostics, max_errors)
    match format:
        case Format.FULL:
            return full.render_full(shown.diagnostics, sources, color=color, width=width, seal=seal)
        case Format.CONCISE:
            return plain.render_concise(shown.diagnostics, sources, color=color, seal=seal)
        case Format.JSON:
            return plain.render_json(shown, sources)
        case Format.GITHUB:
            return plain.render_github(shown, sources)
        case Format.SARIF:
            from ccl.diagnostics.render import sarif

            return sarif.render_sarif(shown, sources)
        case _:
            assert_never(format)
