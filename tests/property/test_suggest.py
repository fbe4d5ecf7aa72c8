"""Did-you-mean is symmetric in distance, stable, and never far off."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.text.suggest import DISTANCE_MAX, distance, either, nearest, nearest_beginning, similar

NAMES = st.text(alphabet="abcdeXY_", max_size=8)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("resorce_type", ["resource_type", "resource_amount"], "resource_type"),
        ("priortiy", ["priority", "description"], "priority"),
        ("string", ["String", "Strong"], "String"),
        ("hihg", ["low", "medium", "high", "critical"], "high"),
        ("urgent", ["low", "medium", "high", "critical"], None),
        ("x", ["y", "z"], None),
        ("yse", ["yes", "no"], "yes"),
        ("cat", ["bat", "hat"], "bat"),
        ("total", ["total"], None),
        ("", ["a"], None),
    ],
)
def test_examples(name: str, candidates: list[str], expected: str | None) -> None:
    assert nearest(name, candidates) == expected


def test_neighbour_swap_is_one_edit() -> None:
    assert distance("cclc", "clcc", 2) == 1
    assert distance("abc", "abc", 2) == 0
    assert distance("abcdef", "x", 2) == 3


@examples(200)
@given(NAMES, NAMES)
def test_distance_is_symmetric_and_zero_only_for_equals(a: str, b: str) -> None:
    assert distance(a, b, 8) == distance(b, a, 8)
    assert (distance(a, b, 8) == 0) == (a == b)
    assert distance(a, b, 2) == min(distance(a, b, 8), 3)


@examples(200)
@given(NAMES, st.lists(NAMES, max_size=6))
def test_answer_is_a_close_candidate(name: str, candidates: list[str]) -> None:
    found = nearest(name, candidates)
    if found is not None:
        assert found in candidates
        assert found != name
        assert distance(name.casefold(), found.casefold(), 8) <= DISTANCE_MAX


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("memory", "memory_bytes"),
        ("memroy_bytes", "memory_bytes"),
        ("cpu", "cpu_cores"),
        ("", None),
    ],
)
def test_beginning_is_enough(name: str, meant: str | None) -> None:
    assert nearest_beginning(name, ("memory_bytes", "cpu_cores")) == meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("csv_raed", ("csv_read",)),
        ("csv", ("csv_read", "csv_write", "old_csv")),
        ("read_csv", ("csv_read",)),
        ("stv", ("scottish_stv",)),
        ("ottish", ("scottish_stv",)),
        ("sort_descending", ("sort",)),
        ("ot", ()),
        ("_", ()),
        ("", ()),
    ],
)
def test_candidate_that_contains_the_name_is_similar(name: str, meant: tuple[str, ...]) -> None:
    known = ("scottish_stv", "csv_read", "csv_write", "old_csv", "csv_more", "sort")
    assert similar(name, known) == meant


def test_names_to_choose_from() -> None:
    assert either(()) is None
    assert either(("a",)) == "`a`"
    assert either(("a", "b", "c")) == "`a`, `b` or `c`"
