"""Functions and operators of numbers: the module, the compiler's folding, and Python agree."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_interpreter import Interpreter
from typed_numbers import Stopped
from typed_trees import (
    INT,
    SPAN,
    STRING,
    Running,
    Trapped,
    array,
    block,
    build,
    builtin,
    function,
    get,
    local,
    op,
    program,
    text,
)
from typed_values import Tagged

from ccl.checking.constants.folding import fold
from ccl.checking.constants.prelude_folding import Problem
from ccl.ir import typed as t
from ccl.ir.types import Option, Prim, Token, Type

DECIMAL, MANA, DURATION, TIMESTAMP = Prim.DECIMAL, Prim.MANA, Prim.DURATION, Prim.TIMESTAMP
EUROS = Token("EUR")
B = t.Builtin

_NUMBERS = st.one_of(
    st.integers(-70, 70),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-5_000_000, 5_000_000),
    st.sampled_from([2**63 - 1, -(2**63), -(2**63) + 1, 2**31, -(2**31), 500_000, 1_500_000]),
)

_FUNCTIONS: tuple[tuple[B, tuple[Type, ...], Type], ...] = (
    *((each, (kind,), kind) for each in (B.INTEGER_ABS,) for kind in (INT, DECIMAL, EUROS)),
    *((B.INTEGER_MIN, (kind, kind), kind) for kind in (INT, DECIMAL, TIMESTAMP)),
    *((B.INTEGER_MAX, (kind, kind), kind) for kind in (INT, MANA, DURATION)),
    *((B.ARRAY_SUM, (kind, kind), kind) for kind in (INT, DECIMAL, EUROS, DURATION)),
    (B.INTEGER_POW, (INT, INT), INT),
    (B.INTEGER_SQRT, (INT,), INT),
    (B.PERCENTAGE, (INT, INT), INT),
    *((each, (DECIMAL,), INT) for each in (B.DECIMAL_FLOOR, B.DECIMAL_CEIL, B.DECIMAL_ROUND)),
    *(
        (each, (DECIMAL, DECIMAL), DECIMAL)
        for each in (B.DECIMAL_MUL_FLOOR, B.DECIMAL_DIV_FLOOR, B.DECIMAL_DIV_CEIL)
    ),
    *((each, (INT, INT), INT) for each in (B.BIT_AND, B.BIT_OR, B.BIT_XOR)),
    (B.BIT_NOT, (INT,), INT),
    *((each, (INT, INT), INT) for each in (B.SHIFT_LEFT, B.SHIFT_RIGHT)),
)
_OPERATORS: tuple[tuple[str, Type, Type, Type], ...] = (
    *((sign, DECIMAL, DECIMAL, DECIMAL) for sign in "+-*/%"),
    *((sign, MANA, MANA, MANA) for sign in "+-*/%"),
    *((sign, EUROS, EUROS, EUROS) for sign in "+-"),
    *((sign, EUROS, INT, EUROS) for sign in "*/"),
    *((sign, TIMESTAMP, DURATION, TIMESTAMP) for sign in "+-"),
    ("-", TIMESTAMP, TIMESTAMP, DURATION),
    *((sign, DURATION, DURATION, DURATION) for sign in "+-"),
    *((sign, DURATION, INT, DURATION) for sign in "*/"),
    ("/", DURATION, DURATION, INT),
    *(
        (sign, kind, kind, Prim.BOOL)
        for sign in ("==", "<", ">=")
        for kind in (DECIMAL, EUROS, TIMESTAMP)
    ),
)


@pytest.fixture(scope="module", autouse=True)
def released() -> Iterator[None]:
    """The module kept for many examples goes before the interpreter does."""
    yield
    _running.cache_clear()
    _reading.cache_clear()


def _call(number: int, values: list[t.Expr]) -> t.Expr:
    """A function or an operator by its number, of these values."""
    if number >= len(_FUNCTIONS):
        sign, _, _, kind = _OPERATORS[number - len(_FUNCTIONS)]
        return op(sign, values[0], values[1], kind)
    name, kinds, kind = _FUNCTIONS[number]
    if name is B.ARRAY_SUM:
        return builtin(name, kind, array(kinds[0], *values))
    return builtin(name, kind, *values)


def _kinds(number: int) -> tuple[Type, ...]:
    if number >= len(_FUNCTIONS):
        return _OPERATORS[number - len(_FUNCTIONS)][1:3]
    return _FUNCTIONS[number][1]


COUNT = len(_FUNCTIONS) + len(_OPERATORS)


@cache
def _program() -> t.Program:
    functions = []
    for number in range(COUNT):
        parameters = [local(i, kind) for i, kind in enumerate(_kinds(number))]
        body = block([], _call(number, [get(each) for each in parameters]))
        functions.append(function(f"f{number}", parameters, body))
    return program(*functions)


@cache
def _readers() -> t.Program:
    functions = []
    source = local(0, STRING)
    for name, kind in ((B.STRING_PARSE_INTEGER, INT), (B.STRING_PARSE_DECIMAL, DECIMAL)):
        body = block([], builtin(name, Option(kind), get(source)))
        functions.append(function(name.value, [source], body))
    return program(*functions)


@cache
def _running() -> Running:
    return Running(build(_program()))


@cache
def _reading() -> Running:
    """Apart from what traps, which keeps what it had."""
    return Running(build(_readers()))


def _outcome(action: Callable[[], Any]) -> Any:
    """A value, or the reason of a trap."""
    try:
        return action()
    except Trapped as trapped:
        return Stopped(trapped.reason)
    except Stopped as stopped:
        return stopped


@examples(1500)
@given(st.integers(0, COUNT - 1), _NUMBERS, _NUMBERS)
def test_numbers_are_computed_as_without_bounds_or_trap(number: int, a: int, b: int) -> None:
    values = [a, b][: len(_kinds(number))]
    meant = _outcome(lambda: Interpreter(_program()).call(f"f{number}", *values))
    assert _outcome(lambda: _running().call(f"f{number}", *values)) == meant
    constants: list[t.Expr] = [
        t.ScalarConst(value=value, type=kind, span=SPAN)
        for value, kind in zip(values, _kinds(number), strict=True)
    ]
    folded = fold(_call(number, constants))
    if isinstance(meant, Stopped):
        assert isinstance(folded, Problem)
    else:
        assert isinstance(folded, t.ScalarConst)
        assert folded.value == meant


_WRITTEN = st.one_of(
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,7})?", fullmatch=True),
    st.text(alphabet="-.0123456789e ", max_size=8),
)


@examples(400)
@given(_WRITTEN, st.booleans())
def test_texts_become_numbers_or_nothing(written: str, whole: bool) -> None:
    name, kind = (B.STRING_PARSE_INTEGER, INT) if whole else (B.STRING_PARSE_DECIMAL, DECIMAL)
    meant = Interpreter(_readers()).call(name.value, written)
    found = _reading().apply(name.value, written)
    if found is not None and not whole:
        units, _, part = found.lstrip("-").partition(".")
        size = int(units) * 10**6 + int(part.ljust(6, "0"))
        found = -size if found.startswith("-") else size
    expected = meant.payload[0] if meant.tag else None
    assert found == expected
    assert _reading().live_blocks() == 0
    folded = fold(builtin(name, Option(kind), text(written)))
    assert isinstance(folded, t.VariantNew)
    assert [each.value for each in folded.payload if isinstance(each, t.ScalarConst)] == (
        [] if expected is None else [expected]
    )
    assert isinstance(meant, Tagged)
