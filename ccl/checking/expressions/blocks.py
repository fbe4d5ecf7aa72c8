"""Blocks, branches, loops and jumps, as statements and as values."""

from typing import assert_never

from ccl.checking.builtins import data_access
from ccl.checking.core.constraints import wait_for
from ccl.checking.core.conversions import fit
from ccl.checking.core.duplicates import report_repeats
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import is_error_type, is_rigid, prune, unify, variable_of, zonk
from ccl.checking.core.variables import Origin
from ccl.checking.handlers import outcomes
from ccl.checking.lints.constant_conditions import is_true, report_endless
from ccl.checking.lints.discarded_values import note_dropped
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.support.node import fields, is_node
from ccl.syntax import ast


def infer_block(body: Body, block: ast.Block, expected: Type | None = None) -> typed.Expr:
    """Infers a block with the value of its last expression."""
    return _block(body, block, expected, dropped=False)


def discard_block(body: Body, block: ast.Block) -> typed.Block:
    """Checks a block whose value is discarded."""
    return _block(body, block, None, dropped=True)


def _block(body: Body, block: ast.Block, expected: Type | None, *, dropped: bool) -> typed.Block:
    done: list[typed.Statement] = []
    value: typed.Expr | None = None
    leaves = False
    last = len(block.statements) - 1
    with body.block():
        for i, statement in enumerate(block.statements):
            if leaves:
                rest = statement.span.to(block.statements[-1].span)
                body.sink.report("CCL0504", rest)
            is_value = (
                i == last
                and not dropped
                and isinstance(statement, ast.ExpressionStatement)
                and not statement.terminated
            )
            if is_value and isinstance(statement, ast.ExpressionStatement):
                value = _last_value(body, statement.value, expected)
            else:
                typed_statements = body.statement(statement)
                done.extend(typed_statements)
                leaves = leaves or any(_never_ends(body, each) for each in typed_statements)
    return _finished(block, done, value, leaves=leaves)


def _last_value(body: Body, expr: ast.Expr, expected: Type | None) -> typed.Expr:
    if expected is not None and prune(expected) is Prim.UNIT:
        statement = body.discard(expr)
        note_dropped(body, expr, statement, after=";")
        return _as_unit(body, statement)
    return body.infer(expr, expected)


def _as_unit(body: Body, statement: typed.Statement) -> typed.Expr:
    if isinstance(statement, typed.Evaluate) and prune(statement.value.type) in (
        Prim.UNIT,
        Prim.NEVER,
    ):
        return statement.value
    kind = Prim.NEVER if _never_ends(body, statement) else Prim.UNIT
    return typed.Block(statements=(statement,), value=None, type=kind, span=statement.span)


def _finished(
    block: ast.Block, done: list[typed.Statement], value: typed.Expr | None, *, leaves: bool
) -> typed.Block:
    if leaves:
        kind: Type = Prim.NEVER
    elif value is None:
        kind = Prim.UNIT
    else:
        kind = zonk(value.type)
    if value is not None and kind is Prim.NEVER:
        done.append(typed.Evaluate(value=value, span=value.span))
        value = None
    return typed.Block(statements=tuple(done), value=value, type=kind, span=block.span)


def _never_ends(body: Body, statement: typed.Statement) -> bool:
    match statement:
        case typed.Evaluate() | typed.SetLocal() | typed.SetState():
            return prune(statement.value.type) is Prim.NEVER
        case typed.Store(steps=steps, value=value):
            indices = (each.index for each in steps if isinstance(each, typed.IndexStep))
            return any(prune(each.type) is Prim.NEVER for each in (value, *indices))
        case typed.While(condition=condition):
            return statement.span in body.endless or prune(condition.type) is Prim.NEVER
        case typed.ForEach() | typed.ForPairs():  # Never is not iterated over
            return False
        case _:
            assert_never(statement)


