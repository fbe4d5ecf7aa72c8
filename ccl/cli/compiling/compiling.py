"""`cclc compile`: a module, or its text, from a program."""

import os
import sys
from pathlib import Path
from typing import Any

import typer

from ccl.cli.admission import AdmissionOfLongPrograms
from ccl.cli.compiling.findings import findings_of
from ccl.cli.compiling.report import refuse_warnings, show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for, remark_on_foreign
from ccl.cli.files import read_source
from ccl.diagnostics.render import FORMATS, Format
from ccl.ir.typed import PackedModule
from ccl.pipeline import Compiled, compile_text
from ccl.support.node import replace
from runtime.terminal.answers.answer import current, give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically
from runtime.terminal.streams import (
    note,
    note_text,
    number_text,
    write_raw,
)

_TOO_LONG = (
    "note: no node executes this module, as compiling it would take too long; "
    'compile parts as modules of their own: `module("./part.ccl")`'
)


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
    """Compiles and writes the module, or its text. Raises CommandError and typer.Exit(1)."""
    _refuse_output(file, output)
    # Before the target: an unreadable path, such as `/`, need not have a name to derive one from.
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
    findings = replace(findings_of(compiled.compilation), max_errors=max_errors)
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
    """Gives the file to write. Raises CommandError where it is the program itself."""
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
    # The CID is of the module, not of its text.
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
