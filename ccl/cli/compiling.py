"""`cclc compile` and `cclc check`: from paths to the pipeline and back to files and streams."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer

from ccl.cli.checking import Findings, fix_text, merged
from ccl.cli.files import STANDARD_STREAM, read_source, write_atomically
from ccl.cli.options import project_for
from ccl.cli.report import show_findings, shown, summarise
from ccl.codes.template import Severity
from ccl.pipeline import Compilation, Compiled, check_text, compile_text
from ccl.render import Format
from ccl.typed import PackedModule
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.streams import note, note_text, number_text, write_raw

_FORMAT_WORDS = frozenset(form.value for form in Format)


def check_files(
    files: Sequence[Path], *, fix: bool, form: Format, allowed: tuple[Path, ...]
) -> None:
    """Check each file, all of them as one report.

    Raises CommandErrors for the files that cannot be read, typer.Exit(1) if there are errors.
    """
    if fix and any(str(path) == STANDARD_STREAM for path in files):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be fixed in place",
            hint="give --fix the name of a file",
        )
    texts, unreadable = _read_all(files)
    if unreadable and (fix or not texts):
        # Nothing is changed where a name is wrong: it may be that of the file that was meant.
        raise CommandErrors(unreadable)
    reports: list[Findings] = []
    applied = 0
    for path, text in texts.items():
        if not fix:
            reports.append(_check(text, path=path, allowed=allowed))
            continue
        fixed = fix_text(text, partial(_check, path=path, allowed=allowed))
        if fixed.text != text:
            write_atomically(path, fixed.text.encode("utf-8"))
        applied += fixed.applied
        reports.append(fixed.findings)
    findings = merged(reports)
    show_findings(findings, form)
    if not form.for_machines:
        if fix:
            note(f"Fixed {applied} {'fault' if applied == 1 else 'faults'}")
        summarise(findings, list(texts))
    if unreadable:
        raise CommandErrors(unreadable)
    if findings.count(Severity.ERROR):
        raise typer.Exit(ExitCode.FAILED)


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


def _check(text: str, *, path: Path, allowed: tuple[Path, ...]) -> Findings:
    return _findings(check_text(text, path=shown(path), project=project_for(path, allowed)))


def _findings(compilation: Compilation) -> Findings:
    return Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)


def compile_to_file(
    file: Path, output: str | None, *, as_text: bool, form: Format, allowed: tuple[Path, ...]
) -> None:
    """Compile and write the module, or its text. Raises CommandError and typer.Exit(1)."""
    if output in _FORMAT_WORDS:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"-o names the file to write here, and {output} is a format",
            hint=f"`--format {output}` prints findings so; a file of that name is ./{output}",
        )
    target = Path(output) if output else _target(file, ".wat" if as_text else ".wasm")
    if str(target) != STANDARD_STREAM and os.path.realpath(target) == os.path.realpath(file):
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"the output {target} is the program itself",
            hint="choose another name with -o",
            details={"path": str(target)},
        )
    compiled = compile_text(read_source(file), path=shown(file), project=project_for(file, allowed))
    module = compiled.compilation.module
    if module is not None and not module.items and not compiled.compilation.sink.has_errors:
        raise CommandError(
            ExitCode.FAILED,
            "nothing-to-compile",
            f"{shown(file)} has no declarations and no code: nothing to compile",
            hint="write an `execution { … }` block, or begin with `ccl new`",
            details={"path": shown(file)},
        )
    findings = _findings(compiled.compilation)
    show_findings(findings, form)
    if compiled.wasm is None or compiled.wat is None or compiled.cid is None:
        if not form.for_machines:
            summarise(findings, [file])
        raise typer.Exit(ExitCode.FAILED)
    data = compiled.wat.encode("utf-8") if as_text else compiled.wasm
    if str(target) == STANDARD_STREAM:
        write_raw(data)
        return
    write_atomically(target, data)
    note_text(_success(file, target, compiled, len(data), as_text=as_text))


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


def _packed(module: PackedModule) -> str:
    return f"{module.path} ({number_text(len(module.wasm), sys.stderr)} bytes, {module.cid})"


def _target(file: Path, suffix: str) -> Path:
    if str(file) == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "a program from standard input needs a name for its module",
            hint="give one with -o, or -o - for standard output",
        )
    return file.with_suffix(suffix)
