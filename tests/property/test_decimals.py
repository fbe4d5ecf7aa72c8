"""Products and quotients of Decimals are those of Python's integers, and their fuel is bounded.

The oracle is the reference: exact results in millionths, halves away from zero, and an overflow
where the rounded result has more than 64 bits.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import wasmtime
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.bounds import Formula
from ccl.pipeline import compile_text
from ccl.wasm.inspect import inspect_module
from runtime.sandbox.engine import build_engine

ONE = 10**6
MIN, MAX = -(2**63), 2**63 - 1
FUEL = 1 << 40
NOTHING = {1: "nothing_of_one", 2: "nothing"}
"""By number of parameters, the export that only gives one of them back."""
CONSTANTS = (
    "0.0",
    "0.000001",
    "0.02",
    "0.333333",
    "0.5",
    "0.999999",
    "1.0",
    "1.5",
    "2.0",
    "3.0",
    "7.25",
    "100.0",
    "1000000.0",
    "4611686018427.387904",
    "9223372036854.775807",
    "-0.000001",
    "-0.5",
    "-1.0",
)
_LAST_64_BIT_DIVIDEND = 9_223_372_036_854
EDGES = (
    *(MIN, MIN + 1, -(2**62), -_LAST_64_BIT_DIVIDEND - 1, -_LAST_64_BIT_DIVIDEND, -(2**33) * ONE),
    *(-3_037_000_500, -(2**32), -(2**31) - 1, -ONE, -ONE // 2, -1, 0, 1, ONE // 2 - 1, ONE // 2),
    *(ONE, 3 * ONE, 2**31, 2**32 - 1, 2**32, 3_037_000_499, 2**33 * ONE, 2**62 + 1, MAX - 1, MAX),
    *(_LAST_64_BIT_DIVIDEND, _LAST_64_BIT_DIVIDEND + 1),
)


class Machine:
    """An instance of one module; a new one after a trap."""

    def __init__(self) -> None:
        compiled = compile_text(_source())
        assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
        self.bounds = inspect_module(compiled.wasm).bounds or {}
        self._engine = build_engine()
        self._module = wasmtime.Module(self._engine, compiled.wasm)
        self._start()
        self.least = {name: self.call(name, *[0] * count)[1] for count, name in NOTHING.items()}

    def _start(self) -> None:
        self._store = wasmtime.Store(self._engine)
        self._store.set_fuel(FUEL)
        self._exports: Any = wasmtime.Instance(self._store, self._module, []).exports(self._store)

    def call(self, export: str, *values: int) -> tuple[int | None, int]:
        """(result or None for a trap, fuel)."""
        self._store.set_fuel(FUEL)
        try:
            return self._exports[export](self._store, *values), FUEL - self._store.get_fuel()
        except wasmtime.Trap:
            fuel = FUEL - self._store.get_fuel()
            self._start()
            return None, fuel


def _source() -> str:
    lines = [
        "export fn nothing(a: Decimal, b: Decimal) -> Decimal { b }",
        "export fn multiply(a: Decimal, b: Decimal) -> Decimal { a * b }",
        "export fn square(a: Decimal) -> Decimal { a * a }",
        "export fn divide(a: Decimal, b: Decimal) -> Decimal { a / b }",
        "export fn remainder(a: Decimal, b: Decimal) -> Decimal { a % b }",
        "export fn mul_down(a: Decimal, b: Decimal) -> Decimal { mul_floor(a, b) }",
        "export fn div_down(a: Decimal, b: Decimal) -> Decimal { div_floor(a, b) }",
        "export fn div_up(a: Decimal, b: Decimal) -> Decimal { div_ceil(a, b) }",
        "export fn nothing_of_one(a: Decimal) -> Decimal { a }",
    ]
    for number, constant in enumerate(CONSTANTS):
        head = f"_{number}(a: Decimal) -> Decimal"
        lines.append(f"export fn times{head} {{ a * ({constant}) }}")
        lines.append(f"export fn of{head} {{ ({constant}) * a }}")
        lines.append(f"export fn grown{head} {{ let b = a; b *= ({constant}); b }}")
        if Decimal(constant):
            lines.append(f"export fn by{head} {{ a / ({constant}) }}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    yield Machine()


# --- the oracle -------------------------------------------------------------------------


def fitting(value: int) -> int | None:
    return value if MIN <= value <= MAX else None


def nearest(exact: int, divisor: int) -> int | None:
    """exact / divisor with halves away from zero; None for a trap."""
    if divisor == 0:
        return None
    whole, rest = divmod(abs(exact), abs(divisor))
    size = whole + (2 * rest >= abs(divisor))
    return fitting(-size if (exact < 0) != (divisor < 0) else size)


def floor(exact: int, divisor: int) -> int | None:
    return None if divisor == 0 else fitting(exact // divisor)


def ceiling(exact: int, divisor: int) -> int | None:
    return None if divisor == 0 else fitting(-(-exact // divisor))


def truncated_rest(a: int, b: int) -> int | None:
    if b == 0:
        return None
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def of_two(a: int, b: int) -> dict[str, int | None]:
    return {
        "multiply": nearest(a * b, ONE),
        "divide": nearest(a * ONE, b),
        "remainder": truncated_rest(a, b),
        "mul_down": floor(a * b, ONE),
        "div_down": floor(a * ONE, b),
        "div_up": ceiling(a * ONE, b),
    }


def of_constant(a: int, number: int) -> dict[str, int | None]:
    constant = int(Decimal(CONSTANTS[number]) * ONE)
    found = {f"{name}_{number}": nearest(a * constant, ONE) for name in ("times", "of", "grown")}
    return found | ({f"by_{number}": nearest(a * ONE, constant)} if constant else {})


# --- what is compared -------------------------------------------------------------------


def holds(machine: Machine, export: str, expected: int | None, *values: int) -> None:
    found, fuel = machine.call(export, *values)
    assert found == expected, (export, values)
    if found is None:
        return
    nothing = NOTHING[len(values)]
    bound, least = machine.bounds[export], machine.bounds[nothing]
    assert isinstance(bound, Formula) and isinstance(least, Formula)
    # both have the same allowance for traps and arguments, which would hide an excess
    allowed = bound.at({}) - least.at({})
    assert fuel - machine.least[nothing] <= allowed, (export, values)


def test_edges_are_exact_in_every_pair_and_sign(machine: Machine) -> None:
    for a, b in product(EDGES, EDGES):
        for export, expected in of_two(a, b).items():
            holds(machine, export, expected, a, b)


def test_edges_are_exact_with_every_constant(machine: Machine) -> None:
    for a, number in product(EDGES, range(len(CONSTANTS))):
        for export, expected in of_constant(a, number).items():
            holds(machine, export, expected, a)
        holds(machine, "square", nearest(a * a, ONE), a)


_MAGNITUDES = st.integers(0, 63).flatmap(lambda bits: st.integers(0, 2**bits))
_NUMBERS = st.builds(
    lambda size, sign: max(MIN, min(MAX, size * sign)), _MAGNITUDES, st.sampled_from((1, -1))
)


@examples(400)
@given(a=_NUMBERS, b=_NUMBERS)
def test_any_two_are_exact(machine: Machine, a: int, b: int) -> None:
    for export, expected in of_two(a, b).items():
        holds(machine, export, expected, a, b)


@examples(200)
@given(a=_NUMBERS, number=st.integers(0, len(CONSTANTS) - 1))
def test_any_with_a_constant_is_exact(machine: Machine, a: int, number: int) -> None:
    for export, expected in of_constant(a, number).items():
        holds(machine, export, expected, a)


@examples(200)
@given(a=_NUMBERS, b=_NUMBERS, offset=st.integers(-1, 1))
def test_halves_are_rounded_away_from_zero(machine: Machine, a: int, b: int, offset: int) -> None:
    """A divisor of which the quotient is a half, or a millionth of a millionth beside it."""
    if b == 0:
        return
    # (2k + 1) / 2 = dividend * 10^6 / divisor, for the dividend that comes closest
    dividend = max(MIN, min(MAX, (2 * a + 1) * b // (2 * ONE) + offset))
    holds(machine, "divide", nearest(dividend * ONE, b), dividend, b)
    half = max(MIN, min(MAX, 500_000 * (2 * (a % 4_000_000_000) + 1) + offset))
    holds(machine, "multiply", nearest(half, ONE), half, 1)
