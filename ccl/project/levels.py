"""Levels of warnings: allowed by a comment or by the project, or made errors by the project.

A comment takes precedence over the project. The level of errors is fixed.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

from ccl.diagnostics.model import Diagnostic, Sink, is_error
from ccl.project.allowances import Allowance, allowances
from ccl.project.configuration import Level
from ccl.source.spans import FileId, SourceMap
from ccl.support.node import replace


def apply_levels(
    sink: Sink,
    sources: SourceMap,
    files: Iterable[FileId],
    root: FileId,
    levels: Mapping[str, Level],
) -> None:
    """Applies the levels to the warnings about `files`, and reports unused comments of `root`.

    An imported file is not checked completely, so its comments are not reported.
    """
    allowed = {
        file: allowances(sources.sources[file], sink if file == root else Sink()) for file in files
    }
    met: set[tuple[FileId, str, int]] = set()

    def by_comment(each: Diagnostic) -> Diagnostic | None:
        if is_error(each) or each.span.file not in allowed:
            return each
        line = sources.of(each.span).position(each.span.start).line
        found = [a for a in allowed[each.span.file] if a.covers(each, line)]
        met.update((each.span.file, each.code, a.codes[each.code].start) for a in found)
        return None if found else each

    sink.revise(by_comment)
    if not sink.has_errors:
        _report_unmet(allowed[root], root, met, sink)
    if levels:
        sink.revise(lambda each: _by_project(each, levels) if each.span.file in allowed else each)


def _report_unmet(
    allowed: Iterable[Allowance],
    root: FileId,
    met: set[tuple[FileId, str, int]],
    sink: Sink,
) -> None:
    for each in allowed:
        for code, span in each.codes.items():
            if (root, code, span.start) not in met:
                sink.report("CCL0913", span, warning=code)


def _by_project(each: Diagnostic, levels: Mapping[str, Level]) -> Diagnostic | None:
    if is_error(each):
        return each
    match levels.get(each.code):
        case Level.ALLOW:
            return None
        case Level.DENY:
            note = "the project's `ccl.toml` makes this an error"
            return replace(each, denied=True, notes=(*each.notes, note))
        case Level.WARN | None:
            return each
        case unknown:
            assert_never(unknown)
