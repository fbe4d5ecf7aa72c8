"""How often loops turn at most, in terms of a function's parameters.

A `for` turns as often as what it runs over is long; a `while` is counted where its condition
compares a counter that every turn moves the same way. Nothing is said of other loops.
"""

from collections.abc import Iterator

from ccl.abi.bounds import Formula
from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.analysis.sizes import SMALL_MAX, Sizes, settings_in, size_symbol
from ccl.ir.layout import value_type
from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Block,
    Continue,
    Expr,
    ForEach,
    ForPairs,
    Local,
    LocalGet,
    ScalarConst,
    SetLocal,
    ShortCircuit,
    Statement,
    While,
)
from ccl.ir.visit import children, statement_children

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


def iteration_bound(sizes: Sizes, loop: While | ForEach | ForPairs) -> Formula | None:
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
    """By one comparison that must hold for another turn."""
    if not isinstance(part, Binary) or part.op not in _MIRRORED:
        return None
    if value_type(part.left.type) != "i64":
        return None
    for op, counter, limit in (
        (part.op, part.left, part.right),
        (_MIRRORED[part.op], part.right, part.left),
    ):
        if isinstance(counter, LocalGet):
            found = _moved(sizes, loop, op, counter.local, limit)
            if found is not None:
                return found
    return None


def _moved(sizes: Sizes, loop: While, op: BinaryOp, counter: Local, limit: Expr) -> Formula | None:
    inside = [s for s in _settings_of(loop) if s.local.index == counter.index]
    moves = [_move(setting) for setting in inside]
    every_turn = any(a is b for a in loop.body.statements for b in inside)
    if not moves or not every_turn or None in moves or _continues(loop.body):
        return None
    low, high = sizes.intervals.entry(loop, counter.index)
    if all(m is not None and m[0] is BinaryOp.ADD and m[1] > 0 for m in moves) and op in _UP:
        start = _start(sizes, loop, counter, low)
    elif all(m is not None and m[0] is BinaryOp.ADD and m[1] < 0 for m in moves) and (op in _DOWN):
        start = _start(sizes, loop, counter, -high)
    elif (
        all(m is not None and m[0] is BinaryOp.DIVIDE and m[1] > 1 for m in moves)
        and (op in _DOWN and isinstance(limit, ScalarConst) and limit.value >= 0)
    ) or (
        all(m is not None and m[0] is BinaryOp.MULTIPLY and m[1] > 1 for m in moves)
        and (op in _UP and low >= 1)
    ):
        return Formula.constant(HALVINGS_MAX)
    else:
        return None
    end = sizes.size(limit)
    return None if start is None or end is None else start + end + Formula.constant(1)


def _start(sizes: Sizes, loop: While, counter: Local, least: int) -> Formula | None:
    """How far on the wrong side of 0 the counter may be where the loop begins.

    `least`: where it is at least, counted in the direction it moves.
    """
    if least >= -SMALL_MAX:
        return Formula.constant(max(0, -least))
    inside = {id(setting) for setting in _settings_of(loop)}
    starts: list[Formula | None] = [
        sizes.size(setting.value)
        for setting in sizes.settings.get(counter.index, [])
        if id(setting) not in inside
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


def _move(setting: SetLocal) -> tuple[BinaryOp, int] | None:
    """`i = i op constant`; a subtraction is the addition of less than nothing."""
    match setting.value:
        case Binary(op=op, left=LocalGet(local=local), right=ScalarConst(value=step)) if (
            local.index == setting.local.index and MIN < step < MAX
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


def _settings_of(loop: Statement) -> Iterator[SetLocal]:
    for child in statement_children(loop):
        yield from settings_in(child)


def _continues(body: Expr) -> bool:
    """Whether a turn may end early, so that it skips what moves the counter."""
    pending: list[Expr] = [body]
    while pending:
        at = pending.pop()
        if isinstance(at, Continue):
            return True
        if isinstance(at, Block):
            for statement in at.statements:
                if not isinstance(statement, While | ForEach | ForPairs):
                    pending.extend(statement_children(statement))
            if at.value is not None:
                pending.append(at.value)
        else:
            pending.extend(children(at))
    return False
