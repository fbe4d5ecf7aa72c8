"""Reads of fields, elements and entries, and moves out of them."""

from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.codegen.functions import elements, lvalues
from ccl.codegen.operations import map_keys
from ccl.ir.layout import field_offset, load, store, value_type
from ccl.ir.typed import FieldGet, IndexGet
from ccl.ir.types import Array, Map, Type, is_reference
from ccl.ir.visit import path_of


def field(f: FunctionBuilder, node: FieldGet) -> Ownership:
    if id(node) in f.analyses.moved:
        return move_out(f, node)
    ownership = f.expr(node.base)
    if value_type(node.type) is None:
        f.drop(ownership, node.base.type)
        return Ownership.PLAIN
    return _loaded(f, node.type, field_offset(node.index), ownership, node.base.type)


def _loaded(
    f: FunctionBuilder, kind: Type, offset: int, ownership: Ownership, base: Type
) -> Ownership:
    """Loads a part of the object on the stack; releases the object if it is a temporary."""
    if ownership is not Ownership.OWNED:
        f.emit(load(kind, offset))
        return Ownership.BORROWED if is_reference(kind) else Ownership.PLAIN
    spilled = f.spill(base)
    f.emit(f"local.get ${spilled.name}", load(kind, offset))
    if is_reference(kind):
        f.retain()
    f.release_spilled([spilled])
    return Ownership.OWNED if is_reference(kind) else Ownership.PLAIN


def index(f: FunctionBuilder, node: IndexGet) -> Ownership:
    if id(node) in f.analyses.moved:
        return move_out(f, node)
    if isinstance(node.base.type, Array):
        return elements.element(f, node)
    spilled = f.borrow((node.base, node.index))
    assert isinstance(node.base.type, Map)
    offset = map_keys.find(f, node.base.type, node.span)
    if value_type(node.type) is None:
        f.emit("drop")
    else:
        f.emit(load(node.type, offset))
    owned = bool(spilled) and is_reference(node.type)
    if owned:
        f.retain()
    f.release_spilled(spilled)
    if owned:
        return Ownership.OWNED
    return Ownership.BORROWED if is_reference(node.type) else Ownership.PLAIN


def move_out(f: FunctionBuilder, node: FieldGet | IndexGet) -> Ownership:
    """Reads a part and leaves its place empty, which is set before it is read again."""
    path = path_of(node)
    assert path is not None, "only places are taken from"
    root, steps = path
    keys = lvalues.spill_keys(f, steps)
    with f.temporary("i32") as at:
        offset = lvalues.part_address(f, root, steps, keys, node.span)
        f.emit(f"local.tee ${at}", load(node.type, offset))
        f.emit(f"local.get ${at}", "i32.const 0", store(node.type, offset))
    lvalues.free_keys(f, steps, keys)
    return Ownership.OWNED
