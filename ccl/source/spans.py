"""Source texts and spans in them.

A span is two offsets in code points into the text of one file; lines and columns are computed
from it where they are shown. Both are 1-based, columns count code points.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NewType

from msgspec import Struct

FileId = NewType("FileId", int)


class Span(Struct, frozen=True, gc=False):
    """`text[start:end]` of the file `file`."""

    file: FileId
    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """Returns the span that covers this one and `other`, of the same file."""
        return Span(self.file, min(self.start, other.start), max(self.end, other.end))

    def contains(self, other: "Span") -> bool:
        """Returns whether all of `other` is in it."""
        return self.file == other.file and self.start <= other.start and other.end <= self.end


class Position(Struct, frozen=True, gc=False):
    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """One file: its id, the path users see (posix, relative where possible), its text."""

    file: FileId
    path: str
    text: str

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    @property
    def line_count(self) -> int:
        return len(self._line_starts)

    def position(self, offset: int) -> Position:
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """Returns the offset of a line and column, or the nearest one inside the text."""
        start = self._line_starts[min(max(line, 1), self.line_count) - 1]
        return min(start + max(column, 1) - 1, len(self.text))

    def line_text(self, line: int) -> str:
        """Returns line `line` (1-based) without its line break."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] - 1 if line < self.line_count else len(self.text)
        return self.text[start:end].removesuffix("\r")


@dataclass
class SourceMap:
    """The sources of one compilation, by file id."""

    sources: list[Source] = field(default_factory=list)

    def add(self, path: str, text: str) -> Source:
        source = Source(FileId(len(self.sources)), path, text)
        self.sources.append(source)
        return source

    def of(self, span: Span) -> Source:
        return self.sources[span.file]

    def place(self, span: Span) -> str:
        """Returns `file:line:column` of its beginning."""
        source = self.of(span)
        start = source.position(span.start)
        return f"{source.path}:{start.line}:{start.column}"

    def text(self, span: Span) -> str:
        return self.of(span).text[span.start : span.end]
