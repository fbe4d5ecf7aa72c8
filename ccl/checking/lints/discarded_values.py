"""Warnings about dropped values whose computation has no effect.

A trap is no effect, except for `require`, assertions and a dropped Result, which are there to trap.
Bodies record what they drop; effects are known once every body is typed. A place that several
instances share is reported if it has an effect in none.
"""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import assert_never

from ccl.abi.call_forms import Effect
from ccl.abi.host_calls import HOST_CALLS
from ccl.checking.core.environment import Body, Checker, DroppedValue
from ccl.checking.core.unification import is_error_type, prune, zonk
from ccl.checking.core.variables import Origin, Variable
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import Prim, Result
from ccl.ir.visit import everything, root_of, writes_nothing, writes_of
from ccl.source.spans import Span
from ccl.support.node import nodes_of
from ccl.syntax import ast

_ADVANCES = frozenset({"host_random"})
"""Calls that only read, and have another result the next time."""


# --- what bodies drop -------------------------------------------------------------------


def note_dropped(
    body: Body, expr: ast.Expr, statement: typed.Statement, *, before: str = "", after: str = ""
) -> None:
    """Records the value that a statement drops. `before`, `after`: the edits that terminate it."""
    if not body.final or body.is_template or body.in_constant:
        return
    if body.scope.source in body.checker.library_files:
        return
    if not isinstance(statement, typed.Evaluate):
        return
    kind = prune(statement.value.type)
    if kind in (Prim.UNIT, Prim.NEVER) or is_error_type(kind) or _unwraps(statement.value):
        return
    if after and expr.span in body.fillers:
        return
    if body.functions and any(
        isinstance(node, ast.Name) and node.text in body.functions for node in nodes_of(expr)
    ):
        return  # the effects of a passed function are those of the caller
    receiver = _receiver(body, expr, statement.value)
    target = f"let {_free_name(body)} = " if receiver is None else f"{receiver} = "
    edits = [Edit(_start(expr.span), before + target)]
    if after:
        edits.append(Edit(_end(expr.span), after))
    body.checker.dropped_values.append(
        DroppedValue(
            body=body.id,
            value=statement.value,
            span=expr.span,
            unchanged=receiver,
            parameter=_parameter(body, receiver),
            ends_branch=bool(after) and isinstance(expr, ast.AnyLiteral | ast.Name | ast.PathName),
            fix=Fix(f"begin with `{target.strip()}`", tuple(edits)),
        )
    )


def _unwraps(node: typed.Expr) -> bool:
    """Returns whether the value is a dropped Result, which traps on an Err."""
    return isinstance(prune(node.type), Result) or (
        isinstance(node, typed.Convert) and node.conversion is typed.Conversion.UNWRAP_OK
    )


def _receiver(body: Body, expr: ast.Expr, node: typed.Expr) -> str | None:
    """Returns the lvalue that a method is called on, if it can take the result."""
    match expr, node:
        case ast.Call(callee=ast.Field(base=base)), (
            typed.CallFunction(arguments=(first, *_)) | typed.CallBuiltin(arguments=(first, *_))
        ):
            pass
        case _:
            return None
    path = _path(base)
    if path is None or zonk(first.value.type) != zonk(node.type):
        return None
    root = root_of(first.value)
    if isinstance(root, typed.StateGet):
        return ".".join(path) if path[0] in body.scope.states else None
    variable = body.find(path[0])
    if root is None or variable is None or variable.local.index != root.local.index:
        return None
    if variable.local.name in body.outer:
        return None
    if len(path) > 1 and variable.origin not in (Origin.LET, Origin.PARAMETER):
        return None
    return ".".join(path)


def _parameter(body: Body, path: str | None) -> Variable | None:
    variable = body.find(path) if path is not None and not body.loops else None
    return variable if variable and variable.origin is Origin.PARAMETER else None


def _path(base: ast.Expr) -> tuple[str, ...] | None:
    match base:
        case ast.Name(text=text):
            return (text,)
        case ast.Field(base=inner, name=name):
            before = _path(inner)
            return None if before is None else (*before, name.text)
        case _:  # it is no lvalue
            return None


def _free_name(body: Body) -> str:
    """Returns a new name for the value, different for each: in an inner block the type could
    differ."""
    scope, suggested = body.scope, body.suggested_names
    taken = (suggested, scope.consts, scope.states, scope.imports)
    numbers = count(len(suggested) + 1)
    names = ("value" if number == 1 else f"value_{number}" for number in numbers)
    free = next(
        name
        for name in names
        if body.find(name) is None and not any(name in each for each in taken)
    )
    body.suggested_names.add(free)
    return free


def _start(span: Span) -> Span:
    return Span(span.file, span.start, span.start)


def _end(span: Span) -> Span:
    return Span(span.file, span.end, span.end)


# --- what has an effect -----------------------------------------------------------------


