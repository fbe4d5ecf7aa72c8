"""Two ways to one object in one call, while the call changes it: an error.

A parameter is the caller's object. Where two arguments overlap, or an argument and state that
the callee reaches by name, it would be chance whether one sees what is changed through the other.
Elements at positions that are not known may be the same one. What cannot be changed in place
(numbers, texts, variants, Data) is a value, and overlaps with nothing.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from ccl import typed
from ccl.checking.environment import Checker
from ccl.diagnostics import Label
from ccl.node import Node, Record, field
from ccl.source import Span
from ccl.types import Array, Map, Struct
from ccl.walk import children, everything

Step: TypeAlias = tuple[str, object] | None
"""A field, or an element whose key is known here; None is any element."""


class Path(Node, frozen=True):
    """From a variable or the program's state to a part of it."""

    root: tuple[str, object]
    steps: tuple[Step, ...]

    def overlaps(self, other: "Path") -> bool:
        """Whether one may be the other, or in it."""
        return self.root == other.root and all(
            a is None or b is None or a == b for a, b in zip(self.steps, other.steps, strict=False)
        )


class _Uses(Record):
    """The parts of state that a function and its callees read and change, and one place of each."""

    read: dict[Path, Span] = field(default_factory=dict)
    changed: dict[Path, Span] = field(default_factory=dict)
    callees: set[str] = field(default_factory=set)


def report_overlap(checker: Checker, functions: Mapping[str, typed.Function]) -> None:
    """Report the calls whose arguments overlap with each other or with state."""
    uses = _state_uses(functions) if checker.states else {}
    for function in functions.values():
        for call, arguments in _calls(function.body):
            _report_arguments(checker, arguments)
            if call.function in uses:
                _report_state(checker, functions[call.function], uses[call.function], arguments)


def _calls(body: typed.Expr) -> Iterator[tuple[typed.CallFunction, tuple[typed.Argument, ...]]]:
    """Each call with its arguments as written, also where they are evaluated before it."""
    before: dict[int, typed.Expr] = {}
    for node in everything(body):
        match node:
            case typed.Block(statements=statements, value=typed.CallFunction()):
                for each in statements:
                    if isinstance(each, typed.SetLocal) and each.local.name == "_":
                        before[each.local.index] = each.value
            case typed.CallFunction():
                yield node, tuple(_as_written(each, before) for each in node.arguments)
            case _:
                pass


def _as_written(argument: typed.Argument, before: Mapping[int, typed.Expr]) -> typed.Argument:
    match argument.value:
        case typed.LocalGet(local=local) if local.index in before:
            return typed.Argument(value=before[local.index], mutated=argument.mutated)
        case _:
            return argument


def _report_arguments(checker: Checker, arguments: tuple[typed.Argument, ...]) -> None:
    places = [(each, path) for each in arguments if (path := _object(each.value)) is not None]
    for i, (later, path) in enumerate(places):
        for earlier, other in places[:i]:
            if (later.mutated or earlier.mutated) and path.overlaps(other):
                by = "changed" if earlier.mutated else "read"
                label = Label(earlier.value.span, f"{by} by the same call")
                checker.sink.report(
                    "CCL0448",
                    later.value.span,
                    does="changes" if later.mutated else "reads",
                    labels=(label,),
                )
                return


def _report_state(
    checker: Checker, callee: typed.Function, uses: _Uses, arguments: tuple[typed.Argument, ...]
) -> None:
    for each in arguments:
        path = _object(each.value)
        if path is None or path.root[0] != "state":
            continue
        reached = {**uses.read, **uses.changed} if each.mutated else uses.changed
        place = next((span for other, span in reached.items() if path.overlaps(other)), None)
        if place is not None:
            state = str(path.root[1])
            by_name = "uses" if each.mutated else "changes"
            checker.sink.report(
                "CCL0449",
                each.value.span,
                name=checker.states[state].item.name.text,
                function=callee.name,
                through="changes" if each.mutated else "reads",
                by_name=by_name,
                labels=(Label(place, "used here" if each.mutated else "changed here"),),
            )


def _object(node: typed.Expr) -> Path | None:
    """The path to an object that can be changed in place; None for a value."""
    return path_of(node) if isinstance(node.type, Array | Map | Struct) else None


def path_of(node: typed.Expr) -> Path | None:
    """The path that an expression is; None for what is made anew."""
    step: Step
    match node:
        case typed.LocalGet(local=local):
            return Path(("variable", local.index), ())
        case typed.StateGet(state=state):
            return Path(("state", state), ())
        case typed.FieldGet(base=base, index=index):
            before, step = path_of(base), ("field", index)
        case typed.IndexGet(base=base, index=index):
            before, step = path_of(base), _element(index)
        case _:
            return None
    return None if before is None else Path(before.root, (*before.steps, step))


def _element(index: typed.Expr) -> Step:
    match index:
        case typed.ScalarConst(value=value) | typed.TextConst(value=value):
            return ("element", value)
        case _:
            return None


# --- state ------------------------------------------------------------------------------


def _state_uses(functions: Mapping[str, typed.Function]) -> dict[str, _Uses]:
    """What each function reaches, with its callees."""
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


def _own_uses(body: typed.Expr) -> _Uses:
    uses = _Uses()
    pending: list[typed.Expr] = [body]
    while pending:
        node = pending.pop()
        path = path_of(node)
        if path is not None and path.root[0] == "state":
            uses.read.setdefault(path, node.span)
            pending += _indices(node)
            continue
        match node:
            case typed.CallFunction(arguments=arguments) | typed.CallBuiltin(arguments=arguments):
                if isinstance(node, typed.CallFunction):
                    uses.callees.add(node.function)
                for each in arguments:
                    if each.mutated:
                        _note(uses.changed, path_of(each.value), each.value.span)
            case typed.Block(statements=statements):
                for statement in statements:
                    _note_statement(uses, statement)
            case _:
                pass
        pending += children(node)
    return uses


def _indices(node: typed.Expr) -> Iterator[typed.Expr]:
    """The keys along a path, which are expressions of their own."""
    while isinstance(node, typed.FieldGet | typed.IndexGet):
        if isinstance(node, typed.IndexGet):
            yield node.index
        node = node.base


def _note_statement(uses: _Uses, statement: typed.Statement) -> None:
    match statement:
        case typed.SetState(state=state):
            _note(uses.changed, Path(("state", state), ()), statement.span)
        case typed.Store(root=typed.StateGet(state=state), steps=steps):
            inner = tuple(
                ("field", step.index) if isinstance(step, typed.FieldStep) else _element(step.index)
                for step in steps
            )
            _note(uses.changed, Path(("state", state), inner), statement.span)
        case _:
            pass


def _note(found: dict[Path, Span], path: Path | None, span: Span) -> None:
    if path is not None and path.root[0] == "state":
        found.setdefault(path, span)
