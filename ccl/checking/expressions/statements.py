"""Statements other than expressions: `let`, assignment, `return`."""

from typing import assert_never

from ccl.checking.core.constraints import solve_ready, wait_for
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.type_names import read_type
from ccl.checking.core.unification import is_error_type, is_open, is_unknown, prune, unify, zonk
from ccl.checking.core.variables import Origin, Variable
from ccl.checking.expressions import assignments, lvalues
from ccl.checking.handlers import actions, outcomes
from ccl.checking.lints.assigning_lets import without_let
from ccl.checking.lints.discarded_values import note_dropped
from ccl.checking.state import variables
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import Prim, Type
from ccl.syntax import ast


def check_statement(body: Body, statement: ast.Statement) -> tuple[typed.Statement, ...]:
    if body.checker.solving.ready:
        solve_ready(body.checker)
    match statement:
        case ast.Let():
            return (_let(body, statement),)
        case ast.Assign():
            return assignments.assign(body, statement)
        case ast.ExpressionStatement():
            done = body.discard(statement.value)
            after = "" if statement.terminated else ";"
            note_dropped(body, statement.value, done, after=after)
            return (done,)
        case ast.Action():
            return actions.check_action(body, statement)
        case ast.HandlerEntry():
            return outcomes.check_entry(body, statement)
        case _:
            assert_never(statement)


def _let(body: Body, let: ast.Let) -> typed.Statement:
    """Declares a local, or assigns the visible one of the same name and type."""
    name = let.name.text
    if let.type is not None:
        declared = _declared(body, let.type)
        labels = (Label(let.type.span, "the type is declared here"),)
        value = body.check(let.value, declared, labels=labels)
        kind = zonk(declared)
    else:
        value, kind = _inferred(body, let)
    if name == "_":
        return typed.Evaluate(value=value, span=let.span)
    visible = body.find(name)
    later = not body.final and visible is not None and _same_later(body, visible, kind)
    if visible is not None and not is_error_type(prune(kind)) and not later:
        if _same(visible, kind):
            if not lvalues.refuse_outer(body, visible, let.name.span):
                visible.assigning_lets.append(let)
            body.mention(visible, let.name.span)
            return typed.SetLocal(local=visible.local, value=value, span=let.span)
        if visible.depth != len(body.scopes):
            _different_type(body, let, visible, kind)
    if visible is None and variables.refuse_let(body, let.name, without_let(let)):
        return typed.Evaluate(value=value, span=let.span)
    _shadowing(body, let)
    origin = value.span if lvalues.is_place(value) else None
    variable = body.declare(name, kind, let.name.span, Origin.LET, copied_from=origin)
    return typed.SetLocal(local=variable.local, value=value, span=let.span)


def _same_later(body: Body, visible: Variable, kind: Type) -> bool:
    """Defers the comparison of types to the end of inference.

    An open type is the same as another only if it becomes so, or by default. Until then this is a
    variable of its own.
    """
    sides = (visible.type, kind)
    if not any(map(is_unknown, sides)):
        return False

    def attempt(by_default: bool) -> bool:
        if by_default or not any(map(is_unknown, sides)):
            unify(*sides)
            return True
        return False

    wait_for(body, sides, attempt)
    return True


def _declared(body: Body, written: ast.TypeExpr) -> Type:
    """Returns the declared type; the error type that a Result omits is inferred like an omitted
    type."""
    if body.final and (solved := body.solved.get(written.span)) is not None:
        return zonk(solved)
    declared = read_type(body.checker, body.scope, written, body.types, solved=True)
    if is_open(declared) and not body.final:
        body.solved[written.span] = declared
    return declared


def _inferred(body: Body, let: ast.Let) -> tuple[typed.Expr, Type]:
    value = body.infer(let.value)
    kind = zonk(value.type)
    if kind in (Prim.UNIT, Prim.NEVER):
        if kind is Prim.UNIT:
            body.sink.report("CCL0435", let.value.span, name=let.name.text)
            kind = invalid(let.span).type
    elif body.final and is_open(kind):
        body.sink.report("CCL0409", let.name.span, what=f"`{let.name.text}`")
        kind = invalid(let.span).type
    return value, kind


def _same(visible: Variable, kind: Type) -> bool:
    return is_error_type(prune(visible.type)) or unify(visible.type, kind)


def _different_type(body: Body, let: ast.Let, visible: Variable, kind: Type) -> None:
    body.sink.report(
        "CCL0426",
        let.name.span,
        name=let.name.text,
        outer=str(zonk(visible.type)),
        inner=str(zonk(kind)),
        labels=(Label(visible.local.span, f"declared here as {zonk(visible.type)}"),),
    )


def _shadowing(body: Body, let: ast.Let) -> None:
    name = let.name.text
    if name in body.scope.consts and body.find(name) is None:
        body.sink.report(
            "CCL0905",
            let.name.span,
            name=name,
            labels=(Label(body.scope.consts[name].name.span, "the constant is declared here"),),
        )
