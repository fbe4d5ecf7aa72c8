"""Conversions between types, and the reading of Data."""

from collections.abc import Mapping
from typing import Final

from ccl.codegen.codecs import decoding, encoding
from ccl.codegen.function_builder import OUT_OF_RANGE, FunctionBuilder, Owned, Ownership
from ccl.ir.layout import load, payload_offset, value_type
from ccl.ir.typed import CallBuiltin, Conversion, Convert, DataGet, Expr, LocalGet, TextConst
from ccl.ir.types import Prim, Result, Type, is_reference
from ccl.wasm.model import ValueType

NOT_A_DID = "not a DID"
NOT_A_CID = "not a CID"
NO_TEXT = "expected a number, true or false, or a text"
NO_LIST = "wrong type of data: expected a list"
NO_FIELD = "missing field"
NO_LENGTH = "wrong type of data: expected a list, a record or a text"
NO_WRITTEN_TIME = (
    "only times of the years 1 to 9999 are written as text, not these seconds since 1970"
)
UNHANDLED_ERR = "unhandled Err"
DECIMAL_SCALE = 1_000_000
TO_TEXT: Final[Mapping[Type, str]] = {
    Prim.DECIMAL: "decimal_to_text",
    Prim.TIMESTAMP: "timestamp_to_text",
    Prim.DURATION: "duration_to_text",
}
"""The routine that writes a number of 64 bits, where it is not `integer_to_text`."""


def convert(f: FunctionBuilder, node: Convert) -> Ownership:
    match node.conversion:
        case Conversion.SAME_BITS:
            return f.expr(node.operand)
        case Conversion.INTEGER_TO_DECIMAL:
            f.expr(node.operand)
            f.emit(f"i64.const {DECIMAL_SCALE}")
            f.constant(f.site(node.span, "Decimal overflow in the conversion of an Integer"))
            f.call("multiply")
            return Ownership.PLAIN
        case Conversion.TO_STRING:
            return _to_string(f, node)
        case Conversion.STRING_TO_DID:
            return _checked_text(f, node, "is_did", NOT_A_DID)
        case Conversion.STRING_TO_CID:
            return _checked_text(f, node, "is_cid", NOT_A_CID)
        case Conversion.DATA_TO:
            return _from_data(f, node)
        case Conversion.TO_DATA:
            return _to_data(f, node)
        case Conversion.IS_OK | Conversion.IS_SOME:
            spilled = f.borrow((node.operand,))
            f.emit("i64.load offset=8", "i64.eqz")
            f.release_spilled(spilled)
            if node.conversion is Conversion.IS_SOME:
                f.emit("i32.eqz")
            return Ownership.PLAIN
        case Conversion.UNWRAP_OK:
            return _unwrap(f, node)


def _to_string(f: FunctionBuilder, node: Convert) -> Ownership:
    kind = node.operand.type
    if kind is Prim.DATA:
        return _data_as_text(f, node)
    if is_reference(kind):
        return f.expr(node.operand)
    f.expr(node.operand)
    if kind is Prim.BOOL:
        texts = f.module.constants
        f.emit("if (result i32)", f"i32.const {texts.text('true')}")
        f.emit("else", f"i32.const {texts.text('false')}", "end")
        return Ownership.PLAIN
    f.memory_site(node.span)
    if kind is Prim.TIMESTAMP:
        f.constant(f.site(node.span, NO_WRITTEN_TIME))
    f.call(TO_TEXT.get(kind, "integer_to_text"))
    return Ownership.OWNED


def _checked_text(f: FunctionBuilder, node: Convert, check: str, reason: str) -> Ownership:
    ownership = f.expr(node.operand)
    with f.temporary("i32") as text:
        f.emit(f"local.tee ${text}")
        f.call(check)
        f.emit("i32.eqz", "if", f"local.get ${text}")
        f.constant(f.site(node.span, reason))
        f.call("trap_with")
        f.emit("unreachable", "end", f"local.get ${text}")
    return ownership


def _unwrap(f: FunctionBuilder, node: Convert) -> Ownership:
    """Pushes the Ok value; an Err traps with its text."""
    kind = node.operand.type
    assert isinstance(kind, Result)
    spilled = f.borrow((node.operand,))
    with f.temporary("i32") as result:
        f.emit(f"local.tee ${result}", "i64.load offset=8", "i64.eqz", "i32.eqz", "if")
        site = f.site(node.span, UNHANDLED_ERR)
        if kind.err in (Prim.STRING, Prim.DID, Prim.CID):
            f.emit(f"local.get ${result}", load(kind.err, payload_offset(0)))
            f.constant(site)
            f.call("trap_with")
        else:
            f.constant(site)
            f.call("trap")
        f.emit("unreachable", "end")
        if value_type(kind.ok) is not None:
            f.emit(f"local.get ${result}", load(kind.ok, payload_offset(0)))
            if is_reference(kind.ok):
                f.retain()
    f.release_spilled(spilled)
    return Ownership.OWNED if is_reference(kind.ok) else Ownership.PLAIN


