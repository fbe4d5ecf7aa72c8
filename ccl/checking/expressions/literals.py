"""Literals: each takes the type that its context needs, and is checked in place."""

from decimal import Decimal

from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import prune, variable_of
from ccl.checking.expressions import enums
from ccl.checking.functions import library
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.types import Enumeration, Prim, Token, Type
from ccl.source.spans import Span
from ccl.syntax import ast
from runtime.content.cid import CidError, parse_cid
from runtime.content.did import DidError, parse_did

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1
DECIMAL_ONE = 1_000_000


def infer_literal(body: Body, literal: ast.AnyLiteral, expected: Type | None) -> typed.Expr:
    """Infers a literal other than an interpolated string."""
    span = literal.span
    match literal:
        case ast.IntegerLiteral():
            return integer(body, literal.value, span, expected)
        case ast.DecimalLiteral():
            return decimal(body.sink, literal.value, span)
        case ast.PercentLiteral():
            return decimal(body.sink, literal.value / 100, span)
        case ast.BoolLiteral():
            return typed.ScalarConst(value=int(literal.value), type=Prim.BOOL, span=span)
        case ast.DurationLiteral():
            return typed.ScalarConst(value=literal.seconds, type=Prim.DURATION, span=span)
        case ast.TimestampLiteral():
            return typed.ScalarConst(value=literal.seconds, type=Prim.TIMESTAMP, span=span)
        case ast.SizeLiteral():
            return integer(body, literal.byte_count, span, Prim.INTEGER)
        case ast.DidLiteral():
            return did(body.sink, literal.value, span)
        case ast.StringLiteral():
            return text(body, plain_text(literal) or "", span, expected)


def plain_text(literal: ast.StringLiteral) -> str | None:
    """Returns the text of a string without interpolation; None with interpolation."""
    if any(not isinstance(part, str) for part in literal.parts):
        return None
    return "".join(part for part in literal.parts if isinstance(part, str))


def text(body: Body, value: str, span: Span, expected: Type | None) -> typed.Expr:
    match expected and prune(expected):
        case Prim.DID:
            return did(body.sink, value, span)
        case Prim.CID:
            return cid(body.sink, value, span)
        case Enumeration() as kind if library.is_prelude_enum(body.checker, kind):
            return enums.variant_by_text(body, kind, value, span)
        case _:  # no other type is written as a text
            return typed.TextConst(value=value, type=Prim.STRING, span=span)


def integer(body: Body, value: int, span: Span, expected: Type | None) -> typed.Expr:
    """Returns `value` as Integer, Decimal, Mana or tokens, whichever the context needs."""
    kind = prune(expected) if expected is not None else body.unknown(number=True)
    if kind is Prim.DECIMAL:
        return decimal(body.sink, Decimal(value), span)
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        body.sink.report("CCL0407", span, value=str(value))
        return invalid(span)
    if variable_of(kind) is None and kind is not Prim.MANA and not isinstance(kind, Token):
        kind = Prim.INTEGER
    elif (var := variable_of(kind)) is not None and not var.number:
        kind = body.unknown(number=True)
    return typed.ScalarConst(value=value, type=kind, span=span)


def decimal(sink: Sink, value: Decimal, span: Span) -> typed.Expr:
    scaled = value * DECIMAL_ONE
    if scaled != scaled.to_integral_value() or not INTEGER_MIN <= scaled <= INTEGER_MAX:
        sink.report("CCL0432", span, value=str(value))
        return invalid(span)
    return typed.ScalarConst(value=int(scaled), type=Prim.DECIMAL, span=span)


def did(sink: Sink, value: str, span: Span) -> typed.Expr:
    try:
        parse_did(value)
    except DidError as error:
        sink.report("CCL0420", span, value=value, reason=str(error))
        return invalid(span)
    return typed.TextConst(value=value, type=Prim.DID, span=span)


def cid(sink: Sink, value: str, span: Span) -> typed.Expr:
    """Returns a Cid in its canonical text; reports a malformed one with the character that is
    wrong."""
    try:
        return typed.TextConst(value=str(parse_cid(value)), type=Prim.CID, span=span)
    except CidError as error:
        sink.report(
            "CCL0419", span, reason=error.reason, labels=_inside(span, value, error.position)
        )
        return invalid(span)


def _inside(span: Span, value: str, position: int | None) -> tuple[Label, ...]:
    """Returns a label on the character that is wrong, in a literal without escapes."""
    if position is None or span.end - span.start != len(value) + 2:
        return ()
    at = span.start + 1 + position
    return (Label(Span(span.file, at, at + 1), "here"),)
