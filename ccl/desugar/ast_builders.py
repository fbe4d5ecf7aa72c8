"""Builders of syntax for roles and proposals: all nodes have the place of the declaration.

Names that no author can write (with a space, a dot or a slash) never clash with the author's.
"""

from collections.abc import Sequence

from ccl.source.spans import Span
from ccl.syntax import ast


def ident(text: str, span: Span) -> ast.Ident:
    return ast.Ident(text=text, span=span)


def name(text: str, span: Span) -> ast.Name:
    return ast.Name(text=text, span=span)


def text_of(text: str, span: Span) -> ast.StringLiteral:
    return ast.StringLiteral(parts=(text,), span=span)


def integer(value: int, span: Span) -> ast.IntegerLiteral:
    return ast.IntegerLiteral(value=value, span=span)


def call(callee: ast.Expr, arguments: Sequence[ast.Expr], span: Span) -> ast.Call:
    return ast.Call(
        callee=callee,
        type_arguments=(),
        arguments=tuple(ast.Argument(name=None, value=each, span=each.span) for each in arguments),
        span=span,
    )


def member(base: ast.Expr, text: str, span: Span) -> ast.Field:
    return ast.Field(base=base, name=ident(text, span), span=span)


def both(left: ast.Expr, right: ast.Expr) -> ast.Binary:
    span = right.span
    return ast.Binary(operator="&&", left=left, right=right, operator_span=span, span=span)


def block(span: Span, statements: Sequence[ast.Statement], value: ast.Expr | None) -> ast.Block:
    last = (
        ()
        if value is None
        else (ast.ExpressionStatement(value=value, terminated=False, span=value.span),)
    )
    return ast.Block(statements=(*statements, *last), span=span)


def statement(value: ast.Expr) -> ast.ExpressionStatement:
    return ast.ExpressionStatement(value=value, terminated=True, span=value.span)


def parameter(text: str, kind: ast.TypeExpr, span: Span) -> ast.Parameter:
    return ast.Parameter(name=ident(text, span), type=kind, span=span)


def named_type(path: Sequence[str], arguments: Sequence[ast.TypeExpr], span: Span) -> ast.NamedType:
    return ast.NamedType(
        path=tuple(ident(each, span) for each in path), arguments=tuple(arguments), span=span
    )


def prelude_type(text: str, span: Span) -> ast.NamedType:
    """Returns a type of the prelude, whatever the program declares under that name."""
    return ast.NamedType(path=(ident(text, span),), arguments=(), of_prelude=True, span=span)


def function(
    called: str,
    parameters: Sequence[ast.Parameter],
    result: ast.TypeExpr | None,
    body: ast.Block,
    *,
    doc: str,
    at: Span,
    override: bool,
    entry: bool = False,
) -> ast.Function:
    """Builds a function. Its doc comment makes it count as used by others."""
    return ast.Function(
        name=ident(called, at),
        type_parameters=(),
        parameters=tuple(parameters),
        result=result,
        body=body,
        exported=False,
        test=False,
        doc=doc,
        span=at,
        override=override,
        generated=True,
        entry=entry,
    )
