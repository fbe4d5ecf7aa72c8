"""Reports of unknown functions and methods, with suggestions.

A fix is offered only where the call has as many arguments as the suggested function.
"""

from collections.abc import Sequence

from ccl.abi.text.suggest import either, nearest, similar
from ccl.checking.builtins import test_builtins
from ccl.checking.core.environment import Body
from ccl.checking.core.unification import prune, zonk
from ccl.checking.functions import closures, library
from ccl.checking.lints import foreign_names
from ccl.diagnostics.model import Edit, Fix
from ccl.ir import typed
from ccl.ir.types import Prim, Type
from ccl.prelude import library_index
from ccl.prelude.functions import FUNCTIONS, METHODS, SPECIAL_FORMS, TEST_FORMS
from ccl.source.spans import Span
from ccl.syntax import ast

ALL_METHODS = (*METHODS, *library_index.METHODS)
_SHAPES = {
    ("Array", "fold"): "fold(start, (so_far, item) => …)",
    ("Map", "fold"): "fold(start, (so_far, key, value) => …)",
    ("Option", "unwrap_or"): "unwrap_or(other)",
    ("Result", "unwrap_or"): "unwrap_or(other)",
}
"""Calls of methods whose arguments other languages pass in another way."""


def unknown_function(body: Body, call: ast.Call, name: ast.Name) -> typed.Expr:
    """Reports a call of an unknown function, with similar names."""
    text = name.text
    own = body.scope.function_names
    known = (*own, *FUNCTIONS, *SPECIAL_FORMS, *library_index.FUNCTIONS)
    known = (*known, *TEST_FORMS) if test_builtins.is_test(body) else known
    foreign = foreign_names.FOREIGN_NAMES.get(text)
    if foreign in TEST_FORMS and not test_builtins.is_test(body):
        foreign = None
    meant = nearest(text, own) or foreign or nearest(text, known)
    if body.scope.incomplete:
        return closures.infer_failed(body, call)
    if text in body.scope.structs:
        fixes = _literal_instead(call, name.span)
        body.sink.report("CCL0202", name.span, name=text, advice="struct", fixes=fixes)
        return closures.infer_failed(body, call)
    if meant == "integer" and _is_of_text(body, call):
        fixes = (_as_method(call, name.span, "to_integer"),)
        body.sink.report("CCL0202", name.span, name=text, advice="text", fixes=fixes)
        return closures.infer_failed(body, call)
    advice, method = (None, None) if meant else _habit(text)
    near = (meant,) if meant else () if advice else similar(text, known)
    for each in near:
        if each in body.scope.functions:
            body.checker.used_functions.add(body.checker.function_id(body.scope, each))
    body.sink.report(
        "CCL0202",
        name.span,
        name=text,
        fixes=_call_instead(name.span, near),
        similar=either(near),
        advice=advice,
        method=method,
    )
    return closures.infer_failed(body, call)


def unknown_method(body: Body, call: ast.Call, member: ast.Field, kind: Type) -> typed.Expr:
    """Reports a call of a method that the receiver's type does not have."""
    name, group = member.name.text, library.group_of(kind) or ""
    known = [each for owner, each in ALL_METHODS if owner == group]
    foreign = foreign_names.FOREIGN_METHODS.get(group, {}).get(name)
    near = (foreign,) if foreign else similar(name, (*known, *body.scope.function_names))
    shape = None
    if len(near) == 1 and not _takes(body, group, near[0], len(call.arguments)):
        shape = _SHAPES.get((group, near[0])) or _call_shape(group, near[0])
    body.sink.report(
        "CCL0412",
        member.name.span,
        name=name,
        type=str(zonk(kind)),
        fixes=() if shape else _call_instead(member.name.span, near),
        similar=either(near),
        shape=shape,
        advice="shape" if shape else None,
    )
    return closures.infer_failed(body, call)


def _takes(body: Body, group: str, name: str, count: int) -> bool:
    """Returns whether the method takes `count` arguments, as far as can be seen."""
    if name == "fold":
        return False  # other languages give its arguments in other orders
    builtin = METHODS.get((group, name))
    if builtin is not None:
        return len(FUNCTIONS[builtin].parameters) == count + 1
    if (group, name) in library_index.METHODS:
        return (count == 0) == (name in library_index.BARE_METHODS)
    own = body.scope.functions.get(name)
    return own is None or len(own.parameters) == count + 1


def _call_shape(group: str, name: str) -> str:
    builtin = METHODS.get((group, name))
    if builtin is not None:
        return f"{name}({', '.join(each for each, _ in FUNCTIONS[builtin].parameters[1:])})"
    return f"{name}()" if name in library_index.BARE_METHODS else f"{name}(…)"


def _is_of_text(body: Body, call: ast.Call) -> bool:
    """Returns whether the only argument is certainly a String."""
    match call.arguments:
        case (ast.Argument(name=None, value=ast.StringLiteral()),):
            return True
        case (ast.Argument(name=None, value=ast.Name(text=text)),):
            variable = body.find(text)
            return variable is not None and prune(variable.type) is Prim.STRING
        case _:
            return False


def _as_method(call: ast.Call, name: Span, method: str) -> Fix:
    """Rewrites `name(value)` as `value.method()`, for a value that needs no parentheses."""
    value = call.arguments[0].value.span
    before = Span(name.file, name.start, value.start)
    behind = Span(name.file, value.end, call.span.end)
    return Fix(f"call `{method}`", (Edit(before, ""), Edit(behind, f".{method}()")))


def _call_instead(place: Span, near: Sequence[str]) -> tuple[Fix, ...]:
    """Returns the fix where one function may be meant."""
    if len(near) != 1:
        return ()
    return (Fix(f"call `{near[0]}`", (Edit(place, near[0]),)),)


def _literal_instead(call: ast.Call, name: Span) -> tuple[Fix, ...]:
    """Returns the fix for `Name(field: value)`, a struct literal with the wrong brackets."""
    if any(each.name is None for each in call.arguments):
        return ()
    opening = Span(name.file, name.end, name.end + 1)
    closing = Span(name.file, call.span.end - 1, call.span.end)
    return (Fix("write it with braces", (Edit(opening, " { "), Edit(closing, " }"))),)


def _habit(name: str) -> tuple[str | None, str | None]:
    """Returns the facts `advice` and `method` for a function that other languages have."""
    if name in foreign_names.COUNTING_NAMES:
        return "count", None
    method = foreign_names.METHOD_NAMES.get(name)
    return None if method is None else "method", method