def _has_break(block: ast.Block) -> bool:
    """Returns whether a `break` in the body of a loop leaves it.

    The typed body has nothing yet in place of a `match` or `try` whose value is open.
    """
    pending: list[object] = [block]
    while pending:
        match pending.pop():
            case tuple() as several:
                pending.extend(several)
            case ast.Break():
                return True
            case ast.While() | ast.Lambda():
                continue
            case ast.For(iterable=iterable):
                pending.append(iterable)
            case node if is_node(node):
                pending.extend(getattr(node, name) for name in fields(node))
    return False


def infer_if(body: Body, expr: ast.If, expected: Type | None) -> typed.Expr:
    if expected is not None and prune(expected) is Prim.UNIT:
        return discard_if(body, expr)
    if expr.otherwise is None:
        node = discard_if(body, expr)
        leaves = isinstance(node, typed.If) and node.then.type is Prim.NEVER
        if not leaves and expected is not None and variable_of(prune(expected)) is None:
            if not is_error_type(prune(expected)):
                body.sink.report("CCL0415", expr.span, expected=str(zonk(expected)))
            return invalid(expr.span)
        return node
    condition = body.check(expr.condition, Prim.BOOL)
    then = infer_block(body, expr.then, expected)
    otherwise = _otherwise(body, expr.otherwise, expected, then)
    return join(body, expr, condition, then, otherwise, expected)


def _otherwise(
    body: Body, expr: ast.Block | ast.If, expected: Type | None, then: typed.Expr
) -> typed.Expr:
    hoped = expected
    if hoped is None and prune(then.type) not in (Prim.NEVER, Prim.DATA):
        hoped = then.type
    if hoped is not None and is_error_type(prune(hoped)):
        hoped = None
    if isinstance(expr, ast.If):
        return infer_if(body, expr, hoped)
    return infer_block(body, expr, hoped)


def join(
    body: Body,
    expr: ast.If,
    condition: typed.Expr,
    then: typed.Expr,
    otherwise: typed.Expr,
    expected: Type | None,
) -> typed.Expr:
    """Joins both branches as one value of one type."""
    if expected is not None and variable_of(prune(expected)) is None:
        then = fit(body, then, expected)
        otherwise = fit(body, otherwise, expected)
    elif prune(then.type) is not Prim.NEVER and not is_invalid(then):
        label = Label(then.span, f"the other branch is {zonk(then.type)}")
        otherwise = fit(body, otherwise, then.type, labels=(label,))
    kind = zonk(otherwise.type if prune(then.type) is Prim.NEVER else then.type)
    if is_invalid(then) and not is_invalid(otherwise):
        kind = then.type
    return typed.If(condition=condition, then=then, otherwise=otherwise, type=kind, span=expr.span)


def discard_if(body: Body, expr: ast.If) -> typed.Expr:
    condition = body.check(expr.condition, Prim.BOOL)
    then = discard_block(body, expr.then)
    otherwise: typed.Expr | None = None
    match expr.otherwise:
        case ast.If():
            otherwise = discard_if(body, expr.otherwise)
        case ast.Block():
            otherwise = discard_block(body, expr.otherwise)
        case None:
            pass
    both_leave = otherwise is not None and then.type is Prim.NEVER and otherwise.type is Prim.NEVER
    kind = Prim.NEVER if both_leave else Prim.UNIT
    return typed.If(condition=condition, then=then, otherwise=otherwise, type=kind, span=expr.span)


def loop_as_value(body: Body, expr: ast.While | ast.For) -> typed.Expr:
    return _as_unit(body, body.discard(expr))


def check_while(body: Body, expr: ast.While) -> typed.Statement:
    with body.loop(expr.span):
        condition = body.check(expr.condition, Prim.BOOL)
        inner = discard_block(body, expr.body)
    if is_true(condition) and not _has_break(expr.body):
        body.endless.add(expr.span)
    loop = typed.While(condition=condition, body=inner, span=expr.span)
    report_endless(body, loop, expr)
    return loop


def check_for(body: Body, expr: ast.For) -> typed.Statement:
    pairs = len(expr.names) == 2
    report_repeats(body.sink, expr.names)
    iterable = data_access.as_walked(body.infer(expr.iterable), pairs=pairs)
    if pairs:
        return _for_pairs(body, expr, iterable)
    item = _item_type(body, expr, iterable)
    with body.block(), body.loop(expr.span):
        name = expr.names[0]
        variable = body.declare(name.text, item, name.span, Origin.LOOP)
        inner = discard_block(body, expr.body)
    return typed.ForEach(item=variable.local, iterable=iterable, body=inner, span=expr.span)


