"""Operators and functions of numbers, in the integers of Python, which have no bounds.

Decimals are in millionths, as in the typed tree.
"""

import re
from dataclasses import dataclass
from math import isqrt
from typing import Any

from ccl.ir import typed as t
from ccl.ir.types import Prim, Type

MIN, MAX = -(2**63), 2**63 - 1
MILLION = 10**6


@dataclass
class Stopped(Exception):
    """A trap, by its reason."""

    reason: str


def in_range(value: int, kind: Type, sign: str) -> int:
    if not MIN <= value <= MAX:
        raise Stopped(f"{kind} overflow in `{sign}`")
    return value


def _truncated(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _half_away(top: int, bottom: int) -> int:
    """`top / bottom` to the nearest, halves away from zero."""
    size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
    return size if (top < 0) == (bottom < 0) else -size


def binary(op: t.BinaryOp, left: Any, right: Any, operands: Type, kind: Type) -> Any:
    """`operands`: the type of the left one; `kind`: that of the result."""
    match op:
        case t.BinaryOp.EQUAL:
            return left == right
        case t.BinaryOp.NOT_EQUAL:
            return left != right
        case t.BinaryOp.ADD if isinstance(left, str):
            return left + right
        case t.BinaryOp.ADD:
            return in_range(left + right, kind, "+")
        case t.BinaryOp.SUBTRACT:
            return in_range(left - right, kind, "-")
        case t.BinaryOp.MULTIPLY if operands is Prim.DECIMAL:
            return in_range(_half_away(left * right, MILLION), kind, "*")
        case t.BinaryOp.MULTIPLY:
            return in_range(left * right, kind, "*")
        case t.BinaryOp.DIVIDE | t.BinaryOp.REMAINDER if right == 0:
            raise Stopped("division by zero")
        case t.BinaryOp.DIVIDE if operands is Prim.DECIMAL:
            return in_range(_half_away(left * MILLION, right), kind, "/")
        case t.BinaryOp.DIVIDE:
            return in_range(_truncated(left, right), kind, "/")
        case t.BinaryOp.REMAINDER:
            return left - right * _truncated(left, right)
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    match op:
        case t.BinaryOp.LESS:
            return left < right
        case t.BinaryOp.LESS_EQUAL:
            return left <= right
        case t.BinaryOp.GREATER:
            return left > right
        case _:
            return left >= right


def computed(builtin: t.Builtin, values: list[Any], kind: Type) -> Any:
    """A function of the prelude that takes numbers, or an array of them."""
    match builtin, values:
        case t.Builtin.ARRAY_SUM, [items]:
            total = 0
            for item in items:
                total = in_range(total + item, kind, "sum")
            return total
        case t.Builtin.INTEGER_MIN, [a, b]:
            return min(a, b)
        case t.Builtin.INTEGER_MAX, [a, b]:
            return max(a, b)
        case t.Builtin.INTEGER_ABS, [a]:
            return in_range(abs(a), kind, "abs")
        case t.Builtin.INTEGER_SQRT, [a]:
            if a < 0:
                raise Stopped("square root of a negative number")
            return isqrt(a)
        case t.Builtin.INTEGER_POW, [base, exponent]:
            if exponent < 0:
                raise Stopped("negative exponent")
            large = abs(base) > 1 and exponent > 64
            return in_range(MAX + 1 if large else base**exponent, kind, "pow")
        case t.Builtin.PERCENTAGE, [part, whole]:
            scaled = in_range(100 * part, kind, "percentage")
            if whole == 0:
                raise Stopped("division by zero")
            return in_range(_truncated(scaled, whole), kind, "percentage")
        case t.Builtin.DECIMAL_FLOOR, [a]:
            return a // MILLION
        case t.Builtin.DECIMAL_CEIL, [a]:
            return -(-a // MILLION)
        case t.Builtin.DECIMAL_ROUND, [a]:
            return _half_away(a, MILLION)
        case t.Builtin.DECIMAL_MUL_FLOOR, [a, b]:
            return in_range(a * b // MILLION, kind, "mul_floor")
        case t.Builtin.DECIMAL_DIV_FLOOR | t.Builtin.DECIMAL_DIV_CEIL, [_, 0]:
            raise Stopped("division by zero")
        case t.Builtin.DECIMAL_DIV_FLOOR, [a, b]:
            return in_range(a * MILLION // b, kind, "div_floor")
        case t.Builtin.DECIMAL_DIV_CEIL, [a, b]:
            return in_range(-(-a * MILLION // b), kind, "div_ceil")
        case _:
            return _bits(builtin, values)


def _bits(builtin: t.Builtin, values: list[int]) -> int:
    """Of 64 bits, as two's complement reads them."""
    match builtin, values:
        case t.Builtin.BIT_AND, [a, b]:
            return a & b
        case t.Builtin.BIT_OR, [a, b]:
            return a | b
        case t.Builtin.BIT_XOR, [a, b]:
            return a ^ b
        case t.Builtin.BIT_NOT, [a]:
            return ~a
        case ((t.Builtin.SHIFT_LEFT | t.Builtin.SHIFT_RIGHT), [_, by]) if not 0 <= by < 64:
            raise Stopped("shift out of range")
        case t.Builtin.SHIFT_LEFT, [a, by]:
            word = (a << by) % 2**64
            return word if word <= MAX else word - 2**64
        case t.Builtin.SHIFT_RIGHT, [a, by]:
            return a >> by
        case _:
            raise AssertionError(f"Data comes from a host; programs have none for {builtin}")


def parsed(text: str, *, places: int) -> int | None:
    """A number with at most so many places after the point, without its point."""
    match = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", text, re.ASCII)
    if match is None or len(match[3] or "") > places:
        return None
    size = int(match[2] + (match[3] or "").ljust(places, "0"))
    value = -size if match[1] else size
    return value if MIN <= value <= MAX else None


def decimal_text(value: int) -> str:
    whole, part = divmod(abs(value), MILLION)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:06}".rstrip("0").rstrip(".")
