"""`cclc compile` and `cclc check`: from paths to the pipeline and back to files and streams."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from ccl.cli.admission import AdmissionOfLongPrograms
from ccl.cli.compiling.checking import Findings, merged
from ccl.cli.compiling.fixing import Fixed, fix_text
from ccl.cli.compiling.report import difference, refuse_warnings, show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for, remark_on_foreign, sources_of
from ccl.cli.files import read_source
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.render import FORMATS, Format
from ccl.ir.typed import PackedModule
from ccl.pipeline import Compilation, Compiled, check_text, compile_text
from ccl.project.project import Project
from ccl.support.node import Node, replace
from runtime.terminal.answers.answer import current, give
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically
from runtime.terminal.streams import (
    counted,
    note,
    note_text,
    number_text,
    write_raw,
    write_result,
)

_TOO_LONG = (
    "note: no node executes this module, as compiling it would take too long; "
    'compile parts as modules of their own: `module("./part.ccl")`'
)


class Checks(Node, frozen=True, kw_only=True):
    """The options of `cclc check`. unsafe: `fix` applies guesses, too. diff: show what `fix`
    would change, and write nothing."""

    form: Format
    fix: bool
    unsafe: bool
    diff: bool
    deny_warnings: bool
    max_errors: int
    allowed: tuple[Path, ...]


def check_files(paths: Sequence[Path], options: Checks) -> None:
    """Check each file, and each of a folder, all of them as one report.

    Raises CommandErrors for what cannot be read, typer.Exit(1) if there are errors or if something
    would be fixed, CommandError if there are warnings and none may be.
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
    unreadable = (*unreadable, *sources.faults)
    if unreadable and (options.fix or not texts):
        # Nothing is changed where a name is wrong: it may be that of the file that was meant.
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


def _fixed(path: Path, text: str, project: Project, options: Checks) -> Fixed:
    fixed = fix_text(text, partial(_check, path=path, project=project), unsafe=options.unsafe)
    if not options.diff and fixed.text != text:
        write_atomically(path, fixed.text.encode("utf-8"))
    return fixed


def _show_fixes(texts: Mapping[Path, str], fixed: Mapping[Path, Fixed]) -> None:
    """What would change, and typer.Exit(1) if anything would or errors would be left."""
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
    """Says which fixes were not made, and why."""
    every = list(fixed)
    unhelpful, waiting = sum(each.unhelpful for each in every), sum(each.waiting for each in every)
    if unhelpful:
        note(f"not applied: {_counted_fixes(unhelpful)}, as the file would have no fewer errors")
    if waiting:
        note(f"not applied: {_counted_fixes(waiting)}, until the more urgent errors are fixed")


def _counted_fixes(count: int) -> str:
    return f"{count} {'fix' if count == 1 else 'fixes'}"


def _fixes(fixed: Iterable[Fixed]) -> str:
    """`2 errors and 1 warning`: what was fixed."""
    every = list(fixed)
    errors, warnings = sum(each.errors for each in every), sum(each.warnings for each in every)
    shown = [counted(errors, "error")] if errors or not warnings else []
    return " and ".join([*shown, counted(warnings, "warning")] if warnings else shown)


def _read_all(files: Sequence[Path]) -> tuple[dict[Path, str], tuple[CommandError, ...]]:
    """The texts of the files, and what is wrong with those that cannot be read."""
    texts: dict[Path, str] = {}
    unreadable = []
    for path in files:
        try:
            texts[path] = read_source(path)
        except CommandError as error:
            unreadable.append(error)
    return texts, tuple(unreadable)


def _check(text: str, path: Path, project: Project) -> Findings:
    return _findings(check_text(text, path=shown(path), project=project))


def _findings(compilation: Compilation) -> Findings:
    return Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)


def compile_to_file(
    file: Path,
    output: str | None,
    *,
    as_text: bool,
    form: Format,
    deny_warnings: bool,
    max_errors: int,
    allowed: tuple[Path, ...],
) -> None:
    """Compile and write the module, or its text. Raises CommandError and typer.Exit(1)."""
    _refuse_output(file, output)
    # Before the target: what cannot be read, such as `/`, need not have a name to make one of.
    text, project = read_source(file), project_for(file, allowed)
    target = _target(file, output, as_text=as_text)
    if not form.for_machines:
        remark_on_foreign([project])
    admission = AdmissionOfLongPrograms()
    compiled = compile_text(text, path=shown(file), project=project, admission=admission)
    module = compiled.compilation.module
    if module is not None and not module.items and not compiled.compilation.sink.has_errors:
        raise CommandError(
            ExitCode.FAILED,
            "nothing-to-compile",
            f"{shown(file)} has no declarations and no code: nothing to compile",
            hint="write an `execution { … }` block, or begin with `ccl new`",
            details={"path": shown(file)},
        )
    findings = replace(_findings(compiled.compilation), max_errors=max_errors)
    show_findings(findings, form)
    if compiled.wasm is None or compiled.wat is None or compiled.cid is None:
        summarise(findings, [file])
        raise typer.Exit(ExitCode.FAILED)
    if deny_warnings:
        refuse_warnings(findings)
    if admission.is_over:
        note(_TOO_LONG)
    data = compiled.wat.encode("utf-8") if as_text else compiled.wasm
    if str(target) == STANDARD_STREAM:
        write_raw(data)
        return
    write_atomically(target, data)
    if current().is_wanted:
        give(_value(target, compiled, len(data)))
        return
    note_text(_success(file, target, compiled, len(data), as_text=as_text))


def _refuse_output(file: Path, output: str | None) -> None:
    """Raises CommandError for an output that is a misunderstanding."""
    if output in FORMATS:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"-o names the file to write here, and {output} is a format",
            hint=f"`--format {output}` prints findings so; a file of that name is ./{output}",
        )
    if output == STANDARD_STREAM and current().is_wanted:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "-o - puts the module on standard output, where the answer would be",
            hint="name a file with -o, or leave out --format json",
        )
    if output is None and str(file) == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "a program from standard input needs a name for its module",
            hint="give one with -o, or -o - for standard output",
        )


def _target(file: Path, output: str | None, *, as_text: bool) -> Path:
    """The file to write. Raises CommandError where it is the program itself."""
    target = Path(output) if output else file.with_suffix(".wat" if as_text else ".wasm")
    if str(target) != STANDARD_STREAM and os.path.realpath(target) == os.path.realpath(file):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"the output {target} is the program itself",
            hint="choose another name with -o",
            details={"path": str(target)},
        )
    return target


def _success(
    file: Path, target: Path, compiled: Compiled, size_bytes: int, *, as_text: bool
) -> str:
    # A CID names bytes: those of the text are not those of the module.
    what = f"the text of {compiled.cid}" if as_text else compiled.cid
    size = number_text(size_bytes, sys.stderr)
    lines = [printable(f"Compiled {shown(file)} → {target} ({size} bytes, {what})")]
    for packed in compiled.packed:
        lines.append(f"  with {printable(_packed(packed))}")
    return "\n".join(lines)


def _value(target: Path, compiled: Compiled, size_bytes: int) -> dict[str, Any]:
    return {
        "path": str(target),
        "cid": compiled.cid,
        "size_bytes": size_bytes,
        "packed": [
            {"path": each.path, "cid": each.cid, "size_bytes": len(each.wasm)}
            for each in compiled.packed
        ],
    }


def _packed(module: PackedModule) -> str:
    return f"{module.path} ({number_text(len(module.wasm), sys.stderr)} bytes, {module.cid})"
