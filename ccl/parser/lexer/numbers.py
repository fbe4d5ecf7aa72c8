"""Numbers in a text: with units, grouped, or in digits of other scripts."""

import re
from typing import Final
from unicodedata import decimal

from ccl.diagnostics.model import Fix
from ccl.parser.lexer.characters import IGNORABLE, called
from ccl.parser.lexer.lexemes import Lexemes
from ccl.parser.lexer.tokens import KEYWORDS, Token

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
_NO_OPERANDS: Final = KEYWORDS.keys() - {"if", "match", "while", "for", "true", "false"}
_OPERAND: Final = re.compile(
    rf"""[ \t]*(?:(?!(?:{"|".join(sorted(_NO_OPERANDS))})\b|because\s+article\s*")\w|[(\["])"""
)
"""Tokens that may follow the operator `%`; before others it is a percent sign."""
_DURATION_UNITS: Final = frozenset("smhdwy")
_FOREIGN_SIZES: Final = {
    f"{first}{second}": f"{first.upper()}iB" for first in "KMGTkmgt" for second in ("B", "b", "ib")
}
_SIZE_UNITS: Final = frozenset({"B", "KiB", "MiB", "GiB", "TiB"})


class Numbers:
    """A reader of numbers as tokens."""

    def __init__(self, lexemes: Lexemes) -> None:
        self._out = lexemes
        self._text = lexemes.text

    def read(self, at: int, end: int) -> int:
        """Reads a number whose ASCII digits end at `end`. Digits of other scripts are reported and
        read as their value, so that the report has no consequences."""
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
                return self._out.add("DURATION", at, suffix.end(), number + suffix.group())
            if suffix.group() in _SIZE_UNITS:
                return self._out.add("SIZE", at, suffix.end(), number + suffix.group())
            self._strange_suffix(at, end, suffix.start(), suffix.group())
            self._out.add("INT", at, suffix.end(), "0")
            return suffix.end()
        if text.startswith("%", end):
            self._out.add("DECIMAL" if "." in number else "INT", at, end, number)
            return self._percent_sign(end)
        if "." in number:
            return self._out.add("DECIMAL", at, end, number)
        unit = _DOTTED_UNIT.match(text, end)
        if unit is None:
            return self._out.add("INT", at, end, number)
        return self._out.add("DURATION", at, unit.end(), number + unit.group())

    def _foreign_digits(self, found: re.Match[str]) -> str:
        """Reports a number with digits of other scripts; gives it in those of ASCII."""
        written = found.group()
        number = "".join(str(decimal(each)) if each.isdecimal() else each for each in written)
        first = next(each for each in written if each.isdecimal() and not each.isascii())
        self._out.error(
            "CCL0127",
            *found.span(),
            fixes=(self._out.replacement(f"write `{number}`", *found.span(), number, safe=False),),
            number=written,
            digit=first,
            character=called(first),
        )
        return number

    def _grouped(self, found: re.Match[str], first: str, end: int) -> tuple[str, int]:
        """Reads digits grouped with commas and their end, if one group on the line begins with 0,
        which none of several numbers does; otherwise returns `first`, which ends at `end`."""
        text = self._text
        line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0]
        if _ZERO_GROUP.search(line) is None:
            return first, end
        written = found.group()
        instead = written.replace(",", "_")
        fixes = (self._out.replacement(f"write `{instead}`", *found.span(), instead, safe=False),)
        zeros = _ZERO_GROUP.search(written)
        code = "CCL0119" if zeros is None else "CCL0130"
        self._out.error(
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
        """Reads a number grouped with dots; returns it without them, and its end."""
        instead = found.group().replace(".", "_")
        fixes = (self._out.replacement(f"write `{instead}`", *found.span(), instead, safe=False),)
        start, end = found.span()
        self._out.error(
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
        fix = self._out.replacement(f"write `{instead}`", at, end, instead, safe=False)
        self._out.error("CCL0130", at, end, fixes=(fix,), number=number, instead=instead)
        return instead

    def _percent_sign(self, at: int) -> int:
        """Reads `%` directly after a number: an operator if one fits and an operand follows."""
        end = at + 1
        if _OPERAND.match(self._text, end) is None:
            return self._out.add("SHARE", at, end)
        self._out.tokens.items.append(Token("OP", "%", at, end, "SHARE"))
        return end

    def _spaced_unit(self, at: int, end: int, found: re.Match[str]) -> int:
        """Reports a unit as a word after a space, such as `3 days`."""
        word = found.group(1)
        self._strange_suffix(at, end, found.start(1), word)
        return self._out.add("INT", at, found.end(), "0")

    def _strange_suffix(self, at: int, end: int, start: int, suffix: str) -> None:
        number = self._text[at:end]
        singular = suffix.removesuffix("s")
        fixes: tuple[Fix, ...] = ()
        if singular in _UNIT_LETTERS and number.isdecimal():
            instead = number + _UNIT_LETTERS[singular]
            stop = start + len(suffix)
            fixes = (self._out.replacement(f"write `{instead}`", at, stop, instead, safe=False),)
        if (size := _FOREIGN_SIZES.get(suffix)) is not None and "." not in number:
            instead, stop = number + size, start + len(suffix)
            fixes = (self._out.replacement(f"write `{instead}`", at, stop, instead, safe=False),)
        facts = {"advice": "months"} if singular in _NO_FIXED_LENGTH else {}
        self._out.error(
            "CCL0107",
            start,
            start + len(suffix),
            fixes=fixes,
            suffix=suffix,
            number=number,
            **facts,
        )
