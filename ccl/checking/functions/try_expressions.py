"""`?` and `try … catch …` on an Option or a Result."""

from ccl.checking.core.constraints import wait_for
from ccl.checking.core.conversions import convert, fit
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import (
    is_error_type,
    is_open,
    prune,
    unify,
    variable_of,
    zonk,
)
from ccl.checking.core.variables import Origin
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Option, Result, Type
from ccl.syntax import ast

OK, ERR = 0, 1
NONE, SOME = 0, 1


def infer_try(body: Body, expr: ast.Try, expected: Type | None) -> typed.Expr:
    return _of_subject(body, expr, body.infer(expr.body), expected)


def _try_later(body: Body, expr: ast.Try, subject: typed.Expr, expected: Type | None) -> typed.Expr:
    """Defers `x?` of a value that may be an Option or a Result."""
    body.returns = body.returns or expr.handler is None
    node = body.not_known_yet(expr.span)

    def attempt(_by_default: bool) -> bool:
        if variable_of(prune(subject.type)) is not None:
            return False
        unify(node.type, _of_subject(body, expr, subject, expected).type)
        return True

    wait_for(body, [subject.type], attempt, scoped=True)
    return node


def _of_subject(
    body: Body, expr: ast.Try, subject: typed.Expr, expected: Type | None
) -> typed.Expr:
    kind = prune(subject.type)
    err: Type | None
    match kind:
        case Result(ok, err):
            good, value, bad = OK, ok, ERR
        case Option(value):
            good, bad, err = SOME, NONE, None
        case _ if variable_of(kind) is not None and not body.final:
            return _try_later(body, expr, subject, expected)
        case _:  # no other type can fail
            return _not_fallible(body, expr, subject, expected)
    if expr.handler is not None:
        return _with_handler(body, expr, subject, expected, (good, value, bad, err))
    if err is not None and body.is_entry:
        return convert(subject, Conversion.UNWRAP_OK, zonk(value))
    return _propagated(body, expr, subject, (good, value, bad, err))


def _not_fallible(
    body: Body, expr: ast.Try, subject: typed.Expr, expected: Type | None
) -> typed.Expr:
    kind = prune(subject.type)
    if variable_of(kind) is not None:
        body.sink.report("CCL0409", expr.body.span, what="this value")
    elif not is_error_type(kind):
        body.sink.report("CCL0425", expr.body.span, found=str(kind))
    if expr.handler is not None:
        body.infer(expr.handler, expected)
    return invalid(expr.span)


_Parts = tuple[int, Type, int, Type | None]
"""Tag and type of the good value, tag and type of the bad one (None: it has no payload)."""


def _with_handler(
    body: Body, expr: ast.Try, subject: typed.Expr, expected: Type | None, parts: _Parts
) -> typed.Expr:
    assert expr.handler is not None
    good, value, bad, err = parts
    bound = body.temporary(value, expr.body.span)
    taken = typed.TagArm(
        tag=good,
        bindings=((0, bound),),
        body=typed.LocalGet(local=bound, type=zonk(value), span=expr.body.span),
    )
    bindings: tuple[tuple[int, typed.Local], ...] = ()
    with body.block():
        if expr.binding is not None:
            if err is None:
                body.sink.report("CCL0440", expr.binding.span)
                err = invalid(expr.span).type
            name = expr.binding
            variable = body.declare(name.text, err, name.span, Origin.PATTERN)
            bindings = ((0, variable.local),)
        handler = body.infer(expr.handler, value)
        handler = fit(body, handler, value)
    del expected
    if body.final and is_open(subject.type):
        body.sink.report("CCL0409", expr.body.span, what="this value")
        return invalid(expr.span)
    rescue = typed.TagArm(tag=bad, bindings=bindings, body=handler)
    return typed.MatchTag(
        subject=subject,
        arms=_ordered(taken, rescue),
        otherwise=None,
        type=zonk(value),
        span=expr.span,
    )


def _ordered(*arms: typed.TagArm) -> tuple[typed.TagArm, ...]:
    return tuple(sorted(arms, key=lambda arm: arm.tag))


def _propagated(body: Body, expr: ast.Try, subject: typed.Expr, parts: _Parts) -> typed.Expr:
    """Builds `e?`: the bad case returns from the function."""
    good, value, bad, err = parts
    body.returns = True
    left: Type = Option(body.unknown()) if err is None else Result(body.unknown(), err)
    if body.is_entry or not unify(body.result, left):
        what = "an Option" if err is None else "a Result"
        body.sink.report(
            "CCL0441",
            expr.span,
            what=what,
            found="nothing" if body.is_entry else str(zonk(body.result)),
            labels=body.result_labels,
        )
        return invalid(expr.span)
    span = expr.span
    result = zonk(body.result)
    bound = body.temporary(value, span)
    taken = typed.TagArm(
        tag=good,
        bindings=((0, bound),),
        body=typed.LocalGet(local=bound, type=zonk(value), span=span),
    )
    payload: tuple[typed.Expr, ...] = ()
    bindings: tuple[tuple[int, typed.Local], ...] = ()
    if err is not None:
        failure = body.temporary(err, span)
        bindings = ((0, failure),)
        payload = (typed.LocalGet(local=failure, type=zonk(err), span=span),)
    leave = typed.Return(
        value=typed.VariantNew(tag=bad, payload=payload, type=result, span=span), span=span
    )
    rescue = typed.TagArm(tag=bad, bindings=bindings, body=leave)
    return typed.MatchTag(
        subject=subject,
        arms=_ordered(taken, rescue),
        otherwise=None,
        type=zonk(value),
        span=span,
    )
