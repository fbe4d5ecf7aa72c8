"""Diagnostics of one or more compilations, and their merge into one report."""

from collections.abc import Iterable

from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label
from ccl.diagnostics.render.shown import ERRORS_SHOWN_MAX, Shown, shown_of
from ccl.pipeline import Compilation
from ccl.source.spans import FileId, SourceMap, Span
from ccl.support.node import Node, replace


class Findings(Node, frozen=True, kw_only=True):
    """The diagnostics of one or more compilations over one source map. max_errors: the most errors
    that a report shows."""

    sources: SourceMap
    diagnostics: tuple[Diagnostic, ...]
    max_errors: int = ERRORS_SHOWN_MAX

    @property
    def shown(self) -> Shown:
        return shown_of(self.diagnostics, self.max_errors)

    def count(self, severity: Severity) -> int:
        return sum(1 for d in self.diagnostics if d.severity is severity)

    def summary(self) -> str:
        """Counts errors and warnings: `2 errors, 1 warning`; empty when there are none."""
        parts = []
        for severity in Severity:
            count = self.count(severity)
            if count:
                parts.append(f"{count} {severity.value}{'' if count == 1 else 's'}")
        return ", ".join(parts)


def findings_of(compilation: Compilation) -> Findings:
    return Findings(sources=compilation.sources, diagnostics=compilation.sink.diagnostics)


def merged(all_findings: Iterable[Findings]) -> Findings:
    """Merges findings into one report: a file that several programs import appears once, and so do
    its errors."""
    sources = SourceMap()
    by_path: dict[str, FileId] = {}
    found: dict[tuple[str, Span], Diagnostic] = {}
    for findings in all_findings:
        renamed: dict[FileId, FileId] = {}
        for source in findings.sources.sources:
            if source.path not in by_path:
                by_path[source.path] = sources.add(source.path, source.text).file
            renamed[source.file] = by_path[source.path]
        for diagnostic in findings.diagnostics:
            moved = _moved(diagnostic, renamed)
            found.setdefault((moved.code, moved.span), moved)
    return Findings(sources=sources, diagnostics=tuple(found.values()))


def _moved(diagnostic: Diagnostic, renamed: dict[FileId, FileId]) -> Diagnostic:
    def span(old: Span) -> Span:
        return Span(renamed[old.file], old.start, old.end)

    return replace(
        diagnostic,
        span=span(diagnostic.span),
        labels=tuple(Label(span(label.span), label.text) for label in diagnostic.labels),
        fixes=tuple(
            Fix(fix.title, tuple(Edit(span(e.span), e.replacement) for e in fix.edits), fix.safe)
            for fix in diagnostic.fixes
        ),
    )
