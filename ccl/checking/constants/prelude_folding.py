"""Prelude operations on constants, with the results and the errors of the running module.

Arguments are folded; the answer is a constant, or the reason why there is none.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from math import isqrt
from typing import Final, TypeAlias

from ccl.checking.constants.equality import same
from ccl.checking.expressions.literals import DECIMAL_ONE, INTEGER_MAX, INTEGER_MIN
from ccl.ir import typed
from ccl.ir.typed import Builtin
from ccl.ir.types import Array, Option, Type
from ccl.source.spans import Span
from ccl.support import letter_case

_INTEGER: Final = re.compile(r"-?[0-9]+", re.ASCII)
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]{1,6})?", re.ASCII)
_WORD_BITS: Final = 64
OUT_OF_RANGE: Final = "a position out of range"
_OVERFLOW: Final = "an overflow"


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why an expression has no value at compile time; `not_constant`: it depends on the
    run."""

    span: Span
    text: str
    not_constant: bool = False


Value: TypeAlias = int | str | list[typed.Expr] | dict[str, typed.Expr]
"""Maps: a constant can only be the empty one."""


class _Trap(Exception):
    """The text of a trap in the module."""


def compute(node: typed.CallBuiltin, arguments: tuple[typed.Expr, ...]) -> typed.Expr | Problem:
    """Returns the value of a prelude call; `not_constant` where it is left to the running
    module."""
    if node.builtin is Builtin.ARRAY_CONTAINS:
        elements, value = arguments
        if isinstance(elements, typed.ArrayNew):
            found = any(same(each, value) for each in elements.elements)
            return _scalar(int(found), node.type, node)
    operation = _OPERATIONS.get(node.builtin)
    values = [_plain(each) for each in arguments]
    known = [value for value in values if value is not None]
    if operation is None or len(known) != len(values):
        return Problem(node.span, "this call", not_constant=True)
    try:
        return _constant(node, operation(*known))
    except _Trap as trap:
        return Problem(node.span, str(trap))


def _plain(node: typed.Expr) -> Value | None:
    match node:
        case typed.ScalarConst() | typed.TextConst():
            return node.value
        case typed.ArrayNew():
            return list(node.elements)
        case typed.CallBuiltin(builtin=Builtin.MAP_NEW):
            return {}
        case _:  # of no type that the functions take
            return None


def _constant(node: typed.CallBuiltin, value: Value | None) -> typed.Expr | Problem:
    if isinstance(node.type, Option):
        found = () if not isinstance(value, int) else (_scalar(value, node.type.value, node),)
        return typed.VariantNew(tag=len(found), payload=found, type=node.type, span=node.span)
    match value:
        case str():
            return typed.TextConst(value=value, type=node.type, span=node.span)
        case int() if INTEGER_MIN <= value <= INTEGER_MAX:
            return typed.ScalarConst(value=value, type=node.type, span=node.span)
        case list() if isinstance(node.type, Array):
            return typed.ArrayNew(elements=tuple(value), type=node.type, span=node.span)
        case _:
            return Problem(node.span, _OVERFLOW)


def _scalar(value: int, kind: Type, node: typed.Expr) -> typed.Expr:
    return typed.ScalarConst(value=value, type=kind, span=node.span)


def _power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise _Trap("a negative exponent")
    if abs(base) > 1 and exponent >= INTEGER_MAX.bit_length() + 1:
        raise _Trap(_OVERFLOW)
    if abs(base) > 1:
        return int(base**exponent)
    return 1 if exponent == 0 else base if exponent % 2 else abs(base)


def _square_root(value: int) -> int:
    if value < 0:
        raise _Trap("the square root of a negative number")
    return isqrt(value)


def _percentage(part: int, whole: int) -> int:
    if whole == 0:
        raise _Trap("a division by zero")
    scaled = part * 100
    if not INTEGER_MIN <= scaled <= INTEGER_MAX:
        raise _Trap(_OVERFLOW)
    quotient = abs(scaled) // abs(whole)
    return quotient if (scaled < 0) == (whole < 0) else -quotient


def _slice(whole: str | list[typed.Expr], start: int, end: int) -> str | list[typed.Expr]:
    if not 0 <= start <= end <= len(whole):
        raise _Trap(OUT_OF_RANGE)
    return whole[start:end]


def _char_at(text: str, index: int) -> str:
    if not 0 <= index < len(text):
        raise _Trap(OUT_OF_RANGE)
    return text[index]


