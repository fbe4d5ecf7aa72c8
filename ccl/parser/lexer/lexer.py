"""Lexing: text to raw tokens. Lexical errors are reported, and lexing continues."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Final
from unicodedata import normalize

from ccl.diagnostics.model import Fix, Sink
from ccl.parser.lexer.characters import (
    CONTROLS,
    LINES_AND_FORMATS,
    is_ignorable,
    is_name_part,
    report_invisible,
)
from ccl.parser.lexer.lexemes import Lexemes
from ccl.parser.lexer.literals import has_year
from ccl.parser.lexer.numbers import Numbers
from ccl.parser.lexer.tokens import KEYWORDS, PUNCTUATION, Token, Tokens
from ccl.source.spans import Source
from ccl.syntax.tables import END

_RAW: Final = re.compile(
    f"(?P<space>[ \t\r\n{CONTROLS}{LINES_AND_FORMATS}]+)"
    r"""
  | (?P<doc>///(?!/)[^\n]*)
  | (?P<comment>(?://|\#)[^\n]*|/\*.*?\*/)
  | (?P<open_comment>/\*)
  | (?P<did>did:[a-z0-9]+:(?:[A-Za-z0-9._:%\-]*[A-Za-z0-9_]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*+(?![^\x00-\x7f]))[ ]*
  | (?P<stamp>[0-9]++-[0-9]{2}-[0-9]{2}T[0-9:.]*(?:Z|[+-][0-9]{2}:[0-9]{2})?)
  | (?P<date>(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{5,}+-(?:0[0-9]-[0-9]{2}|[0-9]{2}-0[0-9]))(?!\w))
  | (?P<day>[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}(?![\w.])|[0-9]{2}/0[0-9]/[0-9]{4}(?![\w/])
        |0[0-9]/[0-9]{2}/[0-9]{4}(?![\w/])|[0-9]{4}/(?:0[0-9]/[0-9]{2}|[0-9]{2}/0[0-9])(?![\w/]))
  | (?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![\w:.]))
  | (?P<number>0[xX][0-9A-Za-z_]*|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?)
  | (?P<quote>["])
  | (?P<punctuation>\.\.=|\.\.|::|=>|->|[-+*/%=!<>]=|\|\||&&|[-+*/%=!<>(){}\[\];,:.|?])[ ]*
    """,
    re.VERBOSE | re.DOTALL,
)
_CHUNK: Final = re.compile(r'[^"\\\n]*(?:\\[^(\n][^"\\\n]*)*')
_MIDNIGHT: Final = "T00:00:00Z"
_FIRST_MOMENT: Final = "1970-01-01T00:00:00Z"
"""The placeholder for a date that is reported."""
_BEFORE_COLONS: Final = frozenset({"QUESTION", "LBRACKET"})
"""`c ? 1:20` and `xs[1:20]` have numbers around a colon."""
_WORDS: Final = {**KEYWORDS, "_": "UNDERSCORE"}
_BRACKETS: Final = frozenset("()[]{}")
_QUOTES: Final = frozenset("“”„‟«»")


def lex(source: Source, sink: Sink) -> Tokens:
    """Lexes the whole file; the last token is `$END`. Never raises."""
    return _Lexer(source, sink).run()


def _likely_length(rest: str) -> int:
    """Guesses the length of an unterminated string in the rest of its line: up to the closing
    punctuation at the end that the text before does not open itself, or up to a `{` at the end."""
    if rest.rstrip().endswith("{"):
        return len(rest.rstrip()[:-1].rstrip())
    text = rest.rstrip(" \t\r;,)]}")
    missing = sum(text.count(sign) for sign in "([{") - sum(text.count(sign) for sign in ")]}")
    length = len(text)
    while missing > 0 and length < len(rest):
        missing -= rest[length] in ")]}"
        length += 1
    return length


class _Lexer:
    """Position in the text, and the strings whose interpolation is open."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self._source = source
        self._text = source.text
        self._sink = sink
        self._out = Lexemes(source, sink)
        self._numbers = Numbers(self._out)
        self._comments: list[tuple[int, int]] = []
        self._depth = 0
        self._open_strings: list[tuple[int, int]] = []
        """(where the string began, bracket depth inside its interpolation)."""

    def run(self) -> Tokens:
        text = self._text
        at = 1 if text.startswith("\ufeff") else 0
        out = self._out
        match_raw, length, items = _RAW.match, len(text), out.tokens.items
        while at < length:
            found = match_raw(text, at)
            if found is None:
                at = self._other(at)
                continue
            kind, end = found.lastgroup, found.end()
            if kind == "name":
                word = found["name"]
                if out.doc:
                    out.take_doc(at)
                items.append(Token(_WORDS.get(word, "NAME"), word, at, at + len(word)))
                at = end
            elif kind == "punctuation":
                sign = found["punctuation"]
                if sign in _BRACKETS:
                    at = self._bracket(sign, at, at + 1)
                else:
                    if out.doc:
                        out.take_doc(at)
                    items.append(Token(PUNCTUATION[sign], sign, at, at + len(sign)))
                    at = end
            elif kind == "space":
                if self._open_strings and "\n" in found.group():
                    self._close_strings(at)
                at = end
            elif kind == "number":
                at = self._numbers.read(at, end)
            elif kind == "quote":
                at = self._string(at, at + 1, "STRING", "STRING_HEAD")
            elif kind == "doc":
                out.doc.append(found.group()[3:].strip())
                self._comments.append((at, end))
                at = end
            elif kind == "comment":
                self._comments.append((at, end))
                at = end
            elif kind == "did":
                at = out.add("DID", at, end)
            elif kind == "stamp":
                at = out.add("TIMESTAMP", at, end)
            elif kind == "date":
                at = self._date(at, end)
            elif kind == "clock" and items and items[-1].kind in _BEFORE_COLONS:
                at = self._numbers.read(at, text.index(":", at))
            elif kind in ("day", "clock"):
                at = self._in_quotes(at, end, kind)
            else:
                out.error("CCL0103", at, at + 2)
                at = len(text)
        if self._open_strings:
            self._close_strings(len(text))
        out.add(END, len(text), len(text))
        out.tokens.erroneous += report_invisible(self._source, items, self._comments, self._sink)
        return out.tokens

    def _word(self, word: str, start: int, end: int) -> None:
        self._out.add(_WORDS.get(word, "NAME"), start, end, word)

    def _bracket(self, text: str, at: int, end: int) -> int:
        if text in "([{":
            self._depth += 1
        else:
            if self._open_strings and self._open_strings[-1][1] == self._depth and text == ")":
                began, _ = self._open_strings.pop()
                self._depth -= 1
                return self._string(began, end, "STRING_TAIL", "STRING_MID", at)
            self._depth -= 1
        return self._out.add(PUNCTUATION[text], at, end, text)

    def _date(self, at: int, end: int) -> int:
        """Reports a date without a time, which would be parsed as a difference of numbers."""
        text = self._text[at:end]
        moment = text + _MIDNIGHT
        fixes: tuple[Fix, ...] = ()
        advice = "no date" if has_year(text) else "year"
        with suppress(ValueError):
            datetime.fromisoformat(moment)
            fixes = (self._out.replacement(f"write `{moment}`", at, end, moment, safe=False),)
            advice = "date"
        self._out.error("CCL0108", at, end, fixes=fixes, text=text, form="a moment", advice=advice)
        return self._out.add("TIMESTAMP", at, end, _FIRST_MOMENT)

    def _in_quotes(self, at: int, end: int, advice: str) -> int:
        """Reports `18:30` and `15.01.2026`, which are strings or timestamps in CCL."""
        text = self._text[at:end]
        quoted = self._out.replacement("put it in quotes", at, end, f'"{text}"', safe=False)
        fixes: tuple[Fix, ...] = (quoted,)
        with suppress(ValueError):
            moment = f"{datetime.strptime(text, '%d.%m.%Y'):%Y-%m-%d}{_MIDNIGHT}"
            fixes = (quoted, self._out.replacement(f"write `{moment}`", at, end, moment))
        form = "a value" if advice == "clock" else "a moment"
        facts = {"text": text, "form": form, "advice": advice}
        self._out.error("CCL0108", at, end, fixes=fixes, **facts)
        return self._out.add("STRING", at, end, text)

    def _string(
        self, began: int, inside: int, closed: str, continued: str, start: int | None = None
    ) -> int:
        """Lexes one part of a string from `inside` to its quote, interpolation or line end."""
        start = began if start is None else start
        chunk = _CHUNK.match(self._text, inside)
        assert chunk is not None, "the pattern matches the empty text"
        end = chunk.end()
        if self._text.startswith('"', end):
            return self._out.add(closed, start, end + 1, chunk.group())
        if self._text.startswith("\\(", end):
            self._depth += 1
            self._open_strings.append((began, self._depth))
            return self._out.add(continued, start, end + 2, chunk.group())
        end = inside + _likely_length(chunk.group())
        fixes = (self._out.replacement('add `"`', end, end, '"', safe=False),)
        self._out.error("CCL0102", began, end, fixes=fixes)
        return self._out.add(closed, start, end, self._text[inside:end])

    def _close_strings(self, at: int) -> None:
        """Reports a line that ends inside an interpolation: one error, at the outermost string."""
        self._out.error("CCL0102", self._open_strings[0][0], at)
        for _, depth in reversed(self._open_strings):
            self._out.add("STRING_TAIL", at, at, "")
            self._depth = depth - 1
        self._open_strings = []

    def _other(self, at: int) -> int:
        """Lexes a non-ASCII name, or reports an unexpected character."""
        text = self._text
        char = text[at]
        start = at
        while start < len(text) and is_ignorable(text[start]):
            start += 1
        if text[start : start + 1].isidentifier():
            end = start + 1
            while end < len(text) and is_name_part(text[end]):
                end += 1
            self._word(normalize("NFC", text[at:end]), at, end)
            return end
        if start > at:
            return start
        if char.isdecimal():
            return self._numbers.read(at, at)
        if char == "'":
            return self._single_quoted(at)
        if char in _QUOTES:
            fix = self._out.replacement('use `"`', at, at + 1, '"', safe=False)
            self._out.error("CCL0101", at, at + 1, character=char, fixes=(fix,))
        elif char.isspace():
            fix = self._out.replacement("use a space", at, at + 1, " ", safe=True)
            self._out.error("CCL0101", at, at + 1, character=f"U+{ord(char):04X}", fixes=(fix,))
        elif char == "&":
            fix = self._out.replacement("use `&&`", at, at + 1, "&&", safe=False)
            self._out.error("CCL0101", at, at + 1, character=char, fixes=(fix,))
            self._out.add("OP", at, at + 1, "&&")
        else:
            shown = char if char.isprintable() else f"U+{ord(char):04X}"
            self._out.error("CCL0101", at, at + 1, character=shown)
        return at + 1

    def _single_quoted(self, at: int) -> int:
        line_end = self._text.find("\n", at)
        line_end = len(self._text) if line_end < 0 else line_end
        close = self._text.find("'", at + 1, line_end)
        if close < 0:
            self._out.error("CCL0101", at, at + 1, character="'")
            return at + 1
        inner = self._text[at + 1 : close]
        fixes: tuple[Fix, ...] = ()
        apart = not any(map(is_name_part, self._text[at - 1 : at] + self._text[close + 1 :][:1]))
        plain = '"' not in inner and "\\" not in inner
        if plain:
            fixes = (
                self._out.replacement("use double quotes", at, close + 1, f'"{inner}"', safe=apart),
            )
        # Separated from words it is surely a string, so the rest of its line is valid.
        report = self._out.report if plain and apart else self._out.error
        report("CCL0110", at, close + 1, fixes=fixes)
        return self._out.add("STRING", at, close + 1, inner if plain else "")
