"""Invisible characters in a source, and the places where they are allowed.

Rule: the visible text is the text that is compiled. A character without a glyph, or one that
reorders others, is rejected everywhere, except for those that scripts and emoji require: strings
and comments may contain these, names and code may not.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import Token
from ccl.source.spans import Source, Span

TEXT_MARKS: Final = (
    "\u061c\u200c-\u200f"  # marks of direction, joiners
    "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
)
IGNORABLE: Final = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff"
)
"""With `TEXT_MARKS`, the Default_Ignorable_Code_Points of Unicode: its stability policy keeps
those to come inside these ranges."""
LINES_AND_FORMATS: Final = "\u2028\u2029\ufff9-\ufffb\U00013430-\U0001343f"
CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"

_STRANGE: Final = re.compile(f"[{CONTROLS}{IGNORABLE}{LINES_AND_FORMATS}{TEXT_MARKS}]|\r(?!\n)")
_TEXT_MARK: Final = re.compile(f"[{TEXT_MARKS}]")
_IGNORABLE: Final = re.compile(f"[{IGNORABLE}{TEXT_MARKS}]")
_STRING_KINDS: Final = frozenset({"STRING", "STRING_HEAD", "STRING_MID", "STRING_TAIL"})


def is_ignorable(char: str) -> bool:
    """Reports whether the character is invisible and occurs among letters."""
    return _IGNORABLE.match(char) is not None


def is_name_part(char: str) -> bool:
    """Reports whether the character continues a name. An ignorable one does, although it is an
    error, so that the report has no consequences."""
    return ("a" + char).isidentifier() or is_ignorable(char)


def report_invisible(
    source: Source, tokens: Sequence[Token], comments: Sequence[tuple[int, int]], sink: Sink
) -> Iterator[int]:
    """Reports each invisible character that is not allowed; returns their offsets."""
    starts: list[int] | None = None
    for found in _STRANGE.finditer(source.text):
        at, char = found.start(), found.group()
        if at == 0 and char == "\ufeff":
            continue
        if starts is None:
            starts = [token.start for token in tokens]
        where = _where(at, tokens, starts, comments)
        is_text = _TEXT_MARK.match(char) is not None
        if is_text and where in ("string", "comment"):
            continue
        span = Span(source.file, at, at + 1)
        sink.report(
            "CCL0109",
            span,
            character=called(char),
            escape=_escape(char),
            advice="mark" if is_text else where,
            fixes=(_fix(span, char, where),),
        )
        yield at


def _where(
    at: int, tokens: Sequence[Token], starts: list[int], comments: Sequence[tuple[int, int]]
) -> str:
    """Classifies the token or comment around an offset."""
    index = bisect_right(starts, at) - 1
    if index >= 0 and at < tokens[index].end:
        return "string" if tokens[index].kind in _STRING_KINDS else "name"
    index = bisect_right(comments, at, key=itemgetter(0)) - 1
    return "comment" if index >= 0 and at < comments[index][1] else "code"


def _fix(span: Span, char: str, where: str) -> Fix:
    """Removes the character, or writes it as an escape in a string; in a name the fix is unsafe."""
    if where == "string":
        return Fix(f"write `{_escape(char)}`", (Edit(span, _escape(char)),), safe=True)
    return Fix("remove it", (Edit(span, ""),), safe=where == "comment")


def _escape(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def called(char: str) -> str:
    """Formats a character as `U+202E RIGHT-TO-LEFT OVERRIDE`, or its number alone if it has no
    name."""
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X} {name}".rstrip()
