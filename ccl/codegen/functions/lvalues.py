"""Places: paths of fields and elements, read, and written after making them unique."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import (
    assert_never,
)

from ccl.codegen.codecs import routines
from ccl.codegen.function_builder import FunctionBuilder, Owned, Ownership, View
from ccl.codegen.functions import elements, map_keys
from ccl.codegen.operations import arithmetic, overflow_checks
from ccl.ir.layout import field_offset, load, store, value_type
from ccl.ir.typed import (
    BinaryOp,
    FieldGet,
    FieldStep,
    IndexGet,
    IndexStep,
    Local,
    StateGet,
    Step,
    Store,
)
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
    is_reference,
)
from ccl.ir.visit import path_of
from ccl.source.spans import Span
from ccl.support.node import Node

KEY_NOT_FOUND = "key not found"


# --- reading ----------------------------------------------------------------------------


def field(f: FunctionBuilder, node: FieldGet) -> Ownership:
    if id(node) in f.analyses.moved:
        return take(f, node)
    ownership = f.expr(node.base)
    if value_type(node.type) is None:
        f.drop(ownership, node.base.type)
        return Ownership.PLAIN
    return _loaded(f, node.type, field_offset(node.index), ownership, node.base.type)


def _loaded(
    f: FunctionBuilder, kind: Type, offset: int, ownership: Ownership, base: Type
) -> Ownership:
    """Load a part of the object on the stack, and release the object if it is a temporary."""
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
        return take(f, node)
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


def take(f: FunctionBuilder, node: FieldGet | IndexGet) -> Ownership:
    """Read a part and leave its place empty, which is set before anything looks at it."""
    path = path_of(node)
    assert path is not None, "only places are taken from"
    root, steps = path
    keys = set_aside(f, steps)
    with f.temporary("i32") as at:
        offset = _part_address(f, root, steps, keys, node.span)
        f.emit(f"local.tee ${at}", load(node.type, offset))
        f.emit(f"local.get ${at}", "i32.const 0", store(node.type, offset))
    give_back(f, steps, keys)
    return Ownership.OWNED


# --- writing ----------------------------------------------------------------------------


class Key(Node, frozen=True):
    """The value of an index on a path, evaluated once."""

    name: str
    owned: Owned | None


def set_aside(f: FunctionBuilder, steps: Sequence[Step]) -> list[Key]:
    """Evaluate the index expressions of a path, in order."""
    keys: list[Key] = []
    for step in steps:
        if not isinstance(step, IndexStep):
            continue
        kind = value_type(step.index.type)
        assert kind is not None
        if is_reference(step.index.type):
            f.own(step.index)
            owned = f.spill(step.index.type)
            keys.append(Key(owned.name, owned))
        else:
            if isinstance(step.of, Array):
                overflow_checks.checked_together(f, step.index)
            else:
                f.expr(step.index)
            name = f.new_temporary(kind)
            f.emit(f"local.set ${name}")
            keys.append(Key(name, None))
    return keys


def give_back(f: FunctionBuilder, steps: Sequence[Step], keys: Sequence[Key]) -> None:
    indices = [step.index for step in steps if isinstance(step, IndexStep)]
    for index_expr, key in zip(reversed(indices), reversed(keys), strict=True):
        if key.owned is not None:
            f.release_spilled([key.owned])
        else:
            kind = value_type(index_expr.type)
            assert kind is not None
            f.free_temporary(key.name, kind)


def unique_root(f: FunctionBuilder, root: Local | StateGet, span: Span) -> None:
    """Push the object of a variable, which from here on has no other holder."""
    if isinstance(root, StateGet):
        _unique_state(f, root, span)
        return
    local, name = root, f.name(root)
    if local.index in f.analyses.function.mutated:
        owner = f.owner(local)
        if owner is not None:
            # set to something else, it is no longer the caller's
            f.emit(f"local.get ${owner}", "if")
            _make_unique(f, name, local.type, span)
            f.emit(f"local.get ${name}", f"local.set ${owner}", "end")
        f.emit(f"local.get ${name}")
        return
    if local.index not in f.analyses.unshared:
        _make_unique(f, name, local.type, span, f.views.get(local.index))
    f.emit(f"local.get ${name}")


def _unique_state(f: FunctionBuilder, root: StateGet, span: Span) -> None:
    name = f.module.state_name(root.state)
    f.emit(f"global.get ${name}", "i32.load", "i32.const 1", "i32.ne", "if", f"global.get ${name}")
    f.memory_site(span)
    f.call(routines.unique(f.module, root.type))
    f.emit(f"global.set ${name}", "end", f"global.get ${name}")


def _make_unique(
    f: FunctionBuilder, name: str, kind: Type, span: Span, view: View | None = None
) -> None:
    f.emit(f"local.get ${name}", "i32.load", "i32.const 1", "i32.ne", "if", f"local.get ${name}")
    f.memory_site(span)
    f.call(routines.unique(f.module, kind))
    f.emit(f"local.set ${name}")
    if view is not None:
        elements.look(f, name, view)
    f.emit("end")


def unique_path(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    last: Type,
    span: Span,
) -> None:
    """From the root's unique object on the stack to that of type `last` at the path's end."""
    remaining = list(keys)
    view = f.view(root)
    for position, step in enumerate(steps):
        kind = steps[position + 1].of if position + 1 < len(steps) else last
        offset = step_address(f, step, remaining, view)
        view = None
        with f.temporary("i32") as at:
            f.emit(f"local.tee ${at}", f"local.get ${at}", load(kind, offset))
            f.memory_site(span)
            f.call(routines.unique(f.module, kind))
            f.emit(store(kind, offset), f"local.get ${at}", load(kind, offset))


def step_address(f: FunctionBuilder, step: Step, keys: list[Key], view: View | None) -> int:
    """From an object to the address and offset of its part; the part must be there."""
    if isinstance(step, FieldStep):
        return field_offset(step.index)
    key = keys.pop(0).name
    if isinstance(step.of, Map):
        f.emit(f"local.get ${key}")
        return map_keys.find(f, step.of, step.span)
    with f.temporary("i32") as array:
        f.emit(f"local.set ${array}")
        elements.check(f, array, key, view, step.span)
        elements.slot(f, array, key, view)
    return 0


def assign(f: FunctionBuilder, statement: Store) -> None:
    """`root.step.step = value` and its kin, evaluated as written.

    Keys, then with `+=` and its kin the old value, then the new one; traps come in that order.
    """
    keys = set_aside(f, statement.steps)
    if value_type(statement.value.type) is None:
        f.own(statement.value)
    elif statement.op is None:
        _replace(f, statement, keys)
    elif f.analyses.behaviour.clobbers(statement.value):
        _combine_apart(f, statement, statement.op, keys)
    else:
        _combine_in_place(f, statement, statement.op, keys)
    give_back(f, statement.steps, keys)


def _replace(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> None:
    kind = statement.value.type
    with _value(f, statement) as name, f.temporary("i32") as at:
        offset = _address(f, statement, keys)
        f.emit(f"local.set ${at}")
        _put(f, at, offset, name, kind)


def _combine_in_place(
    f: FunctionBuilder, statement: Store, op: BinaryOp, keys: Sequence[Key]
) -> None:
    """The value changes nothing, so the place may be made ready before it."""
    kind = part_type(f, statement.steps[-1])
    with f.temporary("i32") as at:
        offset = _address(f, statement, keys)
        f.emit(f"local.set ${at}")
        with _value(f, statement) as name:
            f.emit(f"local.get ${at}", f"local.get ${at}", load(kind, offset), f"local.get ${name}")
            if kind is Prim.STRING:
                f.memory_site(statement.span)
                f.call("text_append")
                f.emit(store(kind, offset))
                f.release(name, kind)
            else:
                arithmetic.combine(f, op, kind, statement.span)
                f.emit(store(kind, offset))


def _combine_apart(f: FunctionBuilder, statement: Store, op: BinaryOp, keys: Sequence[Key]) -> None:
    """The value may change the place: the old one is read before, and the place found anew."""
    kind = part_type(f, statement.steps[-1])
    shape = value_type(kind)
    assert shape is not None
    _old(f, statement, keys)
    held = f.spill(kind) if is_reference(kind) else None
    old = held.name if held is not None else f.new_temporary(shape)
    if held is None:
        f.emit(f"local.set ${old}")
    with _value(f, statement) as name:
        f.emit(f"local.get ${old}", f"local.get ${name}")
        if held is not None:
            f.forget(held)
            f.memory_site(statement.span)
            f.call("text_append")
            joined = f.spill(kind)
            f.release(name, kind)
            with f.temporary("i32") as at:
                offset = _address(f, statement, keys)
                f.emit(f"local.set ${at}")
                _put(f, at, offset, joined.name, kind)
            f.forget(joined)
        else:
            arithmetic.combine(f, op, kind, statement.span)
            f.emit(f"local.set ${old}")
            offset = _address(f, statement, keys)
            f.emit(f"local.get ${old}", store(kind, offset))
            f.free_temporary(old, shape)


def _old(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> None:
    """The value of the place as it is, owned."""
    root, remaining = statement.root, list(keys)
    name = f.module.state_name(root.state) if isinstance(root, StateGet) else f.name(root)
    f.emit(f"{'global' if isinstance(root, StateGet) else 'local'}.get ${name}")
    for step in statement.steps:
        offset = step_address(f, step, remaining, None)
        f.emit(load(part_type(f, step), offset))
    if is_reference(part_type(f, statement.steps[-1])):
        f.retain()


@contextmanager
def _value(f: FunctionBuilder, statement: Store) -> Iterator[str]:
    """The value, owned and by name. A reference is the caller's to store or release."""
    kind = statement.value.type
    shape = value_type(kind)
    assert shape is not None
    f.own(statement.value)
    if is_reference(kind):
        spilled = f.spill(kind)
        yield spilled.name
        f.forget(spilled)
    else:
        name = f.new_temporary(shape)
        f.emit(f"local.set ${name}")
        yield name
        f.free_temporary(name, shape)


