"""Functions for tests: assertions, and the caller, time and state that a test sets.

An assertion is a check that traps as any other. `assert_traps` is a branch: the test runner
executes the test once for each that the test reaches, and enters that one only.
"""

from collections.abc import Mapping
from typing import Final

from ccl.abi.host_calls import RESOURCE_TYPES
from ccl.abi.test_calls import ASSERTION_FAILED, NOTHING_TRAPPED
from ccl.checking.builtins.choices import one_of
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.core.conversions import convert
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import prune, zonk
from ccl.checking.expressions import literals, operators
from ccl.checking.roles import roles
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Conversion
from ccl.ir.types import Array, Prim, Type
from ccl.source.spans import Span
from ccl.syntax import ast

_STANDINGS: Final[Mapping[str, tuple[str, tuple[tuple[str, Type], ...]]]] = {
    "as_caller": ("test_caller", (("member", Prim.DID),)),
    "at_time": ("test_time", (("time", Prim.TIMESTAMP),)),
    "advance": ("test_advance", (("time", Prim.DURATION),)),
    "with_input": ("test_input", (("text", Prim.STRING),)),
    "with_balance": (
        "test_balance",
        (("resource_type", Prim.STRING), ("units", Prim.INTEGER)),
    ),
}
"""Calls that change the context for the rest of the test, and their parameters."""
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_EFFECTS: Final = {"events": "emit", "submitted_jobs": "submit-job"}


def is_test(body: Body) -> bool:
    signature = body.checker.signatures.get(body.id)
    return signature is not None and signature.item.test


def infer_test_form(body: Body, call: ast.Call, name: str) -> typed.Expr:
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what=f"`{name}`")
        return invalid(call.span)
    if body.final:
        body.checker.test_forms.setdefault(body.id, {})[call.span] = name
    match name:
        case "assert":
            return _assert(body, call)
        case "assert_eq" | "assert_ne":
            return _assert_compared(body, call, name)
        case "assert_traps":
            return _assert_traps(body, call)
        case "events" | "submitted_jobs":
            return _listed(body, call, name, Prim.DATA)
        case "logged":
            return _listed(body, call, name, Prim.STRING)
        case "grant_role":
            return _grant_role(body, call)
        case _:
            return _standing(body, call, name)


def _bound(
    body: Body, call: ast.Call, name: str, parameters: tuple[str, ...], *, optional: str = ""
) -> dict[str, ast.Expr] | None:
    """Returns the arguments by parameter; None after reporting."""
    callee = Callee(name=name, parameters=parameters, optional=frozenset({optional}))
    bound = bind(body, call, callee, call.arguments)
    if bound is None:
        for each in call.arguments:
            body.infer(each.value)
        return None
    return {parameter: argument.value for parameter, argument in bound.items()}


def _message(body: Body, bound: Mapping[str, ast.Expr]) -> typed.Expr | None:
    written = bound.get("message")
    return None if written is None else body.check(written, Prim.STRING)


# --- assertions -------------------------------------------------------------------------


def _assert(body: Body, call: ast.Call) -> typed.Expr:
    bound = _bound(body, call, "assert", ("condition", "message"), optional="message")
    if bound is None:
        return typed.UnitConst(span=call.span)
    written = bound["condition"]
    if isinstance(written, ast.Binary) and written.operator in _COMPARISONS:
        return _compared(body, written, bound, call.span)
    condition = body.check(written, Prim.BOOL)
    return _checked(condition, _message(body, bound), call.span)


def _assert_compared(body: Body, call: ast.Call, name: str) -> typed.Expr:
    bound = _bound(body, call, name, ("left", "right", "message"), optional="message")
    if bound is None:
        return typed.UnitConst(span=call.span)
    written = ast.Binary(
        operator="==" if name == "assert_eq" else "!=",
        operator_span=call.callee.span,
        left=bound["left"],
        right=bound["right"],
        span=call.span,
    )
    return _compared(body, written, bound, call.span)


def _checked(condition: typed.Expr, message: typed.Expr | None, span: Span) -> typed.Expr:
    return typed.Require(
        condition=condition, message=message, article=None, span=span, reason=ASSERTION_FAILED
    )


def _compared(
    body: Body, written: ast.Binary, bound: Mapping[str, ast.Expr], span: Span
) -> typed.Expr:
    """Infers a comparison that keeps both values, for the report."""
    compared = operators.infer_binary(body, written, None)
    message = _message(body, bound)
    if not isinstance(compared, typed.Binary) or not body.final:
        return typed.UnitConst(span=span)
    if is_invalid(compared.left) or is_invalid(compared.right):
        return typed.UnitConst(span=span)
    left, right = _kept(body, compared.left), _kept(body, compared.right)
    report = typed.Evaluate(value=_report(left.local, right.local, span), span=span)
    never = typed.ScalarConst(value=0, type=Prim.BOOL, span=span)
    holds = typed.ShortCircuit(
        is_and=False,
        left=typed.Binary(
            op=compared.op,
            left=_read(left.local),
            right=_read(right.local),
            type=Prim.BOOL,
            span=compared.span,
        ),
        right=typed.Block(statements=(report,), value=never, type=Prim.BOOL, span=span),
        span=span,
    )
    checked = typed.Evaluate(value=_checked(holds, message, span), span=span)
    return typed.Block(statements=(left, right, checked), value=None, type=Prim.UNIT, span=span)


