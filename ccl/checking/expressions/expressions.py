"""Expressions: dispatch of each form to its module, which checks its parts through `Body`.

`infer` takes an expected type as a hint (a literal takes it, other expressions may ignore it),
`check` requires it, `discard` drops the value.
"""

from typing import assert_never

from ccl.checking.builtins import records, special_calls
from ccl.checking.calls import calls
from ccl.checking.core.conversions import convert, fit, to_text
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import is_error_type, is_open, known_type, prune, zonk
from ccl.checking.expressions import aggregates, blocks, literals, lvalues, names, operators
from ccl.checking.functions import try_expressions
from ccl.checking.handlers import events
from ccl.checking.lints.fillers import fillers
from ccl.checking.patterns import match
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Prim, Result, Type
from ccl.syntax import ast


def check(body: Body, expr: ast.Expr, expected: Type, labels: tuple[Label, ...]) -> typed.Expr:
    return fit(body, infer(body, expr, zonk(expected)), expected, labels=labels)


def infer(body: Body, expr: ast.Expr, expected: Type | None = None) -> typed.Expr:
    """Infers the type of `expr`.

    A type that is open while bodies are inferred is recorded by its place: once known, it is the
    type of the expression, whatever its context.
    """
    if body.final:
        solved = body.solved.get(expr.span)
        return _infer(body, expr, expected if solved is None else _hoped_for(solved, expected))
    node = _infer(body, expr, expected)
    if is_open(node.type):
        body.solved[expr.span] = node.type
    return node


def _hoped_for(solved: Type, expected: Type | None) -> Type | None:
    """Returns the inferred type as a hint; a part that is reported as open is not reported
    again."""
    kind = zonk(solved)
    is_free = expected is None or is_open(expected)
    is_partly_known = not is_error_type(kind) and not is_open(kind)
    return kind if is_free and is_partly_known else known_type(kind, expected)


def _infer(body: Body, expr: ast.Expr, expected: Type | None) -> typed.Expr:
    match expr:  # frequent forms first: this runs for each expression
        case ast.Name():
            return names.infer_name(body, expr, expected)
        case ast.IntegerLiteral():
            return literals.integer(body, expr.value, expr.span, expected)
        case ast.Binary():
            return operators.infer_binary(body, expr, expected)
        case ast.Call():
            return calls.infer_call(body, expr, expected)
        case ast.Field():
            return lvalues.infer_field(body, expr, expected)
        case ast.Index():
            return lvalues.infer_index(body, expr)
        case ast.StringLiteral():
            return _string(body, expr, expected)
        case (
            ast.DecimalLiteral()
            | ast.PercentLiteral()
            | ast.BoolLiteral()
            | ast.DurationLiteral()
            | ast.TimestampLiteral()
            | ast.SizeLiteral()
            | ast.DidLiteral()
        ):
            return literals.infer_literal(body, expr, expected)
        case ast.PathName():
            return names.infer_path(body, expr, expected)
        case ast.Unary():
            return operators.infer_unary(body, expr, expected)
        case ast.Try():
            return try_expressions.infer_try(body, expr, expected)
        case ast.ArrayExpr():
            return aggregates.infer_array(body, expr, expected)
        case ast.StructExpr():
            return aggregates.infer_struct(body, expr, expected)
        case ast.Block():
            return blocks.infer_block(body, expr, expected)
        case ast.If():
            return blocks.infer_if(body, expr, expected)
        case ast.While() | ast.For():
            return blocks.loop_as_value(body, expr)
        case ast.Return() | ast.Break() | ast.Continue():
            return blocks.infer_jump(body, expr)
        case ast.Require():
            return special_calls.infer_require(body, expr)
        case ast.Match():
            return match.infer_match(body, expr, expected)
        case ast.InlineObject():
            return records.infer_record(body, expr.entries, expr.span)
        case ast.Lambda():
            body.sink.report("CCL0447", expr.span)
            return invalid(expr.span)
        case ast.Emit():
            return events.infer_emit(body, expr)
        case _:
            assert_never(expr)


def discard(body: Body, expr: ast.Expr) -> typed.Statement:
    """Checks `expr` for its effect. A Result is not dropped silently: an Err traps with its
    text."""
    body.fillers |= fillers(expr)
    match expr:
        case ast.If():
            node = blocks.discard_if(body, expr)
        case ast.Call():
            node = unwrapped(infer(body, expr))
        case ast.While():
            return blocks.check_while(body, expr)
        case ast.For():
            return blocks.check_for(body, expr)
        case ast.Block():
            node = blocks.discard_block(body, expr)
        case ast.Match():
            node = match.discard_match(body, expr)
        case _:  # it has no branches to discard
            node = unwrapped(infer(body, expr))
    return typed.Evaluate(value=node, span=expr.span)


def unwrapped(node: typed.Expr) -> typed.Expr:
    """Returns a discarded value, of a Result its Ok: a discarded Err traps."""
    kind = prune(node.type)
    if isinstance(kind, Result):
        return convert(node, Conversion.UNWRAP_OK, kind.ok)
    return node


def _string(body: Body, expr: ast.StringLiteral, expected: Type | None) -> typed.Expr:
    plain = literals.plain_text(expr)
    if plain is not None:
        return literals.text(body, plain, expr.span, expected)
    parts: list[typed.Expr] = []
    for part in expr.parts:
        if isinstance(part, str):
            if part:
                parts.append(typed.TextConst(value=part, type=Prim.STRING, span=expr.span))
        else:
            parts.append(to_text(body, infer(body, part)))
    return typed.Concat(parts=tuple(parts), span=expr.span)
