"""Conversion of a typed expression to the expected type.

All implicit conversions are listed here; everything else is a mismatch.
"""

from collections.abc import Iterator, Sequence

from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import (
    has_error_type,
    is_open,
    parts,
    prune,
    unify,
    variable_of,
    zonk,
)
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.type_names import TypeNames
from ccl.ir.typed import Conversion
from ccl.ir.types import Map, Option, Prim, Result, Token, Type
from ccl.source.spans import Span


def fit(
    body: Body,
    node: typed.Expr,
    expected: Type,
    *,
    labels: Sequence[Label] = (),
) -> typed.Expr:
    """Returns `node` as a value of type `expected`, converted where the language converts."""
    actual, wanted = zonk(node.type), zonk(expected)
    if actual is wanted or actual is Prim.NEVER or has_error_type(actual) or has_error_type(wanted):
        return node
    if unify(actual, wanted):
        return node
    conversion = implicit(actual, wanted)
    if conversion is not None:
        return convert(node, conversion, wanted)
    report_mismatch(body, blamed(node), wanted, actual, labels=labels)
    return invalid(node.span)


def fit_exactly(
    body: Body, node: typed.Expr, expected: Type, *, labels: Sequence[Label] = ()
) -> typed.Expr:
    """Returns `node` as a value of type `expected`, without conversions."""
    actual, wanted = zonk(node.type), zonk(expected)
    if (
        actual is Prim.NEVER
        or has_error_type(actual)
        or has_error_type(wanted)
        or unify(actual, wanted)
    ):
        return node
    report_mismatch(body, blamed(node), wanted, actual, labels=labels)
    return invalid(node.span)


def blamed(node: typed.Expr) -> Span:
    """Returns the origin of a wrong value: the last expression of a block."""
    while isinstance(node, typed.Block) and node.value is not None:
        node = node.value
    return node.span


def implicit(actual: Type, wanted: Type) -> Conversion | None:
    """Returns the implicit conversion between two types, if there is one."""
    match actual, wanted:
        case (Prim.INTEGER, Prim.MANA):
            return Conversion.SAME_BITS
        case (Prim.DATA, _) if wanted not in (Prim.UNIT, Prim.NEVER) and not is_open(wanted):
            return Conversion.DATA_TO
        case (Result(), Prim.BOOL):
            return Conversion.IS_OK
        case _:  # all other conversions are written out
            return None


def convert(node: typed.Expr, conversion: Conversion, kind: Type) -> typed.Expr:
    return typed.Convert(conversion=conversion, operand=node, type=kind, span=node.span)


def to_text(body: Body, node: typed.Expr) -> typed.Expr:
    """Converts `node` to a String for interpolation: every scalar, Did and Cid has a text.

    Data has one if it turns out to be a number, a truth value or a text; else it traps.
    """
    kind = prune(node.type)
    if kind is Prim.STRING or has_error_type(kind):
        return node
    if variable_of(kind) is not None:  # not known yet, but a text whatever it is
        return typed.UnitConst(span=node.span, type=Prim.STRING)
    if kind in (Prim.DID, Prim.CID):
        return convert(node, Conversion.SAME_BITS, Prim.STRING)
    if isinstance(kind, Token) or (isinstance(kind, Prim) and kind not in (Prim.UNIT, Prim.NEVER)):
        return convert(node, Conversion.TO_STRING, Prim.STRING)
    body.sink.report("CCL0431", node.span, found=str(kind))
    return invalid(node.span)


def report_mismatch(
    body: Body, span: Span, wanted: Type, actual: Type, *, labels: Sequence[Label] = ()
) -> None:
    expected, found = names_of(wanted, actual)
    body.sink.report(
        "CCL0401",
        span,
        expected=expected,
        found=found,
        labels=labels,
        advice=_advice(wanted, actual),
    )


def names_of(first: Type, second: Type) -> tuple[str, str]:
    """Returns the names of two types for a message; equal ones with their file or contract."""
    names = TypeNames(each for kind in (first, second) for each in _all_parts(kind))
    return names(first), names(second)


def _all_parts(kind: Type) -> Iterator[Type]:
    yield kind
    for part in parts(kind):
        yield from _all_parts(prune(part))


def _advice(wanted: Type, actual: Type) -> str | None:
    """Returns the conversion that `ccl.diagnostics.codes` should recommend."""
    match wanted, actual:
        case (Map(), Prim.UNIT):
            return "map"
        case (Prim.DECIMAL, Prim.INTEGER):
            return "decimal"
        case (Prim.INTEGER, Prim.MANA | Prim.DURATION | Prim.TIMESTAMP | Token()):
            return "integer"
        case (Prim.INTEGER, Prim.DECIMAL):
            return "whole"
        case (Token(), Prim.INTEGER):
            return "token"
        case (Prim.DURATION, Prim.INTEGER):
            return "duration"
        case (Prim.TIMESTAMP, Prim.INTEGER):
            return "timestamp"
        case (Prim.STRING, Prim()):
            return "interpolate"
        case (Prim.INTEGER, Prim.STRING):
            return "parse"
        case (Prim.BOOL, Prim.INTEGER):
            return "compare"
        case (_, Option(value)) if value == wanted:
            return "unwrap option"
        case (_, Result(ok, _)) if ok == wanted:
            return "unwrap result"
        case _:  # the message names both types
            return None


def as_data(node: typed.Expr) -> typed.Expr:
    if is_invalid(node) or prune(node.type) is Prim.DATA:
        return node
    return convert(node, Conversion.TO_DATA, Prim.DATA)
