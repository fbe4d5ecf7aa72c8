"""Strict JSON: silent losses of lenient readers are errors with their place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.sections import Abi
from ccl.abi.text.strict_json import JsonFault, read_json
from ccl.abi.text.values import ValueMismatch, from_argument, parse_type

KEYS = st.text(max_size=4) | st.sampled_from(['"', "\\", "{", "}:", "a\n"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | KEYS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_object_without_repeated_keys_is_read_as_json(
    value: Any, indent: int | None, is_ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    assert read_json(text) == json.loads(text)


@given(VALUES)
def test_byte_order_mark_is_skipped(value: Any) -> None:
    assert read_json("\ufeff" + json.dumps(value)) == value


@given(VALUES, VALUES, KEYS, VALUES, st.integers(0, 3), st.booleans())
def test_repeated_key_is_reported_at_the_second(
    before: Any, first: Any, key: str, last: Any, depth: int, is_ascii: bool
) -> None:
    """The object is inside of others; what is around it does not matter."""
    head = json.dumps(before) + ',\n {"other": []' + '\n, "in": {"x": 1' * depth
    one = json.dumps(key + "!", ensure_ascii=is_ascii)
    two = json.dumps(key + "!")
    start = f"[{head}, {one}: {json.dumps(first)}, "
    text = start + f"{two}: {json.dumps(last)}" + "}" * (depth + 1) + "]"
    assert json.loads(text), "JSON all the same"
    line = start.count("\n") + 1
    column = len(start.rpartition("\n")[2]) + 1
    with pytest.raises(JsonFault) as raised:
        read_json(text)
    assert raised.value.place == f"line {line}, column {column}"
    assert json.dumps(key + "!", ensure_ascii=False) in raised.value.found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 1}', 'each key once at line 1, column 10, found "a" again (first at line'),
        ('{"a": 1, "\\u0061": 2}', 'each key once at line 1, column 10, found "a" again'),
        ('{"a": {"b": 1,\n"b": 2}, "a": 3}', 'line 2, column 1, found "b" again'),
        ("[NaN]", "a number as JSON has them, found NaN"),
        ('{"a": -Infinity}', "found -Infinity"),
    ],
)
def test_refusal_names_the_problem_and_the_place(text: str, words: str) -> None:
    with pytest.raises(JsonFault) as raised:
        read_json(text)
    assert words in str(raised.value)


@pytest.mark.parametrize("kind", ["Data", "Map<String, Integer>", "Votes"])
def test_argument_with_a_repeated_key_is_rejected(kind: str) -> None:
    abi = Abi(exports=(), structs={"Votes": (("a", "Integer"),)}, enums={})
    with pytest.raises(ValueMismatch, match="each key once at line 1, column 10"):
        from_argument(parse_type(kind), '{"a": 1, "a": 2}', abi)
