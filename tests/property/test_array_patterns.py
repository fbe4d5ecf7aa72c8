"""Array patterns with a rest: what the compiler calls covered or reachable, counted by hand."""

from itertools import product
from typing import TypeAlias

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.checking.patterns.exhaustiveness import Steps, Types, is_reachable, uncovered
from ccl.checking.patterns.shapes import Anything, Elements, Equal, Shape
from ccl.ir import typed
from ccl.ir.types import Array, Prim
from ccl.source.spans import FileId, Span

SPAN = Span(FileId(0), 0, 1)
BOOLS = Array(Prim.BOOL)
TYPES = Types(variants=lambda _: (), fields=lambda _: ())
LONGEST = 6
"""No pattern names more elements, so longer arrays fare like those of this length."""

Written: TypeAlias = tuple[tuple[bool | None, ...], tuple[bool | None, ...] | None]
"""The elements before the rest, and after it if there is one; None is `_`."""

_PARTS = st.lists(st.sampled_from([None, True, False]), max_size=3).map(tuple)
_PATTERNS = st.lists(st.tuples(_PARTS, st.none() | _PARTS), max_size=6)
ARRAYS = [each for n in range(LONGEST + 1) for each in product((False, True), repeat=n)]


def _part(value: bool | None) -> Shape:
    if value is None:
        return Anything()
    return Equal(value=typed.ScalarConst(value=int(value), type=Prim.BOOL, span=SPAN))


def _shape(written: Written) -> Shape:
    before, after = written
    parts = tuple(map(_part, (*before, *(after or ()))))
    if after is None:
        return Elements(parts=parts)
    return Elements(parts=parts, rest=Anything(), before=len(before))


def _takes(written: Written, array: tuple[bool, ...]) -> bool:
    before, after = written
    if after is None:
        wanted: tuple[bool | None, ...] = before
    else:
        wanted = (*before, *((None,) * (len(array) - len(before) - len(after))), *after)
    return len(wanted) == len(array) and all(
        part is None or part is value for part, value in zip(wanted, array, strict=True)
    )


@examples(400)
@given(_PATTERNS)
def test_arrays_are_covered_where_every_one_is_taken(patterns: list[Written]) -> None:
    rows = [_shape(each) for each in patterns]
    left = [array for array in ARRAYS if not any(_takes(each, array) for each in patterns)]
    assert bool(uncovered(rows, BOOLS, TYPES)) is bool(left)


@examples(400)
@given(_PATTERNS, st.tuples(_PARTS, st.none() | _PARTS))
def test_arm_is_reached_where_it_takes_what_is_left(patterns: list[Written], last: Written) -> None:
    rows = [_shape(each) for each in patterns]
    left = [array for array in ARRAYS if not any(_takes(each, array) for each in patterns)]
    assert is_reachable(rows, _shape(last), BOOLS, TYPES, Steps()) is any(
        _takes(last, array) for array in left
    )