def _kept(body: Body, node: typed.Expr) -> typed.SetLocal:
    return typed.SetLocal(local=body.temporary(node.type, node.span), value=node, span=node.span)


def _read(local: typed.Local) -> typed.Expr:
    return typed.LocalGet(local=local, type=local.type, span=local.span)


def _report(left: typed.Local, right: typed.Local, span: Span) -> typed.Expr:
    return typed.CallHost(
        call="test_compare",
        arguments=(
            typed.TextConst(value=str(zonk(left.type)), type=Prim.STRING, span=span),
            convert(_read(left), Conversion.TO_DATA, Prim.DATA),
            convert(_read(right), Conversion.TO_DATA, Prim.DATA),
        ),
        type=Prim.UNIT,
        span=span,
    )


def _assert_traps(body: Body, call: ast.Call) -> typed.Expr:
    """Builds `if entered here { expression; leave }`; after leaving, invariants may still trap."""
    bound = _bound(body, call, "assert_traps", ("expression", "reason"), optional="reason")
    if bound is None:
        return typed.UnitConst(span=call.span)
    where = bound["expression"].span
    place = typed.TextConst(
        value=f"{where.file}:{where.start}:{where.end}", type=Prim.STRING, span=call.span
    )
    reason: typed.Expr = typed.TextConst(value="", type=Prim.STRING, span=call.span)
    if "reason" in bound:
        reason = body.check(bound["reason"], Prim.STRING)
    entered = typed.CallHost(
        call="test_enter", arguments=(place, reason), type=Prim.INTEGER, span=call.span
    )
    one = typed.ScalarConst(value=1, type=Prim.INTEGER, span=call.span)
    with body.block():
        tried = body.discard(bound["expression"])
    leave = _leave(body, call.span)
    then = typed.Block(
        statements=(tried, typed.Evaluate(value=leave, span=call.span)),
        value=None,
        type=leave.type,
        span=call.span,
    )
    return typed.If(
        condition=typed.Binary(
            op=BinaryOp.EQUAL, left=entered, right=one, type=Prim.BOOL, span=call.span
        ),
        then=then,
        otherwise=None,
        type=Prim.UNIT,
        span=call.span,
    )


def _leave(body: Body, span: Span) -> typed.Expr:
    """Builds the end of an expression that did not trap: the end of the test, or a trap."""
    if is_test(body) and prune(body.result) is Prim.UNIT:
        return typed.Return(value=None, span=span)
    no = typed.ScalarConst(value=0, type=Prim.BOOL, span=span)
    return typed.Require(
        condition=no, message=None, article=None, span=span, reason=NOTHING_TRAPPED
    )


# --- standings --------------------------------------------------------------------------


def _standing(body: Body, call: ast.Call, name: str) -> typed.Expr:
    host, parameters = _STANDINGS[name]
    bound = _bound(body, call, name, tuple(each for each, _ in parameters))
    if bound is None:
        return typed.UnitConst(span=call.span)
    values = [body.check(bound[each], kind) for each, kind in parameters]
    match name:
        case "at_time" | "advance":
            values[0] = convert(values[0], Conversion.SAME_BITS, Prim.INTEGER)
        case "with_balance":
            values[0] = one_of(body, values[0], RESOURCE_TYPES, "resource_type")
    return typed.CallHost(call=host, arguments=tuple(values), type=Prim.UNIT, span=call.span)


def _grant_role(body: Body, call: ast.Call) -> typed.Expr:
    """Infers a role as `caller_has_role` takes it, or its name as the host grants it."""
    bound = _bound(body, call, "grant_role", ("role",))
    if bound is None:
        return typed.UnitConst(span=call.span)
    written = bound["role"]
    declared = roles.declared_roles(body.checker)
    name = literals.plain_text(written) if isinstance(written, ast.StringLiteral) else None
    if name is not None and (name in declared or not declared):
        role = body.check(written, Prim.STRING)
    else:
        found = roles.named_role(body, written)
        if found is None:
            return invalid(call.span)
        role = typed.TextConst(value=found[1].name.text, type=Prim.STRING, span=written.span)
    return typed.CallHost(call="test_role", arguments=(role,), type=Prim.UNIT, span=call.span)


def _listed(body: Body, call: ast.Call, name: str, element: Type) -> typed.Expr:
    if _bound(body, call, name, ()) is None:
        return invalid(call.span)
    kind = _EFFECTS.get(name)
    listed = typed.CallHost(
        call="test_log" if kind is None else "test_effects",
        arguments=()
        if kind is None
        else (typed.TextConst(value=kind, type=Prim.STRING, span=call.span),),
        type=Prim.DATA,
        span=call.span,
    )
    return convert(listed, Conversion.DATA_TO, Array(element))