def _address(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> int:
    """Push the address of the place, which is in an object of its own; gives the offset."""
    last = statement.steps[-1]
    if isinstance(last, IndexStep) and isinstance(last.of, Map) and statement.op is None:
        _holder(f, statement.root, statement.steps, keys, statement.span)
        f.emit(f"local.get ${keys[-1].name}")
        map_keys.put_key(f, last.of.key, statement.span)
        return 16
    return _part_address(f, statement.root, statement.steps, keys, statement.span)


def _part_address(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    span: Span,
) -> int:
    """The same for a place that must be there."""
    _holder(f, root, steps, keys, span)
    view = f.view(root) if len(steps) == 1 else None
    return step_address(f, steps[-1], list(keys[-1:]), view)


def _holder(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    span: Span,
) -> None:
    """Push the object that the last step leads out of, which has no other holder."""
    unique_root(f, root, span)
    unique_path(f, root, steps[:-1], keys, steps[-1].of, span)


def _put(f: FunctionBuilder, at: str, offset: int, name: str, kind: Type) -> None:
    if is_reference(kind):
        # the old value goes last: to release it may free much, and nothing may see it half gone
        f.emit(f"local.get ${at}", load(kind, offset))
    f.emit(f"local.get ${at}", f"local.get ${name}", store(kind, offset))
    if is_reference(kind):
        f.call(f.release_name(kind))


def part_type(f: FunctionBuilder, step: Step) -> Type:
    """The type of what a step leads to."""
    match step.of:
        case Struct(id=struct_id):
            assert isinstance(step, FieldStep)
            return f.module.struct(struct_id).fields[step.index][1]
        case Array(element=element):
            return element
        case Map(value=value):
            return value
        case Prim() | Token() | Option() | Result() | Enumeration() | ErrorType():
            raise AssertionError(f"no path through {step.of}")
        case _:
            assert_never(step.of)
