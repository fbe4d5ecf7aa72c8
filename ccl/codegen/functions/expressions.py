"""Lowering of expressions: one function per class of nodes."""

from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never, get_args

from ccl.abi.layout import SLOT_BYTES
from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.codegen.functions import calls, control, reads, records
from ccl.codegen.operations import builtins, conversions, operators, strings
from ccl.ir.layout import field_offset, payload_offset, store, value_type
from ccl.ir.typed import (
    ArrayNew,
    Binary,
    Block,
    Break,
    Call,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    DataNew,
    ErrorExpr,
    Expr,
    FieldGet,
    If,
    IndexGet,
    Jump,
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
from ccl.ir.types import Array, Struct, is_reference


def lower(f: FunctionBuilder, node: Expr) -> Ownership:
    """Emits the code of an expression; returns the ownership of its value."""
    return _LOWER[type(node)](f, node)


def _local(f: FunctionBuilder, node: LocalGet) -> Ownership:
    kind = node.local.type
    if value_type(kind) is None:
        return Ownership.PLAIN
    name = f.name(node.local)
    f.emit(f"local.get ${name}")
    if not is_reference(kind):
        return Ownership.PLAIN
    if id(node) in f.analyses.moved and f.is_declared(node.local):
        f.emit("i32.const 0", f"local.set ${name}")
        return Ownership.OWNED
    return Ownership.BORROWED


def _state(f: FunctionBuilder, node: StateGet) -> Ownership:
    name = f.module.state_name(node.state)
    f.emit(f"global.get ${name}")
    if not is_reference(node.type):
        return Ownership.PLAIN
    if id(node) in f.analyses.moved:
        f.emit("i32.const 0", f"global.set ${name}")
        return Ownership.OWNED
    return Ownership.BORROWED


def _scalar(f: FunctionBuilder, node: ScalarConst) -> Ownership:
    f.emit(f"{value_type(node.type)}.const {node.value}")
    return Ownership.PLAIN


def _text(f: FunctionBuilder, node: TextConst) -> Ownership:
    f.constant(f.module.constants.text(node.value))
    return Ownership.PLAIN


def _struct(f: FunctionBuilder, node: StructNew) -> Ownership:
    assert isinstance(node.type, Struct)
    values = [node.values[index] for index in node.order]
    offsets = [field_offset(index) for index in node.order]
    return _object(f, node, field_offset(len(values)), values, offsets)


def _variant(f: FunctionBuilder, node: VariantNew) -> Ownership:
    if not node.payload:
        f.constant(f.module.constants.variant(node.tag))
        return Ownership.PLAIN
    offsets = [payload_offset(index) for index in range(len(node.payload))]
    return _object(f, node, payload_offset(len(node.payload)), node.payload, offsets, node.tag)


def _object(
    f: FunctionBuilder,
    node: StructNew | VariantNew,
    size: int,
    values: Sequence[Expr],
    offsets: Sequence[int],
    tag: int | None = None,
) -> Ownership:
    """Allocates an object with the values at the offsets, evaluated in the order given."""
    f.constant(size)
    f.memory_site(node.span)
    f.call("new")
    made = f.spill(node.type)
    if tag is not None:
        f.emit(f"local.get ${made.name}", f"i64.const {tag}", "i64.store offset=8")
    if any(f.analyses.behaviour.escapes(value) for value in values):
        # a jump releases the unfinished object, so its references must be initialised
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
    return Ownership.OWNED


def _array(f: FunctionBuilder, node: ArrayNew) -> Ownership:
    assert isinstance(node.type, Array)
    count = len(node.elements)
    f.constant(count)
    f.memory_site(node.span)
    f.call("array_new")
    made = f.spill(node.type)
    if count and all(isinstance(element, ScalarConst) for element in node.elements):
        _constant_elements(f, made.name, node.elements)
    else:
        _elements(f, made.name, node.elements)
    f.emit(f"local.get ${made.name}")
    f.forget(made)
    return Ownership.OWNED


def _constant_elements(f: FunctionBuilder, made: str, elements: Sequence[Expr]) -> None:
    """Copies constants from the data segment."""
    content = b"".join(
        element.value.to_bytes(8, "little", signed=True)
        for element in elements
        if isinstance(element, ScalarConst)
    )
    f.emit(f"local.get ${made}", f"i32.const {len(elements)}", "i32.store offset=8")
    f.emit(f"local.get ${made}", "i32.load offset=16")
    f.constant(f.module.constants.block(content))
    f.emit(f"i32.const {len(content)}", "memory.copy")


def _elements(f: FunctionBuilder, made: str, elements: Sequence[Expr]) -> None:
    for position, element in enumerate(elements):
        if value_type(element.type) is None:
            f.own(element)
            continue
        f.emit(f"local.get ${made}", "i32.load offset=16")
        f.own(element)
        f.emit(store(element.type, SLOT_BYTES * position))
        # the length counts the elements so far: a jump releases exactly those
        f.emit(f"local.get ${made}", f"i32.const {position + 1}", "i32.store offset=8")


def _error(_f: FunctionBuilder, node: ErrorExpr) -> Ownership:
    raise AssertionError(f"a program with errors is not emitted: {node.span}")


def _lowering(kind: type[Expr]) -> Callable[[FunctionBuilder, Any], Ownership]:
    if issubclass(kind, LocalGet):
        return _local
    if issubclass(kind, StateGet):
        return _state
    if issubclass(kind, ScalarConst):
        return _scalar
    if issubclass(kind, TextConst):
        return _text
    if issubclass(kind, UnitConst):
        return lambda f, node: Ownership.PLAIN
    if issubclass(kind, ErrorExpr):
        return _error
    if issubclass(kind, StructNew):
        return _struct
    if issubclass(kind, VariantNew):
        return _variant
    if issubclass(kind, ArrayNew):
        return _array
    if issubclass(kind, Call | CallHost):
        return _lowering_of_call(kind)
    if issubclass(kind, Block | If | MatchTag | Require | Jump):
        return _lowering_of_control(kind)
    return _lowering_of_operation(kind)


def _lowering_of_operation(
    kind: type[
        Binary
        | ShortCircuit
        | Unary
        | Concat
        | FieldGet
        | IndexGet
        | Convert
        | DataGet
        | DataNew
        | SubmitManifest
    ],
) -> Callable[[FunctionBuilder, Any], Ownership]:
    if issubclass(kind, Binary):
        return operators.binary
    if issubclass(kind, ShortCircuit):
        return operators.short_circuit
    if issubclass(kind, Unary):
        return operators.unary
    if issubclass(kind, Concat):
        return lambda f, node: strings.concat(f, node.parts, node.span)
    if issubclass(kind, FieldGet):
        return reads.field
    if issubclass(kind, IndexGet):
        return reads.index
    if issubclass(kind, Convert):
        return conversions.convert
    if issubclass(kind, DataGet):
        return conversions.data_field
    if issubclass(kind, DataNew):
        return records.data
    if issubclass(kind, SubmitManifest):
        return records.manifest
    assert_never(kind)


def _lowering_of_call(
    kind: type[Call] | type[CallHost],
) -> Callable[[FunctionBuilder, Any], Ownership]:
    if issubclass(kind, CallFunction):
        return calls.function
    if issubclass(kind, CallBuiltin):
        return builtins.call
    if issubclass(kind, CallHost):
        return calls.host
    assert_never(kind)


def _lowering_of_control(
    kind: type[Block | If | MatchTag | Require | Jump],
) -> Callable[[FunctionBuilder, Any], Ownership]:
    if issubclass(kind, Block):
        return control.block
    if issubclass(kind, If):
        return control.branch
    if issubclass(kind, MatchTag):
        return control.match_tag
    if issubclass(kind, Require):
        return control.require
    if issubclass(kind, Return):
        return control.leave
    if issubclass(kind, Break):
        return lambda f, node: control.jump(f, f.loops[-1].exit)
    if issubclass(kind, Continue):
        return lambda f, node: control.jump(f, f.loops[-1].next)
    assert_never(kind)


# By the class: trying one pattern after another costs too much.
_LOWER: Final = {kind: _lowering(kind) for kind in get_args(Expr)}
