"""Sums with a product and indices made of them agree with Python at every bound.

Their checks are asked together, and for an index in a loop before the loop.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_trees import (
    INT,
    SPAN,
    Running,
    Trapped,
    array,
    block,
    build,
    function,
    get,
    integer,
    local,
    loop,
    op,
    program,
    put,
)

from ccl.ir import typed as t
from ccl.ir.types import Array

ELEMENTS = (7, 8, 9, 10)
LEAST, MOST = -(2**63), 2**63 - 1
NAMES = S, X, Y = [local(index, INT) for index in range(3)]
NEAR = st.builds(
    lambda sign, power, off: max(LEAST, min(MOST, sign * 2**power + off)),
    st.sampled_from((-1, 1)),
    st.sampled_from((0, 16, 30, 31, 32, 33, 61, 62, 63)),
    st.integers(-2, 2),
)
NUMBERS = st.one_of(NEAR, st.integers(-9, 9), st.integers(LEAST, MOST))


@pytest.fixture(scope="module", autouse=True)
def released() -> Iterator[None]:
    """The module kept for many examples goes before the interpreter does."""
    yield
    _running.cache_clear()
    _indexing.cache_clear()


@cache
def _running(sign: str, *, square: bool) -> Running:
    product = op("*", get(X), get(X if square else Y))
    return Running(build(program(function("f", NAMES, block([], op(sign, get(S), product))))))


@examples(400)
@given(st.sampled_from("+-"), st.booleans(), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_sum_with_a_product(sign: str, square: bool, values: tuple[int, int, int]) -> None:
    added, x, y = values
    product = x * (x if square else y)
    expected: int | str = added + product if sign == "+" else added - product
    if not LEAST <= product <= MOST:
        expected = "Integer overflow in `*`"
    elif not LEAST <= int(expected) <= MOST:
        expected = f"Integer overflow in `{sign}`"
    assert _outcome(_running(sign, square=square), values) == expected


@cache
def _indexing() -> Running:
    """`while i < 6 { sum += xs[i * x + y]; i += 2; }` over four elements."""
    i, total, xs = local(3, INT), local(4, INT), local(5, Array(INT))
    index = op("+", op("*", get(i), get(X)), get(Y))
    element = t.IndexGet(base=get(xs), index=index, type=INT, span=SPAN)
    turn = (
        put(total, op("+", get(total), element)),
        put(i, op("+", get(i), integer(2))),
    )
    start = (put(xs, array(INT, *map(integer, ELEMENTS))), put(i, integer(0)), put(total, get(S)))
    body = block([*start, loop(op("<", get(i), integer(6)), *turn)], get(total))
    return Running(build(program(function("f", NAMES, body))))


@examples(400)
@given(st.tuples(NUMBERS, st.one_of(NUMBERS, st.integers(-2, 2)), st.integers(-1, 4) | NUMBERS))
def test_index_in_a_loop(values: tuple[int, int, int]) -> None:
    assert _outcome(_indexing(), values) == _indexed(*values)


def _indexed(total: int, x: int, y: int) -> int | str:
    for i in range(0, 6, 2):
        if not LEAST <= i * x <= MOST:
            return "Integer overflow in `*`"
        if not LEAST <= i * x + y <= MOST:
            return "Integer overflow in `+`"
        if not 0 <= i * x + y < len(ELEMENTS):
            return "index out of range"
        total += ELEMENTS[i * x + y]
        if not LEAST <= total <= MOST:
            return "Integer overflow in `+`"
    return total


def _outcome(running: Running, values: tuple[int, int, int]) -> object:
    try:
        return running.call("f", *values)
    except Trapped as trapped:
        return trapped.reason
