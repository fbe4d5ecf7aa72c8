"""Functions as arguments: a function's name, or an inline function `x => e`.

A higher-order function becomes, for every call, a function of its own in which the parameter is the
function given. An inline function becomes a function with its outer variables as further
parameters, which the callee passes on; so it mutates objects as its surroundings would, but cannot
rebind their variables. Nothing of this is left in the typed tree.
"""

from collections.abc import Sequence
from typing import Final

from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.signatures import InlineFunction, NamedFunction, PassedFunction, Signature
from ccl.checking.core.unification import fresh, unify
from ccl.checking.expressions import enums, names
from ccl.checking.functions import library
from ccl.checking.inference import solving
from ccl.checking.symbols.uses import note_function, note_passed, note_prelude
from ccl.ir import typed
from ccl.ir.types import ERROR_TYPE
from ccl.prelude.functions import FUNCTIONS, SPECIAL_FORMS
from ccl.support.node import nodes_of
from ccl.syntax import ast
from ccl.syntax.paths import path_of

INLINE: Final = "inline function"
"""The name of every inline function."""


def passed_function(body: Body, expr: ast.Expr) -> PassedFunction | None:
    """Returns the function that an argument is; None for anything else."""
    scope = body.scope
    match expr:
        case ast.Lambda():
            return _inline(body, expr)
        case ast.Name(text=text) if body.find(text) is None and text not in scope.consts:
            if text in body.functions:
                note_passed(body.checker, expr)
                return body.functions[text]
            if text in scope.functions:
                note_function(body.checker, expr, scope.functions[text])
                return NamedFunction(scope=scope, name=text)
            targets = library.functions_named(body.checker, text)
            if targets:
                note_function(body.checker, expr, targets[0][0].functions[targets[0][1]])
                return NamedFunction(scope=targets[0][0], name=targets[0][1])
            if text in FUNCTIONS or text in SPECIAL_FORMS:
                note_prelude(body.checker, expr)
                return NamedFunction(scope=scope, name=text)
            methods = library.methods_named(body.checker, text)
            if methods:
                owner, own_name = methods[0]
                arity = len(owner.functions[own_name].parameters)
                return _inline(body, _calling(expr, arity))
        case ast.Field() | ast.PathName():
            return _passed_member(body, expr)
        case _:  # a value is no function
            pass
    return None


def _passed_member(body: Body, expr: ast.Field | ast.PathName) -> PassedFunction | None:
    """Returns a function of an import or a contract, or the constructor of a variant."""
    path = path_of(expr)
    if path is None or len(path) < 2 or body.find(path[0].text) is not None:
        return None
    if names.leads_to_member(body, path):
        owner = names.member_of_import(body, path)
        if owner is not None and path[-1].text in owner.functions:
            note_function(body.checker, path[-1], owner.functions[path[-1].text])
            return NamedFunction(scope=owner, name=path[-1].text)
        return None
    info = enums.find(body, path[:-1])
    payload = {} if info is None else dict(info.variants)
    arity = len(payload.get(path[-1].text, ()))
    return _inline(body, _calling(expr, arity)) if arity else None


def _calling(callee: ast.Expr, arity: int) -> ast.Lambda:
    """Builds `(a, b) => callee(a, b)`, with names that no program can spell."""
    span = callee.span
    given = tuple(ast.Ident(text=f"given {i}", span=span) for i in range(arity))
    arguments = tuple(
        ast.Argument(name=None, value=ast.Name(text=each.text, span=span), span=span)
        for each in given
    )
    call = ast.Call(callee=callee, type_arguments=(), arguments=arguments, span=span)
    return ast.Lambda(parameters=given, body=call, span=span)


def _inline(body: Body, expr: ast.Lambda) -> InlineFunction:
    """Declares an inline function as a function of the program."""
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
            written_in=body.id,
            template=body.is_template,
            outer=frozenset(outer),
        )
    signature = checker.signatures[identity]
    signature.template = signature.template and body.is_template
    for kind, name in zip(signature.parameters[len(expr.parameters) :], outer, strict=True):
        variable = body.find(name)
        assert variable is not None, "outer variables are those that are found"
        variable.reads.append(expr.span.start)
        checker.captured[expr.span, name] = variable.symbol
        unify(kind, variable.type)
    return InlineFunction(function=identity, outer=tuple(outer))


def _as_block(expr: ast.Expr) -> ast.Block:
    if isinstance(expr, ast.Block):
        return expr
    last = ast.ExpressionStatement(value=expr, terminated=False, span=expr.span)
    return ast.Block(statements=(last,), span=expr.span)


# --- arguments of calls that are wrong


def infer_unplaced(body: Body, arguments: Sequence[ast.Argument]) -> list[typed.Expr]:
    """Infers arguments whose parameters are unknown, for the errors in them.

    The arguments of an inline function among them are unknown, but the variables that it reads are
    not.
    """
    nodes: list[typed.Expr] = []
    for each in arguments:
        if not isinstance(each.value, ast.Lambda):
            if passed_function(body, each.value) is None:
                nodes.append(body.infer(each.value))
            continue
        if body.is_template:
            _check_for_anything(body, each.value)
            continue
        for node in nodes_of(each.value.body):
            if isinstance(node, ast.Name) and (variable := body.find(node.text)) is not None:
                variable.reads.append(node.span.start)
    return nodes


def _check_for_anything(body: Body, expr: ast.Lambda) -> None:
    """Checks an inline function of a template, with parameters of any type."""
    signature = body.checker.signatures[_inline(body, expr).function]
    signature.parameters[: len(expr.parameters)] = [ERROR_TYPE] * len(expr.parameters)
    solving.require(body, signature)


def infer_failed(body: Body, call: ast.Call) -> typed.Expr:
    """Infers the arguments of a wrong call, for errors of their own."""
    return invalid(call.span, infer_unplaced(body, call.arguments))
