"""Calls of the prelude's functions and methods; their type parameters are fresh for every call."""

from collections.abc import Sequence

from ccl.checking.builtins import numeric
from ccl.checking.builtins.choices import one_of
from ccl.checking.calls.argument_order import after, in_order
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.core.conversions import fit
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import (
    fresh,
    has_error_type,
    is_open,
    may_be_key,
    parts,
    unify,
    with_parts,
    zonk,
)
from ccl.checking.expressions import lvalues
from ccl.checking.functions import closures
from ccl.ir import typed
from ccl.ir.typed import Builtin
from ccl.ir.types import Map, Type
from ccl.prelude.functions import NUMBER, Placeholder, PreludeFunction
from ccl.source.spans import Span
from ccl.syntax import ast


def call_prelude(
    body: Body,
    call: ast.Call,
    row: PreludeFunction,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
    expected: Type | None,
) -> typed.Expr:
    """Infers a call of a prelude function; its type parameters are fresh for every call."""
    if body.in_constant and not isinstance(row.operation, Builtin):
        body.sink.report("CCL0423", call.span, what=f"`{row.name}`")
        return closures.infer_failed(body, call)
    variables: dict[str, Type] = {}
    parameters = {name: _instance(kind, variables) for name, kind in row.parameters}
    result = _instance(row.result, variables)
    if expected is not None and (row.name == "map_new" or not row.parameters):
        unify(result, expected)
    labels = tuple(parameters)
    wanted = labels if receiver is None else labels[1:]
    bound = bind(body, call, Callee(name=row.name, parameters=wanted), arguments)
    if bound is None:
        return invalid(call.span, [body.infer(each.value) for each in arguments])
    nodes: dict[str, typed.Expr] = {}
    if numeric.is_numeric(row):
        exprs = {name: argument.value for name, argument in bound.items()}
        nodes, kind = numeric.arguments(body, call, row, exprs, receiver, expected)
        if has_error_type(kind):
            return invalid(call.span)
        unify(variables[str(NUMBER)], kind)
        bound = {}
    elif receiver is not None:
        nodes[labels[0]] = fit(body, receiver, parameters[labels[0]])
    for name, argument in bound.items():
        nodes[name] = body.check(argument.value, parameters[name])
        if row.choices and name in row.choices:
            nodes[name] = one_of(body, nodes[name], row.choices[name], name)
    changed = {labels[index] for index in row.mutates}
    before, ordered = in_order(body, nodes, labels, changed)
    kind = zonk(result)
    if not _closed(body, call, kind, variables):
        return invalid(call.span)
    return after(before, _prelude_node(body, row, ordered, kind, call.span))


def _closed(body: Body, call: ast.Call, kind: Type, variables: dict[str, Type]) -> bool:
    if has_error_type(kind):
        return False
    if "K" in variables:
        key = zonk(variables["K"])
        if not may_be_key(key):
            body.sink.report("CCL0417", call.span, found=str(key))
            return False
    if body.final and is_open(kind):
        shape = "map" if isinstance(zonk(kind), Map) else None
        body.sink.report("CCL0409", call.span, what="this value", advice=shape)
        return False
    return True


def _prelude_node(
    body: Body, row: PreludeFunction, ordered: list[typed.Expr], kind: Type, span: Span
) -> typed.Expr:
    if not isinstance(row.operation, Builtin):
        return typed.CallHost(call=row.operation, arguments=tuple(ordered), type=kind, span=span)
    for index in row.mutates:
        lvalues.change(body, ordered[index])
    passed = tuple(
        typed.Argument(value=node, mutated=i in row.mutates) for i, node in enumerate(ordered)
    )
    return typed.CallBuiltin(builtin=row.operation, arguments=passed, type=kind, span=span)


def _instance(kind: Type, variables: dict[str, Type]) -> Type:
    if isinstance(kind, Placeholder):
        return variables.setdefault(kind.name, fresh())
    made_of = parts(kind)
    return with_parts(kind, tuple(_instance(each, variables) for each in made_of))
