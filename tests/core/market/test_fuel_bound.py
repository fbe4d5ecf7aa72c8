"""Bounds of calls from `ccl:bounds`: as large as the arguments make them, or none."""

from typing import Any

import pytest
from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.bounds import Formula
from ccl.pipeline import compile_text
from ccl.wasm.inspect import inspect_module
from mesh.core.market.fuel_bound import bound_units
from runtime.content.codec import encode
from runtime.execution.execution import OutcomeKind
from runtime.execution.metering import compute_units

SOURCE = """export fn loop(xs: Array<Integer>, n: Integer) -> Integer {
  let total = 0;
  for x in xs { let i = 0; while i < n { total += x % 7; i += 1; } }
  total
}
export fn text(s: String) -> Integer {
  let total = 0;
  for _c in s { let j = 0; while j < 99 { total += 1; j += 1; } }
  total
}
export fn endless(n: Integer) -> Integer {
  let i = n;
  while i != 1 { if i % 2 == 0 { i /= 2; } else { i = 3 * i + 1; } }
  i
}
export fn nothing() -> Integer { 42 }
"""


def _module() -> bytes:
    compiled = compile_text(SOURCE, "example.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


MODULE = _module()


def _bound(entry: str, *arguments: Any) -> int | None:
    return bound_units(MODULE, entry, encode(list(arguments)))


@examples(30)
@given(st.lists(st.integers(-99, 99), max_size=40), st.integers(-500, 500), st.text(max_size=200))
def test_bound_is_never_below_the_fuel_of_the_call(xs: list[int], n: int, text: str) -> None:
    for entry, arguments in (("loop", [xs, n]), ("text", [text])):
        bound = _bound(entry, *arguments)
        assert bound is not None
        ran = run(MODULE, entry=entry, arguments=arguments, fuel=10**10)
        assert ran.outcome.kind is OutcomeKind.SUCCEEDED and ran.fuel_used is not None
        assert compute_units(ran.fuel_used) <= bound


def test_bound_is_that_of_the_formula() -> None:
    bounds = inspect_module(MODULE).bounds
    assert bounds is not None
    formula = bounds["loop"]
    assert isinstance(formula, Formula)
    expected = compute_units(formula.at({"len(xs)": 1_000, "|n|": 5_000}))
    assert expected > 1 and _bound("loop", [1] * 1_000, -5_000) == expected


def test_call_without_arguments_takes_at_least_a_unit() -> None:
    assert bound_units(MODULE, "nothing", None) == 1


@pytest.mark.parametrize(
    ("entry", "arguments"),
    [
        ("endless", [7]),
        ("no_such_entry", []),
        ("loop", [[1]]),
        ("loop", [[1], True]),
        ("loop", [7, 7]),
        ("loop", [[1], "many"]),
        ("loop", [[1], 2**62]),
    ],
)
def test_call_without_a_bound_has_none(entry: str, arguments: list[Any]) -> None:
    assert _bound(entry, *arguments) is None


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (b"", None),
        (b"\0asm\1\0\0\0", None),
        (MODULE[:-9], None),
        (MODULE, b"\xff"),
        (MODULE, encode({"a": 1})),
    ],
    ids=["empty", "no sections", "cut off", "no arguments", "no list"],
)
def test_malformed_module_or_arguments_have_no_bound(
    module: bytes, arguments: bytes | None
) -> None:
    assert bound_units(module, "loop", arguments) is None
