"""Assignments: to variables, to state, and to fields and elements of either."""

from ccl.abi.text.suggest import nearest
from ccl.checking.core.environment import Body, is_invalid
from ccl.checking.core.unification import prune, variable_of, zonk
from ccl.checking.core.variables import Variable
from ccl.checking.expressions import lvalues, names, operators
from ccl.checking.state import variables
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.typed import BinaryOp
from ccl.ir.visit import root_of
from ccl.prelude.functions import HANDLER_PARAMETER, HOST_RECORDS
from ccl.source.spans import Span
from ccl.syntax import ast


def assign(body: Body, statement: ast.Assign) -> tuple[typed.Statement, ...]:
    """Checks `target op value`."""
    root = _root(statement.target)
    if root is None:
        body.sink.report("CCL0427", statement.target.span, what="this expression")
        return _only_value(body, statement)
    op = None if statement.operator == "=" else BinaryOp(statement.operator[:-1])
    if variables.is_named(body, statement.target):
        return _assign_state(body, statement, op)
    variable = body.find(root.text)
    if variable is None:
        return _no_such_variable(body, statement, root)
    if isinstance(statement.target, ast.Name):
        return (_rebind(body, statement, variable, op),)
    return _store(body, statement, variable, root, op)


def _root(target: ast.Expr) -> ast.Name | None:
    while isinstance(target, ast.Field | ast.Index):
        target = target.base
    if isinstance(target, ast.PathName):
        first = target.segments[0]
        return ast.Name(text=first.text, span=first.span)
    return target if isinstance(target, ast.Name) else None


def _only_value(body: Body, statement: ast.Assign) -> tuple[typed.Statement, ...]:
    return (typed.Evaluate(value=body.infer(statement.value), span=statement.span),)


def _no_such_variable(
    body: Body, statement: ast.Assign, root: ast.Name
) -> tuple[typed.Statement, ...]:
    scope = body.scope
    if root.text in scope.consts:
        body.sink.report(
            "CCL0427",
            root.span,
            what=f"the constant `{root.text}`",
            labels=(Label(scope.consts[root.text].name.span, "declared here"),),
        )
    elif root.text == HANDLER_PARAMETER:
        body.sink.report("CCL0216", root.span)
    elif root.text in HOST_RECORDS or names.is_root_section(body, root.text):
        body.sink.report("CCL0427", root.span, what=f"`{root.text}`")
    elif root.text not in body.unknown_names:
        body.unknown_names.add(root.text)
        near = nearest(root.text, body.visible_names)
        start = Span(root.span.file, root.span.start, root.span.start)
        new = isinstance(statement.target, ast.Name) and statement.operator == "="
        body.sink.report(
            "CCL0201",
            root.span,
            name=root.text,
            fixes=(Fix("declare it", (Edit(start, "let "),)),) if new else (),
            nearest=near,
        )
    return _only_value(body, statement)


def _rebind(
    body: Body, statement: ast.Assign, variable: Variable, op: BinaryOp | None
) -> typed.Statement:
    span = statement.span
    lvalues.refuse_outer(body, variable, statement.target.span)
    declared = Label(variable.local.span, f"`{variable.local.name}` is {zonk(variable.type)}")
    if op is None:
        body.mention(variable, statement.target.span)
        value = body.check(statement.value, variable.type, labels=(declared,))
        return typed.SetLocal(local=variable.local, value=value, span=span)
    body.mention(variable, statement.target.span)
    here = typed.LocalGet(
        local=variable.local, type=zonk(variable.type), span=statement.target.span
    )
    value = operators.assigned(body, statement, op, here)
    return typed.SetLocal(local=variable.local, value=value, span=span)


def _assign_state(
    body: Body, statement: ast.Assign, op: BinaryOp | None
) -> tuple[typed.Statement, ...]:
    """Checks `total = 5`, `proposals[id].votes[k] = v` and the like."""
    place = body.infer(statement.target)
    root = root_of(place)
    if is_invalid(place):
        return _only_value(body, statement)
    if not isinstance(root, typed.StateGet):
        body.sink.report("CCL0427", statement.target.span, what="a field of host data")
        return _only_value(body, statement)
    if variables.refuse_foreign(body, root):
        return _only_value(body, statement)
    if place is not root:
        return _stored(body, statement, root, place, op)
    if op is None:
        declared = body.checker.states[root.state].item.name
        labels = (Label(declared.span, f"`{declared.text}` is {zonk(place.type)}"),)
        value = body.check(statement.value, place.type, labels=labels)
    else:
        value = operators.assigned(body, statement, op, place)
    return (typed.SetState(state=root.state, value=value, span=statement.span),)


def _store(
    body: Body, statement: ast.Assign, variable: Variable, root: ast.Name, op: BinaryOp | None
) -> tuple[typed.Statement, ...]:
    place = body.infer(statement.target)
    _forget_read(variable, root.span)
    if is_invalid(place):
        return _only_value(body, statement)
    if _steps(place) is not None:
        lvalues.note_mutation(body, variable, statement.target.span)
    return _stored(body, statement, variable.local, place, op)


def _stored(
    body: Body,
    statement: ast.Assign,
    root: typed.Local | typed.StateGet,
    place: typed.Expr,
    op: BinaryOp | None,
) -> tuple[typed.Statement, ...]:
    """Checks an assignment to an lvalue inside `root`."""
    steps = _steps(place)
    if steps is None:
        body.sink.report("CCL0427", statement.target.span, what="a field of host data")
        return _only_value(body, statement)
    if op is None:
        value = body.check(statement.value, place.type)
    else:
        value = operators.assigned_operand(body, statement, op, place)
    return (typed.Store(root=root, steps=steps, op=op, value=value, span=statement.target.span),)


def _forget_read(variable: Variable, span: Span) -> None:
    """Takes back the read of a variable that is the root of an assigned path."""
    if span.start in variable.reads:
        variable.reads.remove(span.start)


def _steps(place: typed.Expr) -> tuple[typed.Step, ...] | None:
    """Returns the path from the root variable to the lvalue; None where it leads through Data."""
    match place:
        case typed.LocalGet() | typed.StateGet():
            return ()
        case typed.FieldGet():
            before = _steps(place.base)
            step: typed.Step = typed.FieldStep(index=place.index, of=zonk(place.base.type))
        case typed.IndexGet():
            before = _steps(place.base)
            step = typed.IndexStep(index=place.index, of=zonk(place.base.type), span=place.span)
        case _:  # Data is not changed in part
            return () if variable_of(prune(place.type)) is not None else None
    return None if before is None else (*before, step)
