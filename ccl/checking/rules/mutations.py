"""Paths to objects, and the paths that expressions read and mutate.

A path leads from a variable or the program's state to a part of it. State that a function mutates
is mutated by all its callers. An assignment `replaces` an object; methods and callees mutate the
object in place.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias, assert_never

from ccl.analysis.survey import Use
from ccl.ir import typed
from ccl.ir.types import Array, Map, Struct
from ccl.ir.visit import LEAVES, children, everything, writes_nothing
from ccl.source.spans import Span
from ccl.support.node import Node, Record, field

_PLACES = (typed.StateGet, typed.FieldGet, typed.IndexGet)
_CHANGING = (typed.CallFunction, typed.CallBuiltin, typed.Block)

Step: TypeAlias = tuple[str, object] | None
"""A field, or an element by its constant key; None is any element."""


class Path(Node, frozen=True):
    """A path from a variable or the program's state to a part of it."""

    root: tuple[str, object]
    steps: tuple[Step, ...]

    def overlaps(self, other: "Path") -> bool:
        """Returns whether one may be the other, or in it."""
        return self.root == other.root and all(
            a is None or b is None or a == b for a, b in zip(self.steps, other.steps, strict=False)
        )


class Change(Node, frozen=True):
    """A mutation of an object, or its replacement by another one."""

    path: Path
    is_replaced: bool

    def moves(self, path: Path) -> bool:
        """Returns whether an overlapping `path` may lead to another object afterwards, or
        nowhere."""
        here, there = len(self.path.steps), len(path.steps)
        return here < there or (here == there and self.is_replaced)

    def alters(self, path: Path) -> bool:
        """Returns whether the object at an overlapping `path` may be another value now."""
        return not self.is_replaced or len(self.path.steps) > len(path.steps)


class StateUses(Record):
    """The parts of state that a function and its callees read and mutate, and one place of each."""

    read: dict[Path, Span] = field(default_factory=dict)
    changed: dict[Change, Span] = field(default_factory=dict)
    callees: set[str] = field(default_factory=set)

    @property
    def variables(self) -> Use:
        """The state variables; what is mutated in part is read as well."""
        changed = [each.path for each in self.changed]
        in_part = [each.root[1] for each in changed if each.steps]
        return Use(
            read=frozenset(str(each) for each in [*(path.root[1] for path in self.read), *in_part]),
            written=frozenset(str(each.root[1]) for each in changed),
        )


def object_of(node: typed.Expr) -> Path | None:
    """Returns the path to an object that can be mutated; None for a value."""
    return _path_of(node) if isinstance(node.type, Array | Map | Struct) else None


def _path_of(node: typed.Expr) -> Path | None:
    """Returns the path that an expression is; None for a fresh value."""
    step: Step
    match node:
        case typed.LocalGet(local=local):
            return Path(("variable", local.index), ())
        case typed.StateGet(state=state):
            return Path(("state", state), ())
        case typed.FieldGet(base=base, index=index):
            before, step = _path_of(base), ("field", index)
        case typed.IndexGet(base=base, index=index):
            before, step = _path_of(base), _element(index)
        case _:  # no other class refers to what is there already
            return None
    return None if before is None else Path(before.root, (*before.steps, step))


def _element(index: typed.Expr) -> Step:
    match index:
        case typed.ScalarConst(value=value) | typed.TextConst(value=value):
            return ("element", value)
        case _:  # known at run time only
            return None


# --- changes ----------------------------------------------------------------------------


def changes(body: typed.Expr, uses: Mapping[str, StateUses]) -> Iterator[tuple[Change, Span]]:
    """Yields the mutations by an expression, those of state by its callees included."""
    for node in everything(body):
        yield from _own_changes(node)
        if isinstance(node, typed.CallFunction) and node.function in uses:
            for change in uses[node.function].changed:
                yield change, node.span


def _own_changes(node: typed.Expr) -> Iterator[tuple[Change, Span]]:
    match node:
        case typed.CallFunction(arguments=arguments) | typed.CallBuiltin(arguments=arguments):
            for each in arguments:
                path = _path_of(each.value) if each.mutated else None
                if path is not None:
                    yield Change(path, is_replaced=False), each.value.span
        case typed.Block(statements=statements):
            for statement in statements:
                path = _assigned(statement)
                if path is not None:
                    yield Change(path, is_replaced=True), statement.span
        case _:
            yield from writes_nothing(node)


def _assigned(statement: typed.Statement) -> Path | None:
    match statement:
        case typed.SetLocal(local=local):
            return Path(("variable", local.index), ())
        case typed.SetState(state=state):
            return Path(("state", state), ())
        case typed.Store(root=root, steps=steps):
            inner = tuple(
                ("field", step.index) if isinstance(step, typed.FieldStep) else _element(step.index)
                for step in steps
            )
            if isinstance(root, typed.StateGet):
                return Path(("state", root.state), inner)
            return Path(("variable", root.index), inner)
        case typed.Evaluate() | typed.While() | typed.ForEach() | typed.ForPairs():
            return None
        case _:
            assert_never(statement)


# --- state ------------------------------------------------------------------------------


def state_uses(functions: Mapping[str, typed.Function]) -> dict[str, StateUses]:
    """Returns the state that each function reaches, with its callees."""
    found = {name: _own_uses(function.body) for name, function in functions.items()}
    callers: dict[str, set[str]] = {}
    for name, uses in found.items():
        for callee in uses.callees & found.keys():
            callers.setdefault(callee, set()).add(name)
    pending = [name for name, uses in found.items() if uses.read or uses.changed]
    while pending:
        name = pending.pop()
        for caller in callers.get(name, ()):
            known = found[caller]
            size = len(known.read) + len(known.changed)
            known.read = {**found[name].read, **known.read}
            known.changed = {**found[name].changed, **known.changed}
            if len(known.read) + len(known.changed) > size:
                pending.append(caller)
    return found


def _own_uses(body: typed.Expr) -> StateUses:
    uses = StateUses()
    pending: list[typed.Expr] = [body]
    while pending:
        node = pending.pop()
        path = _path_of(node) if isinstance(node, _PLACES) else None
        if path is not None and path.root[0] == "state":
            uses.read.setdefault(path, node.span)
            pending += _indices(node)
            continue
        if isinstance(node, _CHANGING):
            if isinstance(node, typed.CallFunction):
                uses.callees.add(node.function)
            for change, span in _own_changes(node):
                if change.path.root[0] == "state":
                    uses.changed.setdefault(change, span)
        if type(node) not in LEAVES:
            pending += children(node)
    return uses


def _indices(node: typed.Expr) -> Iterator[typed.Expr]:
    """Yields the keys along a path, which are expressions of their own."""
    while isinstance(node, typed.FieldGet | typed.IndexGet):
        if isinstance(node, typed.IndexGet):
            yield node.index
        node = node.base
