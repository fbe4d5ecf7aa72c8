"""Conversions of constants, with the texts and the errors of the running module."""

from ccl.abi.text.times import YEARS, rfc3339
from ccl.checking.constants.prelude_folding import Problem
from ccl.checking.expressions.literals import DECIMAL_ONE, INTEGER_MAX, INTEGER_MIN
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Prim
from ccl.support.node import replace
from runtime.content.cid import CidError, parse_cid
from runtime.content.did import DidError, parse_did


def converted(node: typed.Convert, operand: typed.Expr) -> typed.Expr | Problem:
    """Returns the constant `operand` as `node` converts it."""
    match node.conversion, operand:
        case Conversion.SAME_BITS, typed.ScalarConst() | typed.TextConst():
            return replace(operand, type=node.type, span=node.span)
        case Conversion.INTEGER_TO_DECIMAL, typed.ScalarConst(value=value):
            scaled = value * DECIMAL_ONE
            if not INTEGER_MIN <= scaled <= INTEGER_MAX:
                return Problem(node.span, "an overflow")
            return typed.ScalarConst(value=scaled, type=node.type, span=node.span)
        case Conversion.TO_STRING, typed.TextConst(value=text):
            return _text(node, text)
        case Conversion.TO_STRING, typed.ScalarConst():
            return _written(node, operand)
        case Conversion.STRING_TO_DID | Conversion.STRING_TO_CID, typed.TextConst(value=text):
            return _identifier(node, text)
        case ((Conversion.IS_OK | Conversion.IS_SOME), typed.VariantNew(tag=tag)):
            truth = (tag == 0) is (node.conversion is Conversion.IS_OK)
            return typed.ScalarConst(value=int(truth), type=Prim.BOOL, span=node.span)
        case Conversion.UNWRAP_OK, typed.VariantNew(tag=0, payload=(value,)):
            return value
        case Conversion.UNWRAP_OK, typed.VariantNew():
            return Problem(node.span, "unhandled Err")
        case _:
            return Problem(node.span, "this conversion", not_constant=True)


def _text(node: typed.Convert, text: str) -> typed.Expr:
    return typed.TextConst(value=text, type=node.type, span=node.span)


def _written(node: typed.Convert, operand: typed.ScalarConst) -> typed.Expr | Problem:
    value = operand.value
    match operand.type:
        case Prim.BOOL:
            return _text(node, "true" if value else "false")
        case Prim.DECIMAL:
            return _text(node, decimal_text(value))
        case Prim.DURATION:
            return _text(node, f"{value}s")
        case Prim.TIMESTAMP:
            moment = rfc3339(value)
            if moment is None:
                return Problem(node.span, f"a time outside {YEARS}")
            return _text(node, moment)
        case _:
            return _text(node, str(value))


def decimal_text(millionths: int) -> str:
    """Returns the text of a Decimal with as few places as it needs."""
    whole, part = divmod(abs(millionths), DECIMAL_ONE)
    places = f".{part:06}".rstrip("0") if part else ""
    return f"{'-' if millionths < 0 else ''}{whole}{places}"


def _identifier(node: typed.Convert, text: str) -> typed.Expr | Problem:
    try:
        if node.conversion is Conversion.STRING_TO_DID:
            parse_did(text)
            return _text(node, text)
        if str(parse_cid(text)) == text:
            return _text(node, text)
    except (CidError, DidError):
        pass
    return Problem(node.span, f"a text that is no {node.type}")