# --- Data -------------------------------------------------------------------------------


def _from_data(f: FunctionBuilder, node: Convert) -> Ownership:
    field = f"`{node.operand.name}`: " if isinstance(node.operand, DataGet) else ""
    spilled = _begin_reading(f, node, f"wrong type of data: {field}expected {node.type}")
    if node.type is Prim.DECIMAL:
        _refuse_integer(f, node.operand)
    f.emit(decoding.decode(f.module, node.type))
    f.call("in_finish")
    f.release_spilled(spilled)
    return Ownership.OWNED if is_reference(node.type) else Ownership.PLAIN


def _refuse_integer(f: FunctionBuilder, operand: Expr) -> None:
    """Traps for an Integer, which has to be read as one and then converted."""
    read = "…"
    if isinstance(operand, DataGet) and isinstance(operand.base, LocalGet):
        read = f"{operand.base.local.name}.{operand.name}"
    remedy = f"found Integer; write `let whole: Integer = {read};`, then `decimal(whole)`"
    f.call("in_peek")
    f.emit(f"i32.const {decoding.AFTER_INTEGERS}", "i32.lt_u", "if")
    f.constant(f.module.constants.text(remedy))
    f.call("in_fail")
    f.emit("end")


def _data_as_text(f: FunctionBuilder, node: Convert) -> Ownership:
    """Converts numbers, truth values and texts, as interpolation does."""
    spilled = _begin_reading(f, node, f"wrong type of data: {NO_TEXT}")
    for text in ("true", "false", NO_TEXT):
        f.constant(f.module.constants.text(text))
    f.call("take_as_text")
    f.call("in_finish")
    f.release_spilled(spilled)
    return Ownership.OWNED


def _begin_reading(f: FunctionBuilder, node: Convert, reason: str) -> list[Owned]:
    """Points the reader at the bytes of the operand, which is borrowed."""
    spilled = f.borrow((node.operand,))
    with f.temporary("i32") as data:
        f.emit(f"local.tee ${data}", "i32.const 16", "i32.add")
        f.emit(f"local.get ${data}", "i32.load offset=8")
        f.constant(f.module.constants.text(decoding.MALFORMED))
        f.constant(f.site(node.span, reason))
        f.call("in_begin")
    return spilled


def _to_data(f: FunctionBuilder, node: Convert) -> Ownership:
    if node.operand.type is Prim.DATA:
        return f.expr(node.operand)
    spilled = f.borrow((node.operand,))
    f.memory_site(node.span)
    f.call("out_begin")
    if value_type(node.operand.type) is None:
        f.constant(encoding.NULL)
        f.call("put_byte")
    else:
        f.emit(encoding.encode(f.module, node.operand.type))
    f.memory_site(node.span)
    f.call("out_data")
    f.release_spilled(spilled)
    return Ownership.OWNED


def data_field(f: FunctionBuilder, node: DataGet) -> Ownership:
    spilled = f.borrow((node.base,))
    f.constant(f.module.constants.text(node.name))
    f.constant(f.site(node.span, f"missing field `{node.name}`"))
    f.call("data_field")
    f.release_spilled(spilled)
    return Ownership.OWNED


def data_has(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    """Pushes whether the path of names and positions exists."""
    base, *path = (argument.value for argument in node.arguments)
    computed = [part for part in path if not isinstance(part, TextConst)]
    spilled = f.borrow((base, *computed))
    names: list[tuple[str, ValueType]] = []
    for each in reversed(computed):
        shape: ValueType = "i64" if each.type is Prim.INTEGER else "i32"
        names.append((f.new_temporary(shape), shape))
        f.emit(f"local.set ${names[-1][0]}")
    f.call("data_open")
    ready = list(names)
    for part in path:
        if isinstance(part, TextConst):
            f.constant(f.module.constants.text(part.value))
            f.call("data_enter")
        else:
            name, shape = ready.pop()
            f.emit(f"local.get ${name}")
            f.call("data_step" if shape == "i64" else "data_enter")
    f.call("data_present")
    for name, shape in names:
        f.free_temporary(name, shape)
    f.release_spilled(spilled)
    return Ownership.PLAIN


def data_item(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow([argument.value for argument in node.arguments])
    f.constant(f.site(node.span, NO_LIST))
    f.constant(f.site(node.span, OUT_OF_RANGE))
    f.call("data_item")
    f.release_spilled(spilled)
    return Ownership.OWNED


def data_key(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow([argument.value for argument in node.arguments])
    f.constant(f.site(node.span, NO_FIELD))
    f.call("data_key")
    f.release_spilled(spilled)
    return Ownership.OWNED


def data_length(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow([argument.value for argument in node.arguments])
    f.constant(f.site(node.span, NO_LENGTH))
    f.call("data_length")
    f.release_spilled(spilled)
    return Ownership.PLAIN
