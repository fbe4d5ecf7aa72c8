"""`cclc fmt`: files formatted, or the changes to them shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from ccl.cli.compiling.findings import Findings, merged
from ccl.cli.compiling.report import answer_findings, difference, show_findings, shown, summarise
from ccl.cli.compiling.sources import sources_of
from ccl.cli.files import read_source
from ccl.diagnostics.render import Format
from ccl.formatter.format import format_text
from ccl.source.spans import Source, Span
from runtime.terminal.answers.answer import current, fail, give
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically
from runtime.terminal.streams import note, write_result


def format_files(files: Sequence[Path], *, check: bool, diff: bool, form: Format) -> None:
    """Formats each file in place, and each of a folder; `-` from standard input to standard output.

    With `check` or `diff` nothing is written. A file with errors stays as it is. Raises
    CommandError, and typer.Exit(1) for such a file or if one would change.
    """
    # Every file is read before any is changed, so that a wrong name changes nothing.
    sources = sources_of(files)
    if sources.errors:
        raise CommandErrors(sources.errors)
    texts = {path: read_source(path) for path in sources.files}
    outcome = _format_each(texts, check=check, diff=diff)
    changed, unformatted = len(outcome.altered), outcome.unformatted
    give(
        {
            "changed": outcome.altered,
            "unchanged": outcome.kept,
            "not_formatted": [shown(path) for path in unformatted],
            "text": outcome.given_back,
        }
    )
    findings = merged(outcome.failed)
    answer_findings(findings)
    if outcome.failed:
        show_findings(findings, form)
        if not form.for_machines:
            summarise(findings, unformatted)
    _count(len(outcome.kept), changed, len(unformatted), dry=check or diff)
    if outcome.refused:
        raise CommandErrors(tuple(outcome.refused))
    if changed and (check or diff):
        fail(
            CommandError(
                ExitCode.FAILED,
                "not-formatted",
                f"{_files(changed)} would be formatted",
                hint="`cclc fmt` without --check and --diff does it",
            )
        )
    if outcome.failed or (changed and (check or diff)):
        raise typer.Exit(ExitCode.FAILED)


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """Files as they are shown, by the result of formatting."""

    altered: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unformatted: list[Path] = field(default_factory=list)
    failed: list[Findings] = field(default_factory=list)
    refused: list[CommandError] = field(default_factory=list)
    given_back: str | None = None
    """The text of standard input, for an answer in JSON."""


def _format_each(texts: Mapping[Path, str], *, check: bool, diff: bool) -> _Outcome:
    """Formats and writes each text; those with errors stay as they are."""
    outcome = _Outcome()
    for path, text in texts.items():
        formatted = format_text(text, shown(path))
        if formatted.changed is not None:
            source = formatted.sources.sources[0]
            outcome.refused.append(_unsettled(path, source, formatted.changed))
            outcome.unformatted.append(path)
            continue
        if formatted.text is None:
            found = formatted.sink.diagnostics
            outcome.failed.append(Findings(sources=formatted.sources, diagnostics=found))
            outcome.unformatted.append(path)
            continue
        (outcome.altered if formatted.text != text else outcome.kept).append(shown(path))
        if str(path) == STANDARD_STREAM and current().is_wanted:
            outcome.given_back = formatted.text
        else:
            _put(path, text, formatted.text, check=check, diff=diff)
    return outcome


def _put(path: Path, before: str, after: str, *, check: bool, diff: bool) -> None:
    """Writes the text, or shows the changes."""
    if diff and not current().is_wanted:
        write_result(difference(path, before, after))
    elif check or diff:
        if before != after:
            note(f"Would format {shown(path)}")
    elif str(path) == STANDARD_STREAM:
        write_result(after)
    elif before != after:
        write_atomically(path, after.encode("utf-8"))
        note(f"Formatted {shown(path)}")


def _unsettled(path: Path, source: Source, item: Span) -> CommandError:
    line = source.position(item.start).line
    return CommandError(
        ExitCode.FAILED,
        "layout-changes-program",
        f"{shown(path)}:{line}: this item cannot be formatted without changing its meaning",
        hint="the file is unchanged; please report this item as a bug",
        details={"path": shown(path), "line": line},
    )


def _count(unchanged: int, changed: int, unformatted: int, *, dry: bool) -> None:
    """Notes one line about all files, if there is more than one."""
    if unchanged + changed + unformatted == 1 and not (dry and unchanged):
        return
    parts = []
    if changed:
        parts.append(f"{_files(changed)} {'would be ' if dry else ''}formatted")
    if unchanged:
        parts.append(f"{_files(unchanged)} already formatted")
    if unformatted:
        parts.append(f"{_files(unformatted)} with errors left alone")
    note(", ".join(parts))


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"
