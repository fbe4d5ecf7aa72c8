"""Joining of strings: appended in place where the left side has no other reference."""

from collections.abc import Sequence

from ccl.analysis.usage import mentions
from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Builtin,
    CallBuiltin,
    CallFunction,
    Concat,
    Expr,
    Local,
    LocalGet,
    StateGet,
)
from ccl.ir.types import Prim
from ccl.ir.visit import everything
from ccl.source.spans import Span


def concat(f: FunctionBuilder, parts: Sequence[Expr], span: Span) -> Ownership:
    """Joins left to right; a fresh left side grows in place."""
    parts = _flat_parts(parts)
    if not parts:
        f.constant(f.module.constants.text(""))
        return Ownership.PLAIN
    f.own(parts[0])
    _append(f, parts[1:], span)
    return Ownership.OWNED


def _append(f: FunctionBuilder, parts: Sequence[Expr], span: Span) -> None:
    """Appends to the owned text on the stack."""
    for part in parts:
        left = f.spill(Prim.STRING)
        spilled = f.borrow((part,))
        with f.temporary("i32") as right:
            f.emit(f"local.set ${right}", f"local.get ${left.name}", f"local.get ${right}")
            f.memory_site(span)
            f.call("text_append")
        f.release_spilled(spilled)
        f.forget(left)


def append_to(f: FunctionBuilder, local: Local, value: Expr) -> bool:
    """Lowers `s = s + x` to an append to the variable's own text, which is linear in a loop.

    Only for a variable that owns its text, if `x` does not read it.
    """
    parts = _flat_parts([value])
    if len(parts) < 2:
        return False
    first = parts[0]
    if not (isinstance(first, LocalGet) and first.local.index == local.index):
        return False
    if any(mentions(part, local) for part in parts[1:]):
        return False
    return _append_all(
        f, f"local.get ${f.name(local)}", f"local.set ${f.name(local)}", parts, value
    )


def append_to_state(f: FunctionBuilder, state: str, value: Expr) -> bool:
    """Lowers the same for a text of the program's state, if the rest reads no state."""
    parts = _flat_parts([value])
    if len(parts) < 2 or not (isinstance(parts[0], StateGet) and parts[0].state == state):
        return False
    for node in (each for part in parts[1:] for each in everything(part)):
        if isinstance(node, StateGet):
            return False
        if isinstance(node, CallFunction) and f.module.analyses.touches_state(node.function):
            return False
    name = f.module.state_name(state)
    return _append_all(f, f"global.get ${name}", f"global.set ${name}", parts, value)


def _append_all(f: FunctionBuilder, get: str, put: str, parts: Sequence[Expr], value: Expr) -> bool:
    """Appends all but the first part, unless one of them clobbers or escapes."""
    rest = parts[1:]
    if any(
        f.analyses.behaviour.clobbers(part) or f.analyses.behaviour.escapes(part) for part in rest
    ):
        return False
    for part in rest:
        spilled = f.borrow((part,))
        with f.temporary("i32") as right:
            f.emit(f"local.set ${right}", get, f"local.get ${right}")
            f.memory_site(value.span)
            f.call("text_append")
            f.emit(put)
        f.release_spilled(spilled)
    return True


def _flat_parts(parts: Sequence[Expr]) -> list[Expr]:
    """Flattens nested joins."""
    flat: list[Expr] = []
    pending = list(reversed(parts))
    while pending:
        part = pending.pop()
        match part:
            case Binary(op=BinaryOp.ADD, left=left, right=right, type=Prim.STRING):
                pending.extend((right, left))
            case Concat(parts=inner):
                pending.extend(reversed(inner))
            case CallBuiltin(builtin=Builtin.STRING_CONCAT, arguments=(left_arg, right_arg)):
                pending.extend((right_arg.value, left_arg.value))
            case _:
                flat.append(part)
    return flat
