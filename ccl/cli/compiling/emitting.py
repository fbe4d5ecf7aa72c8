"""Views of a program between the stages: `cclc compile --emit ast|charter|abi`."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Any, assert_never

import typer

from ccl.cli.admission import admission
from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.report import (
    answer_findings,
    refuse_warnings,
    show_findings,
    shown,
    summarise,
)
from ccl.cli.files import read_source
from ccl.diagnostics.model import Sink
from ccl.diagnostics.render import Format
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.support.node import replace
from ccl.syntax.ast_text import ast_text
from runtime.terminal.answers.answer import current, give
from runtime.terminal.errors import ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically


class View(Enum):
    """AST: the tree as indented text. The others are JSON."""

    AST = "ast"
    CHARTER = "charter"
    ABI = "abi"


def emit_view(
    file: Path,
    output: str | None,
    view: View,
    *,
    form: Format,
    deny_warnings: bool,
    max_errors: int,
    allowed: tuple[Path, ...],
) -> None:
    """Writes the view to standard output, or to `output`.

    Raises CommandError for a file that cannot be read or written, typer.Exit(1) for a program with
    errors (for the tree only syntax errors count).
    """
    text = read_source(file)
    match view:
        case View.AST:
            shape, findings = _tree(text, file)
        case View.CHARTER | View.ABI:
            shape, findings = _compiled(text, file, view, allowed)
        case _:
            assert_never(view)
    findings = replace(findings, max_errors=max_errors)
    _show(findings, file, form)
    if deny_warnings:
        refuse_warnings(findings)
    if current().is_wanted:
        _answer(shape, output, view)
    elif output is None or output == STANDARD_STREAM:
        sys.stdout.write(shape)
    else:
        write_atomically(Path(output), shape.encode("utf-8"))


def _answer(shape: str, output: str | None, view: View) -> None:
    """Puts the view, or the file that it is in, into the answer."""
    if output is None or output == STANDARD_STREAM:
        give({"emitted": shape if view is View.AST else json.loads(shape)})
        return
    data = shape.encode("utf-8")
    write_atomically(Path(output), data)
    give({"path": output, "size_bytes": len(data)})


def _tree(text: str, file: Path) -> tuple[str, Findings]:
    sources, sink = SourceMap(), Sink()
    source = sources.add(shown(file), text)
    module = parse(source, sink)
    findings = Findings(sources=sources, diagnostics=sink.diagnostics)
    return "" if sink.has_errors else ast_text(module, source), findings


def _compiled(text: str, file: Path, view: View, allowed: tuple[Path, ...]) -> tuple[str, Findings]:
    from ccl.cli.charter.rules import charter_rules
    from ccl.cli.compiling.sources import project_for
    from ccl.pipeline import compile_text
    from ccl.wasm.inspect import inspect_module

    compiled = compile_text(
        text, path=shown(file), project=project_for(file, allowed), admission=admission
    )
    compilation = compiled.compilation
    findings = Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)
    if compiled.wasm is None or compilation.program is None:
        return "", findings
    value: Any
    if view is View.CHARTER:
        value = charter_rules(compilation.program, compilation.names)
    else:
        abi = inspect_module(compiled.wasm).abi
        assert abi is not None, "every module of ours has its signatures"
        value = abi.to_value()
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n", findings


def _show(findings: Findings, file: Path, form: Format) -> None:
    """Findings for people go to stderr, so that they are never in the view."""
    from ccl.diagnostics.codes.template import Severity

    answer_findings(findings)
    has_errors = findings.count(Severity.ERROR) > 0
    if has_errors or not form.for_machines:
        show_findings(findings, form)
    if not has_errors:
        return
    if not form.for_machines:
        summarise(findings, [file])
    raise typer.Exit(ExitCode.FAILED)
