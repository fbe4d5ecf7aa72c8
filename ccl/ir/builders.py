"""Constructors of the typed nodes that passes add to a program."""

from collections.abc import Sequence

from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Block,
    CallFunction,
    Evaluate,
    Expr,
    Function,
    If,
    Local,
    LocalGet,
    ScalarConst,
    ShortCircuit,
    Statement,
    TextConst,
    Unary,
    UnaryOp,
)
from ccl.ir.types import Prim, Type
from ccl.source.spans import Span


def call(function: str, kind: Type, span: Span) -> CallFunction:
    """Builds a call without arguments."""
    return CallFunction(function=function, arguments=(), type=kind, span=span)


def call_statement(function: str, span: Span) -> Statement:
    """Builds a call without arguments or result."""
    return Evaluate(value=call(function, Prim.UNIT, span), span=span)


def comparison(op: BinaryOp, left: Expr, right: str | int, span: Span) -> Expr:
    value: Expr = text(right, span) if isinstance(right, str) else number(right, span)
    return Binary(op=op, left=left, right=value, type=Prim.BOOL, span=span)


def or_(left: Expr, right: Expr) -> Expr:
    return ShortCircuit(is_and=False, left=left, right=right, span=left.span)


def and_(left: Expr, right: Expr) -> Expr:
    return ShortCircuit(is_and=True, left=left, right=right, span=left.span)


def not_(operand: Expr) -> Expr:
    return Unary(op=UnaryOp.NOT, operand=operand, type=Prim.BOOL, span=operand.span)


def conditional(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    span = condition.span
    return If(condition=condition, then=then, otherwise=otherwise, type=then.type, span=span)


def if_(condition: Expr, statements: Sequence[Statement]) -> Statement:
    span = condition.span
    then = block(statements, span)
    node = If(condition=condition, then=then, otherwise=None, type=Prim.UNIT, span=span)
    return Evaluate(value=node, span=span)


def block(statements: Sequence[Statement], span: Span, value: Expr | None = None) -> Block:
    kind = Prim.UNIT if value is None else value.type
    return Block(statements=tuple(statements), value=value, type=kind, span=span)


def read(local: Local) -> LocalGet:
    return LocalGet(local=local, type=local.type, span=local.span)


def text(value: str, span: Span) -> TextConst:
    return TextConst(value=value, type=Prim.STRING, span=span)


def number(value: int, span: Span) -> ScalarConst:
    return ScalarConst(value=value, type=Prim.INTEGER, span=span)


def function(identity: str, name: str, body: Block, locals_: tuple[Local, ...]) -> Function:
    """Builds a function without parameters."""
    return Function(
        id=identity,
        name=name,
        parameters=(),
        locals=locals_,
        mutated=frozenset(),
        result=body.type,
        body=body,
        span=body.span,
    )
