"""Calls of parameters that are functions, in an instance that has been given them."""

from ccl.checking.builtins import special_calls
from ccl.checking.calls import function_calls, prelude_calls
from ccl.checking.calls.arguments import counted
from ccl.checking.calls.passing import call_instance, pass_outer
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.signatures import AnyFunction, NamedFunction, PassedFunction
from ccl.checking.functions.closures import infer_unplaced
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import Type
from ccl.prelude.functions import FUNCTIONS, SPECIAL_FORMS
from ccl.syntax import ast


def call_passed(
    body: Body, call: ast.Call, name: str, function: PassedFunction, expected: Type | None
) -> typed.Expr:
    """Infers `f(x)` in a function that was given `f`."""
    if isinstance(function, AnyFunction):
        return invalid(call.span, infer_unplaced(body, call.arguments))
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
        ordered.append(pass_outer(body, outer, kind, call.span))
    return call_instance(body, call, signature, ordered)
