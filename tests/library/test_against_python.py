"""Rules of the library agree with Python's integers, calendar, JSON and CSV."""

import csv
import io
import json
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

PROGRAM = """
import "std/core" as core;
import "std/economics" as economics;
import "std/text" as text;
import "std/time" as time;
import "std/voting" as voting;

export fn share(amount: Integer, n: Integer, d: Integer) -> Integer { core.share_of(amount, n, d) }
export fn whole(a: Integer, b: Integer) -> Array<Integer> {
  [core.divide_down(a, b), core.modulo(a, b), core.divide_up(a, b), core.gcd(a, b)]
}
export fn passes(yes: Integer, no: Integer, n: Integer, d: Integer) -> Array<Bool> {
  [
    voting.supermajority(yes, no, n, d),
    no > 0 && voting.quorum_met(yes, no, n, d),
    core.reaches_share(yes, no, n, d),
  ]
}
export fn to_places(value: Decimal, places: Integer) -> Decimal { core.round_to(value, places) }
export fn sorted(items: Array<Integer>) -> Array<Integer> { items.sort() }
export fn divided(total: Integer, weights: Array<Integer>) -> Array<Integer> {
  economics.apportion(total, weights)
}
export fn written(seconds: Integer) -> String { time.format_time(time.from_seconds(seconds)) }
export fn read(written: String) -> Option<Integer> {
  time.parse_time(written).map(time.to_seconds)
}
export fn later(seconds: Integer, months: Integer) -> Integer {
  time.to_seconds(time.add_months(time.from_seconds(seconds), months))
}
export fn through_json(written: String) -> Map<String, String> {
  let found: Map<String, String> = map_new();
  match text.json_read(written) {
    Ok(value) => { found["Ok"] = text.json_write(value); }
    Err(reason) => { found["Err"] = reason; }
  }
  found
}
export fn how_many() -> Integer {
  match text.json_read(input()) {
    Ok(text::Json::List(items)) => items.length(),
    _ => -1,
  }
}
export fn as_decimal(written: String) -> Option<Decimal> {
  match text.json_read(written) {
    Ok(value) => text.json_decimal(value),
    Err(_) => None,
  }
}
export fn through_csv(rows: Array<Array<String>>) -> String { text.csv_write(rows) }
export fn rows(written: String) -> Array<Array<String>> { text.csv_read(written) }
"""
LARGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9998, 12, 31))


@cache
def module() -> bytes:
    compiled = compile_text(PROGRAM, path="rules.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def asked(entry: str, *arguments: Any) -> Any:
    ran = run(module(), entry=entry, arguments=list(arguments), fuel=2_000_000_000)
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, (entry, arguments, ran.outcome)
    return ran.value


@examples(100)
@given(st.integers(0, LARGEST), st.integers(0, LARGEST), st.integers(1, LARGEST))
def test_shares_are_exact(amount: int, numerator: int, denominator: int) -> None:
    exact = amount * numerator // denominator
    ran = run(module(), entry="share", arguments=[amount, numerator, denominator])
    if exact > LARGEST:
        assert ran.outcome.kind is OutcomeKind.TRAPPED
    else:
        assert ran.value == exact


@examples(60)
@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62).filter(bool))
def test_whole_quotients(a: int, b: int) -> None:
    from math import gcd

    assert asked("whole", a, b) == [a // b, a % b, -(-a // b), gcd(a, b)]


COUNTS = st.integers(0, 5) | st.integers(0, LARGEST) | st.integers(LARGEST - 3, LARGEST)


@examples(150)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_votes_are_held_against_exact_shares(yes: int, no: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    if high == 0:
        return
    needed = Fraction(low, high)
    passed = yes + no > 0 and Fraction(yes, yes + no) >= needed
    met = no > 0 and Fraction(yes, no) >= needed
    assert asked("passes", yes, no, low, high) == [passed, met, met or no == 0]


@examples(60)
@given(st.decimals(-9223372036854, 9223372036854, places=6), st.integers(0, 6))
def test_decimals_are_rounded_to_places(value: Decimal, places: int) -> None:
    exact = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=40))
    assert Decimal(asked("to_places", str(value), places)) == exact


@examples(40)
@given(st.lists(st.integers(-(2**63), LARGEST), max_size=40))
def test_sorting(items: list[int]) -> None:
    assert asked("sorted", items) == sorted(items)


@examples(80)
@given(st.integers(0, LARGEST), st.lists(st.integers(0, 2**55), min_size=1, max_size=8))
def test_divided_amounts_add_up(total: int, weights: list[int]) -> None:
    if not any(weights):
        return
    parts = asked("divided", total, weights)
    assert sum(parts) == total
    remainders = {}
    for at, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        floor, remainder = divmod(total * weight, sum(weights))
        assert part in (floor, floor + 1)
        remainders[at] = (-remainder, at, part - floor)
    served = [more for _, _, more in sorted(remainders.values())]
    assert served == sorted(served, reverse=True), "the largest remainders come first"


