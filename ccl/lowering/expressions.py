"""Expressions: what is left on the stack, and who answers for it."""

from collections.abc import Sequence
from typing import assert_never

from ccl.abi.layout import SLOT_BYTES
from ccl.lowering import builtins, calls, control, conversions, operators, places, records
from ccl.lowering.frame import Frame, Hold
from ccl.lowering.shapes import field_offset, payload_offset, store, value_type
from ccl.typed import (
    ArrayNew,
    Binary,
    Block,
    Break,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    DataNew,
    Expr,
    FieldGet,
    If,
    IndexGet,
    LocalGet,
    MatchTag,
    Require,
    Return,
    ScalarConst,
    ShortCircuit,
    StateGet,
    StructNew,
    SubmitManifest,
    TextConst,
    Unary,
    UnitConst,
    VariantNew,
)
from ccl.types import Array, Struct, is_reference


def lower(f: Frame, node: Expr) -> Hold:
    """Emit the code of an expression."""
    match node:
        case LocalGet(local=local):
            if value_type(local.type) is None:
                return Hold.PLAIN
            f.emit(f"local.get ${f.name(local)}")
            if not is_reference(local.type):
                return Hold.PLAIN
            if id(node) in f.taken and f.is_declared(local):
                f.emit("i32.const 0", f"local.set ${f.name(local)}")
                return Hold.OWNED
            return Hold.BORROWED
        case ScalarConst(value=value, type=kind):
            f.emit(f"{value_type(kind)}.const {value}")
            return Hold.PLAIN
        case TextConst(value=text):
            f.constant(f.unit.constants.text(text))
            return Hold.PLAIN
        case Binary():
            return operators.binary(f, node)
        case StateGet(state=state, type=kind):
            f.emit(f"global.get ${f.unit.state_name(state)}")
            if not is_reference(kind):
                return Hold.PLAIN
            if id(node) in f.taken:
                f.emit("i32.const 0", f"global.set ${f.unit.state_name(state)}")
                return Hold.OWNED
            return Hold.BORROWED
        case FieldGet():
            return places.field(f, node)
        case IndexGet():
            return places.index(f, node)
        case CallFunction():
            return calls.function(f, node)
        case CallBuiltin():
            return builtins.call(f, node)
        case Block():
            return control.block(f, node)
        case If():
            return control.branch(f, node)
        case ShortCircuit():
            return operators.short_circuit(f, node)
        case Unary():
            return operators.unary(f, node)
        case Convert():
            return conversions.convert(f, node)
        case Concat(parts=parts):
            return operators.concat(f, parts, node.span)
        case CallHost():
            return calls.host(f, node)
        case SubmitManifest():
            return records.manifest(f, node)
        case DataNew():
            return records.data(f, node)
        case StructNew():
            return _struct(f, node)
        case VariantNew():
            return _variant(f, node)
        case ArrayNew():
            return _array(f, node)
        case MatchTag():
            return control.match_tag(f, node)
        case Return():
            return control.leave(f, node)
        case Break():
            return control.jump(f, f.loops[-1].exit)
        case Continue():
            return control.jump(f, f.loops[-1].next)
        case Require():
            return control.require(f, node)
        case DataGet():
            return conversions.data_field(f, node)
        case UnitConst():
            return Hold.PLAIN
        case _:
            assert_never(node)


def _struct(f: Frame, node: StructNew) -> Hold:
    assert isinstance(node.type, Struct)
    values = [node.values[index] for index in node.order]
    offsets = [field_offset(index) for index in node.order]
    return _object(f, node, field_offset(len(values)), values, offsets)


def _variant(f: Frame, node: VariantNew) -> Hold:
    if not node.payload:
        f.constant(f.unit.constants.variant(node.tag))
        return Hold.PLAIN
    offsets = [payload_offset(index) for index in range(len(node.payload))]
    return _object(f, node, payload_offset(len(node.payload)), node.payload, offsets, node.tag)


def _object(
    f: Frame,
    node: StructNew | VariantNew,
    size: int,
    values: Sequence[Expr],
    offsets: Sequence[int],
    tag: int | None = None,
) -> Hold:
    """A new object with the values at the offsets, evaluated in the order given."""
    f.constant(size)
    f.memory_site(node.span)
    f.call("new")
    made = f.keep(node.type)
    if tag is not None:
        f.emit(f"local.get ${made.name}", f"i64.const {tag}", "i64.store offset=8")
    if any(f.behaviour.escapes(value) for value in values):
        # a way out releases the unfinished object, so its references must be readable
        for value, offset in zip(values, offsets, strict=True):
            if is_reference(value.type):
                f.emit(f"local.get ${made.name}", "i32.const 0", store(value.type, offset))
    for value, offset in zip(values, offsets, strict=True):
        if value_type(value.type) is None:
            f.own(value)
            continue
        f.emit(f"local.get ${made.name}")
        f.own(value)
        f.emit(store(value.type, offset))
    f.emit(f"local.get ${made.name}")
    f.forget(made)
    return Hold.OWNED


def _array(f: Frame, node: ArrayNew) -> Hold:
    assert isinstance(node.type, Array)
    count = len(node.elements)
    f.constant(count)
    f.memory_site(node.span)
    f.call("array_new")
    made = f.keep(node.type)
    if count and all(isinstance(element, ScalarConst) for element in node.elements):
        _constant_elements(f, made.name, node.elements)
    else:
        _elements(f, made.name, node.elements)
    f.emit(f"local.get ${made.name}")
    f.forget(made)
    return Hold.OWNED


def _constant_elements(f: Frame, made: str, elements: Sequence[Expr]) -> None:
    """Copied from the data segment."""
    content = b"".join(
        element.value.to_bytes(8, "little", signed=True)
        for element in elements
        if isinstance(element, ScalarConst)
    )
    f.emit(f"local.get ${made}", f"i32.const {len(elements)}", "i32.store offset=8")
    f.emit(f"local.get ${made}", "i32.load offset=16")
    f.constant(f.unit.constants.block(content))
    f.emit(f"i32.const {len(content)}", "memory.copy")


def _elements(f: Frame, made: str, elements: Sequence[Expr]) -> None:
    for position, element in enumerate(elements):
        if value_type(element.type) is None:
            f.own(element)
            continue
        f.emit(f"local.get ${made}", "i32.load offset=16")
        f.own(element)
        f.emit(store(element.type, SLOT_BYTES * position))
        # the length counts what is there, so that a way out releases exactly that
        f.emit(f"local.get ${made}", f"i32.const {position + 1}", "i32.store offset=8")
