"""Text to raw tokens. Every fault of spelling is reported here, and lexing goes on."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Final
from unicodedata import decimal, normalize

from ccl.diagnostics import Edit, Fix, Sink
from ccl.parsing.characters import (
    CONTROLS,
    IGNORABLE,
    LINES_AND_FORMATS,
    called,
    is_ignorable,
    is_name_part,
    report_invisible,
)
from ccl.parsing.tokens import KEYWORDS, PUNCTUATION, Token, Tokens
from ccl.source import Source, Span
from ccl.syntax import END

_RAW: Final = re.compile(
    f"(?P<space>[ \t\r\n{CONTROLS}{LINES_AND_FORMATS}]+)"
    r"""
  | (?P<doc>///(?!/)[^\n]*)
  | (?P<comment>(?://|\#)[^\n]*|/\*.*?\*/)
  | (?P<open_comment>/\*)
  | (?P<did>did:[a-z0-9]+:(?:[A-Za-z0-9._:%\-]*[A-Za-z0-9_]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*+(?![^\x00-\x7f]))[ ]*
  | (?P<stamp>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]*(?:Z|[+-][0-9]{2}:[0-9]{2})?)
  | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\w))
  | (?P<number>0[xX][0-9A-Za-z_]*|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?)
  | (?P<quote>["])
  | (?P<punctuation>\.\.=|\.\.|::|=>|->|[-+*/%=!<>]=|\|\||&&|[-+*/%=!<>(){}\[\];,:.|?])[ ]*
    """,
    re.VERBOSE | re.DOTALL,
)
_CHUNK: Final = re.compile(r'[^"\\\n]*(?:\\[^(\n][^"\\\n]*)*')
_SUFFIX: Final = re.compile(rf"[^\W{IGNORABLE}]+")
_ANY_NUMBER: Final = re.compile(r"\d[\d_]*(?:\.\d[\d_]*)?")
"""In the digits of any script."""
_PADDED: Final = re.compile(r"0[0-9_]*[0-9]")
"""The whole part of a number that begins with zeros."""
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d_]|,\d)", re.ASCII)
"""`1,000`: a comma before each three digits, as in English; in CCL these are several numbers."""
_DOTTED: Final = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){2,}(?![\d_]|\.\d)", re.ASCII)
"""`1.000.000`: a dot before each three digits."""
_ZERO_GROUP: Final = re.compile(r"(?<=\d,)0\d\d(?!\d)", re.ASCII)
_DOTTED_UNIT: Final = re.compile(r"\.(?:second|minute|hour|day|week|year)s?\b(?!\s*\()")
_UNIT_LETTERS: Final = {
    "second": "s",
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "year": "y",
}
_NO_FIXED_LENGTH: Final = frozenset({"month", "quarter"})
_SPACED_UNIT: Final = re.compile(
    rf"[ \t]+((?:{'|'.join((*_UNIT_LETTERS, *sorted(_NO_FIXED_LENGTH)))})s?)\b(?!\s*[:(.])"
)
MIDNIGHT: Final = "T00:00:00Z"
FIRST_MOMENT: Final = "1970-01-01T00:00:00Z"
"""What a date is read as once it is reported."""
_NO_OPERANDS: Final = KEYWORDS.keys() - {"if", "match", "while", "for", "true", "false"}
_OPERAND: Final = re.compile(
    rf"""[ \t]*(?:(?!(?:{"|".join(sorted(_NO_OPERANDS))})\b|because\s+article\s*")\w|[(\["])"""
)
"""What may follow the operator `%`; nothing else makes it one."""
_DURATION_UNITS: Final = frozenset("smhdwy")
_SIZE_UNITS: Final = frozenset({"B", "KiB", "MiB", "GiB", "TiB"})
_WORDS: Final = {**KEYWORDS, "_": "UNDERSCORE"}
_BRACKETS: Final = frozenset("()[]{}")
_QUOTES: Final = frozenset("“”„‟«»")


def lex(source: Source, sink: Sink) -> Tokens:
    """All tokens of the file with an `$END` at its end; never raises."""
    return _Lexer(source, sink).run()


def _likely_length(rest: str) -> int:
    """Where the closing quote was meant in the rest of a line: before the closing
    punctuation at its end, leaving out what the part before has opened itself; a `{` at the
    end opens a body."""
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
        self._file = source.file
        self._sink = sink
        self._tokens = Tokens()
        self._doc: list[str] = []
        self._comments: list[tuple[int, int]] = []
        self._depth = 0
        self._open_strings: list[tuple[int, int]] = []
        """(where the string began, bracket depth inside its interpolation)."""

    def run(self) -> Tokens:
        text = self._text
        at = 1 if text.startswith("\ufeff") else 0
        match_raw, length, items = _RAW.match, len(text), self._tokens.items
        while at < length:
            found = match_raw(text, at)
            if found is None:
                at = self._other(at)
                continue
            kind, end = found.lastgroup, found.end()
            if kind == "name":
                word = found["name"]
                if self._doc:
                    self._take_doc(at)
                items.append(Token(_WORDS.get(word, "NAME"), word, at, at + len(word)))
                at = end
            elif kind == "punctuation":
                sign = found["punctuation"]
                if sign in _BRACKETS:
                    at = self._bracket(sign, at, at + 1)
                else:
                    if self._doc:
                        self._take_doc(at)
                    items.append(Token(PUNCTUATION[sign], sign, at, at + len(sign)))
                    at = end
            elif kind == "space":
                if self._open_strings and "\n" in found.group():
                    self._close_strings(at)
                at = end
            elif kind == "number":
                at = self._number(at, end)
            elif kind == "quote":
                at = self._string(at, at + 1, "STRING", "STRING_HEAD")
            elif kind == "doc":
                self._doc.append(found.group()[3:].strip())
                self._comments.append((at, end))
                at = end
            elif kind == "comment":
                self._comments.append((at, end))
                at = end
            elif kind == "did":
                at = self._add("DID", at, end)
            elif kind == "stamp":
                at = self._add("TIMESTAMP", at, end)
            elif kind == "date":
                at = self._date(at, end)
            else:
                self._fault("CCL0103", at, at + 2)
                at = len(text)
        if self._open_strings:
            self._close_strings(len(text))
        self._add(END, len(text), len(text))
        self._tokens.faulty += report_invisible(self._source, items, self._comments, self._sink)
        return self._tokens

    def _span(self, start: int, end: int) -> Span:
        return Span(self._file, start, end)

    def _replace(self, title: str, start: int, end: int, text: str, safe: bool = False) -> Fix:
        return Fix(title, (Edit(self._span(start, end), text),), safe)

    def _fault(
        self, code: str, start: int, end: int, *, fixes: tuple[Fix, ...] = (), **facts: str
    ) -> None:
        self._tokens.faulty.append(start)
        self._sink.report(code, self._span(start, end), labels=(), notes=(), fixes=fixes, **facts)

    def _add(self, kind: str, start: int, end: int, text: str | None = None) -> int:
        if self._doc:
            self._take_doc(start)
        self._tokens.items.append(
            Token(kind, self._text[start:end] if text is None else text, start, end)
        )
        return end

    def _take_doc(self, start: int) -> None:
        self._tokens.docs[start] = "\n".join(self._doc)
        self._doc = []

    def _word(self, word: str, start: int, end: int) -> None:
        self._add(_WORDS.get(word, "NAME"), start, end, word)

    def _bracket(self, text: str, at: int, end: int) -> int:
        if text in "([{":
            self._depth += 1
        else:
            if self._open_strings and self._open_strings[-1][1] == self._depth and text == ")":
                began, _ = self._open_strings.pop()
                self._depth -= 1
                return self._string(began, end, "STRING_TAIL", "STRING_MID", at)
            self._depth -= 1
        return self._add(PUNCTUATION[text], at, end, text)

    def _date(self, at: int, end: int) -> int:
        """A date alone is no moment; read as numbers it would silently be a difference."""
        text = self._text[at:end]
        moment = text + MIDNIGHT
        fixes: tuple[Fix, ...] = ()
        with suppress(ValueError):
            datetime.fromisoformat(moment)
            fixes = (self._replace(f"write `{moment}`", at, end, moment, safe=False),)
        self._fault("CCL0108", at, end, fixes=fixes, text=text, form="a moment", advice="date")
        return self._add("TIMESTAMP", at, end, FIRST_MOMENT)

    def _number(self, at: int, end: int) -> int:
        """A number whose ASCII digits end at `end`; those of other scripts are reported, and read
        as what they stand for, so that nothing else is wrong with it."""
        text = self._text
        number = text[at:end]
        whole = _ANY_NUMBER.match(text, at)
        if whole is not None and whole.end() > end and number[:2] not in ("0x", "0X"):
            end = whole.end()
            number = self._foreign_digits(whole)
        elif text.startswith(".", end) and (dotted := _DOTTED.match(text, at)) is not None:
            number, end = self._dotted(dotted)
        elif text.startswith(",", end) and (grouped := _GROUPED.match(text, at)) is not None:
            number, end = self._grouped(grouped, number, end)
        if _PADDED.match(number) is not None and number[:2] not in ("0x", "0X"):
            number = self._padded(at, end, number)
        spaced = _SPACED_UNIT.match(text, end)
        if spaced is not None:
            return self._spaced_unit(at, end, spaced)
        suffix = _SUFFIX.match(text, end)
        if suffix is not None:
            if suffix.group() in _DURATION_UNITS:
                return self._add("DURATION", at, suffix.end(), number + suffix.group())
            if suffix.group() in _SIZE_UNITS:
                return self._add("SIZE", at, suffix.end(), number + suffix.group())
            self._strange_suffix(at, end, suffix.start(), suffix.group())
            self._add("INT", at, suffix.end(), "0")
            return suffix.end()
        if text.startswith("%", end):
            self._add("DECIMAL" if "." in number else "INT", at, end, number)
            return self._percent_sign(end)
        if "." in number:
            return self._add("DECIMAL", at, end, number)
        unit = _DOTTED_UNIT.match(text, end)
        if unit is None:
            return self._add("INT", at, end, number)
        return self._add("DURATION", at, unit.end(), number + unit.group())

    def _foreign_digits(self, found: re.Match[str]) -> str:
        """Reports a number with digits of other scripts; gives it in those of ASCII."""
        written = found.group()
        number = "".join(str(decimal(each)) if each.isdecimal() else each for each in written)
        first = next(each for each in written if each.isdecimal() and not each.isascii())
        self._fault(
            "CCL0127",
            *found.span(),
            fixes=(self._replace(f"write `{number}`", *found.span(), number, safe=False),),
            number=written,
            digit=first,
            character=called(first),
        )
        return number

    def _grouped(self, found: re.Match[str], first: str, end: int) -> tuple[str, int]:
        """A number and its end: with its groups if one on the line begins with 0, as none of
        several numbers does; else `first`, which ends at `end`."""
        text = self._text
        line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0]
        if _ZERO_GROUP.search(line) is None:
            return first, end
        written = found.group()
        instead = written.replace(",", "_")
        fixes = (self._replace(f"write `{instead}`", *found.span(), instead, safe=False),)
        zeros = _ZERO_GROUP.search(written)
        code = "CCL0119" if zeros is None else "CCL0130"
        self._fault(
            code,
            *found.span(),
            fixes=fixes,
            found=written,
            number=written if zeros is None else zeros.group(),
            instead=instead,
            advice="groups",
        )
        return instead, found.end()

    def _dotted(self, found: re.Match[str]) -> tuple[str, int]:
        """A number grouped by dots, without them, and its end."""
        instead = found.group().replace(".", "_")
        fixes = (self._replace(f"write `{instead}`", *found.span(), instead, safe=False),)
        start, end = found.span()
        self._fault(
            "CCL0119",
            start,
            end,
            fixes=fixes,
            found=found.group(),
            instead=instead,
            advice="dots",
        )
        return instead, found.end()

    def _padded(self, at: int, end: int, number: str) -> str:
        """Reports zeros before a number; gives it without them."""
        whole, point, places = number.partition(".")
        instead = (whole.lstrip("0_") or "0") + point + places
        fix = self._replace(f"write `{instead}`", at, end, instead, safe=False)
        self._fault("CCL0130", at, end, fixes=(fix,), number=number, instead=instead)
        return instead

    def _percent_sign(self, at: int) -> int:
        """`%` right behind a number: an operator only where an operand follows and one fits."""
        end = at + 1
        if _OPERAND.match(self._text, end) is None:
            return self._add("SHARE", at, end)
        self._tokens.items.append(Token("OP", "%", at, end, "SHARE"))
        return end

    def _spaced_unit(self, at: int, end: int, found: re.Match[str]) -> int:
        """`3 days`: the unit is a word after a blank."""
        word = found.group(1)
        self._strange_suffix(at, end, found.start(1), word)
        return self._add("INT", at, found.end(), "0")

    def _strange_suffix(self, at: int, end: int, start: int, suffix: str) -> None:
        number = self._text[at:end]
        singular = suffix.removesuffix("s")
        fixes: tuple[Fix, ...] = ()
        if singular in _UNIT_LETTERS and number.isdecimal():
            instead = number + _UNIT_LETTERS[singular]
            stop = start + len(suffix)
            fixes = (self._replace(f"write `{instead}`", at, stop, instead, safe=False),)
        facts = {"advice": "months"} if singular in _NO_FIXED_LENGTH else {}
        self._fault(
            "CCL0107",
            start,
            start + len(suffix),
            fixes=fixes,
            suffix=suffix,
            number=number,
            **facts,
        )

    def _string(
        self, began: int, inside: int, closed: str, continued: str, start: int | None = None
    ) -> int:
        """One stretch of a string from `inside` to its quote, interpolation or line end."""
        start = began if start is None else start
        chunk = _CHUNK.match(self._text, inside)
        assert chunk is not None, "the pattern matches the empty text"
        end = chunk.end()
        if self._text.startswith('"', end):
            return self._add(closed, start, end + 1, chunk.group())
        if self._text.startswith("\\(", end):
            self._depth += 1
            self._open_strings.append((began, self._depth))
            return self._add(continued, start, end + 2, chunk.group())
        end = inside + _likely_length(chunk.group())
        fixes = (self._replace('add `"`', end, end, '"', safe=False),)
        self._fault("CCL0102", began, end, fixes=fixes)
        return self._add(closed, start, end, self._text[inside:end])

    def _close_strings(self, at: int) -> None:
        """A line ended inside an interpolation: one fault, of the outermost string."""
        self._fault("CCL0102", self._open_strings[0][0], at)
        for _, depth in reversed(self._open_strings):
            self._add("STRING_TAIL", at, at, "")
            self._depth = depth - 1
        self._open_strings = []

    def _other(self, at: int) -> int:
        """A name beyond ASCII, or a character that CCL does not use."""
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
            return self._number(at, at)
        if char == "'":
            return self._single_quoted(at)
        if char in _QUOTES:
            fix = self._replace('use `"`', at, at + 1, '"', safe=False)
            self._fault("CCL0101", at, at + 1, character=char, fixes=(fix,))
        elif char.isspace():
            fix = self._replace("use a space", at, at + 1, " ", safe=True)
            self._fault("CCL0101", at, at + 1, character=f"U+{ord(char):04X}", fixes=(fix,))
        elif char == "&":
            fix = self._replace("use `&&`", at, at + 1, "&&", safe=False)
            self._fault("CCL0101", at, at + 1, character=char, fixes=(fix,))
            self._add("OP", at, at + 1, "&&")
        else:
            shown = char if char.isprintable() else f"U+{ord(char):04X}"
            self._fault("CCL0101", at, at + 1, character=shown)
        return at + 1

    def _single_quoted(self, at: int) -> int:
        line_end = self._text.find("\n", at)
        line_end = len(self._text) if line_end < 0 else line_end
        close = self._text.find("'", at + 1, line_end)
        if close < 0:
            self._fault("CCL0101", at, at + 1, character="'")
            return at + 1
        inner = self._text[at + 1 : close]
        fixes: tuple[Fix, ...] = ()
        if '"' not in inner and "\\" not in inner:
            apart = not any(
                map(is_name_part, self._text[at - 1 : at] + self._text[close + 1 :][:1])
            )
            fixes = (self._replace("use double quotes", at, close + 1, f'"{inner}"', safe=apart),)
        self._fault("CCL0110", at, close + 1, fixes=fixes)
        return self._add("STRING", at, close + 1, "")
