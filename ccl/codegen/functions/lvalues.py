"""Lvalues: paths of fields, elements and entries, whose objects are made unique before a write."""

from collections.abc import Sequence
from typing import assert_never

from ccl.codegen.codecs import routines
from ccl.codegen.function_builder import FunctionBuilder, Owned, View
from ccl.codegen.functions import elements
from ccl.codegen.operations import map_keys, overflow_checks
from ccl.ir.layout import field_offset, load, store, value_type
from ccl.ir.typed import FieldStep, IndexStep, Local, StateGet, Step, Store
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
from ccl.source.spans import Span
from ccl.support.node import Node


class Key(Node, frozen=True):
    """The value of an index on a path, evaluated once."""

    name: str
    owned: Owned | None


def spill_keys(f: FunctionBuilder, steps: Sequence[Step]) -> list[Key]:
    """Evaluates the index expressions of a path, in order."""
    keys: list[Key] = []
    for step in steps:
        if not isinstance(step, IndexStep):
            continue
        kind = value_type(step.index.type)
        if kind is None:
            f.own(step.index)
            keys.append(Key("", None))
        elif is_reference(step.index.type):
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


def jumps(steps: Sequence[Step]) -> bool:
    """Returns whether an index jumps (`a[return]`), so that the path leads nowhere."""
    return any(isinstance(step, IndexStep) and step.index.type is Prim.NEVER for step in steps)


def free_keys(f: FunctionBuilder, steps: Sequence[Step], keys: Sequence[Key]) -> None:
    indices = [step.index for step in steps if isinstance(step, IndexStep)]
    for index_expr, key in zip(reversed(indices), reversed(keys), strict=True):
        if key.owned is not None:
            f.release_spilled([key.owned])
        else:
            kind = value_type(index_expr.type)
            if kind is not None:
                f.free_temporary(key.name, kind)


def unique_root(f: FunctionBuilder, root: Local | StateGet, span: Span) -> None:
    """Pushes the object of a variable, which has no other reference from here on."""
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
        elements.reload(f, name, view)
    f.emit("end")


def unique_path(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    last: Type,
    span: Span,
) -> None:
    """Walks from the root's unique object on the stack to that of type `last` at the path's end."""
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
    """Walks from an object to the address of its part, which must exist; returns the offset."""
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


def address_of(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> int:
    """Pushes the address of the place, in a unique object; returns the offset."""
    last = statement.steps[-1]
    if isinstance(last, IndexStep) and isinstance(last.of, Map) and statement.op is None:
        unique_holder(f, statement.root, statement.steps, keys, statement.span)
        f.emit(f"local.get ${keys[-1].name}")
        map_keys.put_key(f, last.of.key, statement.span)
        return 16
    return part_address(f, statement.root, statement.steps, keys, statement.span)


def part_address(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    span: Span,
) -> int:
    """Pushes the address of a place that must exist; returns the offset."""
    unique_holder(f, root, steps, keys, span)
    view = f.view(root) if len(steps) == 1 else None
    return step_address(f, steps[-1], list(keys[-1:]), view)


def unique_holder(
    f: FunctionBuilder,
    root: Local | StateGet,
    steps: Sequence[Step],
    keys: Sequence[Key],
    span: Span,
) -> None:
    """Pushes the object that contains the place, which has no other reference."""
    unique_root(f, root, span)
    unique_path(f, root, steps[:-1], keys, steps[-1].of, span)


def part_type(f: FunctionBuilder, step: Step) -> Type:
    """Returns the type of the part at a step."""
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
