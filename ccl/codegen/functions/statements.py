"""Statements, apart from loops and stores into places."""

from typing import assert_never

from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.functions import elements, loops, stores
from ccl.codegen.operations import strings
from ccl.ir.layout import value_type
from ccl.ir.typed import (
    Evaluate,
    Expr,
    ForEach,
    ForPairs,
    Local,
    SetLocal,
    SetState,
    Statement,
    Store,
    While,
)
from ccl.ir.types import Prim, is_reference


def lower(f: FunctionBuilder, statement: Statement) -> None:
    match statement:
        case SetLocal(local=local, value=value):
            set_local(f, local, value)
        case SetState(state=state, value=value):
            set_state(f, state, value)
        case Evaluate(value=value):
            f.drop(f.expr(value), value.type)
        case Store():
            stores.assign(f, statement)
        case While():
            with elements.viewed(f, statement):
                loops.while_(f, statement)
        case ForEach():
            with elements.viewed(f, statement):
                loops.for_each(f, statement)
        case ForPairs():
            with elements.viewed(f, statement):
                loops.for_pairs(f, statement)
        case _:
            assert_never(statement)


def set_local(f: FunctionBuilder, local: Local, value: Expr) -> None:
    """Lowers a `let` or an assignment: the variable owns the new value, the old one is released."""
    if value_type(local.type) is None or value_type(value.type) is None:
        f.own(value)
        return
    name = f.name(local)
    if not is_reference(local.type):
        f.own(value)
        f.emit(f"local.set ${name}")
        return
    owner = f.owner(local)
    if owner is not None:
        f.own(value)
        f.emit(f"local.set ${name}")
        f.release(owner, local.type)
        f.emit(f"local.get ${name}", f"local.set ${owner}")
        return
    if not f.is_declared(local):
        f.own(value)
        f.emit(f"local.set ${name}")
        f.declare(local)
        return
    if local.type is Prim.STRING and strings.append_to(f, local, value):
        return
    f.own(value)
    # the old value is released last: the new one may be a part of it
    with f.temporary("i32") as new:
        f.emit(f"local.set ${new}")
        f.release(name, local.type)
        f.emit(f"local.get ${new}", f"local.set ${name}")


def set_state(f: FunctionBuilder, state: str, value: Expr) -> None:
    """Sets the module's variable, which owns the new value; the old one is released."""
    kind = f.module.program.states[state].type
    if kind is Prim.STRING and strings.append_to_state(f, state, value):
        return
    name = f.module.state_name(state)
    f.own(value)
    if value.type is Prim.NEVER:
        return
    if is_reference(kind):
        # the old value is released last: the new one may be a part of it
        with f.temporary("i32") as new:
            f.emit(f"local.set ${new}", f"global.get ${name}")
            f.call(f.release_name(kind))
            f.emit(f"local.get ${new}")
    f.emit(f"global.set ${name}")
