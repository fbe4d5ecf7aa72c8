"""Types of operands: the pairs that each operator takes, and the result of each.

While bodies are inferred, an operand may be open. Where the operator and the other operand leave it
one type, it has that type; else it waits for one (`ccl.checking.core.constraints`), and takes the
other operand's type where nothing else determines it.
"""

from collections.abc import Callable

from ccl.checking.core.constraints import wait_for
from ccl.checking.core.environment import Body
from ccl.checking.core.unification import (
    NUMBERS,
    fresh,
    is_rigid,
    is_unknown,
    open_number,
    prune,
    unify,
)
from ccl.ir.typed import BinaryOp
from ccl.ir.types import Prim, Token, Type

SUMMING = (BinaryOp.ADD, BinaryOp.SUBTRACT)
SCALING = (BinaryOp.MULTIPLY, BinaryOp.DIVIDE)
EQUALITY = (BinaryOp.EQUAL, BinaryOp.NOT_EQUAL)
ORDER = (BinaryOp.LESS, BinaryOp.LESS_EQUAL, BinaryOp.GREATER, BinaryOp.GREATER_EQUAL)
_ORDERED = (
    Prim.INTEGER,
    Prim.DECIMAL,
    Prim.MANA,
    Prim.TIMESTAMP,
    Prim.DURATION,
    Prim.STRING,
    Prim.JOB,
)

# What arithmetic does to types that are not plain numbers: (left, operator, right) -> result.
_MIXED: dict[tuple[Type, BinaryOp, Type], Type] = {
    (Prim.TIMESTAMP, BinaryOp.ADD, Prim.DURATION): Prim.TIMESTAMP,
    (Prim.TIMESTAMP, BinaryOp.SUBTRACT, Prim.DURATION): Prim.TIMESTAMP,
    (Prim.TIMESTAMP, BinaryOp.SUBTRACT, Prim.TIMESTAMP): Prim.DURATION,
    (Prim.DURATION, BinaryOp.ADD, Prim.DURATION): Prim.DURATION,
    (Prim.DURATION, BinaryOp.SUBTRACT, Prim.DURATION): Prim.DURATION,
    (Prim.DURATION, BinaryOp.MULTIPLY, Prim.INTEGER): Prim.DURATION,
    (Prim.DURATION, BinaryOp.DIVIDE, Prim.INTEGER): Prim.DURATION,
    (Prim.DURATION, BinaryOp.DIVIDE, Prim.DURATION): Prim.INTEGER,
}
_POSSIBLE = (
    Prim.INTEGER,
    Prim.DECIMAL,
    Prim.MANA,
    Prim.STRING,
    Prim.DID,
    Prim.CID,
    Prim.TIMESTAMP,
    Prim.DURATION,
)
"""Types that have an operator with another type; all others only with themselves."""


def is_ordered(kind: Type) -> bool:
    return kind in _ORDERED or isinstance(kind, Token)


def is_counted(kind: Type) -> bool:
    """Returns whether a type is multiplied by Integers, not by itself."""
    return kind is Prim.DURATION or isinstance(kind, Token)


def mixed(a: Type, op: BinaryOp, b: Type) -> Type | None:
    """Returns the result for operands that are not plain numbers of one type."""
    if isinstance(a, Token):
        counted = b is Prim.INTEGER if op in SCALING else a == b and op in SUMMING
        return a if counted else None
    return _MIXED.get((a, op, b))


def result_of(op: BinaryOp, a: Type, b: Type) -> Type | None:
    """Returns the result of the operator for two known types; None where it does not take them."""
    if op in EQUALITY:
        return Prim.BOOL if a == b or _converts(a, b) or _converts(b, a) else None
    if op in ORDER:
        return Prim.BOOL if (a == b and is_ordered(a)) or {a, b} == _AMOUNTS else None
    if op is BinaryOp.ADD and a is Prim.STRING and b is Prim.STRING:
        return a
    if op is BinaryOp.MULTIPLY and a is Prim.INTEGER and is_counted(b):
        return b
    if {a, b} == _AMOUNTS:
        return Prim.MANA
    return a if a == b and a in NUMBERS else mixed(a, op, b)


_AMOUNTS = {Prim.INTEGER, Prim.MANA}


def _converts(a: Type, b: Type) -> bool:
    """Returns whether a value of the one type is converted to the other as an operand."""
    return (a is Prim.STRING and b in (Prim.DID, Prim.CID)) or {a, b} == _AMOUNTS


def infer_open(
    body: Body, op: BinaryOp, sides: tuple[Type, Type], combined: Callable[[], Type]
) -> Type | None:
    """Infers an operation with an open operand; None if both types are known.

    `combined`: the type of the operation once both are.
    """
    if not any(map(is_unknown, sides)):
        return None
    result = Prim.BOOL if op in EQUALITY or op in ORDER else fresh()

    def attempt(by_default: bool) -> bool:
        _narrow(op, sides, result)
        if by_default:
            unify(*sides)
        elif any(map(is_unknown, sides)):
            return False
        unify(result, combined())
        return True

    if not attempt(False):
        wait_for(body, sides, attempt)
    return result


def _narrow(op: BinaryOp, sides: tuple[Type, Type], result: Type) -> None:
    """Binds an operand, or the result, if the other operand leaves it only one type."""
    left, right = map(prune, sides)
    if is_unknown(left) == is_unknown(right):
        return
    unknown, other = (left, right) if is_unknown(left) else (right, left)
    if is_rigid(other):
        return  # which types it takes beside it is for the instances to say
    if open_number(other):
        counts = op is BinaryOp.MULTIPLY or (op is BinaryOp.DIVIDE and unknown is left)
        if not counts:  # a Duration or a Token, times or by a number
            unify(unknown, other)
        return
    possible: dict[Type, Type] = {}
    for each in (*_POSSIBLE, other):
        pair = (each, other) if unknown is left else (other, each)
        found = result_of(op, *pair)
        if found is not None and other is not Prim.DATA:
            possible[each] = found
    if len(possible) == 1:
        unify(unknown, next(iter(possible)))
    results = set(possible.values())
    if len(results) == 1:
        unify(result, results.pop())
