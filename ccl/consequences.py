"""What only follows from a fault of syntax, and is therefore not told.

Around such a fault the tree is a guess. Left out are: what is said of its line; names that
are not found though the file declares them, or that stand on such a line; a body that seems to
end without its value; and what seems to be unused in the file.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from ccl import ast
from ccl.diagnostics import Diagnostic, Sink
from ccl.source import FileId, Source, SourceMap, Span

_SYNTAX: Final = "CCL01"
_STYLE: Final = "CCL09"
_NOT_FOUND: Final = frozenset({"CCL0201", "CCL0202", "CCL0203", "CCL0207"})
_NO_VALUE: Final = frozenset({"CCL0501", "CCL0442"})
_WORD: Final = re.compile(r"\w+")
_DECLARED: Final = re.compile(
    r"\b(?:fn|function|let|mut|for|struct|enum|const|state|as|contract|role|proposal)\s+(\w+)"
)


def leave_out_consequences(sink: Sink, sources: SourceMap, modules: Iterable[ast.Module]) -> None:
    """Take out of `sink` what follows from the faults of syntax in it."""
    faults: dict[FileId, list[Span]] = {}
    for each in sink.diagnostics:
        if each.code.startswith(_SYNTAX):
            faults.setdefault(each.span.file, []).append(each.span)
    if not faults:
        return
    items = {module.span.file: [item.span for item in module.items] for module in modules}
    broken = {
        file: _BrokenFile(sources.of(spans[0]), spans, items.get(file, []))
        for file, spans in faults.items()
    }
    sink.leave_out(lambda d: d.span.file in broken and broken[d.span.file].explains(d))


class _BrokenFile:
    """The lines and the items of one file that have faults of syntax."""

    def __init__(self, source: Source, faults: list[Span], items: list[Span]) -> None:
        self._source = source
        self._lines = {
            source.position(offset).line for span in faults for offset in (span.start, span.end)
        }
        self._words = {
            word for line in self._lines for word in _WORD.findall(source.line_text(line))
        }
        self._words.update(_DECLARED.findall(source.text))
        starts = sorted(span.start for span in faults)
        self._items = [
            item
            for item in items
            if bisect_right(starts, item.end) > bisect_right(starts, item.start - 1)
        ]

    def explains(self, diagnostic: Diagnostic) -> bool:
        code, span = diagnostic.code, diagnostic.span
        if code.startswith(_SYNTAX):
            return False
        if code.startswith(_STYLE):
            return True
        if self._source.position(span.start).line in self._lines:
            return True
        if code in _NOT_FOUND and diagnostic.facts["name"] in self._words:
            return True
        return code in _NO_VALUE and any(
            item.start <= span.start <= item.end for item in self._items
        )
