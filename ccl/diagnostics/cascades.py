"""Suppression of cascading errors: consequences of another error.

Near a syntax error the tree is a guess. Suppressed are: other errors of its line; unknown names
that the file declares or that occur on such a line, and uses that do not match such a declaration;
the first unknown name after a missing one, which may be that name; a body that seems to end without
its value; and warnings of unused code. Names of an import that cannot be read are not reported
where they are used.

After a call of an unknown function, a call with wrong arguments, or an unknown type, types that
cannot be inferred are not reported in the same item. While the program's own files have errors,
those of the library are not reported.
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
_EMPTY_NAME: Final = "``"
"""A name inserted by the parser, as shown."""
_NO_VALUE: Final = frozenset({"CCL0501", "CCL0442"})
_INVALID_USE: Final = frozenset(
    {"CCL0202", "CCL0203", "CCL0207", "CCL0403", "CCL0404", "CCL0412", "CCL0436"}
)
_MISMATCHED_USE: Final = frozenset(
    {"CCL0209", "CCL0403", "CCL0404", "CCL0436", "CCL0443", "CCL0447", "CCL0508"}
)
"""A use that does not match its declaration."""
_TYPE_NOT_INFERRED: Final = "CCL0409"
_FIRST_NAME: Final = re.compile(r"\.|::")
_WORD: Final = re.compile(r"\w+")
_DECLARED: Final = re.compile(
    r"\b(?:fn|function|let|mut|for|struct|enum|const|state|as|contract|role|proposal)\s+(\w+)"
)


class ParsedFile(Node, frozen=True, kw_only=True):
    """The input of cascades about a file. found: the paths of the imports whose file was found."""

    module: ast.Module
    found: Container[Span]
    is_library: bool


def suppress_cascades(sink: Sink, sources: SourceMap, files: Mapping[FileId, ParsedFile]) -> None:
    """Removes the consequences of other errors from `sink`."""
    if not sink.has_errors:
        return
    items = {file: [i.span for i in each.module.items] for file, each in files.items()}
    _suppress_after_syntax(sink, sources, items)
    _suppress_uninferred_types(sink, items)
    _suppress_names_of_imports(sink, files)
    library = frozenset(file for file, each in files.items() if each.is_library)
    if any(is_error(each) and each.span.file not in library for each in sink.diagnostics):
        sink.suppress(lambda d: d.span.file in library)


def _suppress_after_syntax(sink: Sink, sources: SourceMap, items: dict[FileId, list[Span]]) -> None:
    errors: dict[FileId, list[Span]] = {}
    for each in sink.diagnostics:
        if each.code.startswith(_SYNTAX):
            errors.setdefault(each.span.file, []).append(each.span)
    if not errors:
        return
    broken = {
        file: _BrokenFile(sources.of(spans[0]), spans, items.get(file, []))
        for file, spans in errors.items()
    }
    for each in sink.diagnostics:
        if each.code == _MISSING_NAME:
            broken[each.span.file].note_missing(each.span, sink.diagnostics)
    sink.suppress(lambda d: d.span.file in broken and broken[d.span.file].explains(d))


def _suppress_uninferred_types(sink: Sink, items: dict[FileId, list[Span]]) -> None:
    """Suppresses inference errors in each item with an invalid call or type."""
    calls = [each.span for each in sink.diagnostics if each.code in _INVALID_USE]
    around = [
        item
        for call in calls
        for item in items.get(call.file, [])
        if item.start <= call.start <= item.end
    ]
    if around:
        sink.suppress(
            lambda d: (
                d.code == _TYPE_NOT_INFERRED
                and any(
                    item.file == d.span.file and item.start <= d.span.start <= item.end
                    for item in around
                )
            )
        )


def _suppress_names_of_imports(sink: Sink, files: Mapping[FileId, ParsedFile]) -> None:
    """Suppresses unknown names of imports without a file."""
    lost = {
        (file, alias.text)
        for file, each in files.items()
        for item in each.module.items
        if isinstance(item, ast.Import) and item.path.span not in each.found
        for alias in [import_alias(item)]
        if alias is not None
    }
    sink.suppress(lambda d: (d.span.file, _name_not_found(d)) in lost)


class _BrokenFile:
    """The lines and items of one file with syntax errors."""

    def __init__(self, source: Source, errors: list[Span], items: list[Span]) -> None:
        self._source = source
        self._lines = {
            source.position(offset).line for span in errors for offset in (span.start, span.end)
        }
        self._uncertain = {
            word for line in self._lines for word in _WORD.findall(source.line_text(line))
        }
        """The names on lines with an error: their tree is a guess."""
        self._words = self._uncertain | set(_DECLARED.findall(source.text))
        self._missing: set[str] = set()
        starts = sorted(span.start for span in errors)
        self._items = [
            item
            for item in items
            if bisect_right(starts, item.end) > bisect_right(starts, item.start - 1)
        ]

    def note_missing(self, place: Span, found: Iterable[Diagnostic]) -> None:
        """Notes a missing name: the first unknown one after it is taken for that name."""
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
        if code == _TYPE_NOT_INFERRED or name in self._words or self._is_joined(name):
            return True
        if diagnostic.facts.get("name") in self._uncertain:
            return True
        if name in self._missing:
            return True
        if code in _MISMATCHED_USE:
            used = _WORD.findall(self._source.text[span.start : span.end])
            return not self._uncertain.isdisjoint(used)
        if code == _FIELDS_MISSING and _EMPTY_NAME in diagnostic.facts["fields"]:
            return True
        return code in _NO_VALUE and any(
            item.start <= span.start <= item.end for item in self._items
        )

    def _is_joined(self, name: str | None) -> bool:
        """Reports whether the name is the beginning of another one, with which it is joined when a
        sign between them is missing."""
        return name is not None and any(word.startswith(name) for word in self._uncertain)


def _name_not_found(diagnostic: Diagnostic) -> str | None:
    """Finds the unknown name of a report, without the parts selected from it."""
    if diagnostic.code not in _NOT_FOUND | {_VARIANT_NOT_FOUND, _FIELD_NOT_FOUND}:
        return None
    return _FIRST_NAME.split(diagnostic.facts["name"])[0]
