"""Checked arithmetic: every trap has its reason."""

import pytest
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    Trapped,
    array,
    block,
    builtin,
    function,
    get,
    integer,
    local,
    op,
    running,
    when,
)

from ccl.codegen.operations.conversions import NO_WRITTEN_TIME
from ccl.ir import typed as t
from ccl.ir.types import Array, Prim, Type

MIN, MAX = -(2**63), 2**63 - 1
A, B = local(0, INT, "a"), local(1, INT, "b")


def _apply(body: t.Expr, a: int, b: int = 0) -> int:
    value: int = running(function("f", [A, B], block([], body))).call("f", a, b)
    return value


@pytest.mark.parametrize(
    ("sign", "a", "b", "reason"),
    [
        ("+", MAX, 1, "Integer overflow in `+`"),
        ("+", MIN, -1, "Integer overflow in `+`"),
        ("-", MIN, 1, "Integer overflow in `-`"),
        ("-", 0, MIN, "Integer overflow in `-`"),
        ("*", MIN, -1, "Integer overflow in `*`"),
        ("*", 2**32, 2**31, "Integer overflow in `*`"),
        ("/", MIN, -1, "Integer overflow in `/`"),
        ("/", 1, 0, "division by zero"),
        ("%", 1, 0, "division by zero"),
    ],
)
@pytest.mark.parametrize("constant", [False, True])
def test_result_over_64_bits_traps(sign: str, a: int, b: int, reason: str, constant: bool) -> None:
    with pytest.raises(Trapped) as trapped:
        _apply(op(sign, get(A), integer(b) if constant else get(B)), a, b)
    assert trapped.value.reason == reason


@pytest.mark.parametrize(
    ("sign", "a", "b", "expected"),
    [
        ("/", -7, 2, -3),
        ("%", -7, 2, -1),
        ("%", MIN, -1, 0),
        ("*", MIN, 1, MIN),
        ("*", -1, MAX, -MAX),
        ("+", MAX, 0, MAX),
        ("-", -1, MAX, MIN),
    ],
)
def test_result_within_64_bits_is_exact(sign: str, a: int, b: int, expected: int) -> None:
    assert _apply(op(sign, get(A), get(B)), a, b) == expected
    assert _apply(op(sign, get(A), integer(b)), a, b) == expected


def test_long_literal_needs_no_nested_blocks() -> None:
    """Branches give a value and cost no allocation."""
    tree = when(op("<", get(A), get(B)), get(A), op("-", get(A), get(B)))
    wat = running(function("f", [A, B], block([], tree))).artifact.wat
    assert "$allocate" not in wat
    assert "$retain" not in wat


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        (t.Builtin.INTEGER_ABS, (-5,), 5),
        (t.Builtin.INTEGER_ABS, (MIN,), "Integer overflow in `abs`"),
        (t.Builtin.INTEGER_MIN, (3, -4), -4),
        (t.Builtin.INTEGER_MAX, (3, -4), 3),
        (t.Builtin.INTEGER_POW, (3, 39), 3**39),
        (t.Builtin.INTEGER_POW, (-2, 63), MIN),
        (t.Builtin.INTEGER_POW, (3, 40), "Integer overflow in `pow`"),
        (t.Builtin.INTEGER_POW, (0, 0), 1),
        (t.Builtin.INTEGER_POW, (2, -1), "negative exponent"),
        (t.Builtin.INTEGER_SQRT, (MAX,), 3037000499),
        (t.Builtin.INTEGER_SQRT, (2**62,), 2**31),
        (t.Builtin.INTEGER_SQRT, (2**62 - 1,), 2**31 - 1),
        (t.Builtin.INTEGER_SQRT, (-1,), "square root of a negative number"),
        (t.Builtin.PERCENTAGE, (1, 3), 33),
        (t.Builtin.PERCENTAGE, (1, 0), "division by zero"),
    ],
)
def test_builtin_returns_the_value(
    name: t.Builtin, values: tuple[int, ...], expected: int | str
) -> None:
    parameters = [A, B][: len(values)]
    body = block([], builtin(name, INT, *(get(p) for p in parameters)))
    module = running(function("f", parameters, body))
    if isinstance(expected, str):
        with pytest.raises(Trapped) as trapped:
            module.call("f", *values)
        assert trapped.value.reason == expected
    else:
        assert module.call("f", *values) == expected


def test_sum_is_checked() -> None:
    total = builtin(t.Builtin.ARRAY_SUM, INT, array(INT, integer(MAX), get(A)))
    assert _apply(total, -1) == MAX - 1
    with pytest.raises(Trapped, match="sum"):
        _apply(total, 1)


def _text(value: int, kind: Type) -> str:
    given = local(0, kind)
    shown = t.Convert(conversion=t.Conversion.TO_STRING, operand=get(given), type=STRING, span=SPAN)
    body = block([], array(STRING, shown))
    module = running(function("f", [given, local(1, Array(INT))], body))
    argument: object = value
    if kind is Prim.DECIMAL:
        sign, size = ("-" if value < 0 else ""), abs(value)
        argument = f"{sign}{size // 10**6}.{size % 10**6:06}"
    if kind is BOOL:
        argument = bool(value)
    (found,) = module.apply("f", argument, [])
    assert module.live_blocks() == 0
    text: str = found
    return text


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (0, INT, "0"),
        (MIN, INT, str(MIN)),
        (MAX, INT, str(MAX)),
        (660_000, Prim.DECIMAL, "0.66"),
        (-660_000, Prim.DECIMAL, "-0.66"),
        (1_000_001, Prim.DECIMAL, "1.000001"),
        (-50_000_000, Prim.DECIMAL, "-50"),
        (MAX, Prim.DECIMAL, "9223372036854.775807"),
        (MIN, Prim.DECIMAL, "-9223372036854.775808"),
        (1, BOOL, "true"),
        (0, BOOL, "false"),
        (1768473000, Prim.TIMESTAMP, "2026-01-15T10:30:00Z"),
        (0, Prim.TIMESTAMP, "1970-01-01T00:00:00Z"),
        (951782400, Prim.TIMESTAMP, "2000-02-29T00:00:00Z"),
        (-62135596800, Prim.TIMESTAMP, "0001-01-01T00:00:00Z"),
        (253402300799, Prim.TIMESTAMP, "9999-12-31T23:59:59Z"),
        (90, Prim.DURATION, "90s"),
    ],
)
def test_scalar_converts_to_text(value: int, kind: Type, expected: str) -> None:
    assert _text(value, kind) == expected


@pytest.mark.parametrize("seconds", [-62135596801, 253402300800, MIN, MAX])
def test_time_of_another_year_has_no_text(seconds: int) -> None:
    with pytest.raises(Trapped) as trapped:
        _text(seconds, Prim.TIMESTAMP)
    assert trapped.value.args == (NO_WRITTEN_TIME, str(seconds))