@examples(80)
@given(TIMES)
def test_calendar(when: datetime) -> None:
    at = when.replace(microsecond=0, tzinfo=UTC)
    seconds = (at - EPOCH) // timedelta(seconds=1)
    text = f"{at.year:04}-{at:%m-%dT%H:%M:%SZ}"
    assert asked("written", seconds) == text
    assert asked("read", text) == seconds


@examples(80)
@given(TIMES, st.integers(-3000, 3000))
def test_months(when: datetime, months: int) -> None:
    at = when.replace(microsecond=0, tzinfo=UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        return
    day = at.day
    while True:
        try:
            expected = at.replace(year=year, month=month + 1, day=day)
            break
        except ValueError:
            day -= 1
    seconds = (at - EPOCH) // timedelta(seconds=1)
    assert asked("later", seconds, months) == (expected - EPOCH) // timedelta(seconds=1)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), LARGEST)
    | st.text(max_size=8)
    | st.decimals(-(10**9), 10**9, places=3).map(lambda d: float(round(d, 3)))
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def through_json(text: str) -> dict[str, str]:
    """The text read and written again under `Ok`, or the reason under `Err`."""
    return dict(asked("through_json", text))


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@examples(80)
@given(DOCUMENTS, st.booleans())
def test_json_there_and_back(document: Any, ascii_only: bool) -> None:
    written = json.dumps(document, ensure_ascii=ascii_only)
    if "e" in written.replace("true", "").replace("false", "") and "e-" in written:
        return  # a float that Python writes with more places than a Decimal has
    read = through_json(written)
    assert "Ok" in read, (written, read)
    assert _exact(read["Ok"]) == _exact(written)


@pytest.mark.parametrize("city", ["Geneva", "Genève"])
def test_large_json_text_fits_the_memory_of_an_execution(city: str) -> None:
    member = {"name": "Member", "city": city, "shares": 7, "rate": 1.25, "tags": ["a", None]}
    text = json.dumps([{"id": n, **member} for n in range(13_000)], ensure_ascii=False)
    assert len(text) > 1_200_000
    ran = run(module(), entry="how_many", text=text, fuel=4_000_000_000)
    assert (ran.outcome.kind, ran.value) == (OutcomeKind.SUCCEEDED, 13_000)


@examples(60)
@given(st.text('[]{}",:0123456789.eE+-tfnrul\\ab \n', max_size=14))
def test_json_is_distinguished_from_other_text(text: str) -> None:
    def refuse(_: str) -> Any:
        raise ValueError

    try:
        expected = json.loads(text, parse_constant=refuse, parse_float=Decimal)
    except ValueError:
        assert "Err" in through_json(text), text
        return
    read = through_json(text)
    if "Ok" in read:
        assert _exact(read["Ok"]) == expected
    else:
        assert any(part in read["Err"] for part in ("Decimal", "Integer", "twice", "pair"))


@examples(60)
@given(st.sampled_from(("", "-")), st.text("0123456789", min_size=1, max_size=15), st.data())
def test_number_of_json_is_rounded_as_a_decimal(
    sign: str, digits: str, data: st.DataObject
) -> None:
    whole = str(int(data.draw(st.text("0123456789", min_size=1, max_size=14))))
    power = data.draw(st.integers(-25, 12))
    written = f"{sign}{whole}.{digits}e{power}"
    exact = Decimal(written)
    rounded = exact.quantize(Decimal("0.000001"), ROUND_HALF_UP, Context(prec=100))
    found = asked("as_decimal", written)
    if -(2**63) <= rounded * 10**6 <= LARGEST:
        assert found is not None
        assert Decimal(found) == rounded
    else:
        assert found is None


CELLS = st.text('ab",\n\r é\ufeff', max_size=5)
TABLES = st.lists(st.lists(CELLS, max_size=4), max_size=5)


@examples(150)
@given(TABLES)
def test_csv_there_and_back(rows: list[list[str]]) -> None:
    written = asked("through_csv", rows)
    assert list(csv.reader(io.StringIO(written, newline=""))) == rows
    assert asked("rows", written) == rows
    other = io.StringIO(newline="")
    csv.writer(other).writerows(rows)
    if not other.getvalue().startswith("\ufeff"):
        assert asked("rows", other.getvalue()) == rows


@examples(150)
@given(st.text('a",\n\r ', max_size=14))
def test_csv_is_read_as_python_reads_it(text: str) -> None:
    """Strictly: what another reader guesses at behind a closing quote is an error here."""
    ran = run(module(), entry="rows", arguments=[text])
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        assert ran.outcome.kind is OutcomeKind.TRAPPED
        assert re.match(r"row \d+, column \d+: ", ran.outcome.detail)
        return
    assert ran.value == expected


STRAY = ('a"', '"a"\n', 'a",', '"', '""', '",""', "\r", "é,")


@pytest.mark.parametrize("part", STRAY)
def test_csv_takes_time_in_proportion_to_the_text(part: str) -> None:
    """Stray quotes too: each row is read once, wherever it ends."""
    fuel = [
        ran.fuel_used or 0
        for ran in (run(module(), entry="rows", arguments=[part * n]) for n in (2000, 4000, 8000))
    ]
    first, second = (math.log2(after / before) for before, after in pairwise(fuel))
    assert first < 1.15
    assert second < 1.15
