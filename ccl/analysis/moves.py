"""Reads that move a value out of its place, which is set again before it is read.

`b[i] = b[i] + "x"`, and `let row = a[i]; row[j] = 1; a[i] = row`: the place is empty from the read
to the write. So the value has no other reference, and is changed in place, not copied.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from ccl.analysis.survey import survey
from ccl.analysis.usage import Behaviour
from ccl.ir.typed import (
    ArrayNew,
    Binary,
    BinaryOp,
    Block,
    Builtin,
    CallBuiltin,
    CallFunction,
    Concat,
    Evaluate,
    Expr,
    FieldGet,
    FieldStep,
    ForEach,
    ForPairs,
    If,
    IndexStep,
    Local,
    LocalGet,
    MatchTag,
    ScalarConst,
    SetLocal,
    SetState,
    StateGet,
    Statement,
    Step,
    Store,
    StructNew,
    TextConst,
    Unary,
    VariantNew,
    While,
)
from ccl.ir.types import Prim, is_reference
from ccl.ir.visit import (
    Root,
    bindings_of,
    children,
    everything,
    operands_of,
    path_of,
    statement_children,
    writes_of,
)
from ccl.support.node import Node

ANY_STATE = ""
"""The root of every state variable that a call may reach."""


class Place(Node, frozen=True):
    root: Root
    steps: tuple[Step, ...]

    @property
    def keys(self) -> tuple[Expr, ...]:
        return tuple(step.index for step in self.steps if isinstance(step, IndexStep))


def moved_reads(
    blocks: Iterable[Block], behaviour: Behaviour, touches_state: Callable[[str], bool]
) -> frozenset[int]:
    """Returns the ids of the reads; each is evaluated at most once before its place is set."""
    found: set[int] = set()
    reading = _Reading(behaviour, touches_state)
    for block in blocks:
        for statement in block.statements:
            place = _place_set(statement)
            if place is not None:
                found |= reading.moved(place, statement_children(statement)[-1])
        found |= reading.moved_before(block.statements)
    return frozenset(found)


def _place_set(statement: Statement) -> Place | None:
    """Returns the place that a statement gives a new value, if it does only that."""
    match statement:
        case SetLocal(local=local):
            return Place(local.index, ())
        case SetState(state=state):
            return Place(state, ())
        case Store(root=root, steps=steps, op=None):
            return Place(_root(root), steps)
        case Store() | Evaluate() | While() | ForEach() | ForPairs():
            return None
        case _:
            assert_never(statement)


def _last_store(statements: Sequence[Statement]) -> int:
    """Counts the statements up to the last that sets a part after a `let`; 0 if there is none."""
    last = first = 0
    for position, statement in enumerate(statements, 1):
        if isinstance(statement, SetLocal):
            first = first or position
        elif isinstance(statement, Store) and statement.op is None and first:
            last = position
    return last


def _roots_set(statement: Statement) -> tuple[Root, ...]:
    """Returns the variables that a statement itself sets or changes in part."""
    return writes_of(statement) or tuple(local.index for local in bindings_of(statement))


def _root(root: Local | StateGet) -> Root:
    return root.state if isinstance(root, StateGet) else root.index


class _Reading(Node, frozen=True):
    behaviour: Behaviour
    touches_state: Callable[[str], bool]

    def moved(self, place: Place, value: Expr) -> frozenset[int]:
        """Returns the reads of the place in a value that is computed before the place is set."""
        if (
            not is_reference(value.type)
            or place.root not in self._touched(value)
            or self.behaviour.escapes(value)
        ):
            return frozenset()
        written = survey(value).written
        if place.root in written or any(
            not _is_repeatable(key) or _locals_in(key) & written for key in place.keys
        ):
            return frozenset()
        found: set[int] = set()
        try:
            times = self._times(place, value, found)
        except _Otherwise:
            return frozenset()
        return frozenset(found) if times == 1 else frozenset()

    def moved_before(self, statements: Sequence[Statement]) -> frozenset[int]:
        """Finds `let x = … place …; …; place = …` without a use of the place in between."""
        found: frozenset[int] = frozenset()
        touched: dict[Root, int] = {}
        written: dict[int, int] = {}
        left = -1
        for position, statement in enumerate(statements[: _last_store(statements)]):
            leaves = any(map(self.behaviour.escapes, statement_children(statement)))
            place = _place_set(statement)
            if place is not None and place.steps and not leaves:
                first = touched.get(place.root, -1)
                if isinstance(place.root, str):
                    first = max(first, touched.get(ANY_STATE, -1))
                inside = self._touched(statement_children(statement)[-1])
                keys = {each for key in place.keys for each in _locals_in(key)}
                if (
                    first > left
                    and not {place.root, ANY_STATE} & inside
                    and all(written.get(key, -1) < first for key in keys)
                ):
                    opening = statements[first]
                    if isinstance(opening, SetLocal) and opening.local.index != place.root:
                        found |= self.moved(place, opening.value)
            for each in statement_children(statement):
                touched.update(dict.fromkeys(self._touched(each), position))
                written.update(dict.fromkeys(survey(each).written, position))
            for root in _roots_set(statement):
                touched[root] = position
                if isinstance(root, int):
                    written[root] = position
            if leaves:
                left = position
        return found

    def _touched(self, node: Expr) -> set[Root]:
        """Returns the variables that are read or changed anywhere inside."""
        found: set[Root] = set()
        pending = [node]
        while pending:
            each = pending.pop()
            match each:
                case LocalGet(local=local):
                    found.add(local.index)
                case StateGet(state=state):
                    found.add(state)
                case CallFunction(function=function):
                    if self.touches_state(function):
                        found.add(ANY_STATE)
                    pending.extend(children(each))
                case CallBuiltin():
                    pending.extend(children(each))
                case Block(statements=statements):
                    for statement in statements:
                        found.update(_roots_set(statement))
                    pending.extend(children(each))
                case MatchTag():
                    found.update(local.index for local in bindings_of(each))
                    pending.extend(children(each))
                case _:
                    pending.extend(operands_of(each))
        return found

    def _times(self, place: Place, node: Expr, found: set[int]) -> int:
        """Counts the reads of the place, on the path that reads it most. Raises _Otherwise."""

        def total(nodes: Sequence[Expr]) -> int:
            return sum(self._times(place, each, found) for each in nodes)

        if _reads(node, place):
            found.add(id(node))
            return 1
        match node:
            case If(condition=condition, then=then, otherwise=otherwise):
                most = max(total((then,)), 0 if otherwise is None else total((otherwise,)))
                return self._nothing(place, condition) + most
            case MatchTag(subject=subject, arms=arms, otherwise=otherwise):
                ways = [arm.body for arm in arms] + ([] if otherwise is None else [otherwise])
                return total((subject,)) + max(total((way,)) for way in ways)
            case Block(statements=statements, value=value):
                inside = sum(self._inside(place, each, found) for each in statements)
                return inside + (0 if value is None else total((value,)))
            case CallFunction(function=function, arguments=arguments):
                if isinstance(place.root, str) and self.touches_state(function):
                    raise _Otherwise
                return total([argument.value for argument in arguments])
            case CallBuiltin(arguments=arguments):
                return total([argument.value for argument in arguments])
            case Binary(op=BinaryOp.ADD, type=Prim.STRING, left=left, right=right):
                return total((left, right))
            case Concat(parts=parts) | StructNew(values=parts) | VariantNew(payload=parts):
                return total(parts)
            case ArrayNew(elements=elements):
                return total(elements)
            case _:  # any other class may read the place while it is empty
                return self._nothing(place, node)

    def _inside(self, place: Place, statement: Statement, found: set[int]) -> int:
        if isinstance(statement, SetLocal | Evaluate):
            return self._times(place, statement.value, found)
        if place.root in _roots_set(statement):
            raise _Otherwise
        return sum(self._nothing(place, each) for each in statement_children(statement))

    def _nothing(self, place: Place, node: Expr) -> int:
        touched = self._touched(node)
        if place.root in touched or (isinstance(place.root, str) and ANY_STATE in touched):
            raise _Otherwise
        return 0


class _Otherwise(Exception):
    """The variable is used in a way that does not allow its place to be empty."""


def _reads(node: Expr, place: Place) -> bool:
    path = path_of(node)
    return (
        path is not None
        and is_reference(node.type)
        and _root(path[0]) == place.root
        and len(path[1]) == len(place.steps)
        and all(map(_same_step, path[1], place.steps))
    )


def _same_step(a: Step, b: Step) -> bool:
    if isinstance(a, IndexStep) and isinstance(b, IndexStep):
        return _same(a.index, b.index)
    return isinstance(a, FieldStep) and isinstance(b, FieldStep) and a.index == b.index


def _same(a: Expr, b: Expr) -> bool:
    """Returns whether two repeatable expressions are equal."""
    match a, b:
        case LocalGet(), LocalGet():
            return a.local.index == b.local.index
        case ScalarConst(), ScalarConst():
            return a.value == b.value
        case TextConst(), TextConst():
            return a.value == b.value
        case Binary(), Binary():
            return a.op is b.op and _same(a.left, b.left) and _same(a.right, b.right)
        case Unary(), Unary():
            return a.op is b.op and _same(a.operand, b.operand)
        case FieldGet(), FieldGet():
            return a.index == b.index and _same(a.base, b.base)
        case CallBuiltin(arguments=(one,)), CallBuiltin(arguments=(other,)):
            return a.builtin is b.builtin and _same(one.value, other.value)
        case _:
            return False


def _is_repeatable(node: Expr) -> bool:
    """Returns whether it yields the same value again, as long as its variables are unchanged."""
    match node:
        case LocalGet() | ScalarConst() | TextConst():
            return True
        case Binary(left=left, right=right):
            return _is_repeatable(left) and _is_repeatable(right)
        case Unary(operand=inner) | FieldGet(base=inner):
            return _is_repeatable(inner)
        case CallBuiltin(builtin=Builtin.ARRAY_LEN, arguments=(only,)):
            return _is_repeatable(only.value)
        case _:
            return False


def _locals_in(node: Expr) -> set[int]:
    return {each.local.index for each in everything(node) if isinstance(each, LocalGet)}
