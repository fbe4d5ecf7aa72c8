"""Packing: the modules that a program submits, compiled before it is checked.

Rule: each is compiled once, within the program's project; the errors of a module are reported
among those of the program.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from ccl.artifacts.compilation import Compiled, Setting
from ccl.checking import PackedModules
from ccl.checking.expressions.literals import plain_text
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label, Sink
from ccl.ir import typed
from ccl.project.project import Outside, outside
from ccl.resolver.loader import is_name, shown_path
from ccl.source.files import SourceError, Unreadable
from ccl.source.spans import FileId, SourceMap, Span
from ccl.support.node import replace
from ccl.syntax import ast

Compile: TypeAlias = Callable[[str, str], Compiled]
"""Compiles a text, whose path is as users see it."""


class Packing:
    """Compiles modules for one program. `around`: the programs that are being compiled."""

    def __init__(
        self,
        sources: SourceMap,
        sink: Sink,
        setting: Setting,
        real: Mapping[FileId, Path],
        around: tuple[Path, ...],
        compile_module: Compile,
    ) -> None:
        self._sources = sources
        self._sink = sink
        self._setting = setting
        self._real = real
        self._around = around
        self._compile = compile_module
        self._done: dict[Path, typed.PackedModule | Unreadable] = {}
        """By path without links."""

    def pack(self, paths: Iterable[ast.StringLiteral]) -> PackedModules:
        """Compiles the modules at these paths."""
        packed: dict[tuple[FileId, str], typed.PackedModule | Diagnostic] = {}
        for path in paths:
            written = plain_text(path) or ""
            key = (path.span.file, written)
            if key not in packed:
                packed[key] = self._packed(written, path.span)
        return packed

    def _packed(self, written: str, span: Span) -> typed.PackedModule | Diagnostic:
        if not is_name(written):
            return _not_packed(written, Unreadable.NO_NAME, span)
        project = self._setting.project
        folder = self._real[span.file].parent
        target = project.resolve(folder, written)
        if isinstance(target, Outside):
            return outside(project, "module", written, target, span)
        if target in self._around:
            return Diagnostic("CCL0704", span, {"path": written})
        if target not in self._done:
            shown = shown_path(self._sources.of(span).path, written, target)
            self._done[target] = self._compiled(written, target, shown)
        done = self._done[target]
        if done is Unreadable.MISSING and project.is_dangling(folder, written):
            done = Unreadable.DANGLING
        return _not_packed(written, done, span) if isinstance(done, Unreadable) else done

    def _compiled(self, written: str, target: Path, shown: str) -> typed.PackedModule | Unreadable:
        try:
            text = self._setting.files.read(target)
        except SourceError as error:
            return error.kind
        compiled = self._compile(text, shown)
        self._take_diagnostics(compiled)
        if compiled.wasm is None or compiled.cid is None:
            return Unreadable.HAS_ERRORS
        return typed.PackedModule(path=written, cid=compiled.cid, wasm=compiled.wasm)

    def _take_diagnostics(self, compiled: Compiled) -> None:
        """Adds the module's diagnostics, and its sources, to those of the program."""
        found = compiled.compilation.sink.diagnostics
        if not found:
            return
        files = {
            source.file: self._sources.add(source.path, source.text).file
            for source in compiled.compilation.sources.sources
        }
        for diagnostic in found:
            self._sink.add(_moved(diagnostic, files))


def _not_packed(written: str, reason: Unreadable, span: Span) -> Diagnostic:
    return Diagnostic("CCL0703", span, {"path": written, "reason": reason.value})


def _moved(diagnostic: Diagnostic, files: Mapping[FileId, FileId]) -> Diagnostic:
    """Returns the same diagnostic over another source map."""

    def at(span: Span) -> Span:
        return Span(files[span.file], span.start, span.end)

    return replace(
        diagnostic,
        span=at(diagnostic.span),
        labels=tuple(Label(at(each.span), each.text) for each in diagnostic.labels),
        fixes=tuple(
            Fix(
                fix.title,
                tuple(Edit(at(edit.span), edit.replacement) for edit in fix.edits),
                fix.safe,
            )
            for fix in diagnostic.fixes
        ),
    )
