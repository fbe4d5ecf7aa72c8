"""Functions as arguments: a function's name, or an inline function `x => e`.

A function that takes one becomes, for every call, a function of its own in which the parameter
stands for what was given. An inline function becomes a function with its outer variables as
further parameters, which the callee hands on; so it changes objects as its surroundings would,
but cannot rebind their variables. Nothing of this is left in the typed tree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ccl.checking.builtins import special_calls
from ccl.checking.calls import function_calls, prelude_calls
from ccl.checking.calls.argument_order import after, in_order
from ccl.checking.calls.arguments import Callee, bind, counted
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
from ccl.checking.core.unification import ERROR_TYPE, fresh, is_open, unify, zonk
from ccl.checking.expressions import enums, names
from ccl.checking.functions import generics, library
from ccl.checking.inference import solving
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import Type
from ccl.prelude.functions import FUNCTIONS, SPECIAL_FORMS
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.support.node import nodes_of, replace
from ccl.syntax import ast
from ccl.syntax.paths import path_of

# --- calls of functions that take functions

INLINE: Final = "inline function"
"""What an inline function is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The function called, and where it is declared."""

    scope: FileScope
    item: ast.Function
    id: str
    taking: frozenset[str]
    """Its parameters that are functions."""


def call_higher_order(
    body: Body,
    call: ast.Call,
    owner: FileScope,
    name: str,
    arguments: Sequence[ast.Argument],
    receiver: typed.Expr | None,
) -> typed.Expr:
    """A call of a function that takes functions: of the instance made for this call."""
    checker = body.checker
    identity = checker.function_id(owner, name)
    item = owner.functions[name]
    target = _Target(
        scope=owner, item=item, id=identity, taking=checker.function_parameters[identity]
    )
    checker.used_functions.add(identity)
    parameters = tuple(each.name.text for each in item.parameters)
    rest = parameters if receiver is None else parameters[1:]
    callee = Callee(name=name, parameters=rest, declared=item.name.span)
    bound = bind(body, call, callee, arguments)
    if bound is None:
        infer_unplaced(body, arguments)
        return invalid(call.span)
    given: dict[str, PassedFunction] = {}
    for parameter in sorted(target.taking & bound.keys()):
        passed = _passed(body, bound[parameter].value)
        if passed is None:
            if is_invalid(body.infer(bound[parameter].value)):
                return invalid(call.span)
            label = Label(item.name.span, f"`{parameter}` of `{name}` is called in it")
            body.sink.report(
                "CCL0444", bound[parameter].value.span, parameter=parameter, labels=(label,)
            )
            return invalid(call.span)
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
            ordered.append(_outer(body, outer, kind, bound[parameter].value.span))
    return after(before, _called(body, call, signature, ordered))


def infer_unplaced(body: Body, arguments: Sequence[ast.Argument]) -> None:
    """Errors inside arguments whose parameters are unknown.

    What an inline function among them is given is not known, but what it reads is.
    """
    for each in arguments:
        if not isinstance(each.value, ast.Lambda):
            if _passed(body, each.value) is None:
                body.infer(each.value)
            continue
        if body.is_template:
            _check_for_anything(body, each.value)
            continue
        for node in nodes_of(each.value.body):
            if isinstance(node, ast.Name) and (variable := body.find(node.text)) is not None:
                variable.reads.append(node.span.start)


def _check_for_anything(body: Body, expr: ast.Lambda) -> None:
    """An inline function of a template, for whatever the instances will give it."""
    signature = body.checker.signatures[_inline(body, expr).function]
    signature.parameters[: len(expr.parameters)] = [ERROR_TYPE] * len(expr.parameters)
    solving.require(body, signature)


def infer_failed(body: Body, call: ast.Call) -> typed.Expr:
    """A wrong call; its arguments may have errors of their own."""
    infer_unplaced(body, call.arguments)
    return invalid(call.span)


def _called(
    body: Body, call: ast.Call, signature: Signature, ordered: list[typed.Expr]
) -> typed.Expr:
    solving.require(body, signature)
    passed = tuple(
        function_calls.pass_argument(body, node, i, signature) for i, node in enumerate(ordered)
    )
    kind = zonk(signature.result)
    if body.final and is_open(kind):
        return invalid(call.span)  # the error is in its own body
    return typed.CallFunction(function=signature.id, arguments=passed, type=kind, span=call.span)


def _outer(body: Body, name: str, kind: Type, span: Span) -> typed.Expr:
    """The outer variable of an inline function, handed on."""
    variable = body.find(name)
    assert variable is not None, "it was found in the scope of the inline function"
    variable.reads.append(span.start)
    unify(kind, variable.type)
    return typed.LocalGet(local=variable.local, type=zonk(variable.type), span=span)


def _instance(
    body: Body, call: ast.Call, target: _Target, given: dict[str, PassedFunction]
) -> Signature | None:
    """The function made for this call: one around it, if that has the same functions."""
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
    """Whether the same functions are given; what outer variables are called differs on the way."""
    return given.keys() == known.keys() and all(
        _identity(each) == _identity(known[name]) for name, each in given.items()
    )


def _identity(function: PassedFunction) -> tuple[object, ...]:
    match function:
        case NamedFunction(scope=scope, name=name):
            return scope.file, name
        case InlineFunction(function=identity, outer=outer):
            return identity, len(outer)
        case _:
            return (function,)


def _inside(parameter: str, function: PassedFunction) -> PassedFunction:
    """The function as the callee has it: outer variables are hidden parameters there."""
    if not isinstance(function, InlineFunction):
        return function
    return replace(function, outer=tuple(f"{parameter}.{each}" for each in function.outer))


# --- what is passed


def _passed(body: Body, expr: ast.Expr) -> PassedFunction | None:
    """The function that an argument is; None for anything else."""
    scope = body.scope
    match expr:
        case ast.Lambda():
            return _inline(body, expr)
        case ast.Name(text=text) if body.find(text) is None and text not in scope.consts:
            if text in body.functions:
                return body.functions[text]
            if text in scope.functions:
                return NamedFunction(scope=scope, name=text)
            targets = library.functions_named(body.checker, text)
            if targets:
                return NamedFunction(scope=targets[0][0], name=targets[0][1])
            if text in FUNCTIONS or text in SPECIAL_FORMS:
                return NamedFunction(scope=scope, name=text)
            methods = library.methods_named(body.checker, text)
            if methods:
                owner, own_name = methods[0]
                arity = len(owner.functions[own_name].parameters)
                return _inline(body, _calling(expr, arity))
        case ast.Field() | ast.PathName():
            return _passed_member(body, expr)
        case _:
            pass
    return None


def _passed_member(body: Body, expr: ast.Field | ast.PathName) -> PassedFunction | None:
    """A function of an import or a contract, or a variant as the function that makes it."""
    path = path_of(expr)
    if path is None or len(path) < 2 or body.find(path[0].text) is not None:
        return None
    if names.leads_to_member(body, path):
        owner = names.member_of_import(body, path)
        if owner is not None and path[-1].text in owner.functions:
            return NamedFunction(scope=owner, name=path[-1].text)
        return None
    info = enums.find(body, path[:-1])
    payload = {} if info is None else dict(info.variants)
    arity = len(payload.get(path[-1].text, ()))
    return _inline(body, _calling(expr, arity)) if arity else None


def _calling(callee: ast.Expr, arity: int) -> ast.Lambda:
    """`(a, b) => callee(a, b)`, with names that no program can spell."""
    span = callee.span
    given = tuple(ast.Ident(text=f"given {i}", span=span) for i in range(arity))
    arguments = tuple(
        ast.Argument(name=None, value=ast.Name(text=each.text, span=span), span=span)
        for each in given
    )
    call = ast.Call(callee=callee, type_arguments=(), arguments=arguments, span=span)
    return ast.Lambda(parameters=given, body=call, span=span)


def _inline(body: Body, expr: ast.Lambda) -> InlineFunction:
    """An inline function as a function of the program."""
    checker = body.checker
    own = {each.text for each in expr.parameters}
    named = dict.fromkeys(
        node.text
        for node in nodes_of(expr.body)
        if isinstance(node, ast.Name) and node.text not in own
    )
    handed = {name: body.functions[name] for name in named if name in body.functions}
    outer = [name for name in named if body.find(name) is not None]
    for each in handed.values():
        if isinstance(each, InlineFunction):
            outer += [name for name in each.outer if name not in outer]
    identity = f"{body.id}=>{expr.span.start}"
    if identity not in checker.signatures:
        if body.id in checker.instance_roots:
            checker.instance_roots[identity] = checker.instance_roots[body.id]
        taken = (*expr.parameters, *(ast.Ident(text=each, span=expr.span) for each in outer))
        item = ast.Function(
            name=ast.Ident(text=INLINE, span=expr.span),
            type_parameters=(),
            parameters=tuple(ast.Parameter(name=n, type=None, span=n.span) for n in taken),
            result=None,
            body=_as_block(expr.body),
            exported=False,
            test=False,
            doc=None,
            span=expr.span,
        )
        checker.signatures[identity] = Signature(
            id=identity,
            item=item,
            scope=body.scope,
            parameters=[fresh() for _ in taken],
            result=fresh(),
            types=body.types,
            functions=handed,
            made_from=identity,
            template=body.is_template,
            outer=frozenset(outer),
        )
    signature = checker.signatures[identity]
    signature.template = signature.template and body.is_template
    for kind, name in zip(signature.parameters[len(expr.parameters) :], outer, strict=True):
        variable = body.find(name)
        assert variable is not None, "outer variables are those that are found"
        variable.reads.append(expr.span.start)
        unify(kind, variable.type)
    return InlineFunction(function=identity, outer=tuple(outer))


def _as_block(expr: ast.Expr) -> ast.Block:
    if isinstance(expr, ast.Block):
        return expr
    last = ast.ExpressionStatement(value=expr, terminated=False, span=expr.span)
    return ast.Block(statements=(last,), span=expr.span)


# --- calls of what was passed


def call_passed(
    body: Body, call: ast.Call, name: str, function: PassedFunction, expected: Type | None
) -> typed.Expr:
    """`f(x)` in a function that was given `f`."""
    if isinstance(function, AnyFunction):
        infer_unplaced(body, call.arguments)
        return invalid(call.span)
    if isinstance(function, NamedFunction):
        if function.name in function.scope.functions:
            return function_calls.call_function(
                body, call, function.scope, function.name, call.arguments, None
            )
        if function.name in SPECIAL_FORMS:
            return special_calls.infer_form(body, call, function.name, expected)
        row = FUNCTIONS[function.name]
        return prelude_calls.call_prelude(body, call, row, call.arguments, None, expected)
    signature = body.checker.signatures[function.function]
    count = len(signature.parameters) - len(function.outer)
    if len(call.arguments) != count or any(each.name for each in call.arguments):
        body.sink.report(
            "CCL0445",
            signature.item.span,
            wanted=counted(len(call.arguments), "value"),
            given=counted(count, "parameter"),
            labels=(Label(call.span, f"`{name}` is called here"),),
        )
        for each in call.arguments:
            body.infer(each.value)
        return invalid(call.span)
    ordered = [
        body.check(each.value, kind)
        for each, kind in zip(call.arguments, signature.parameters, strict=False)
    ]
    for outer, kind in zip(function.outer, signature.parameters[count:], strict=True):
        ordered.append(_outer(body, outer, kind, call.span))
    return _called(body, call, signature, ordered)
