"""Consequences of another error, which are not reported.

Around a syntax error the tree is a guess. Left out are: other errors of its line; names that
are not found though the file declares them, or that are on such a line, and uses that do not
fit what is declared there; after a missing name, the next one that is not found, which may be
that name; a body that seems to end without its value; and what seems to be unused in the file.
The name of an import that cannot be read is not missed where it is used.

A call that means no function, or gives it other arguments than it takes, and a type that is not
found say nothing of types: none is reported as open in the item around. While
the program's own files have errors, none of the library's are reported.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping
from typing import Final

from ccl.diagnostics.model import Diagnostic, Sink, is_error
from ccl.source.spans import FileId, Source, SourceMap, Span
from ccl.support.node import Node
from ccl.syntax import ast
from ccl.syntax.imports import import_alias

_SYNTAX: Final = "CCL01"
_STYLE: Final = "CCL09"
_NOT_FOUND: Final = frozenset({"CCL0201", "CCL0202", "CCL0203", "CCL0207", "CCL0225", "CCL0412"})
_MISSING_NAME: Final = "CCL0115"
_VARIANT_NOT_FOUND: Final = "CCL0215"
_FIELD_NOT_FOUND: Final = "CCL0210"
_FIELDS_MISSING: Final = "CCL0414"
_NO_NAME: Final = "``"
"""A name that the parser put in, where it is shown."""
_NO_VALUE: Final = frozenset({"CCL0501", "CCL0442"})
_TYPE_UNKNOWN: Final = frozenset(
    {"CCL0202", "CCL0203", "CCL0207", "CCL0403", "CCL0404", "CCL0412", "CCL0436"}
)
_OTHER_SHAPE: Final = frozenset(
    {"CCL0209", "CCL0403", "CCL0404", "CCL0436", "CCL0443", "CCL0447", "CCL0508"}
)
"""A use that does not fit its declaration."""
_TYPE_OPEN: Final = "CCL0409"
_FIRST_NAME: Final = re.compile(r"\.|::")
_WORD: Final = re.compile(r"\w+")
_DECLARED: Final = re.compile(
    r"\b(?:fn|function|let|mut|for|struct|enum|const|state|as|contract|role|proposal)\s+(\w+)"
)


class ParsedFile(Node, frozen=True, kw_only=True):
    """A file as cascades see it. found: the paths of the imports whose file was found."""

    module: ast.Module
    found: Container[Span]
    is_library: bool


def leave_out_consequences(
    sink: Sink, sources: SourceMap, files: Mapping[FileId, ParsedFile]
) -> None:
    """Takes out of `sink` what follows from other errors in it."""
    if not sink.has_errors:
        return
    items = {file: [i.span for i in each.module.items] for file, each in files.items()}
    _leave_out_after_syntax(sink, sources, items)
    _leave_out_open_types(sink, items)
    _leave_out_names_of_imports(sink, files)
    library = frozenset(file for file, each in files.items() if each.is_library)
    if any(is_error(each) and each.span.file not in library for each in sink.diagnostics):
        sink.leave_out(lambda d: d.span.file in library)


def _leave_out_after_syntax(
    sink: Sink, sources: SourceMap, items: dict[FileId, list[Span]]
) -> None:
    faults: dict[FileId, list[Span]] = {}
    for each in sink.diagnostics:
        if each.code.startswith(_SYNTAX):
            faults.setdefault(each.span.file, []).append(each.span)
    if not faults:
        return
    broken = {
        file: _BrokenFile(sources.of(spans[0]), spans, items.get(file, []))
        for file, spans in faults.items()
    }
    for each in sink.diagnostics:
        if each.code == _MISSING_NAME:
            broken[each.span.file].miss(each.span, sink.diagnostics)
    sink.leave_out(lambda d: d.span.file in broken and broken[d.span.file].explains(d))


def _leave_out_open_types(sink: Sink, items: dict[FileId, list[Span]]) -> None:
    """Forget the open types of each item with a call or type of which nothing is known."""
    calls = [each.span for each in sink.diagnostics if each.code in _TYPE_UNKNOWN]
    around = [
        item
        for call in calls
        for item in items.get(call.file, [])
        if item.start <= call.start <= item.end
    ]
    if around:
        sink.leave_out(
            lambda d: (
                d.code == _TYPE_OPEN
                and any(
                    item.file == d.span.file and item.start <= d.span.start <= item.end
                    for item in around
                )
            )
        )


def _leave_out_names_of_imports(sink: Sink, files: Mapping[FileId, ParsedFile]) -> None:
    """Forget that the names of imports without a file are not found."""
    lost = {
        (file, alias.text)
        for file, each in files.items()
        for item in each.module.items
        if isinstance(item, ast.Import) and item.path.span not in each.found
        for alias in [import_alias(item)]
        if alias is not None
    }
    sink.leave_out(lambda d: (d.span.file, _name_not_found(d)) in lost)


class _BrokenFile:
    """The lines and the items of one file that have faults of syntax."""

    def __init__(self, source: Source, faults: list[Span], items: list[Span]) -> None:
        self._source = source
        self._lines = {
            source.position(offset).line for span in faults for offset in (span.start, span.end)
        }
        self._doubtful = {
            word for line in self._lines for word in _WORD.findall(source.line_text(line))
        }
        """The names on lines with an error: their meaning is a guess."""
        self._words = self._doubtful | set(_DECLARED.findall(source.text))
        self._missing: set[str] = set()
        starts = sorted(span.start for span in faults)
        self._items = [
            item
            for item in items
            if bisect_right(starts, item.end) > bisect_right(starts, item.start - 1)
        ]

    def miss(self, place: Span, found: Iterable[Diagnostic]) -> None:
        """A name is missing at the place: of those not found after it, the first is that name."""
        for each in found:
            if each.span.file == place.file and each.span.start > place.start:
                name = _name_not_found(each)
                if name is not None:
                    self._missing.add(name)
                    return

    def explains(self, diagnostic: Diagnostic) -> bool:
        code, span = diagnostic.code, diagnostic.span
        if code.startswith(_SYNTAX):
            return False
        if code.startswith(_STYLE):
            return True
        if self._source.position(span.start).line in self._lines:
            return True
        name = _name_not_found(diagnostic)
        if code == _TYPE_OPEN or name in self._words or self._is_joined(name):
            return True
        if diagnostic.facts.get("name") in self._doubtful:
            return True
        if name in self._missing:
            return True
        if code in _OTHER_SHAPE:
            used = _WORD.findall(self._source.text[span.start : span.end])
            return not self._doubtful.isdisjoint(used)
        if code == _FIELDS_MISSING and _NO_NAME in diagnostic.facts["fields"]:
            return True
        return code in _NO_VALUE and any(
            item.start <= span.start <= item.end for item in self._items
        )

    def _is_joined(self, name: str | None) -> bool:
        """Is the name the beginning of another, with which it grew together when a sign between
        them was lost?"""
        return name is not None and any(word.startswith(name) for word in self._doubtful)


def _name_not_found(diagnostic: Diagnostic) -> str | None:
    """The name that is reported as unknown, without the parts selected from it."""
    if diagnostic.code not in _NOT_FOUND | {_VARIANT_NOT_FOUND, _FIELD_NOT_FOUND}:
        return None
    return _FIRST_NAME.split(diagnostic.facts["name"])[0]
