"""Conditions that jump: each part of an `&&` or `||` jumps by itself."""

from ccl.codegen.function_builder import FunctionBuilder
from ccl.ir.typed import Expr, ShortCircuit, Unary, UnaryOp


def unless(f: FunctionBuilder, condition: Expr, label: str) -> None:
    """Jumps to the label if the condition is false."""
    match condition:
        case ShortCircuit(is_and=True, left=left, right=right):
            unless(f, left, label)
            unless(f, right, label)
        case Unary(op=UnaryOp.NOT, operand=ShortCircuit(is_and=False, left=left, right=right)):
            _when(f, left, label)
            _when(f, right, label)
        case Unary(op=UnaryOp.NOT, operand=operand):
            _when(f, operand, label)
        case ShortCircuit(left=left, right=right):
            holds = f.label("holds")
            f.emit(f"block ${holds}")
            _when(f, left, holds)
            unless(f, right, label)
            f.emit("end")
        case _:
            f.expr(condition)
            f.emit("i32.eqz", f"br_if ${label}")


def _when(f: FunctionBuilder, condition: Expr, label: str) -> None:
    """Jumps to the label if the condition is true."""
    match condition:
        case ShortCircuit(is_and=False, left=left, right=right):
            _when(f, left, label)
            _when(f, right, label)
        case ShortCircuit(left=left, right=right):
            fails = f.label("fails")
            f.emit(f"block ${fails}")
            unless(f, left, fails)
            _when(f, right, label)
            f.emit("end")
        case Unary(op=UnaryOp.NOT, operand=operand):
            unless(f, operand, label)
        case _:
            f.expr(condition)
            f.emit(f"br_if ${label}")


def is_compound(condition: Expr) -> bool:
    while isinstance(condition, Unary) and condition.op is UnaryOp.NOT:
        condition = condition.operand
    return isinstance(condition, ShortCircuit)
