"""Values of literal tokens. Invalid literals are reported and get a placeholder value."""

import re
from calendar import timegm
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import Token
from ccl.source.spans import Span
from ccl.syntax.ast import (
    DecimalLiteral,
    DurationLiteral,
    IntegerLiteral,
    PercentLiteral,
    SizeLiteral,
    TimestampLiteral,
)

INTEGER_LIMIT: Final = 2**63
DECIMAL_PLACES: Final = 6
_LAST_PLACE: Final = Decimal(1).scaleb(-DECIMAL_PLACES)
_UNIT_SECONDS: Final = {
    "s": 1,
    "second": 1,
    "m": 60,
    "minute": 60,
    "h": 3_600,
    "hour": 3_600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
    "y": 31_536_000,
    "year": 31_536_000,
}
_SIZE_BYTES: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SPLIT: Final = re.compile(r"([\d_]+(?:\.\d[\d_]*)?)\.?(\w+)")
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.?))", re.DOTALL)
DATED: Final = "a timestamp from the years 0001 to 9999"
_YEAR: Final = re.compile(r"(?!0000)[0-9]{4}-")
_SIMPLE_ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def integer(token: Token, span: Span, sink: Sink) -> IntegerLiteral:
    text = token.text.replace("_", "")
    try:
        value = int(text, 16) if text[:2] in ("0x", "0X") else _whole(text)
    except ValueError:
        sink.report("CCL0107", span, suffix=token.text[2:], number="0x")
        value = 0
    return IntegerLiteral(value=_within(value, span, sink), span=span)


def _whole(digits: str) -> int:
    """Parses digits; Python limits their count, and all such numbers are out of range alike."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) < 30 else INTEGER_LIMIT + 1


def _within(value: int, span: Span, sink: Sink) -> int:
    if value > INTEGER_LIMIT:
        sink.report("CCL0105", span)
        return 0
    return value


def _exact(text: str, span: Span, sink: Sink, unit: str = "") -> Decimal:
    whole, _, places = text.replace("_", "").partition(".")
    if _whole(whole) > INTEGER_LIMIT // 10**DECIMAL_PLACES:
        sink.report("CCL0105", span)
        whole = "0"
    elif len(places.rstrip("0")) > DECIMAL_PLACES:
        shorter = _rounded(whole, places) + unit
        fix = Fix(f"round to `{shorter}`", (Edit(span, shorter),))
        sink.report("CCL0106", span, fixes=(fix,))
    places = places[:DECIMAL_PLACES].rstrip("0")
    return Decimal(f"{whole}.{places}" if places else whole)


def _rounded(whole: str, places: str) -> str:
    """Rounds to the decimal places of a Decimal, half away from zero, as its arithmetic does."""
    seven = Decimal(f"{whole}.{places[: DECIMAL_PLACES + 1]}")
    return str(seven.quantize(_LAST_PLACE, ROUND_HALF_UP))


def decimal(token: Token, span: Span, sink: Sink) -> DecimalLiteral:
    return DecimalLiteral(value=_exact(token.text, span, sink), span=span)


def percent(token: Token, span: Span, sink: Sink) -> PercentLiteral:
    return PercentLiteral(value=_exact(token.text, span, sink, "%"), span=span)


def duration(token: Token, span: Span, sink: Sink) -> DurationLiteral:
    count, unit = _quantity(token, span, sink)
    seconds = _UNIT_SECONDS[unit.removesuffix("s") or "s"]
    return DurationLiteral(seconds=_within(count * seconds, span, sink), unit=unit, span=span)


def size(token: Token, span: Span, sink: Sink) -> SizeLiteral:
    count, unit = _quantity(token, span, sink)
    return SizeLiteral(byte_count=_within(count * _SIZE_BYTES[unit], span, sink), span=span)


def _quantity(token: Token, span: Span, sink: Sink) -> tuple[int, str]:
    found = _SPLIT.fullmatch(token.text)
    assert found is not None, "the lexer makes durations and sizes of this form only"
    number, unit = found.groups()
    unit = unit.lstrip("_")
    if "." in number:
        form = "a whole number and a unit"
        sink.report("CCL0108", span, text=token.text, form=form, advice="fraction")
        return 0, unit
    return _whole(number.replace("_", "")), unit


def has_year(text: str) -> bool:
    """Reports whether the date or time begins with a year that RFC 3339 allows."""
    return _YEAR.match(text) is not None


def timestamp(token: Token, span: Span, sink: Sink) -> TimestampLiteral:
    text = token.text
    seconds = 0
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            fix = Fix("add `Z` for UTC", (Edit(span, text + "Z"),))
            sink.report(
                "CCL0108", span, text=text, form="a timestamp with a time zone", fixes=(fix,)
            )
        else:
            seconds = timegm(moment.astimezone(UTC).timetuple())
    except OverflowError:
        sink.report("CCL0108", span, text=text, form=DATED, advice="year")
    except ValueError:
        if has_year(text):
            form = "a valid timestamp, such as 2026-01-15T10:30:00Z"
            sink.report("CCL0108", span, text=text, form=form)
        else:
            sink.report("CCL0108", span, text=text, form=DATED, advice="year")
    return TimestampLiteral(seconds=seconds, span=span)


def decode(raw: str, start: int, span: Span, sink: Sink) -> str:
    """Decodes the escapes in a part of a string that begins at offset `start`."""
    if "\\" not in raw:
        return raw

    def one(found: re.Match[str]) -> str:
        code, simple = found.groups()
        if code is not None:
            value = int(code, 16)
            if value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF:
                return chr(value)
        elif simple in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[simple]
        place = Span(span.file, start + found.start(), start + found.end())
        fixes: tuple[Fix, ...] = ()
        if code is None:
            fixes = (Fix("write `\\\\`", (Edit(place, "\\\\" + (simple or "")),)),)
        sink.report("CCL0104", place, escape=found.group(), fixes=fixes)
        return ""

    return _ESCAPE.sub(one, raw)
