"""`cclc check`: diagnostics of files and folders as one report, with their fixes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import typer

from ccl.cli.compiling.check_options import CheckOptions
from ccl.cli.compiling.findings import Findings, findings_of, merged
from ccl.cli.compiling.fixing import Fixed, fix_text
from ccl.cli.compiling.report import difference, refuse_warnings, show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for, remark_on_foreign, sources_of
from ccl.cli.files import read_source
from ccl.diagnostics.codes.template import Severity
from ccl.pipeline import check_text
from ccl.project.project import Project
from ccl.support.node import replace
from runtime.terminal.answers.answer import current, give
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically
from runtime.terminal.streams import (
    counted,
    note,
    write_result,
)


def check_files(paths: Sequence[Path], options: CheckOptions) -> None:
    """Checks each file, and each of a folder, all of them as one report.

    Raises CommandErrors for unreadable files, typer.Exit(1) if there are errors or if something
    would be fixed, CommandError if there are warnings and they are denied.
    """
    if options.fix and any(str(path) == STANDARD_STREAM for path in paths):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be fixed in place",
            hint="give --fix the name of a file",
        )
    sources = sources_of(paths)
    texts, unreadable = _read_all(sources.files)
    unreadable = (*unreadable, *sources.errors)
    if unreadable and (options.fix or not texts):
        # Nothing is changed where a name is wrong: another file may be meant.
        raise CommandErrors(unreadable)
    projects = {path: project_for(path, options.allowed) for path in texts}
    if not options.form.for_machines:
        remark_on_foreign(projects.values())
    if current().is_wanted:
        give({"fixed": 0})
    if options.fix:
        fixed = {path: _fixed(path, text, projects[path], options) for path, text in texts.items()}
        if current().is_wanted:
            give({"fixed": sum(each.applied for each in fixed.values())})
        if options.diff:
            _show_fixes(texts, fixed)
            if options.deny_warnings:
                refuse_warnings(merged(each.findings for each in fixed.values()))
            return
        findings = merged(each.findings for each in fixed.values())
    else:
        findings = merged(_check(texts[path], path, projects[path]) for path in texts)
    findings = replace(findings, max_errors=options.max_errors)
    show_findings(findings, options.form)
    if not options.form.for_machines:
        if options.fix and any(each.applied for each in fixed.values()):
            note(f"Fixed {_fixes(fixed.values())}")
        if options.fix:
            _note_left(fixed.values())
        summarise(findings, list(texts))
    if unreadable:
        raise CommandErrors(unreadable)
    if findings.count(Severity.ERROR):
        raise typer.Exit(ExitCode.FAILED)
    if options.deny_warnings:
        refuse_warnings(findings)


def _fixed(path: Path, text: str, project: Project, options: CheckOptions) -> Fixed:
    fixed = fix_text(text, partial(_check, path=path, project=project), unsafe=options.unsafe)
    if not options.diff and fixed.text != text:
        write_atomically(path, fixed.text.encode("utf-8"))
    return fixed


def _show_fixes(texts: Mapping[Path, str], fixed: Mapping[Path, Fixed]) -> None:
    """Shows what would change. Raises typer.Exit(1) if anything would or errors would be left."""
    for path, each in fixed.items():
        write_result(difference(path, texts[path], each.text))
    left = sum(each.findings.count(Severity.ERROR) for each in fixed.values())
    remark = f"; {left} {'error' if left == 1 else 'errors'} would be left" if left else ""
    applied = any(each.applied for each in fixed.values())
    done = f"Would fix {_fixes(fixed.values())}" if applied else "Nothing to fix"
    note(f"{done}{remark}")
    _note_left(fixed.values())
    if left or any(each.text != texts[path] for path, each in fixed.items()):
        raise typer.Exit(ExitCode.FAILED)


def _note_left(fixed: Iterable[Fixed]) -> None:
    """Notes which fixes were not made, and why."""
    every = list(fixed)
    unhelpful, waiting = sum(each.unhelpful for each in every), sum(each.waiting for each in every)
    if unhelpful:
        note(f"not applied: {_counted_fixes(unhelpful)}, since the file would have no fewer errors")
    if waiting:
        note(f"not applied: {_counted_fixes(waiting)}, until the more urgent errors are fixed")


def _counted_fixes(count: int) -> str:
    return f"{count} {'fix' if count == 1 else 'fixes'}"


def _fixes(fixed: Iterable[Fixed]) -> str:
    """Counts what was fixed: `2 errors and 1 warning`."""
    every = list(fixed)
    errors, warnings = sum(each.errors for each in every), sum(each.warnings for each in every)
    shown = [counted(errors, "error")] if errors or not warnings else []
    return " and ".join([*shown, counted(warnings, "warning")] if warnings else shown)


def _read_all(files: Sequence[Path]) -> tuple[dict[Path, str], tuple[CommandError, ...]]:
    """Reads the files; gives also the errors of those that cannot be read."""
    texts: dict[Path, str] = {}
    unreadable = []
    for path in files:
        try:
            texts[path] = read_source(path)
        except CommandError as error:
            unreadable.append(error)
    return texts, tuple(unreadable)


def _check(text: str, path: Path, project: Project) -> Findings:
    return findings_of(check_text(text, path=shown(path), project=project))
