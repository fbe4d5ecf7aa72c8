"""Reports of the compiler's commands about the files they read."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ccl.cli.compiling.findings import Findings
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.render import Format, render
from ccl.diagnostics.render.formats.json import json_value
from ccl.diagnostics.render.shown import ALL_ERRORS
from ccl.source.spans import SourceMap
from runtime.terminal.answers.answer import current, fail, give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import SEAL, has_color, note, note_text, width_of


def shown(path: Path) -> str:
    """Names the file as diagnostics do."""
    return "<stdin>" if str(path) == STANDARD_STREAM else path.as_posix()


NOTHING_FOUND: Final = Findings(sources=SourceMap(), diagnostics=())
"""Findings of a module, which has no source."""


def answer_findings(findings: Findings) -> None:
    """Puts findings into the answer, where one is wanted, also of a source that compiles."""
    if current().is_wanted:
        give(json_value(findings.shown, findings.sources))


def show_findings(findings: Findings, form: Format) -> None:
    """Shows findings: in the answer where one is wanted, machine formats on stdout, others on
    stderr."""
    if current().is_wanted:
        answer_findings(findings)
        if findings.count(Severity.ERROR):
            fail(not_compiled(findings))
        return
    stream = sys.stdout if form.for_machines else sys.stderr
    text = render(
        findings.diagnostics,
        findings.sources,
        form,
        color=has_color(stream),
        width=width_of(stream),
        seal=SEAL,
        max_errors=findings.max_errors,
    )
    if form.for_machines:
        sys.stdout.write(text)
    elif text:
        note_text(text.removesuffix("\n"))
    remark = findings.shown.remark
    if remark is not None:
        note(f"{remark}; `cclc check --max-errors {ALL_ERRORS}` shows all")


def not_compiled(findings: Findings) -> CommandError:
    """Makes the error of a command that needed a source with errors."""
    first = next(d for d in findings.diagnostics if d.severity is Severity.ERROR)
    return CommandError(
        ExitCode.FAILED,
        "source-errors",
        f"the source has {findings.summary()}",
        hint=f"`cclc explain {first.code}` explains the first; `diagnostics` has their places",
    )


def summarise(findings: Findings, files: Sequence[Path]) -> None:
    """Notes the number of findings in one line for people, or that there are none."""
    if current().is_wanted:
        return
    counted = findings.summary()
    if not counted:
        what = shown(files[0]) if len(files) == 1 else f"{len(files)} files"
        note(f"Checked {what}: no errors")
        return
    codes = sorted({diagnostic.code for diagnostic in findings.diagnostics})
    note(f"Found {counted}; `cclc explain {codes[0]}` explains the first")


def refuse_warnings(findings: Findings) -> None:
    """Raises CommandError where a warning is left."""
    count = findings.count(Severity.WARNING)
    if not count:
        return
    code = next(d.code for d in findings.diagnostics if d.severity is Severity.WARNING)
    raise CommandError(
        ExitCode.FAILED,
        "warnings-denied",
        f"{count} {'warning is' if count == 1 else 'warnings are'} left, and --deny-warnings "
        "was given",
        hint=f"fix them, or allow one where it is intended: `// ccl: allow {code}`",
        details={"warnings": count},
    )


def difference(path: Path, before: str, after: str) -> str:
    """Shows the changes in a file as `diff -u` does."""
    from difflib import unified_diff

    name = shown(path)
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
