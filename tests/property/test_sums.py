"""Sums with a product, whose checks are asked together, agree with Python at every bound."""

from collections.abc import Iterator
from functools import cache

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_trees import INT, Running, Trapped, block, build, function, get, local, op, program

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


@cache
def _running(sign: str, *, square: bool) -> Running:
    product = op("*", get(X), get(X if square else Y))
    return Running(build(program(function("f", NAMES, block([], op(sign, get(S), product))))))


@examples(400)
@given(st.sampled_from("+-"), st.booleans(), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_a_sum_with_a_product(sign: str, square: bool, values: tuple[int, int, int]) -> None:
    added, x, y = values
    product = x * (x if square else y)
    expected: int | str = added + product if sign == "+" else added - product
    if not LEAST <= product <= MOST:
        expected = "Integer overflow in `*`"
    elif not LEAST <= int(expected) <= MOST:
        expected = f"Integer overflow in `{sign}`"
    assert _outcome(_running(sign, square=square), values) == expected


def _outcome(running: Running, values: tuple[int, int, int]) -> object:
    try:
        return running.call("f", *values)
    except Trapped as trapped:
        return trapped.reason
