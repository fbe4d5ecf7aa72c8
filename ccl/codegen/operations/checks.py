"""Checks of numbers: the reasons of their traps, ranges of operands, and numbers beyond 32 bits."""

from collections.abc import Sequence

from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.codegen.function_builder import FunctionBuilder
from ccl.ir.typed import BinaryOp
from ccl.ir.types import Type
from ccl.source.spans import Span

DIVISION_BY_ZERO = "division by zero"
UNCHECKED = {
    BinaryOp.ADD: "i64.add",
    BinaryOp.SUBTRACT: "i64.sub",
    BinaryOp.MULTIPLY: "i64.mul",
    BinaryOp.DIVIDE: "i64.div_s",
    BinaryOp.REMAINDER: "i64.rem_s",
}


def overflow(kind: Type, op: str) -> str:
    return f"{kind} overflow in `{op}`"


def checked_range(
    f: FunctionBuilder, instruction: str, right: int, low: int, high: int, span: Span, over: str
) -> None:
    """Applies an instruction to the value on the stack and `right`, or traps out of the range."""
    if low == MIN and high == MAX:
        f.emit(f"i64.const {right}", instruction)
        return
    with f.temporary("i64") as a:
        f.emit(f"local.tee ${a}")
        if low == MIN:
            f.emit(f"i64.const {high}", "i64.gt_s")
        elif high == MAX:
            f.emit(f"i64.const {low}", "i64.lt_s")
        else:
            # both ends at once, as a distance from the low one
            f.emit(f"i64.const {low}", "i64.sub", f"i64.const {high - low}", "i64.gt_u")
        f.trap_if(span, over)
        f.emit(f"local.get ${a}", f"i64.const {right}", instruction)


def any_large(f: FunctionBuilder, names: Sequence[str]) -> None:
    """Pushes whether one of these variables is beyond 32 bits."""
    if len(names) == 1:
        f.emit(f"local.get ${names[0]}", f"local.get ${names[0]}", "i64.extend32_s", "i64.ne")
        return
    push_large_bits(f, names)
    f.emit("i64.const 0", "i64.ne")


def push_large_bits(f: FunctionBuilder, names: Sequence[str]) -> None:
    """Pushes 0 if all of these variables are within 32 bits."""
    for position, name in enumerate(names):
        f.emit(f"local.get ${name}", f"local.get ${name}", "i64.extend32_s", "i64.xor")
        if position:
            f.emit("i64.or")
