"""Intervals of the numbers of a function, and upper bounds that are other variables.

One walk in the order of evaluation. At the head of a loop the facts about its variables are widened
to what every iteration preserves: one that is only incremented keeps its lower bound, and so on. A
check is removed only if the interval of exact results is within 64 bits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from ccl.analysis.interval_arithmetic import (
    ALL,
    LENGTH_MAX,
    MAX,
    MIN,
    Interval,
    Known,
    bits,
    clamped,
    hull,
    result_of,
)
from ccl.ir.layout import value_type
from ccl.ir.typed import (
    Argument,
    Binary,
    BinaryOp,
    Block,
    Break,
    Builtin,
    CallBuiltin,
    CallFunction,
    Continue,
    Evaluate,
    Expr,
    ForEach,
    ForPairs,
    Function,
    If,
    Jump,
    Local,
    LocalGet,
    MatchTag,
    Return,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    Statement,
    Store,
    Unary,
    UnaryOp,
    While,
)
from ccl.ir.types import Prim
from ccl.ir.visit import (
    binders_in,
    bindings_of,
    children,
    everything,
    operands_of,
    statement_children,
)

Loop: TypeAlias = While | ForEach | ForPairs
VARIABLES_MAX: Final = 256
"""A function with more is not analysed: each branch copies the facts about all of them."""

_SPECIAL: Final = frozenset(
    (ScalarConst, LocalGet, Binary, Unary, ShortCircuit, CallBuiltin, Block, If, MatchTag)
)
"""Classes with cases of their own in `Intervals.expr`."""
_LENGTHS = (Builtin.ARRAY_LEN, Builtin.STRING_LENGTH, Builtin.MAP_SIZE)
_BITS = (Builtin.BIT_AND, Builtin.SHIFT_RIGHT)
_MIRRORED = {
    BinaryOp.LESS: BinaryOp.GREATER,
    BinaryOp.LESS_EQUAL: BinaryOp.GREATER_EQUAL,
    BinaryOp.GREATER: BinaryOp.LESS,
    BinaryOp.GREATER_EQUAL: BinaryOp.LESS_EQUAL,
    BinaryOp.EQUAL: BinaryOp.EQUAL,
}
_NEGATED = {
    BinaryOp.LESS: BinaryOp.GREATER_EQUAL,
    BinaryOp.LESS_EQUAL: BinaryOp.GREATER,
    BinaryOp.GREATER: BinaryOp.LESS_EQUAL,
    BinaryOp.GREATER_EQUAL: BinaryOp.LESS,
    BinaryOp.NOT_EQUAL: BinaryOp.EQUAL,
}


@dataclass
class Intervals:
    """Facts by node, joined over all visits of it."""

    _safe: dict[int, bool] = field(default_factory=dict)
    _seen: dict[int, tuple[Interval, frozenset[int]]] = field(default_factory=dict)
    _entries: dict[int, dict[int, Interval]] = field(default_factory=dict)

    def cannot_overflow(self, node: Expr) -> bool:
        """Returns whether the operation needs no check for overflow."""
        return self._safe.get(id(node), False)

    def at(self, node: LocalGet) -> tuple[Interval, frozenset[int]]:
        """Returns the interval of a variable where it is read, and its upper bounds."""
        return self._seen.get(id(node), (ALL, frozenset()))

    def entry(self, loop: While, index: int) -> Interval:
        """Returns the interval of a variable before the first iteration of a loop."""
        return self._entries.get(id(loop), {}).get(index, ALL)

    # --- the walk ---

    def expr(self, node: Expr, known: Known) -> Interval:
        """Returns the interval of a value; `known` becomes what holds after it."""
        if type(node) not in _SPECIAL:
            for each in children(node):
                self.expr(each, known)
            return ALL
        match node:
            case ScalarConst(value=value):
                return value, value
            case LocalGet(local=local):
                return self._read(node, local, known)
            case Binary():
                return self._binary(node, known)
            case Unary(op=op, operand=operand):
                low, high = self.expr(operand, known)
                if op is UnaryOp.NOT:
                    return 0, 1
                self._note(node, safe=low > MIN)
                return -high, min(-low, MAX)
            case ShortCircuit(is_and=is_and, left=left, right=right):
                self.expr(left, known)
                branch = known.copy()
                refine(branch, left, is_and)
                self.expr(right, branch)
                known.join(branch)
                return 0, 1
            case CallBuiltin(builtin=builtin) if builtin in _LENGTHS:
                self._all(children(node), known)
                return 0, LENGTH_MAX
            case CallBuiltin(builtin=builtin) if builtin in _BITS:
                return bits(builtin, *[self.expr(each, known) for each in children(node)])
            case CallBuiltin() | CallFunction():
                self._all(children(node), known)
                return ALL
            case Block(statements=statements, value=value):
                for statement in statements:
                    self.statement(statement, known)
                return ALL if value is None else self.expr(value, known)
            case If(condition=condition, then=then, otherwise=otherwise):
                self.expr(condition, known)
                return self._branches(
                    known,
                    [(condition, True, then), (condition, False, otherwise)],
                )
            case MatchTag(subject=subject, arms=arms, otherwise=otherwise):
                self.expr(subject, known)
                for local in bindings_of(node):
                    known.forget(local.index)
                bodies = [arm.body for arm in arms] + ([otherwise] if otherwise else [])
                return self._branches(known, [(None, True, body) for body in bodies])
            case _:
                self._all(operands_of(node), known)
                return ALL

    def _all(self, nodes: Iterable[Expr], known: Known) -> None:
        for node in nodes:
            self.expr(node, known)

    def _read(self, node: LocalGet, local: Local, known: Known) -> Interval:
        interval = known.intervals.get(local.index, ALL)
        most = known.most.get(local.index, frozenset())
        before = self._seen.get(id(node))
        self._seen[id(node)] = (
            (interval, most) if before is None else (hull(before[0], interval), before[1] & most)
        )
        return interval

    def _note(self, node: Expr, *, safe: bool) -> None:
        self._safe[id(node)] = safe and self._safe.get(id(node), True)

    def _binary(self, node: Binary, known: Known) -> Interval:
        left, right = self.expr(node.left, known), self.expr(node.right, known)
        if value_type(node.type) != "i64" or node.left.type is Prim.DECIMAL:
            return ALL
        exact = result_of(node.op, left, right)
        if exact is None:
            return ALL
        self._note(node, safe=exact[0] >= MIN and exact[1] <= MAX)
        return clamped(exact)

    def _branches(
        self, known: Known, branches: Sequence[tuple[Expr | None, bool, Expr | None]]
    ) -> Interval:
        """Joins the branches, each (condition, whether it holds, body), that may complete."""
        ends: list[Known] = []
        values: list[Interval] = []
        for condition, holds, body in branches:
            state = known.copy()
            if condition is not None:
                refine(state, condition, holds)
            interval = ALL if body is None else self.expr(body, state)
            if body is None or body.type is not Prim.NEVER:
                ends.append(state)
                values.append(interval)
        if not ends:
            return ALL
        for state in ends[1:]:
            ends[0].join(state)
        known.become(ends[0])
        return min(low for low, _ in values), max(high for _, high in values)

    # --- statements ---

    def statement(self, statement: Statement, known: Known) -> None:
        match statement:
            case SetLocal(local=local, value=value):
                interval = self.expr(value, known)
                if value_type(local.type) == "i64":
                    known.set(local.index, interval)
            case While(condition=condition, body=body):
                self._enter(statement, known)
                _widen(statement, known)
                self.expr(condition, known)
                inside = known.copy()
                refine(inside, condition, True)
                self.expr(body, inside)
                if not _may_break(body):
                    refine(known, condition, False)
            case ForEach(iterable=iterable, body=body) | ForPairs(iterable=iterable, body=body):
                self.expr(iterable, known)
                _widen(statement, known)
                self.expr(body, known.copy())
            case SetState() | Store() | Evaluate():
                self._all(statement_children(statement), known)
            case _:
                assert_never(statement)

    def _enter(self, loop: While, known: Known) -> None:
        before = self._entries.get(id(loop))
        entry = Known(dict(known.intervals))
        if before is not None:
            entry.join(Known(before))
        self._entries[id(loop)] = entry.intervals


def intervals_of(function: Function, variables: int) -> Intervals:
    """Analyses a function that has so many `variables`."""
    intervals = Intervals()
    if variables <= VARIABLES_MAX:
        intervals.expr(function.body, Known())
    return intervals


# --- conditions -------------------------------------------------------------------------


def refine(known: Known, condition: Expr, holds: bool) -> None:
    """Adds the facts that follow from a condition, or from its negation."""
    match condition:
        case Unary(op=UnaryOp.NOT, operand=operand):
            refine(known, operand, not holds)
        case ShortCircuit(is_and=is_and, left=left, right=right) if is_and is holds:
            if _binds_nothing(right):
                refine(known, left, holds)
            refine(known, right, holds)
        case Binary(op=op, left=left, right=right) if _is_plain(left) and _is_plain(right):
            if not holds:
                op = _NEGATED.get(op, op)
            if op in _MIRRORED and (holds or condition.op in _NEGATED):
                _compare(known, op, left, right)
                _compare(known, _MIRRORED[op], right, left)


def _compare(known: Known, op: BinaryOp, left: Expr, right: Expr) -> None:
    if not isinstance(left, LocalGet):
        return
    low, high = _interval(known, right)
    index = left.local.index
    match op:
        case BinaryOp.LESS:
            known.narrow(index, MIN, high - 1)
        case BinaryOp.LESS_EQUAL:
            known.narrow(index, MIN, high)
        case BinaryOp.GREATER:
            known.narrow(index, low + 1, MAX)
        case BinaryOp.GREATER_EQUAL:
            known.narrow(index, low, MAX)
        case BinaryOp.EQUAL:
            known.narrow(index, low, high)
        case _:
            raise AssertionError(f"`{op.value}` bounds no operand")
    if isinstance(right, LocalGet) and op in (BinaryOp.LESS, BinaryOp.LESS_EQUAL):
        known.most[index] = known.most.get(index, frozenset()) | {right.local.index}


def _interval(known: Known, node: Expr) -> Interval:
    match node:
        case ScalarConst(value=value):
            return value, value
        case LocalGet(local=local):
            return known.intervals.get(local.index, ALL)
        case CallBuiltin(builtin=builtin) if builtin in _LENGTHS:
            return 0, LENGTH_MAX
        case _:
            raise AssertionError("only plain operands are compared")


def _is_plain(node: Expr) -> bool:
    """Returns whether it is a number that is read, not computed."""
    match node:
        case ScalarConst() | LocalGet():
            return value_type(node.type) == "i64"
        case CallBuiltin(builtin=builtin, arguments=(Argument(value=LocalGet()),)):
            return builtin in _LENGTHS
        case _:
            return False


def _binds_nothing(node: Expr) -> bool:
    return next(binders_in(node), None) is None


# --- loops ------------------------------------------------------------------------------


def _widen(loop: Loop, known: Known) -> None:
    """Reduces what is known to what holds at the head of every iteration."""
    after: dict[int, Interval] = {}
    for binder in binders_in(loop):
        if isinstance(binder, SetLocal):
            index = binder.local.index
            entry = known.intervals.get(index, ALL)
            after[index] = hull(after.get(index, entry), _stays_in(binder, entry))
        else:
            after.update((local.index, ALL) for local in bindings_of(binder))
    for index, interval in after.items():
        known.set(index, interval)


def _stays_in(assignment: SetLocal, entry: Interval) -> Interval:
    """Returns the interval of a variable after any number of such assignments."""
    match assignment.value:
        case Binary(op=op, left=LocalGet(local=local), right=ScalarConst(value=step)) if (
            local.index == assignment.local.index and assignment.value.type is not Prim.DECIMAL
        ):
            if op is BinaryOp.SUBTRACT:
                op, step = BinaryOp.ADD, -step
            if op is BinaryOp.ADD:
                return (entry[0], MAX) if step >= 0 else (MIN, entry[1])
            if op is BinaryOp.DIVIDE and step >= 1:
                return hull(entry, (0, 0))
            if op is BinaryOp.MULTIPLY and step >= 1 and entry[0] >= 0:
                return 0, MAX
    return ALL


def _may_break(body: Block) -> bool:
    return any(isinstance(each, Jump) and _leaves_loop(each) for each in everything(body))


def _leaves_loop(jump: Jump) -> bool:
    """Returns whether code behind the loop may run next; a jump out of an inner loop counts as
    well."""
    match jump:
        case Break():
            return True
        case Return() | Continue():
            return False
        case _:
            assert_never(jump)
