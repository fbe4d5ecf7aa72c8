"""Prelude operations on arrays and maps; the object to change is made unique last of all."""

from collections.abc import Callable

from ccl.codegen.codecs import comparison, routines
from ccl.codegen.function_builder import Callee, FunctionBuilder, Owned, Ownership
from ccl.codegen.functions import elements, lvalues
from ccl.codegen.functions.calls import push_unique
from ccl.codegen.functions.lvalues import Key
from ccl.codegen.operations.checks import overflow
from ccl.codegen.operations.map_keys import find_key, put_key
from ccl.ir.layout import load, payload_offset, store, value_type
from ccl.ir.typed import Argument, CallBuiltin, Expr, LocalGet, Step
from ccl.ir.types import Array, Map, Option, Type, is_reference
from ccl.ir.visit import path_of
from ccl.source.spans import Span

RANGE = "range out of bounds"
EMPTY_POP = "pop of an empty array"
SUM = "array_sum"
ELEMENTS = "elements"
"""The symbol in bounds for the length of an array of numbers that are added."""


def operands(node: CallBuiltin) -> tuple[Expr, ...]:
    return tuple(argument.value for argument in node.arguments)


class _Target:
    """The first argument, which is changed: its object is pushed after the others are evaluated."""

    def __init__(self, f: FunctionBuilder, argument: Argument) -> None:
        self._f = f
        self._node = argument.value
        self._path = path_of(argument.value)
        self._steps: tuple[Step, ...] = ()
        self._keys: list[Key] = []
        self._fresh: Owned | None = None
        if self._path is not None:
            self._steps = self._path[1]
            self._keys = lvalues.spill_keys(f, self._steps)
        else:
            f.own(argument.value)
            f.memory_site(argument.value.span)
            f.call(routines.unique(f.module, argument.value.type))
            self._fresh = f.spill(argument.value.type)

    def push(self) -> None:
        if self._path is not None:
            push_unique(self._f, self._node, self._path, self._keys)
        else:
            assert self._fresh is not None
            self._f.emit(f"local.get ${self._fresh.name}")

    def done(self) -> None:
        if self._fresh is not None:
            self._f.release_spilled([self._fresh])
        lvalues.free_keys(self._f, self._steps, self._keys)


# --- arrays -----------------------------------------------------------------------------


