"""Aliasing in calls: an error where the call mutates one of two overlapping arguments.

A parameter is the caller's object. Where two arguments overlap, or an argument and state that the
callee reaches by name, the result would depend on copies whether one sees a change through the
other; the same holds where an argument mutates an earlier one while it is evaluated. Elements at
unknown positions may be the same one. Values that cannot be mutated (numbers, texts, variants,
Data) overlap with nothing.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from ccl.checking.core.environment import Checker
from ccl.checking.rules.mutations import StateUses, changes, object_of
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.visit import LEAVES, everything

_Arguments: TypeAlias = tuple[typed.Argument, ...]


def report_overlap(
    checker: Checker, functions: Mapping[str, typed.Function], uses: Mapping[str, StateUses]
) -> None:
    """Reports calls whose arguments overlap with each other or with state. `uses`: by function."""
    for function in functions.values():
        for call, arguments in _calls(function.body):
            taken = len(arguments)
            if isinstance(call, typed.CallFunction):
                taken -= _captured(functions[call.function])
            if taken > 1:
                _report_evaluation(checker, uses, arguments[:taken])
            if isinstance(call, typed.CallFunction):
                _report_arguments(checker, arguments)
                if call.function in uses:
                    _report_state(checker, functions[call.function], uses[call.function], arguments)


def _calls(
    body: typed.Expr,
) -> Iterator[tuple[typed.CallFunction | typed.CallBuiltin, _Arguments]]:
    """Yields each call with its arguments as written, also where they are evaluated before it."""
    before: dict[int, typed.Expr] = {}
    for node in everything(body):
        match node:
            case typed.Block(statements=statements):
                for each in statements:
                    if isinstance(each, typed.SetLocal) and each.local.name == "_":
                        before[each.local.index] = each.value
            case typed.CallFunction() | typed.CallBuiltin():
                yield node, tuple(_as_written(each, before) for each in node.arguments)
            case _:
                pass


def _captured(function: typed.Function) -> int:
    """Returns how many of the last parameters are outer variables of its inline functions."""
    return sum("." in parameter.name for parameter in function.parameters)


def _as_written(argument: typed.Argument, before: Mapping[int, typed.Expr]) -> typed.Argument:
    match argument.value:
        case typed.LocalGet(local=local) if local.index in before:
            return typed.Argument(value=before[local.index], mutated=argument.mutated)
        case _:
            return argument


def _report_evaluation(
    checker: Checker, uses: Mapping[str, StateUses], arguments: _Arguments
) -> None:
    """Reports an argument whose evaluation mutates an earlier one.

    An argument that the call mutates itself may change before, as in `stack.push(stack.pop() + 1)`,
    as long as it stays the same object; one that the call only reads may be replaced, for the call
    has the old one.
    """
    written = sorted(arguments, key=lambda each: each.value.span.start)
    objects = [(each, path) for each in written if (path := object_of(each.value)) is not None]
    if not objects:
        return
    for later in written:
        if type(later.value) in LEAVES:
            continue
        for change, span in changes(later.value, uses):
            for earlier, path in objects:
                if earlier.value.span.start >= later.value.span.start:
                    break
                harmful = change.moves(path) if earlier.mutated else change.alters(path)
                if harmful and change.path.overlaps(path):
                    label = Label(earlier.value.span, "this argument is evaluated earlier")
                    checker.sink.report("CCL0453", span, labels=(label,))
                    return


def _report_arguments(checker: Checker, arguments: _Arguments) -> None:
    places = [(each, path) for each in arguments if (path := object_of(each.value)) is not None]
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
    checker: Checker, callee: typed.Function, uses: StateUses, arguments: _Arguments
) -> None:
    changed = {change.path: span for change, span in uses.changed.items()}
    for each in arguments:
        path = object_of(each.value)
        if path is None or path.root[0] != "state":
            continue
        reached = {**uses.read, **changed} if each.mutated else changed
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
