"""Calls that decide the type of a parameter: their order, and that of functions, plays no part.

Every pair of values is passed to a parameter whose body leaves it open, in every order and layout.
"""

from itertools import permutations

import pytest

from ccl.diagnostics.model import is_error
from ccl.pipeline import check_text

_VALUES = (
    "1",
    "2.5",
    "whole",
    "power",
    "5d",
    "2026-01-15T10:30:00Z",
    'timestamp("2026-01-15T10:30:00Z")',
    "caller()",
    '"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"',
    '"plain"',
    "Shape.Dot",
    "data.x",
    "[1]",
    '["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"]',
    "[caller()]",
    "[power]",
    "None",
    "Some(power)",
)
_HEAD = "enum Shape { Dot }\n"
_KEEP = "fn keep(x) { [x] }\n"
_GIVEN = "(whole: Integer, data: Data, power: Mana)"
_PASS = "fn pass(y) { keep(y) }\n"


def _programs(first: str, second: str) -> list[str]:
    """The same two calls: in one body, in two functions, directly and through another one."""
    values = [(first, second), (second, first)]
    one_body = [f"{_HEAD}{_KEEP}fn both{_GIVEN} {{ keep({a}); keep({b}); }}\n" for a, b in values]
    functions = (
        _KEEP,
        f"fn one{_GIVEN} {{ keep({first}); }}\n",
        f"fn two{_GIVEN} {{ keep({second}); }}\n",
    )
    apart = [_HEAD + "".join(order) for order in permutations(functions)]
    passing = [
        f"{_HEAD}{_PASS}{_KEEP}fn both{_GIVEN} {{ {a}; {b}; }}\n"
        for x, y in values
        for a, b in ((f"pass({x})", f"keep({y})"), (f"keep({x})", f"pass({y})"))
    ]
    return one_body + apart + passing


@pytest.mark.parametrize("first", range(len(_VALUES) - 1))
def test_order_of_calls_decides_nothing(first: int) -> None:
    for other in _VALUES[first + 1 :]:
        programs = _programs(_VALUES[first], other)
        outcomes = {each: check_text(each).sink.has_errors for each in programs}
        assert len(set(outcomes.values())) == 1, outcomes


@pytest.mark.parametrize("pair", [("whole", "power"), ("1", "caller()"), ("5d", "1")])
def test_conflict_shows_both_calls(pair: tuple[str, str]) -> None:
    for program in _programs(*pair)[:8]:
        (error,) = (each for each in check_text(program).sink.diagnostics if is_error(each))
        places = (error.span, error.labels[0].span)
        assert error.code == "CCL0401"
        assert {program[each.start : each.end] for each in places} == set(pair), program
