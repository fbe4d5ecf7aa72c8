"""Stores into places: keys first, then the old value of `+=` and its kin, then the new one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.functions import lvalues
from ccl.codegen.functions.lvalues import Key
from ccl.codegen.operations import arithmetic
from ccl.ir.layout import load, store, value_type
from ccl.ir.typed import BinaryOp, StateGet, Store
from ccl.ir.types import Prim, Type, is_reference


def assign(f: FunctionBuilder, statement: Store) -> None:
    """Lowers `root.step.step = value` and its kin, evaluated as written.

    Keys, then with `+=` and its kin the old value, then the new one; traps occur in that order.
    """
    keys = lvalues.spill_keys(f, statement.steps)
    if lvalues.jumps(statement.steps):
        pass
    elif value_type(statement.value.type) is None:
        f.own(statement.value)
    elif statement.op is None:
        _replace(f, statement, keys)
    elif f.analyses.behaviour.clobbers(statement.value):
        _combine_apart(f, statement, statement.op, keys)
    else:
        _combine_in_place(f, statement, statement.op, keys)
    lvalues.free_keys(f, statement.steps, keys)


def _replace(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> None:
    kind = statement.value.type
    with _value(f, statement) as name, f.temporary("i32") as at:
        offset = lvalues.address_of(f, statement, keys)
        f.emit(f"local.set ${at}")
        _put(f, at, offset, name, kind)


def _combine_in_place(
    f: FunctionBuilder, statement: Store, op: BinaryOp, keys: Sequence[Key]
) -> None:
    """Makes the place unique before the value, which changes nothing."""
    kind = lvalues.part_type(f, statement.steps[-1])
    with f.temporary("i32") as at:
        offset = lvalues.address_of(f, statement, keys)
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
    """Reads the old value first and finds the place anew, since the value may change it."""
    kind = lvalues.part_type(f, statement.steps[-1])
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
                offset = lvalues.address_of(f, statement, keys)
                f.emit(f"local.set ${at}")
                _put(f, at, offset, joined.name, kind)
            f.forget(joined)
        else:
            arithmetic.combine(f, op, kind, statement.span)
            f.emit(f"local.set ${old}")
            offset = lvalues.address_of(f, statement, keys)
            f.emit(f"local.get ${old}", store(kind, offset))
            f.free_temporary(old, shape)


def _old(f: FunctionBuilder, statement: Store, keys: Sequence[Key]) -> None:
    """Pushes the old value of the place, owned."""
    root, remaining = statement.root, list(keys)
    name = f.module.state_name(root.state) if isinstance(root, StateGet) else f.name(root)
    f.emit(f"{'global' if isinstance(root, StateGet) else 'local'}.get ${name}")
    for step in statement.steps:
        offset = lvalues.step_address(f, step, remaining, None)
        f.emit(load(lvalues.part_type(f, step), offset))
    if is_reference(lvalues.part_type(f, statement.steps[-1])):
        f.retain()


@contextmanager
def _value(f: FunctionBuilder, statement: Store) -> Iterator[str]:
    """Evaluates the value, owned and in a local; the caller stores or releases a reference."""
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


def _put(f: FunctionBuilder, at: str, offset: int, name: str, kind: Type) -> None:
    if is_reference(kind):
        # the old value is released last: that may free much, and no code may see a part of it freed
        f.emit(f"local.get ${at}", load(kind, offset))
    f.emit(f"local.get ${at}", f"local.get ${name}", store(kind, offset))
    if is_reference(kind):
        f.call(f.release_name(kind))
