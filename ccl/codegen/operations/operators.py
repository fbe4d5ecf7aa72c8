"""Operators of numbers, truth values and texts."""

from collections.abc import Sequence

from ccl.analysis.interval_arithmetic import MIN
from ccl.codegen.codecs import comparison
from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.codegen.operations import arithmetic, checks, strings
from ccl.ir.layout import is_text, value_type
from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Expr,
    LocalGet,
    ScalarConst,
    ShortCircuit,
    TextConst,
    Unary,
    UnaryOp,
)
from ccl.ir.types import Prim

WORD_BYTES = 8
_ORDER = {
    BinaryOp.LESS: "lt_s",
    BinaryOp.LESS_EQUAL: "le_s",
    BinaryOp.GREATER: "gt_s",
    BinaryOp.GREATER_EQUAL: "ge_s",
}


def binary(f: FunctionBuilder, node: Binary) -> Ownership:
    if node.op in (BinaryOp.EQUAL, BinaryOp.NOT_EQUAL):
        return _equality(f, node)
    if node.op in _ORDER:
        return _order(f, node)
    if node.type is Prim.STRING:
        return strings.concat(f, (node.left, node.right), node.span)
    arithmetic.compute(f, node)
    return Ownership.PLAIN


def is_short(condition: Expr) -> bool:
    """Returns whether it compares two numbers in locals or constants, so that it may be emitted
    twice."""
    return (
        isinstance(condition, Binary)
        and value_type(condition.left.type) == "i64"
        and all(isinstance(n, LocalGet | ScalarConst) for n in (condition.left, condition.right))
    )


def unary(f: FunctionBuilder, node: Unary) -> Ownership:
    if f.analyses.intervals.cannot_overflow(node):
        f.emit("i64.const 0")
        f.expr(node.operand)
        f.emit("i64.sub")
        return Ownership.PLAIN
    f.expr(node.operand)
    if node.op is UnaryOp.NOT:
        f.emit("i32.eqz")
        return Ownership.PLAIN
    with f.temporary("i64") as operand:
        f.emit(f"local.tee ${operand}", f"i64.const {MIN}", "i64.eq")
        f.trap_if(node.span, checks.overflow(node.type, "-"))
        f.emit("i64.const 0", f"local.get ${operand}", "i64.sub")
    return Ownership.PLAIN


def short_circuit(f: FunctionBuilder, node: ShortCircuit) -> Ownership:
    f.expr(node.left)
    f.emit("if (result i32)")
    if node.is_and:
        f.expr(node.right)
        f.emit("else", "i32.const 0", "end")
    else:
        f.emit("i32.const 1", "else")
        f.expr(node.right)
        f.emit("end")
    return Ownership.PLAIN


def _equality(f: FunctionBuilder, node: Binary) -> Ownership:
    if isinstance(node.right, TextConst) and is_text(node.left.type):
        wanted = node.right.value.encode()
        if len(wanted) <= WORD_BYTES:
            return _equals_short_text(f, node, wanted)
    spilled = f.borrow((node.left, node.right))
    negated = node.op is BinaryOp.NOT_EQUAL
    shape = value_type(node.left.type)
    f.prepare_comparison(node.left.type, node.span)
    instruction = "i32.const 1" if shape is None else comparison.equal(f.module, node.left.type)
    if negated and instruction.endswith(".eq"):
        instruction, negated = f"{shape}.ne", False
    f.emit(instruction)
    f.release_spilled(spilled)
    if negated:
        f.emit("i32.eqz")
    return Ownership.PLAIN


def _equals_short_text(f: FunctionBuilder, node: Binary, wanted: bytes) -> Ownership:
    """Compares the length, then one word: a text that is not empty has room for a whole one."""
    spilled = f.borrow((node.left,))
    if not wanted:
        f.emit("i32.load offset=8", "i32.eqz")
    else:
        with f.temporary("i32") as text:
            f.emit(f"local.tee ${text}", "i32.load offset=8", f"i32.const {len(wanted)}", "i32.eq")
            f.emit("if (result i32)", f"local.get ${text}", *_holds(wanted))
            f.emit("else", "i32.const 0", "end")
    f.release_spilled(spilled)
    if node.op is BinaryOp.NOT_EQUAL:
        f.emit("i32.eqz")
    return Ownership.PLAIN


def _holds(wanted: bytes) -> Sequence[str]:
    """Compares a text of the same length with these bytes: `(text) -> i32`."""
    if len(wanted) == 1:
        return "i32.load8_u offset=16", f"i32.const {wanted[0]}", "i32.eq"
    word = int.from_bytes(wanted.ljust(WORD_BYTES, b"\0"), "little", signed=True)
    compare = (f"i64.const {word}", "i64.eq")
    if len(wanted) == WORD_BYTES:
        return "i64.load offset=16", *compare
    return "i64.load offset=16", f"i64.const {(1 << 8 * len(wanted)) - 1}", "i64.and", *compare


def _order(f: FunctionBuilder, node: Binary) -> Ownership:
    spilled = f.borrow((node.left, node.right))
    if is_text(node.left.type):
        f.call("text_compare")
        f.emit("i32.const 0", f"i32.{_ORDER[node.op]}")
    else:
        f.emit(f"{value_type(node.left.type)}.{_ORDER[node.op]}")
    f.release_spilled(spilled)
    return Ownership.PLAIN