def array_length(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    array = node.arguments[0].value
    if isinstance(array, LocalGet) and elements.push_length(f, array.local):
        return Ownership.PLAIN
    return length(f, node)


def length(f: FunctionBuilder, node: CallBuiltin, offset: int = 8) -> Ownership:
    spilled = f.borrow(operands(node))
    f.emit(f"i64.load32_u offset={offset}")
    f.release_spilled(spilled)
    return Ownership.PLAIN


def push(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    target = _Target(f, node.arguments[0])
    item = node.arguments[1].value
    shape = value_type(item.type)
    f.own(item)
    owned = f.spill(item.type) if is_reference(item.type) else None
    name = owned.name if owned is not None else f.new_temporary(shape or "i64")
    if owned is None and shape is not None:
        f.emit(f"local.set ${name}")
    with f.temporary("i32") as array, f.temporary("i32") as count:
        target.push()
        get_array, get_count = f"local.get ${array}", f"local.get ${count}"
        f.emit(f"local.tee ${array}", "i32.load offset=8", f"local.tee ${count}")
        f.emit(get_array, "i32.load offset=12", "i32.eq", "if", get_array)
        f.memory_site(node.span)
        f.call("array_grow")
        f.emit("end")
        if shape is not None:
            f.emit(get_array, "i32.load offset=16", get_count, "i32.const 3", "i32.shl", "i32.add")
            f.emit(f"local.get ${name}", store(item.type))
        f.emit(get_array, get_count, "i32.const 1", "i32.add", f"local.tee ${count}")
        f.emit("i32.store offset=8", get_count, "i64.extend_i32_u")
    if owned is not None:
        f.forget(owned)
    else:
        f.free_temporary(name, shape or "i64")
    target.done()
    return Ownership.PLAIN


def pop(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    target = _Target(f, node.arguments[0])
    with f.temporary("i32") as array:
        target.push()
        f.emit(f"local.tee ${array}", "i32.load offset=8", "i32.eqz")
        f.trap_if(node.span, EMPTY_POP)
        length = f"local.get ${array}", "i32.load offset=8", "i32.const 1", "i32.sub"
        f.emit(f"local.get ${array}", *length, "i32.store offset=8")
        if value_type(node.type) is not None:
            f.emit(f"local.get ${array}", "i32.load offset=16")
            f.emit(f"local.get ${array}", "i32.load offset=8", "i32.const 3", "i32.shl", "i32.add")
            f.emit(load(node.type))
    target.done()
    return Ownership.of_fresh(node.type)


def array_contains(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow(operands(node))
    f.prepare_comparison(node.arguments[1].value.type, node.span)
    f.emit(comparison.contains(f.module, node.arguments[1].value.type))
    f.release_spilled(spilled)
    return Ownership.PLAIN


def slice_of(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    assert isinstance(node.type, Array)
    spilled = f.borrow(operands(node))
    check_range(f, "i64.load32_u offset=8", node.span)
    f.memory_site(node.span)
    f.call("array_slice")
    _retain_elements(f, node.type.element)
    f.release_spilled(spilled)
    return Ownership.OWNED


def check_range(f: FunctionBuilder, length: str, span: Span) -> None:
    """Checks 0 <= start <= end <= length; (object, start, end) stay on the stack."""
    with f.temporary("i32") as whole, f.temporary("i64") as start, f.temporary("i64") as end:
        f.emit(f"local.set ${end}", f"local.set ${start}", f"local.tee ${whole}")
        f.emit(f"local.get ${start}", f"local.get ${end}")
        f.emit(f"local.get ${start}", f"local.get ${end}", "i64.gt_u")
        f.emit(f"local.get ${end}", f"local.get ${whole}", length, "i64.gt_u", "i32.or")
        f.emit("if", f"local.get ${start}", f"local.get ${end}", f"local.get ${whole}", length)
        f.constant(f.site(span, RANGE))
        f.call("trap_range")
        f.emit("unreachable", "end")


def _retain_elements(f: FunctionBuilder, element: Type) -> None:
    """Retains the elements of the new array on the stack."""
    if not is_reference(element):
        return
    with f.temporary("i32") as array:
        f.emit(f"local.tee ${array}", f"local.get ${array}", "i32.load offset=16")
        f.emit(f"local.get ${array}", "i32.load offset=8")
        f.call("retain_slots")


def sum_of(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    length = f.analyses.sizes.length(node.arguments[0].value)
    f.callees.append(Callee(SUM, {ELEMENTS: length}, node.span))
    spilled = f.borrow(operands(node))
    f.constant(f.site(node.span, overflow(node.type, "sum")))
    f.call(SUM)
    f.release_spilled(spilled)
    return Ownership.PLAIN


# --- maps -------------------------------------------------------------------------------


def map_new(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.memory_site(node.span)
    f.call("map_new")
    return Ownership.OWNED


def _map_type(node: CallBuiltin) -> Map:
    kind = node.arguments[0].value.type
    assert isinstance(kind, Map)
    return kind


def insert(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    kind = _map_type(node)
    target = _Target(f, node.arguments[0])
    names: list[tuple[str, Owned | None, Type]] = []
    for argument in node.arguments[1:]:
        part = argument.value.type
        f.own(argument.value)
        owned = f.spill(part) if is_reference(part) else None
        name = owned.name if owned is not None else f.new_temporary(value_type(part) or "i64")
        if owned is None and value_type(part) is not None:
            f.emit(f"local.set ${name}")
        names.append((name, owned, part))
    (key, key_owned, _), (value, value_owned, _) = names
    target.push()
    f.emit(f"local.get ${key}")
    put_key(f, kind.key, node.span)
    with f.temporary("i32") as entry:
        f.emit(f"local.set ${entry}")
        if is_reference(kind.value):
            f.emit(f"local.get ${entry}", load(kind.value, 16))
        if value_type(kind.value) is not None:
            f.emit(f"local.get ${entry}", f"local.get ${value}", store(kind.value, 16))
        if is_reference(kind.value):
            f.call(f.release_name(kind.value))
    if value_owned is not None:
        f.forget(value_owned)
    else:
        f.free_temporary(value, value_type(kind.value) or "i64")
    if key_owned is not None:
        f.release_spilled([key_owned])
    else:
        f.free_temporary(key, value_type(kind.key) or "i64")
    target.done()
    return Ownership.PLAIN


def get(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    kind = _map_type(node)
    assert isinstance(node.type, Option)
    spilled = f.borrow(operands(node))
    find_key(f, kind.key, node.span)
    with f.temporary("i32") as entry:
        f.emit(f"local.tee ${entry}", "if (result i32)")

        def value() -> None:
            f.emit(f"local.get ${entry}", load(kind.value, 16))
            if is_reference(kind.value):
                f.retain()

        some(f, node.span, kind.value, value)
        f.emit("else", f"i32.const {f.module.constants.variant(0)}", "end")
    f.release_spilled(spilled)
    return Ownership.OWNED


def contains_key(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow(operands(node))
    find_key(f, _map_type(node).key, node.span)
    f.emit("i32.const 0", "i32.ne")
    f.release_spilled(spilled)
    return Ownership.PLAIN


def remove(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    kind = _map_type(node)
    target = _Target(f, node.arguments[0])
    key = node.arguments[1].value
    shape = value_type(key.type)
    assert shape is not None
    f.own(key)
    owned = f.spill(key.type) if is_reference(key.type) else None
    name = owned.name if owned is not None else f.new_temporary(shape)
    if owned is None:
        f.emit(f"local.set ${name}")
    with f.temporary("i32") as mapping, f.temporary("i32") as entry, f.temporary("i32") as found:
        target.push()
        f.emit(f"local.tee ${mapping}", f"local.get ${name}")
        find_key(f, kind.key, node.span)
        f.emit(f"local.tee ${entry}", "i32.const 0", "i32.ne", f"local.tee ${found}", "if")
        for part, offset in ((kind.key, 8), (kind.value, 16)):
            if is_reference(part):
                f.emit(f"local.get ${entry}", load(part, offset))
        f.emit(f"local.get ${mapping}", f"local.get ${entry}")
        f.call("map_unlink")
        for part in (kind.value, kind.key):
            if is_reference(part):
                f.call(f.release_name(part))
        f.emit("end", f"local.get ${found}")
    if owned is not None:
        f.release_spilled([owned])
    else:
        f.free_temporary(name, shape)
    target.done()
    return Ownership.PLAIN


def column(offset: int) -> Callable[[FunctionBuilder, CallBuiltin], Ownership]:
    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        assert isinstance(node.type, Array)
        spilled = f.borrow(operands(node))
        f.constant(offset)
        f.memory_site(node.span)
        f.call("map_column")
        _retain_elements(f, node.type.element)
        f.release_spilled(spilled)
        return Ownership.OWNED

    return lower


def some(f: FunctionBuilder, span: Span, kind: Type, value: Callable[[], None]) -> None:
    """Pushes Some of an owned value that `value` pushes."""
    f.constant(payload_offset(1))
    f.memory_site(span)
    f.call("new")
    with f.temporary("i32") as made:
        f.emit(f"local.tee ${made}", "i64.const 1", "i64.store offset=8")
        if value_type(kind) is not None:
            f.emit(f"local.get ${made}")
            value()
            f.emit(store(kind, payload_offset(0)))
        f.emit(f"local.get ${made}")