def report_dropped(checker: Checker, functions: Mapping[str, typed.Function]) -> None:
    """Reports the dropped values whose computation has no effect."""
    if not checker.dropped_values or checker.sink.has_errors:
        return
    effects = _Effects(functions, (each.value for each in checker.dropped_values))
    kept = {each.span for each in checker.dropped_values if effects.occur_in(each.value)}
    for each in checker.dropped_values:
        if each.span in kept or _is_tried(checker, each):
            continue
        in_vain = _is_assigned_in_vain(each)
        checker.sink.report(
            "CCL0918",
            each.span,
            name=each.unchanged,
            advice="parameter" if in_vain else "branch" if each.ends_branch else None,
            labels=_unchanged(each),
            fixes=() if in_vain else (each.fix,),
        )


def _is_assigned_in_vain(dropped: DroppedValue) -> bool:
    """Returns whether the lvalue is a parameter that is not read afterwards, as callers see no
    assignment."""
    parameter, end = dropped.parameter, dropped.span.end
    return parameter is not None and all(at < end for at in parameter.reads)


def _unchanged(dropped: DroppedValue) -> tuple[Label, ...]:
    place, span = dropped.unchanged, dropped.span
    if place is None:
        return ()
    at = Span(span.file, span.start, span.start + len(place))
    return (Label(at, f"`{place}` is unchanged"),)


def _is_tried(checker: Checker, dropped: DroppedValue) -> bool:
    """Returns whether it is in an `assert_traps`, which expects its trap."""
    return any(
        name == "assert_traps" and call.start <= dropped.span.start < call.end
        for call, name in checker.test_forms.get(dropped.body, {}).items()
    )


class _Effects:
    """The functions with an effect, of those that some expressions reach."""

    def __init__(
        self, functions: Mapping[str, typed.Function], values: Iterable[typed.Expr]
    ) -> None:
        self._effective: set[str] = set()
        callers: dict[str, set[str]] = {}
        pending = [callee for value in values for callee in _callees(value)]
        seen = set(pending)
        while pending:
            name = pending.pop()
            if name not in functions or _acts(functions[name].body):
                self._effective.add(name)
                continue
            for callee in _callees(functions[name].body):
                callers.setdefault(callee, set()).add(name)
                if callee not in seen:
                    seen.add(callee)
                    pending.append(callee)
        pending = list(self._effective)
        while pending:
            for caller in callers.get(pending.pop(), set()) - self._effective:
                self._effective.add(caller)
                pending.append(caller)

    def occur_in(self, value: typed.Expr) -> bool:
        """Returns whether computing the value changes anything, or leaves the statement."""
        return (
            _acts(value)
            or any(callee in self._effective for callee in _callees(value))
            or _leaves_or_sets(value)
        )


def _callees(body: typed.Expr) -> list[str]:
    return [node.function for node in everything(body) if isinstance(node, typed.CallFunction)]


def _acts(body: typed.Expr) -> bool:
    """Returns whether an expression, without its callees, changes state or the world, or checks."""
    return any(map(_is_act, everything(body)))


def _is_act(node: typed.Expr) -> bool:
    match node:
        case typed.SubmitManifest() | typed.Require():
            return True
        case typed.CallHost(call=call):
            changes = call not in HOST_CALLS or HOST_CALLS[call].effect is not Effect.READS
            return changes or call in _ADVANCES
        case typed.Convert(conversion=typed.Conversion.UNWRAP_OK):
            return True
        case typed.CallFunction() | typed.CallBuiltin():
            return any(isinstance(root, typed.StateGet) for root in _mutated(node))
        case typed.Block(statements=statements):
            return any(isinstance(root, str) for each in statements for root in writes_of(each))
        case _:
            return bool(writes_nothing(node))


def _mutated(call: typed.CallFunction | typed.CallBuiltin) -> Iterable[typed.Expr | None]:
    return (root_of(each.value) for each in call.arguments if each.mutated)


def _leaves_or_sets(value: typed.Expr) -> bool:
    """Returns whether an expression jumps, or sets a variable that is declared outside of it."""
    return any(_reaches_out(node, value.span) for node in everything(value))


def _reaches_out(node: typed.Expr, within: Span) -> bool:
    match node:
        case typed.Return() | typed.Break() | typed.Continue():
            return True
        case typed.CallFunction() | typed.CallBuiltin():
            roots = (root for root in _mutated(node) if isinstance(root, typed.LocalGet))
            return any(_is_outside(root.local, within) for root in roots)
        case typed.Block(statements=statements):
            return any(_sets_outside(each, within) for each in statements)
        case _:
            return bool(writes_nothing(node))


def _sets_outside(statement: typed.Statement, within: Span) -> bool:
    match statement:
        case typed.SetLocal(local=local) | typed.Store(root=typed.Local() as local):
            return _is_outside(local, within)
        case typed.SetState() | typed.Store() | typed.Evaluate():
            return False
        case typed.While() | typed.ForEach() | typed.ForPairs():
            return False
        case _:
            assert_never(statement)


def _is_outside(local: typed.Local, within: Span) -> bool:
    made_here = within.start <= local.span.start and local.span.end <= within.end
    return local.name != "_" and not made_here