def _from_code_point(point: int) -> str:
    if not 0 <= point < 0x110000 or 0xD800 <= point < 0xE000:
        raise _Trap("not a code point")
    return chr(point)


def _index_of(text: str, part: str, start: int) -> int:
    return -1 if start > len(text) else text.find(part, max(start, 0))


def _sum(elements: list[typed.Expr]) -> int:
    total = 0
    for each in elements:
        assert isinstance(each, typed.ScalarConst), "the checker has seen an Array<Integer>"
        total += each.value
        if not INTEGER_MIN <= total <= INTEGER_MAX:
            raise _Trap(_OVERFLOW)
    return total


def _parse(text: str) -> int | None:
    fits = _INTEGER.fullmatch(text) and INTEGER_MIN <= int(text) <= INTEGER_MAX
    return int(text) if fits else None


def _parse_decimal(text: str) -> int | None:
    """Returns the number in millionths."""
    if _DECIMAL.fullmatch(text) is None:
        return None
    scaled = int(Decimal(text) * DECIMAL_ONE)
    return scaled if INTEGER_MIN <= scaled <= INTEGER_MAX else None


def _divided(a: int, b: int, *, up: bool) -> int:
    if b == 0:
        raise _Trap("a division by zero")
    return -(-a * DECIMAL_ONE // b) if up else a * DECIMAL_ONE // b


def _rounded(n: int) -> int:
    whole = (abs(n) + DECIMAL_ONE // 2) // DECIMAL_ONE
    return whole if n >= 0 else -whole


def _shifted(n: int, by: int, *, left: bool) -> int:
    if not 0 <= by < _WORD_BITS:
        raise _Trap("a shift out of range")
    return _as_word(n << by) if left else n >> by


def _as_word(n: int) -> int:
    """Returns the lowest 64 bits, as two's complement reads them."""
    return (n - INTEGER_MIN) % (1 << _WORD_BITS) + INTEGER_MIN


_OPERATIONS: Final[dict[Builtin, Callable[..., Value | None]]] = {
    Builtin.INTEGER_ABS: abs,
    Builtin.INTEGER_MIN: min,
    Builtin.INTEGER_MAX: max,
    Builtin.INTEGER_POW: _power,
    Builtin.INTEGER_SQRT: _square_root,
    Builtin.PERCENTAGE: _percentage,
    Builtin.ARRAY_LEN: len,
    Builtin.ARRAY_SLICE: _slice,
    Builtin.ARRAY_SUM: _sum,
    Builtin.STRING_LENGTH: len,
    Builtin.STRING_CONCAT: lambda a, b: a + b,
    Builtin.STRING_SUBSTRING: _slice,
    Builtin.STRING_CONTAINS: lambda text, part: int(part in text),
    Builtin.STRING_INDEX_OF: _index_of,
    Builtin.STRING_CHAR_AT: _char_at,
    Builtin.STRING_FROM_CODE_POINT: _from_code_point,
    Builtin.STRING_UPPER: lambda text: letter_case.upper().of(text),
    Builtin.STRING_LOWER: lambda text: letter_case.lower().of(text),
    Builtin.STRING_PARSE_INTEGER: _parse,
    Builtin.STRING_PARSE_DECIMAL: _parse_decimal,
    Builtin.MAP_SIZE: len,
    Builtin.MAP_KEYS: list,
    Builtin.MAP_VALUES: list,
    Builtin.MAP_CONTAINS_KEY: lambda _map, _key: 0,
    Builtin.MAP_GET: lambda _map, _key: None,
    Builtin.DECIMAL_FLOOR: lambda n: n // DECIMAL_ONE,
    Builtin.DECIMAL_CEIL: lambda n: -(-n // DECIMAL_ONE),
    Builtin.DECIMAL_ROUND: _rounded,
    Builtin.DECIMAL_MUL_FLOOR: lambda a, b: a * b // DECIMAL_ONE,
    Builtin.DECIMAL_DIV_FLOOR: partial(_divided, up=False),
    Builtin.DECIMAL_DIV_CEIL: partial(_divided, up=True),
    Builtin.BIT_AND: operator.and_,
    Builtin.BIT_OR: operator.or_,
    Builtin.BIT_XOR: operator.xor,
    Builtin.BIT_NOT: operator.invert,
    Builtin.SHIFT_LEFT: partial(_shifted, left=True),
    Builtin.SHIFT_RIGHT: partial(_shifted, left=False),
}
