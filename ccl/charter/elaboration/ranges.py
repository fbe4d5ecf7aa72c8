"""`range` rules: numeric ranges, their gaps and overlaps.

Both ends of `range 0 500` belong to it, also of `0..=500`; of `0..500` the upper one does not.
Ranges that meet in one number are read as half-open.
"""

from decimal import Decimal
from typing import Final

from ccl.diagnostics.model import Edit, Fix, Label, Sink
from ccl.ir import typed
from ccl.ir.charter import Tree
from ccl.ir.typed import Guard, NumberUnit
from ccl.source.spans import Span
from ccl.syntax import ast

_TIME_STEPS: Final = (86_400, 3_600, 60)
"""Steps of bounds in whole days, hours or minutes."""
_SIZE_STEPS: Final = (1 << 30, 1 << 20, 1 << 10)


def read_range(
    sink: Sink,
    rule: ast.RangeRule,
    low: typed.CharterValue | None,
    high: typed.CharterValue | None,
) -> typed.CharterBand | None:
    """Returns the bounds of a rule; None after reporting."""
    span = rule.low.span.to(rule.high.span)
    if low is None or high is None:
        return None
    if not (
        isinstance(low, typed.CharterNumber)
        and isinstance(high, typed.CharterNumber)
        and low.unit is high.unit
    ):
        sink.report("CCL0317", span)
        return None
    if _number(low) > _number(high) or (rule.half_open and _number(low) == _number(high)):
        _report_empty(sink, span, rule, low, high)
        return None
    return typed.CharterBand(low=low, high=high, half_open=rule.half_open, span=span)


def _report_empty(
    sink: Sink,
    span: Span,
    rule: ast.RangeRule,
    low: typed.CharterNumber,
    high: typed.CharterNumber,
) -> None:
    """Reports an empty range; `501-5000` has a dash between its bounds."""
    dash = Span(rule.high.span.file, rule.high.span.start, rule.high.span.start + 1)
    first, last = written(low), written(high)
    advice, fixes = None, tuple[Fix, ...]()
    if rule.low.span.end == dash.start and last.startswith("-"):
        advice = "dash"
        fixes = (Fix(f"write `{first} {last[1:]}`", (Edit(dash, " "),)),)
    positive = last.removeprefix("-")
    sink.report(
        "CCL0316", span, low=first, high=last, positive=positive, advice=advice, fixes=fixes
    )


def check_ranges(sink: Sink, tree: Tree) -> None:
    """Warns of gaps and overlaps between the ranges of each section."""
    bands: dict[tuple[str, tuple[Guard, ...], NumberUnit], list[tuple[typed.CharterBand, Span]]]
    bands = {}
    for each in tree.settings:
        if not isinstance(each, Tree):
            continue
        check_ranges(sink, each)
        if isinstance(each.label, typed.CharterBand):
            key = (each.key, each.when, each.label.low.unit)
            bands.setdefault(key, []).append((each.label, each.label.span))
    for found in bands.values():
        _check(sink, [band for band, _ in found])


def _check(sink: Sink, bands: list[typed.CharterBand]) -> None:
    ordered = sorted(bands, key=lambda band: (_number(band.low), _number(band.high)))
    widest: typed.CharterBand | None = None
    for band in ordered:
        if widest is None:
            widest = band
            continue
        low, high = _number(band.low), _number(widest.high)
        labels = (Label(widest.span, "the previous range"),)
        if low < high or _is_point_in(band, widest):
            sink.report(
                "CCL0319",
                band.span,
                low=written(band.low),
                high=written(min(band.high, widest.high, key=_number)),
                labels=labels,
            )
        elif low > high + (0 if widest.half_open else _step(widest.high, band.low)):
            sink.report(
                "CCL0318",
                band.span,
                low=written(widest.high),
                high=written(band.low),
                labels=labels,
            )
        if (_number(band.high), not band.half_open) > (high, not widest.half_open):
            widest = band


def _is_point_in(band: typed.CharterBand, widest: typed.CharterBand) -> bool:
    """Returns whether a range of one number is the end of another."""
    return _number(band.high) == _number(widest.high) and not widest.half_open


def _step(before: typed.CharterNumber, after: typed.CharterNumber) -> Decimal:
    """Returns the distance of two adjacent bounds: one of the unit that they are written in."""
    low, high = _number(before), _number(after)
    steps: tuple[int, ...] = ()
    if before.unit in (NumberUnit.SECONDS, NumberUnit.UNIX_SECONDS):
        steps = _TIME_STEPS
    elif before.unit is NumberUnit.BYTES:
        steps = _SIZE_STEPS
    for step in steps:
        if low % step == 0 and high % step == 0:
            return Decimal(step)
    places = min(_exponent(low), _exponent(high), 0)
    return Decimal(1).scaleb(places)


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a number of the charter is finite"
    return exponent


def _number(value: typed.CharterNumber) -> Decimal:
    return Decimal(value.value)


def written(value: typed.CharterNumber) -> str:
    """Returns the number as it is written; seconds as days, hours or minutes where they are
    whole."""
    if value.unit is NumberUnit.SECONDS:
        seconds = int(value.value)
        for step, letter in zip(_TIME_STEPS, "dhm", strict=True):
            if seconds and seconds % step == 0:
                return f"{seconds // step}{letter}"
        return f"{seconds}s"
    return f"{value.value}{value.unit.value if value.unit is NumberUnit.PERCENT else ''}"
