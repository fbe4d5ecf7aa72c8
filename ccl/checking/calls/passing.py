"""Argument passing: mutation through arguments, and outer variables of inline functions."""

from collections.abc import Sequence

from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import is_open, unify, zonk
from ccl.checking.core.variables import Origin
from ccl.checking.expressions import lvalues
from ccl.checking.inference import solving
from ccl.ir import typed
from ccl.ir.types import Type
from ccl.source.spans import Span
from ccl.syntax import ast


def pass_argument(body: Body, node: typed.Expr, index: int, signature: Signature) -> typed.Argument:
    """Passes an argument; notes whether the callee may change the object through it."""
    variable = lvalues.root_variable(body, node)
    passed_on = variable is not None and variable.origin is Origin.PARAMETER
    if variable is not None and passed_on:
        body.facts.passed.add((variable.local.index, signature.id, index))
    mutated = index in signature.mutated
    if mutated and not passed_on:
        lvalues.change(body, node)
    return typed.Argument(value=node, mutated=mutated)


def call_instance(
    body: Body, call: ast.Call, signature: Signature, ordered: Sequence[typed.Expr]
) -> typed.Expr:
    solving.require(body, signature)
    passed = tuple(pass_argument(body, node, i, signature) for i, node in enumerate(ordered))
    kind = zonk(signature.result)
    if body.final and is_open(kind):
        return invalid(call.span)  # the error is in its own body
    return typed.CallFunction(function=signature.id, arguments=passed, type=kind, span=call.span)


def pass_outer(body: Body, name: str, kind: Type, span: Span) -> typed.Expr:
    """Passes the outer variable of an inline function."""
    variable = body.find(name)
    assert variable is not None, "it was found in the scope of the inline function"
    variable.reads.append(span.start)
    unify(kind, variable.type)
    return typed.LocalGet(local=variable.local, type=zonk(variable.type), span=span)
