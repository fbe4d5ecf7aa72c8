"""`cclc bounds`: the worst-case fuel of each export, of a source or of a module."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from ccl.abi.bounds import Bound
from ccl.abi.sections import WASM_MAGIC
from ccl.cli.admission import admission
from ccl.cli.columns import columns
from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.report import NOTHING_FOUND, answer_findings, show_findings, shown, summarise
from ccl.cli.compiling.sources import project_for
from ccl.cli.files import read_bytes, source_text
from ccl.cli.modules.inspection import bound_text, bound_value, inspect_bytes
from ccl.diagnostics.render import FULL
from ccl.diagnostics.render.colour import Ink, Paint
from ccl.pipeline import compile_text
from ccl.wasm.inspect import MODULE_BYTES_MAX, inspect_module
from runtime.terminal.answers.answer import give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import SEAL, has_color


def show_bounds(file: Path, *, as_json: bool, allowed: tuple[Path, ...]) -> None:
    """Prints the bounds. Raises CommandError and, if a source has errors, typer.Exit(1)."""
    bounds = _bounds(file, allowed)
    if as_json:
        give(_value(file, bounds))
    else:
        sys.stdout.write(_table(bounds, Paint(has_color(sys.stdout), SEAL)))


def _bounds(file: Path, allowed: tuple[Path, ...]) -> Mapping[str, Bound]:
    data = read_bytes(file, limit=MODULE_BYTES_MAX, what="module")
    if file.suffix == ".wasm" or data.startswith(WASM_MAGIC):
        bounds = inspect_bytes(data, file).bounds
        if bounds is None:
            raise CommandError(
                ExitCode.FAILED,
                "no-bounds",
                f"{shown(file)} has no bounds: its section ccl:bounds is missing or unreadable",
                hint="compile its source again, or run `cclc bounds` on the source",
                details={"path": str(file)},
            )
        answer_findings(NOTHING_FOUND)
        return bounds
    text = source_text(data, file)
    compiled = compile_text(
        text, path=shown(file), project=project_for(file, allowed), admission=admission
    )
    compilation = compiled.compilation
    findings = Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)
    answer_findings(findings)
    if compiled.wasm is None:
        show_findings(findings, FULL)
        summarise(findings, [file])
        raise typer.Exit(ExitCode.FAILED)
    found = inspect_module(compiled.wasm).bounds
    assert found is not None, "every module of ours has the section"
    return found


def _table(bounds: Mapping[str, Bound], paint: Paint) -> str:
    if not bounds:
        return "The module exports nothing that runs.\n"
    rows = [("EXPORT", "FUEL AT MOST")]
    for name, bound in bounds.items():
        rows.append((name, bound_text(bound)))
    title, *rest = columns(rows).splitlines(keepends=True)
    return paint(title.rstrip("\n"), Ink.TITLE) + "\n" + "".join(rest)


def _value(file: Path, bounds: Mapping[str, Bound]) -> dict[str, Any]:
    exports = [{"name": name, **bound_value(bound)} for name, bound in bounds.items()]
    return {"path": shown(file), "exports": exports}
