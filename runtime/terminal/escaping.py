"""Escaping of foreign text for a terminal.

Rule: a character that would move the cursor, change the terminal's state, reorder a line or be
invisible is shown as its escape in JSON, so that a JSON text keeps its value and a text reads the
same in every view. Joiners and variation selectors are kept: scripts and emoji are written with
them.
"""

import re
from typing import Final

_INVISIBLE: Final = (
    "\x7f-\x9f"  # DEL and C1
    "\xad\u061c\u180e\u200b\u200e\u200f"  # soft hyphen, marks of direction, blanks of no width
    "\u2028-\u202e\u2060-\u206f"  # separators of lines, embeddings, overrides, isolates
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"  # halves of characters, annotations, none
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # tags
)
UNSAFE: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_INVISIBLE}]")
"""Unsafe in text that is laid out in lines."""
UNSAFE_IN_LINE: Final = re.compile(f"[\x00-\x1f{_INVISIBLE}]")
"""Unsafe in text that is a part of one line."""
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Escapes text that is a part of a line: line breaks and tabs, too."""
    if text.isprintable():
        return text
    return UNSAFE_IN_LINE.sub(_escape, text)


def printable_text(text: str) -> str:
    """Escapes text that is laid out in lines: its line breaks and tabs are kept."""
    return UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    units = char.encode("utf-16-be", "surrogatepass")
    long = "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
    return _SHORT.get(char, long)
