"""Upper bounds on loop iterations, over a function's parameters.

A `for` iterates at most as often as its array or text is long; a `while` is bounded if its
condition compares a counter that every iteration steps in one direction. Others are unbounded.
"""

from collections.abc import Iterator
from typing import TypeAlias, assert_never

from ccl.abi.bounds import Formula
from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.analysis.sizes.value_sizes import SMALL_MAX, Sizes, size_symbol
from ccl.ir.layout import value_type
from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Block,
    Break,
    Continue,
    Expr,
    ForEach,
    ForPairs,
    Jump,
    Local,
    LocalGet,
    Return,
    ScalarConst,
    SetLocal,
    ShortCircuit,
    While,
)
from ccl.ir.visit import assignments_in, children, statement_children

Loop: TypeAlias = While | ForEach | ForPairs
HALVINGS_MAX = 64
"""A number of 64 bits cannot be halved, or doubled, more often."""
_MIRRORED = {
    BinaryOp.LESS: BinaryOp.GREATER,
    BinaryOp.LESS_EQUAL: BinaryOp.GREATER_EQUAL,
    BinaryOp.GREATER: BinaryOp.LESS,
    BinaryOp.GREATER_EQUAL: BinaryOp.LESS_EQUAL,
}
_UP = (BinaryOp.LESS, BinaryOp.LESS_EQUAL)
_DOWN = (BinaryOp.GREATER, BinaryOp.GREATER_EQUAL)


def iteration_bound(sizes: Sizes, loop: Loop) -> Formula | None:
    """Returns the bound; None if the loop is unbounded."""
    match loop:
        case ForEach(iterable=iterable):
            return sizes.length(iterable)
        case ForPairs():
            return None
        case While(condition=condition):
            for part in _conjuncts(condition):
                found = _counted(sizes, loop, part)
                if found is not None:
                    return found
            return None


def _counted(sizes: Sizes, loop: While, part: Expr) -> Formula | None:
    """Returns the bound by one comparison that holds in every iteration."""
    if not isinstance(part, Binary) or part.op not in _MIRRORED:
        return None
    if value_type(part.left.type) != "i64":
        return None
    for op, counter, limit in (
        (part.op, part.left, part.right),
        (_MIRRORED[part.op], part.right, part.left),
    ):
        if isinstance(counter, LocalGet):
            found = _stepped(sizes, loop, op, counter.local, limit)
            if found is not None:
                return found
    return None


def _stepped(
    sizes: Sizes, loop: While, op: BinaryOp, counter: Local, limit: Expr
) -> Formula | None:
    inside = [s for s in assignments_in(loop) if s.local.index == counter.index]
    steps = [_step(assignment) for assignment in inside]
    is_unconditional = any(a is b for a in loop.body.statements for b in inside)
    if not steps or not is_unconditional or None in steps or _may_continue(loop.body):
        return None
    low, high = sizes.intervals.entry(loop, counter.index)
    if all(m is not None and m[0] is BinaryOp.ADD and m[1] > 0 for m in steps) and op in _UP:
        start = _start(sizes, loop, counter, low)
    elif all(m is not None and m[0] is BinaryOp.ADD and m[1] < 0 for m in steps) and (op in _DOWN):
        start = _start(sizes, loop, counter, -high)
    elif (
        all(m is not None and m[0] is BinaryOp.DIVIDE and m[1] > 1 for m in steps)
        and (op in _DOWN and isinstance(limit, ScalarConst) and limit.value >= 0)
    ) or (
        all(m is not None and m[0] is BinaryOp.MULTIPLY and m[1] > 1 for m in steps)
        and (op in _UP and low >= 1)
    ):
        return Formula.constant(HALVINGS_MAX)
    else:
        return None
    end = sizes.size(limit)
    return None if start is None or end is None else start + end + Formula.constant(1)


def _start(sizes: Sizes, loop: While, counter: Local, least: int) -> Formula | None:
    """Bounds the distance from the counter's first value to 0, if it steps towards 0.

    `least`: its least first value, with the sign of its direction.
    """
    if least >= -SMALL_MAX:
        return Formula.constant(max(0, -least))
    if counter.index in sizes.survey.bound:
        return None
    inside = {id(assignment) for assignment in assignments_in(loop)}
    starts: list[Formula | None] = [
        sizes.size(each.value)
        for each in sizes.assignments.get(counter.index, [])
        if id(each) not in inside
    ]
    if sizes.is_parameter(counter):
        starts.append(Formula.symbol(size_symbol(counter.name)))
    known = [start for start in starts if start is not None]
    if not starts or len(known) < len(starts):
        return None
    total = Formula.constant(0)
    for start in known:
        total = total.most(start)
    return total


def _step(assignment: SetLocal) -> tuple[BinaryOp, int] | None:
    """Reads `i = i op constant`; a subtraction is the addition of a negative number."""
    match assignment.value:
        case Binary(op=op, left=LocalGet(local=local), right=ScalarConst(value=step)) if (
            local.index == assignment.local.index and MIN < step < MAX
        ):
            if op is BinaryOp.SUBTRACT:
                return BinaryOp.ADD, -step
            return op, step
        case _:
            return None


def _conjuncts(condition: Expr) -> Iterator[Expr]:
    if isinstance(condition, ShortCircuit) and condition.is_and:
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _may_continue(body: Expr) -> bool:
    """Returns whether an iteration may end early, so that it skips the steps of the counter."""
    pending: list[Expr] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, Jump):
            if _ends_iteration(node):
                return True
            pending.extend(children(node))
        elif isinstance(node, Block):
            for statement in node.statements:
                if not isinstance(statement, Loop):
                    pending.extend(statement_children(statement))
            if node.value is not None:
                pending.append(node.value)
        else:
            pending.extend(children(node))
    return False


def _ends_iteration(jump: Jump) -> bool:
    """Returns whether the loop may go on after it."""
    match jump:
        case Continue():
            return True
        case Return() | Break():
            return False
        case _:
            assert_never(jump)
