"""Positions as editors count them: lines and columns from 0, columns in the units of an encoding.

A line ends at `\\n`, `\\r\\n` or `\\r`, and a position is never behind the end of its line, as the
Language Server Protocol has it; `Source` counts for people, in code points, from 1.
"""

import re
from bisect import bisect_right
from enum import Enum
from functools import cached_property
from typing import Final, assert_never

from msgspec import Struct

from ccl.source.spans import Source, Span

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LAST_OF_ONE_UNIT: Final = "\uffff"
"""The last character that UTF-16 has in one unit."""


class Encoding(Enum):
    """What a column counts; the values are those of the protocol's `positionEncoding`."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


class EditorPosition(Struct, frozen=True, gc=False):
    """Both from 0."""

    line: int
    column: int


class EditorText:
    """The text of a source by its lines, for conversions of many positions of it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def _ends(self) -> tuple[tuple[int, int], ...]:
        """Of each line the end of its text, and of its line break."""
        text = self.source.text
        found = tuple(match.span() for match in _LINE_END.finditer(text))
        return (*found, (len(text), len(text)))

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return (0, *(after for _, after in self._ends[:-1]))

    @property
    def line_count(self) -> int:
        return len(self._starts)

    def position(self, offset: int, encoding: Encoding) -> EditorPosition:
        """Converts an offset in code points; within a line break it is the end of the line."""
        line = bisect_right(self._starts, offset) - 1
        end = min(offset, self._ends[line][0])
        before = self.source.text[self._starts[line] : end]
        return EditorPosition(line, _length(before, encoding))

    def offset(self, position: EditorPosition, encoding: Encoding) -> int:
        """Converts to an offset in code points. A column within a character is that of the
        character, one beyond its line is the end of the line, a line beyond the text is its end."""
        if position.line >= self.line_count:
            return len(self.source.text)
        line = max(position.line, 0)
        start, (end, _) = self._starts[line], self._ends[line]
        text, column = self.source.text[start:end], max(position.column, 0)
        if encoding is Encoding.UTF32 or text.isascii():
            return min(start + column, end)
        taken = 0
        for i, char in enumerate(text):
            taken += _length(char, encoding)
            if taken > column:
                return start + i
        return end

    def range(self, span: Span, encoding: Encoding) -> tuple[EditorPosition, EditorPosition]:
        """Converts both ends of a span of this source."""
        return self.position(span.start, encoding), self.position(span.end, encoding)


def _length(text: str, encoding: Encoding) -> int:
    """Counts the units of the encoding in the text."""
    if text.isascii():
        return len(text)
    match encoding:
        case Encoding.UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        case Encoding.UTF16:
            return len(text) + sum(char > _LAST_OF_ONE_UNIT for char in text)
        case Encoding.UTF32:
            return len(text)
        case _:
            assert_never(encoding)
