"""`cclc compile` and `cclc check`: from paths to the pipeline and back to files and streams."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer

from ccl.cli.boundary import CommandError, ExitCode, has_color, width_of
from ccl.cli.checking import Findings, fix_text, merged
from ccl.cli.files import STANDARD_STREAM, read_source, write_atomically
from ccl.cli.tables import grouped
from ccl.codes.template import Severity
from ccl.pipeline import Compilation, Compiled, check_text, compile_text
from ccl.render import Format, render
from ccl.typed import PackedModule


def check_files(files: Sequence[Path], *, fix: bool, form: Format) -> None:
    """Check each file, all of them as one report. Raises typer.Exit(1) if there are errors."""
    if fix and any(str(path) == STANDARD_STREAM for path in files):
        raise CommandError(
            "usage",
            "standard input cannot be fixed in place",
            hint="give --fix the name of a file",
            exit_code=ExitCode.USAGE,
        )
    # Every file is read before anything is reported or changed: a wrong name stops it all.
    texts = {path: read_source(path) for path in files}
    reports: list[Findings] = []
    applied = 0
    for path, text in texts.items():
        if not fix:
            reports.append(_check(text, path=path))
            continue
        fixed = fix_text(text, partial(_check, path=path))
        if fixed.text != text:
            write_atomically(path, fixed.text.encode("utf-8"))
        applied += fixed.applied
        reports.append(fixed.findings)
    findings = merged(reports)
    show_findings(findings, form)
    if not form.for_machines:
        if fix:
            sys.stderr.write(f"Fixed {applied} {'fault' if applied == 1 else 'faults'}\n")
        _summarise(findings, files)
    if findings.count(Severity.ERROR):
        raise typer.Exit(ExitCode.FINDINGS)


def _check(text: str, *, path: Path) -> Findings:
    return _findings(check_text(text, path=_shown(path)))


def _findings(compilation: Compilation) -> Findings:
    return Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)


def _shown(path: Path) -> str:
    return "<stdin>" if str(path) == STANDARD_STREAM else path.as_posix()


def _summarise(findings: Findings, files: Sequence[Path]) -> None:
    counted = findings.summary()
    if not counted:
        what = _shown(files[0]) if len(files) == 1 else f"{len(files)} files"
        sys.stderr.write(f"Checked {what}: no errors\n")
        return
    codes = sorted({diagnostic.code for diagnostic in findings.diagnostics})
    sys.stderr.write(f"Found {counted}; `cclc explain {codes[0]}` says more\n")


def show_findings(findings: Findings, form: Format) -> None:
    """Machine formats on stdout, remarks for people on stderr."""
    stream = sys.stdout if form.for_machines else sys.stderr
    stream.write(
        render(
            findings.diagnostics,
            findings.sources,
            form,
            color=has_color(stream),
            width=width_of(stream),
        )
    )


def compile_to_file(file: Path, output: Path | None, *, as_text: bool, form: Format) -> None:
    """Compile and write the module, or its text. Raises CommandError and typer.Exit(1)."""
    target = output or _target(file, ".wat" if as_text else ".wasm")
    if str(target) != STANDARD_STREAM and target.resolve() == file.resolve():
        raise CommandError(
            "usage",
            f"the output {target} is the program itself",
            hint="choose another name with -o",
            exit_code=ExitCode.USAGE,
            path=str(target),
        )
    compiled = compile_text(read_source(file), path=_shown(file))
    module = compiled.compilation.module
    if module is not None and not module.items and not compiled.compilation.sink.has_errors:
        raise CommandError(
            "nothing-to-compile",
            f"{_shown(file)} has no declarations and no code: nothing to compile",
            hint="write an `execution { … }` block, or begin with `ccl new`",
            exit_code=ExitCode.FINDINGS,
            path=_shown(file),
        )
    findings = _findings(compiled.compilation)
    show_findings(findings, form)
    if compiled.wasm is None or compiled.wat is None or compiled.cid is None:
        if not form.for_machines:
            _summarise(findings, [file])
        raise typer.Exit(ExitCode.FINDINGS)
    data = compiled.wat.encode("utf-8") if as_text else compiled.wasm
    if str(target) == STANDARD_STREAM:
        sys.stdout.buffer.write(data)
        return
    write_atomically(target, data)
    stream = sys.stderr if form.for_machines else sys.stdout
    stream.write(_success(file, target, compiled, len(data)))


def _success(file: Path, target: Path, compiled: Compiled, size_bytes: int) -> str:
    lines = [f"Compiled {_shown(file)} → {target} ({grouped(size_bytes)} bytes, {compiled.cid})\n"]
    for packed in compiled.packed:
        lines.append(f"  with {_packed(packed)}\n")
    return "".join(lines)


def _packed(module: PackedModule) -> str:
    return f"{module.path} ({grouped(len(module.wasm))} bytes, {module.cid})"


def _target(file: Path, suffix: str) -> Path:
    if str(file) == STANDARD_STREAM:
        raise CommandError(
            "usage",
            "a program from standard input needs a name for its module",
            hint="give one with -o, or -o - for standard output",
            exit_code=ExitCode.USAGE,
        )
    return file.with_suffix(suffix)