def _item_type(body: Body, expr: ast.For, iterable: typed.Expr) -> Type:
    kind = prune(iterable.type)
    match kind:
        case Array(element):
            return element
        case Prim.STRING:
            return kind
        case Map():
            body.sink.report("CCL0433", expr.names[0].span)
        case _ if variable_of(kind) is not None and not body.final:
            return _item_later(body, expr, iterable)
        case _ if variable_of(kind) is not None:
            body.sink.report("CCL0409", expr.iterable.span, what="this value")
        case _ if is_rigid(kind):
            body.sink.report("CCL0421", expr.iterable.span, found=str(kind))
        case Prim() | Option() | Result() | Token() | Struct() | Enumeration():
            body.sink.report("CCL0421", expr.iterable.span, found=str(kind))
        case ErrorType():
            pass
        case _:
            assert_never(kind)
    return invalid(expr.span).type


def _item_later(body: Body, expr: ast.For, iterable: typed.Expr) -> Type:
    """Defers the type of the elements of an array, a string or Data."""
    item = body.unknown()

    def attempt(_by_default: bool) -> bool:
        kind = prune(iterable.type)
        if variable_of(kind) is not None:
            return False
        unify(item, kind if kind is Prim.DATA else _item_type(body, expr, iterable))
        return True

    wait_for(body, [iterable.type], attempt)
    return item


def _for_pairs(body: Body, expr: ast.For, iterable: typed.Expr) -> typed.Statement:
    kind = prune(iterable.type)
    unknown = invalid(expr.span).type
    key_type, value_type = unknown, unknown
    if isinstance(kind, Map):
        key_type, value_type = kind.key, kind.value
    elif variable_of(kind) is not None:
        key_type, value_type = body.unknown(), body.unknown()
        unify(kind, Map(key_type, value_type))
    elif not is_error_type(kind):
        body.sink.report("CCL0434", expr.iterable.span, found=str(kind))
    with body.block(), body.loop(expr.span):
        key = body.declare(expr.names[0].text, key_type, expr.names[0].span, Origin.LOOP)
        value = body.declare(expr.names[1].text, value_type, expr.names[1].span, Origin.LOOP)
        inner = discard_block(body, expr.body)
    return typed.ForPairs(
        key=key.local, value=value.local, iterable=iterable, body=inner, span=expr.span
    )


def infer_jump(body: Body, expr: ast.Return | ast.Break | ast.Continue) -> typed.Expr:
    match expr:
        case ast.Return():
            return outcomes.before_leaving(body, _return(body, expr))
        case ast.Break():
            if not body.loops:
                body.sink.report("CCL0502", expr.span, word="break")
                return invalid(expr.span)
            return typed.Break(span=expr.span)
        case ast.Continue():
            if not body.loops:
                body.sink.report("CCL0502", expr.span, word="continue")
                return invalid(expr.span)
            return typed.Continue(span=expr.span)


def _return(body: Body, expr: ast.Return) -> typed.Expr:
    body.returns = True
    if expr.value is None:
        if not unify(body.result, Prim.UNIT):
            body.sink.report("CCL0503", expr.span, expected=str(zonk(body.result)))
        return typed.Return(value=None, span=expr.span)
    result = prune(body.result)
    if result is Prim.UNIT:
        value = body.infer(expr.value)
        if prune(value.type) is Prim.UNIT:
            statement = typed.Evaluate(value=value, span=value.span)
            leave = typed.Evaluate(value=typed.Return(value=None, span=expr.span), span=expr.span)
            return typed.Block(
                statements=(statement, leave), value=None, type=Prim.NEVER, span=expr.span
            )
        value = fit(body, value, Prim.UNIT, labels=body.result_labels)
    else:
        value = body.check(expr.value, body.result, labels=body.result_labels)
    return typed.Return(value=value, span=expr.span)
