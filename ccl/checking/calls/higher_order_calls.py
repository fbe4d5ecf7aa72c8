"""Calls of higher-order functions: each is a call of an instance made for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from ccl.checking.calls.argument_order import after, in_order
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.calls.passing import call_instance, pass_outer
from ccl.checking.core.conversions import fit
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.signatures import (
    AnyFunction,
    Generic,
    InlineFunction,
    NamedFunction,
    PassedFunction,
    Signature,
)
from ccl.checking.functions import generics
from ccl.checking.functions.closures import infer_unplaced, passed_function
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.resolver.scopes import FileScope
from ccl.support.node import replace
from ccl.syntax import ast


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The called function, and its scope."""

    scope: FileScope
    item: ast.Function
    id: str
    taking: frozenset[str]
    """The parameters that are functions."""


def call_higher_order(
    body: Body,
    call: ast.Call,
    owner: FileScope,
    name: str,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
) -> typed.Expr:
    """Infers a call of a higher-order function, as a call of the instance made for it."""
    checker = body.checker
    identity = checker.function_id(owner, name)
    item = owner.functions[name]
    target = _Target(
        scope=owner, item=item, id=identity, taking=checker.function_parameters[identity]
    )
    checker.used_functions.add(identity)
    parameters = tuple(each.name.text for each in item.parameters)
    rest = parameters if receiver is None else parameters[1:]
    callee = Callee(name=name, parameters=rest, declared=item.name.span, item=item)
    bound = bind(body, call, callee, arguments)
    if bound is None:
        return invalid(call.span, infer_unplaced(body, arguments))
    given: dict[str, PassedFunction] = {}
    for parameter in sorted(target.taking & bound.keys()):
        passed = passed_function(body, bound[parameter].value)
        if passed is None:
            node = body.infer(bound[parameter].value)
            if is_invalid(node):
                return invalid(call.span, (node,))
            label = Label(item.name.span, f"`{parameter}` of `{name}` is called in it")
            body.sink.report(
                "CCL0444", bound[parameter].value.span, parameter=parameter, labels=(label,)
            )
            return invalid(call.span, (node,))
        given[parameter] = passed
    signature = _instance(body, call, target, given)
    if signature is None:
        return invalid(call.span)
    kept = [each.name.text for each in signature.item.parameters]
    nodes: dict[str, typed.Expr] = {}
    if receiver is not None:
        nodes[parameters[0]] = fit(body, receiver, signature.parameters[0])
    for parameter, argument in bound.items():
        if parameter not in given:
            expected = signature.parameters[kept.index(parameter)]
            nodes[parameter] = body.check(argument.value, expected)
    before, ordered = in_order(body, nodes, [each for each in kept if each in nodes])
    for parameter, function in given.items():
        for outer in function.outer if isinstance(function, InlineFunction) else ():
            kind = signature.parameters[len(ordered)]
            ordered.append(pass_outer(body, outer, kind, bound[parameter].value.span))
    return after(before, call_instance(body, call, signature, ordered))


def _instance(
    body: Body, call: ast.Call, target: _Target, given: dict[str, PassedFunction]
) -> Signature | None:
    """Returns the instance for this call: one around it, if that was given the same functions."""
    checker = body.checker
    around = checker.signatures.get(body.id)
    while around is not None:
        if around.made_from == target.id and _are_same(given, around.functions):
            return around
        outer = around.made_in
        around = None if outer is None else checker.signatures.get(outer)
    identity = f"{target.id}@{body.id}:{call.span.end}"
    if identity in checker.signatures:
        known = checker.signatures[identity]
        known.template = known.template and body.is_template
        return known
    if not generics.admit(body, call, identity):
        return None
    kept = tuple(each for each in target.item.parameters if each.name.text not in given)
    hidden = tuple(
        ast.Parameter(
            name=ast.Ident(text=f"{parameter}.{outer}", span=target.item.name.span),
            type=None,
            span=target.item.name.span,
        )
        for parameter, each in given.items()
        if isinstance(each, InlineFunction)
        for outer in each.outer
    )
    item = replace(target.item, parameters=(*kept, *hidden))
    signature = generics.open_instance(body, call, Generic(item=item, scope=target.scope))
    signature.id = identity
    signature.made_from = target.id
    signature.made_in = body.id
    signature.template = body.is_template
    signature.functions = {name: _inside(name, each) for name, each in given.items()}
    checker.signatures[identity] = signature
    return signature


def _are_same(given: Mapping[str, PassedFunction], known: Mapping[str, PassedFunction]) -> bool:
    """Returns whether the same functions are given; names of outer variables differ on the way."""
    return given.keys() == known.keys() and all(
        _identity(each) == _identity(known[name]) for name, each in given.items()
    )


def _identity(function: PassedFunction) -> tuple[object, ...]:
    match function:
        case NamedFunction(scope=scope, name=name):
            return scope.file, name
        case InlineFunction(function=identity, outer=outer):
            return identity, len(outer)
        case AnyFunction():
            return (function,)
        case _:
            assert_never(function)


def _inside(parameter: str, function: PassedFunction) -> PassedFunction:
    """Returns the function as the callee has it: outer variables are hidden parameters there."""
    if not isinstance(function, InlineFunction):
        return function
    return replace(function, outer=tuple(f"{parameter}.{each}" for each in function.outer))
