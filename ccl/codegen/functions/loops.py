"""Loops: `while`, and `for` over a snapshot of an array, a text or a map."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ccl.analysis.sizes.loop_bounds import iteration_bound
from ccl.analysis.usage import changes, leaves_changed
from ccl.codegen.function_builder import FunctionBuilder, Loop, Ownership
from ccl.codegen.functions import conditions
from ccl.codegen.operations import operators
from ccl.ir.layout import load, value_type
from ccl.ir.typed import Block, Expr, ForEach, ForPairs, Local, LocalGet, While
from ccl.ir.types import Array, Map, Prim, Type, is_reference
from ccl.ir.visit import root_of


def while_(f: FunctionBuilder, statement: While) -> None:
    if operators.is_short(statement.condition):
        _counted(f, statement)
        return
    loop = Loop(f.label("done"), f.label("next"), f.height)
    _note(f, loop.next, statement)
    f.emit(f"block ${loop.exit}", f"loop ${loop.next}")
    conditions.unless(f, statement.condition, loop.exit)
    f.loops.append(loop)
    f.drop(f.expr(statement.body), statement.body.type)
    f.loops.pop()
    if statement.body.type is not Prim.NEVER:
        f.emit(f"br ${loop.next}")
    f.emit("end", "end")


def _counted(f: FunctionBuilder, statement: While) -> None:
    """Puts a short condition before the loop and at its end, where it jumps back."""
    loop = Loop(f.label("done"), f.label("next"), f.height)
    again = f.label("each")
    _note(f, again, statement)
    f.emit(f"block ${loop.exit}")
    conditions.unless(f, statement.condition, loop.exit)
    f.emit(f"loop ${again}", f"block ${loop.next}")
    f.loops.append(loop)
    f.drop(f.expr(statement.body), statement.body.type)
    f.loops.pop()
    f.emit("end")
    f.expr(statement.condition)
    f.emit(f"br_if ${again}", "end", "end")


def _note(f: FunctionBuilder, label: str, statement: While | ForEach | ForPairs) -> None:
    """Records the bound on the iterations of a loop."""
    bound = iteration_bound(f.analyses.sizes, statement)
    f.iteration_bounds[label] = statement.span if bound is None else bound


def for_each(f: FunctionBuilder, statement: ForEach) -> None:
    kind = statement.iterable.type
    with _snapshot(f, statement.iterable, statement.body) as (name, held):
        if isinstance(kind, Array):
            _for_elements(f, statement, name, kind.element, retain=not held)
        else:
            _for_points(f, statement, name)


@contextmanager
def _snapshot(f: FunctionBuilder, iterable: Expr, body: Block) -> Iterator[tuple[str, bool]]:
    """Retains the object to iterate over; copy on write keeps it as it is during the body.

    It is not retained if the body leaves the loop after any change of it: then only the items are.
    """
    root = root_of(iterable)
    may_change = partial(changes, root=root, uses=f.module.analyses.state_uses)
    changed = may_change(body)
    if changed and leaves_changed(body, may_change):
        if isinstance(iterable, LocalGet):
            yield f.name(iterable.local), False
            return
        if f.expr(iterable) is not Ownership.OWNED:
            with f.temporary("i32") as name:
                f.emit(f"local.set ${name}")
                yield name, False
            return
    elif isinstance(iterable, LocalGet) and f.in_place(iterable.local) and not changed:
        # changed in place elsewhere, but not while this loop runs
        f.expr(iterable)
        f.retain()
    else:
        f.own(iterable)
    owned = f.spill(iterable.type)
    yield owned.name, True
    f.release_spilled([owned])


def _body(
    f: FunctionBuilder, loop: Loop, body: Block, items: tuple[Local, ...], *, retain: bool
) -> None:
    """Lowers the body of a `for`; `continue` leaves the inner block, then the loop steps on."""
    height = f.height
    for item in items:
        if is_reference(item.type) and (retain or item.index in f.analyses.survey.written):
            f.emit(f"local.get ${f.name(item)}")
            f.retain()
            f.emit(f"local.set ${f.name(item)}")
            f.declare(item)
    f.loops.append(loop)
    f.drop(f.expr(body), body.type)
    f.loops.pop()
    f.end_scope(height, reachable=body.type is not Prim.NEVER)


def _for_elements(
    f: FunctionBuilder, statement: ForEach, snapshot: str, element: Type, *, retain: bool
) -> None:
    loop = Loop(f.label("done"), f.label("next"), f.height)
    again = f.label("each")
    _note(f, again, statement)
    with f.temporary("i32") as at, f.temporary("i32") as end:
        f.emit(f"local.get ${snapshot}", "i32.load offset=16", f"local.tee ${at}")
        f.emit(f"local.get ${snapshot}", "i32.load offset=8", "i32.const 3", "i32.shl")
        f.emit("i32.add", f"local.set ${end}")
        f.emit(f"block ${loop.exit}", f"loop ${again}")
        f.emit(f"local.get ${at}", f"local.get ${end}", "i32.eq", f"br_if ${loop.exit}")
        if value_type(element) is not None:
            f.emit(f"local.get ${at}", load(element), f"local.set ${f.name(statement.item)}")
        f.emit(f"block ${loop.next}")
        _body(f, loop, statement.body, (statement.item,), retain=retain)
        f.emit("end")
        f.emit(f"local.get ${at}", "i32.const 8", "i32.add", f"local.set ${at}", f"br ${again}")
        f.emit("end", "end")


def _for_points(f: FunctionBuilder, statement: ForEach, snapshot: str) -> None:
    """Iterates over the code points of a string, each as a string."""
    loop = Loop(f.label("done"), f.label("next"), f.height)
    again = f.label("each")
    _note(f, again, statement)
    item = statement.item
    with f.temporary("i32") as at:
        f.emit("i32.const 0", f"local.set ${at}")
        f.emit(f"block ${loop.exit}", f"loop ${again}")
        f.emit(f"local.get ${at}", f"local.get ${snapshot}", "i32.load offset=8")
        f.emit("i32.eq", f"br_if ${loop.exit}")
        f.emit(f"local.get ${snapshot}", f"local.get ${at}")
        f.memory_site(statement.iterable.span)
        f.call("text_point")
        f.emit(f"local.tee ${f.name(item)}", "i32.load offset=8")
        f.emit(f"local.get ${at}", "i32.add", f"local.set ${at}")
        height = f.height
        f.declare(item)
        f.emit(f"block ${loop.next}")
        f.loops.append(loop)
        f.drop(f.expr(statement.body), statement.body.type)
        f.loops.pop()
        f.end_scope(height, reachable=statement.body.type is not Prim.NEVER)
        f.emit("end", f"br ${again}", "end", "end")


def for_pairs(f: FunctionBuilder, statement: ForPairs) -> None:
    with _snapshot(f, statement.iterable, statement.body) as (name, held):
        _pairs_of(f, statement, name, retain=not held)


def _pairs_of(f: FunctionBuilder, statement: ForPairs, name: str, *, retain: bool) -> None:
    kind = statement.iterable.type
    assert isinstance(kind, Map)
    loop = Loop(f.label("done"), f.label("next"), f.height)
    again = f.label("each")
    _note(f, again, statement)
    with f.temporary("i32") as entry, f.temporary("i32") as end:
        f.emit(f"local.get ${name}")
        f.call("map_end")
        f.emit(f"local.set ${end}", f"local.get ${name}")
        f.call("map_begin")
        f.emit(f"local.set ${entry}", f"block ${loop.exit}", f"loop ${again}")
        f.emit(f"local.get ${name}", f"local.get ${entry}")
        f.call("map_live")
        f.emit(f"local.tee ${entry}", f"local.get ${end}", "i32.ge_u", f"br_if ${loop.exit}")
        for item, part, offset in (
            (statement.key, kind.key, 8),
            (statement.value, kind.value, 16),
        ):
            if value_type(part) is not None:
                f.emit(f"local.get ${entry}", load(part, offset), f"local.set ${f.name(item)}")
        f.emit(f"block ${loop.next}")
        _body(f, loop, statement.body, (statement.key, statement.value), retain=retain)
        f.emit("end")
        f.emit(f"local.get ${entry}", "i32.const 24", "i32.add", f"local.set ${entry}")
        f.emit(f"br ${again}", "end", "end")
