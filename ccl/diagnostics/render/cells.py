"""Terminal cells of the characters of a source line.

Tabs advance to the next multiple of four, wide characters take two cells, combining marks none.
Characters that would move the cursor or reorder text (control and bidirectional characters) are
shown as a visible substitute of one cell, so that carets are aligned and a source cannot disguise
itself.
"""

import unicodedata

from ccl.support.node import Node

TAB_CELLS = 4
_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "\u2421"
_SUBSTITUTE = "\ufffd"
# Left-to-right marks, embeddings, overrides and isolates.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _shown(char: str) -> tuple[str, int]:
    """Returns the substitute for `char`, and its width in cells (the caller expands tabs)."""
    code = ord(char)
    if 0x20 <= code < 0x7F:
        return char, 1
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code), 1
    if code == 0x7F:
        return _DELETE_PICTURE, 1
    category = unicodedata.category(char)
    if char in _BIDI or category in ("Cc", "Cs", "Zl", "Zp", "Cn", "Co"):
        return _SUBSTITUTE, 1
    if category in ("Mn", "Me", "Cf"):
        return char, 0
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """Counts the cells of `text` on a line of its own."""
    return Cells.of(text).total


def safe_text(text: str) -> str:
    """Makes `text` a part of one line: characters that would move the cursor, begin another line or
    reorder this one are replaced by substitutes."""
    return "".join(_shown(char)[0] for char in text)


class Cells(Node, frozen=True):
    """`starts[i]` is the cell of character `i`; one more entry holds the end."""

    shown: tuple[str, ...]
    starts: tuple[int, ...]

    @staticmethod
    def of(line: str) -> "Cells":
        shown: list[str] = []
        starts: list[int] = []
        cell = 0
        for char in line:
            starts.append(cell)
            if char == "\t":
                width = TAB_CELLS - cell % TAB_CELLS
                shown.append(" " * width)
            else:
                text, width = _shown(char)
                shown.append(text)
            cell += width
        starts.append(cell)
        return Cells(tuple(shown), tuple(starts))

    @property
    def total(self) -> int:
        return self.starts[-1]

    def at(self, index: int) -> int:
        """Finds the cell of character `index`; indexes past the end count one cell each."""
        last = len(self.shown)
        return self.starts[index] if index <= last else self.total + index - last

    def window(self, first: int, last: int) -> str:
        """Cells `first` to `last` (both within the line), blanks where a character is cut."""
        out: list[str] = []
        for text, start, end in zip(self.shown, self.starts, self.starts[1:], strict=False):
            if start == end:
                # A combining mark belongs to the character before it.
                if first < start <= last:
                    out.append(text)
            elif start < first or end > last:
                out.append(" " * (min(end, last) - max(start, first)))
            else:
                out.append(text)
        return "".join(out)
