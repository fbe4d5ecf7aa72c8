"""Overflow checks of an expression, made together: one test that most often rules out any.

Where it does not, each step is checked alone, in the same order.
"""

from collections.abc import Sequence

from ccl.analysis.interval_arithmetic import MAX, MIN, Interval, result_of
from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.operations import checks
from ccl.ir.typed import Binary, BinaryOp, Expr, LocalGet, ScalarConst
from ccl.ir.types import Prim

SMALL = 2**31


def guards_of(f: FunctionBuilder, node: Expr) -> frozenset[int] | None:
    """Returns variables that rule out overflow if all are within 32 bits; None if none do."""
    leaves: list[LocalGet] = []
    if (
        not isinstance(node, Binary)
        or f.analyses.intervals.cannot_overflow(node)
        or not _collect(node, leaves)
    ):
        return None
    return None if _within(f, node) is None else _not_known(f, leaves)


def checked_together(f: FunctionBuilder, node: Expr) -> None:
    """Lowers a number that is usually small, as an index is, with one test for its checks.

    If all variables are within 32 bits, which keeps every step within 64, no step is checked;
    otherwise each is.
    """
    guards = guards_of(f, node)
    if guards is None:
        f.expr(node)
        return
    if guards:
        checks.any_large(f, [f.known_name(index) for index in guards])
        f.emit("if")
        f.expr(node)
        f.emit("drop", "end")
    unchecked(f, node)


def unchecked(f: FunctionBuilder, node: Expr) -> None:
    """Computes without checks."""
    if isinstance(node, Binary):
        unchecked(f, node.left)
        unchecked(f, node.right)
        f.emit(checks.UNCHECKED[node.op])
    else:
        f.expr(node)


def _collect(node: Expr, leaves: list[LocalGet]) -> bool:
    """Collects the variables of a sum of products; returns whether it is one."""
    match node:
        case ScalarConst():
            return True
        case LocalGet():
            leaves.append(node)
            return True
        case Binary(op=BinaryOp.ADD | BinaryOp.SUBTRACT | BinaryOp.MULTIPLY) if (
            node.type is Prim.INTEGER
        ):
            return _collect(node.left, leaves) and _collect(node.right, leaves)
        case _:
            return False


def _not_known(f: FunctionBuilder, leaves: Sequence[LocalGet]) -> frozenset[int]:
    """Returns variables that imply all leaves within 32 bits if they are.

    A number between 0 and another guard needs no test of its own.
    """
    guards: set[int] = set()
    rest: list[frozenset[int]] = []
    for leaf in leaves:
        (low, high), most = f.analyses.intervals.at(leaf)
        if low >= -SMALL and high < SMALL:
            continue
        if low < 0 or not most:
            guards.add(leaf.local.index)
        else:
            rest.append(most)
    for bounds in rest:
        if not bounds & guards:
            guards.add(min(bounds))
    return frozenset(guards)


def _within(f: FunctionBuilder, node: Expr) -> Interval | None:
    """Returns the interval of the value if all variables are within 32 bits; None if a step may
    overflow.
    """
    match node:
        case ScalarConst(value=value):
            return value, value
        case LocalGet():
            (low, high), _ = f.analyses.intervals.at(node)
            return max(low, -SMALL), min(high, SMALL - 1)
        case Binary(op=op, left=left, right=right):
            a, b = _within(f, left), _within(f, right)
            exact = None if a is None or b is None else result_of(op, a, b)
            return exact if exact is not None and exact[0] >= MIN and exact[1] <= MAX else None
        case _:
            return None
