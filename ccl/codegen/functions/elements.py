"""Elements of arrays: addresses, checks of indices, and views of arrays in loops.

In a loop an array is *viewed* if no iteration can change its block or length: both are then in
WebAssembly locals. Elements may change, and so may the object, if a write finds it shared; the
write then reloads the block.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ccl.abi.layout import SLOT_BYTES
from ccl.analysis.array_usage import assigned_in, invariant_arrays
from ccl.codegen.function_builder import OUT_OF_RANGE, FunctionBuilder, Owned, Ownership, View
from ccl.codegen.operations import checks, overflow_checks
from ccl.ir.layout import load, value_type
from ccl.ir.typed import Expr, ForEach, ForPairs, IndexGet, Local, LocalGet, While
from ccl.ir.types import is_reference
from ccl.ir.visit import everything, statement_children
from ccl.source.spans import Span

_SLOT_SHIFT = SLOT_BYTES.bit_length() - 1


def element(f: FunctionBuilder, node: IndexGet) -> Ownership:
    """Reads an element; borrowed from the array, or owned if the array is a temporary."""
    spilled, array = _array(f, node.base, node.index)
    view = f.views.get(node.base.local.index) if isinstance(node.base, LocalGet) else None
    index, taken = _index(f, node, array, view)
    if value_type(node.type) is not None:
        slot(f, array, index, view)
        f.emit(load(node.type))
    if taken:
        f.free_temporary(index, "i64")
    owned = bool(spilled) and is_reference(node.type)
    if owned:
        f.retain()
    f.release_spilled(spilled)
    if not isinstance(node.base, LocalGet) and not spilled:
        f.free_temporary(array)
    if owned:
        return Ownership.OWNED
    return Ownership.BORROWED if is_reference(node.type) else Ownership.PLAIN


def _array(f: FunctionBuilder, node: Expr, index: Expr) -> tuple[list[Owned], str]:
    """Evaluates the array; returns the temporaries to release after its use, and its local."""
    if isinstance(node, LocalGet) and not f.analyses.behaviour.clobbers(index):
        return [], f.name(node.local)
    ownership = f.expr(node)
    if ownership is Ownership.BORROWED and f.analyses.behaviour.clobbers(index):
        f.retain()
        ownership = Ownership.OWNED
    if ownership is Ownership.OWNED:
        owned = f.spill(node.type)
        return [owned], owned.name
    name = f.new_temporary("i32")
    f.emit(f"local.set ${name}")
    return [], name


def _index(f: FunctionBuilder, node: IndexGet, array: str, view: View | None) -> tuple[str, bool]:
    """Evaluates and checks the index; returns its local, and whether to free that."""
    if isinstance(node.index, LocalGet):
        name = f.name(node.index.local)
        check(f, array, name, view, node.span)
        return name, False
    guards = overflow_checks.guards_of(f, node.index)
    if not guards:
        overflow_checks.checked_together(f, node.index)
        name = f.new_temporary("i64")
        f.emit(f"local.set ${name}")
        check(f, array, name, view, node.span)
        return name, True
    # one test for both: a step may have overflowed, or the index is out of range
    overflow_checks.unchecked(f, node.index)
    name = f.new_temporary("i64")
    guard = view.guards.get(guards) if view is not None else None
    if guard is not None:
        f.emit(f"local.tee ${name}", f"local.get ${guard}", "i64.ge_u", "if")
    else:
        f.emit(f"local.tee ${name}", *_length(array, view), "i64.ge_u")
        checks.any_large(f, [f.known_name(index) for index in sorted(guards)])
        f.emit("i32.or", "if")
    f.expr(node.index)
    f.emit(f"local.set ${name}")
    check(f, array, name, view, node.span)
    f.emit("end")
    return name, True


def check(f: FunctionBuilder, array: str, index: str, view: View | None, span: Span) -> None:
    """Traps unless the index is in range."""
    length = _length(array, view)
    f.emit(f"local.get ${index}", *length, "i64.ge_u", "if", f"local.get ${index}", *length)
    f.constant(f.site(span, OUT_OF_RANGE))
    f.call("trap_index")
    f.emit("unreachable", "end")


def slot(f: FunctionBuilder, array: str, index: str, view: View | None) -> None:
    """Pushes the address of an element that exists."""
    block = (f"local.get ${view.block}",) if view else (f"local.get ${array}", "i32.load offset=16")
    f.emit(*block, f"local.get ${index}", "i32.wrap_i64")
    f.emit(f"i32.const {_SLOT_SHIFT}", "i32.shl", "i32.add")


def push_length(f: FunctionBuilder, local: Local) -> bool:
    """Pushes the length of a viewed array; returns whether it is one."""
    view = f.views.get(local.index)
    if view is not None:
        f.emit(f"local.get ${view.length}")
    return view is not None


def _length(array: str, view: View | None) -> tuple[str, ...]:
    if view is not None:
        return (f"local.get ${view.length}",)
    return (f"local.get ${array}", "i64.load32_u offset=8")


# --- loops ------------------------------------------------------------------------------


@contextmanager
def viewed(f: FunctionBuilder, loop: While | ForEach | ForPairs) -> Iterator[None]:
    """Views the invariant arrays of a loop while it is lowered."""
    opened: list[tuple[int, View]] = []
    locals_used = [
        local
        for local in invariant_arrays(loop)
        if local.index not in f.views and f.is_known(local) and f.owner(local) is None
    ]
    guarding = _guarding(f, loop) if locals_used else {}
    for local in locals_used:
        view = View(
            block=f.new_temporary("i32"),
            length=f.new_temporary("i64"),
            guards={each: f.new_temporary("i64") for each in guarding.get(local.index, ())},
        )
        name = f.name(local)
        reload(f, name, view)
        f.emit(f"local.get ${name}", "i64.load32_u offset=8", f"local.set ${view.length}")
        for numbers, guard in view.guards.items():
            f.emit("i64.const 0", f"local.get ${view.length}")
            checks.any_large(f, [f.known_name(index) for index in sorted(numbers)])
            f.emit("select", f"local.set ${guard}")
        f.views[local.index] = view
        opened.append((local.index, view))
    yield
    for index, view in opened:
        del f.views[index]
        f.free_temporary(view.block)
        f.free_temporary(view.length, "i64")
        for guard in view.guards.values():
            f.free_temporary(guard, "i64")


def _guarding(
    f: FunctionBuilder, loop: While | ForEach | ForPairs
) -> dict[int, list[frozenset[int]]]:
    """Returns, by array variable, the guards of its indices that the loop never sets."""
    found: dict[int, list[frozenset[int]]] = {}
    changing = assigned_in(loop)
    for node in (each for part in statement_children(loop) for each in everything(part)):
        if isinstance(node, IndexGet) and isinstance(node.base, LocalGet):
            guards = overflow_checks.guards_of(f, node.index)
            if guards and not guards & changing and all(map(f.is_set, guards)):
                sets = found.setdefault(node.base.local.index, [])
                if guards not in sets:
                    sets.append(guards)
    return found


def reload(f: FunctionBuilder, array: str, view: View) -> None:
    """Reloads the block of the variable's object."""
    f.emit(f"local.get ${array}", "i32.load offset=16", f"local.set ${view.block}")
