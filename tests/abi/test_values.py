"""CCL values as JSON, by their types."""

import tracemalloc
from typing import Any

import pytest

from ccl.abi.sections import Abi
from ccl.abi.text.strict_json import JsonFault, read_json
from ccl.abi.text.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    ValueMismatch,
    from_argument,
    from_json,
    parse_type,
    to_json,
    untyped_to_json,
)

ABI = Abi(
    exports=(),
    structs={"Count": (("ward", "String"), ("votes", "Map<String, Integer>"))},
    enums={"Status": (("Open", ()), ("Moved", ("Did",)), ("Both", ("Integer", "String")))},
)

ROUND_TRIPS: list[tuple[str, Any, Any]] = [
    ("Integer", 5, 5),
    ("Bool", True, True),
    ("Decimal", "0.66", "0.66"),
    ("Timestamp", "2026-01-15T10:30:00Z", 1768473000),
    ("Timestamp", "0999-01-01T00:00:00Z", -30641760000),
    ("Timestamp", "9999-12-31T23:59:59Z", 253402300799),
    ("Duration", 60, 60),
    ("Array<Integer>", [1, 2], [1, 2]),
    ("Map<String, Integer>", {"b": 1, "a": 2}, [["b", 1], ["a", 2]]),
    ("Map<Integer, String>", [[1, "x"]], [[1, "x"]]),
    ("Option<Integer>", None, None),
    ("Option<Option<Integer>>", [None], [None]),
    ("Result<Integer, String>", {"Ok": 1}, {"Ok": 1}),
    ("Status", "Open", "Open"),
    ("Status", {"Both": [1, "x"]}, {"Both": [1, "x"]}),
    ("Count", {"ward": "W", "votes": {"a": 1}}, {"ward": "W", "votes": [["a", 1]]}),
]


@pytest.mark.parametrize(("kind", "shown", "wire"), ROUND_TRIPS)
def test_json_and_wire_values_map_onto_each_other(kind: str, shown: Any, wire: Any) -> None:
    assert from_json(parse_type(kind), shown, ABI) == wire
    assert to_json(parse_type(kind), wire, ABI) == shown


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("Integer", "5", 'expected Integer, found "5"'),
        ("Integer", True, "expected Integer, found true"),
        ("Integer", 1 << 63, "expected Integer of 64 bits, found 9223372036854775808"),
        ("Array<Integer>", [1, "x"], 'expected Integer at [1], found "x"'),
        ("Count", {"ward": "W"}, "expected Count, found no field 'votes'"),
        ("Count", {"ward": 1, "votes": {}}, "expected String at ward, found 1"),
        ("Status", "Opne", 'expected Status (Open, Moved, Both), found "Opne"'),
        ("Decimal", "0.1234567", 'expected Decimal with at most six places, found "0.1234567"'),
        ("Duration", "3 days", 'expected Duration, found "3 days"'),
        ("Duration", "9999999999999999d", "expected Duration of 64 bits"),
        ("Timestamp", "2026-01-15T10:30:00", "expected Timestamp with its zone (Z for UTC)"),
        ("Data", {"a": [1.5]}, "expected an integer or a decimal as text at a[0], found 1.5"),
    ],
)
def test_mismatch_names_the_place_and_the_type(kind: str, value: Any, message: str) -> None:
    with pytest.raises(ValueMismatch) as caught:
        from_json(parse_type(kind), value, ABI)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "word", "wire"),
    [
        ("Integer", "-3", -3),
        ("String", "5", "5"),
        ("Status", "Open", "Open"),
        ("Array<String>", '["a"]', ["a"]),
        ("Decimal", "0.5", "0.5"),
        ("Duration", "3d", 259_200),
        ("Duration", "90s", 90),
        ("Duration", "90", 90),
        ("Array<Duration>", '["2h", 5]', [7200, 5]),
    ],
)
def test_words_of_a_command_line_are_read_by_type(kind: str, word: str, wire: Any) -> None:
    assert from_argument(parse_type(kind), word, ABI) == wire


@pytest.mark.parametrize("text", ["", "Array<", "Array<Integer", "<Integer>", "A B", "A<,>", "A>>"])
def test_malformed_types_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="not a type"):
        parse_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "Array<" * 100_000 + "Integer" + ">" * 100_000,
        "Pair<" + "Integer," * 200_000 + "Integer>>",
        "x" * 1_000_000 + "!",
    ],
    ids=["deep", "wide", "long"],
)
def test_type_of_a_foreign_module_is_parsed_in_linear_memory(text: str) -> None:
    """600 KB of nested types took 4.5 GB of the process that submits."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="not a type") as refused:
            parse_type(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * len(text)
    assert len(str(refused.value)) < 100


def test_type_of_many_arguments_is_read() -> None:
    kind = parse_type("Pair<" + "Integer," * 9_999 + "Integer>")
    assert len(kind.arguments) == 10_000


def test_untyped_values_show_bytes_as_hexadecimal() -> None:
    assert untyped_to_json({"a": [b"\x01\xff", None]}) == {"a": ["01ff", None]}


@pytest.mark.parametrize("levels", [66, 500, 5000, 200_000])
@pytest.mark.parametrize("kind", ["Data", "Array<Integer>"])
def test_json_nested_too_deeply_is_rejected(kind: str, levels: int) -> None:
    with pytest.raises(ValueMismatch, match=r"at most 64 levels, found .* nested too deeply"):
        from_argument(parse_type(kind), "[" * levels + "]" * levels, ABI)
    with pytest.raises(ValueMismatch, match="nested too deeply"):
        from_argument(parse_type(kind), '{"a":' * levels + "1" + "}" * levels, ABI)


def test_json_nested_as_deep_as_allowed_is_read() -> None:
    text = "[" * 65 + "]" * 65
    assert from_argument(parse_type("Data"), text, ABI) == read_json(text)


def test_unclosed_brackets_are_rejected() -> None:
    with pytest.raises(ValueMismatch):
        from_argument(parse_type("Array<Integer>"), "[" * 5000, ABI)


def test_number_of_thousands_of_digits_is_rejected() -> None:
    with pytest.raises(JsonFault, match="numbers of 64 bits"):
        read_json("9" * 5000)


@pytest.mark.parametrize("seconds", [-62135596801, 253402300800, INTEGER_MIN, INTEGER_MAX])
def test_time_outside_rfc_3339_is_shown_with_the_range(seconds: int) -> None:
    shown = to_json(parse_type("Array<Timestamp>"), [seconds], ABI)
    assert shown == [f"{seconds}s since 1970-01-01T00:00:00Z, outside the years 1 to 9999"]


@pytest.mark.parametrize("name", ["Result", "Decimal", "Map", "Data", "Timestamp", "String"])
def test_declared_type_hides_the_one_of_the_language(name: str) -> None:
    abi = Abi(exports=(), structs={name: (("votes", "Integer"),)}, enums={})
    assert to_json(parse_type(name), {"votes": 3}, abi) == {"votes": 3}
    assert from_json(parse_type(name), {"votes": 3}, abi) == {"votes": 3}
    assert from_argument(parse_type(name), '{"votes": 3}', abi) == {"votes": 3}
