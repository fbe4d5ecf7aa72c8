"""Prelude operations that the module performs itself: the table, strings and integers."""

from collections.abc import Callable

from ccl.analysis.interval_arithmetic import MIN
from ccl.codegen.function_builder import OUT_OF_RANGE, FunctionBuilder, Ownership
from ccl.codegen.operations import checks, containers, conversions, strings
from ccl.codegen.operations.checks import overflow
from ccl.codegen.operations.conversions import DECIMAL_SCALE
from ccl.ir.typed import Builtin, CallBuiltin, ScalarConst
from ccl.ir.types import Prim, Type
from ccl.source.spans import Span
from ccl.support import letter_case
from ccl.support.letter_case import LetterCase


def call(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    """Lowers a call of a builtin by its entry in the table below."""
    return _LOWERINGS[node.builtin](f, node)


# --- strings ----------------------------------------------------------------------------


def _concat(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    return strings.concat(f, containers.operands(node), node.span)


def _substring(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow(containers.operands(node))
    containers.check_range(f, "i64.load32_u offset=12", node.span)
    f.memory_site(node.span)
    f.call("text_substring")
    f.release_spilled(spilled)
    return Ownership.OWNED


def _char_at(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    spilled = f.borrow(containers.operands(node))
    with f.temporary("i32") as text, f.temporary("i64") as index:
        f.emit(f"local.set ${index}", f"local.set ${text}", f"local.get ${index}")
        f.emit(f"local.get ${text}", "i64.load32_u offset=12", "i64.ge_u")
        f.emit("if", f"local.get ${index}", f"local.get ${text}", "i64.load32_u offset=12")
        f.constant(f.site(node.span, OUT_OF_RANGE))
        f.call("trap_index")
        f.emit("unreachable", "end")
        f.emit(f"local.get ${text}", f"local.get ${text}", f"local.get ${index}", "i32.wrap_i64")
        f.call("text_offset")
    f.memory_site(node.span)
    f.call("text_point")
    f.release_spilled(spilled)
    return Ownership.OWNED


def _from_code_point(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    """Traps for D800 to DFFF: they are halves of a pair in UTF-16, not code points."""
    f.borrow(containers.operands(node))
    with f.temporary("i64") as point:
        f.emit(f"local.tee ${point}", "i64.const 0x110000", "i64.ge_u")
        f.emit(f"local.get ${point}", "i64.const 11", "i64.shr_u", "i64.const 27", "i64.eq")
        f.emit("i32.or")
        f.trap_if(node.span, "not a code point")
        f.emit(f"local.get ${point}", "i32.wrap_i64")
    f.memory_site(node.span)
    f.call("text_from_code_point")
    return Ownership.OWNED


def _library(name: str) -> "Callable[[FunctionBuilder, CallBuiltin], Ownership]":
    """Lowers to a routine that takes the arguments as they are and needs no site."""

    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        spilled = f.borrow(containers.operands(node))
        f.call(name)
        f.release_spilled(spilled)
        return Ownership.of_fresh(node.type)

    return lower


def _cased(case: Callable[[], LetterCase]) -> "Callable[[FunctionBuilder, CallBuiltin], Ownership]":
    """Maps each letter to the other case by a table of the data segment."""

    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        table = case()
        spilled = f.borrow(containers.operands(node))
        f.constant(f.module.constants.block(table.table()))
        f.constant(len(table.rows))
        f.memory_site(node.span)
        f.call("text_cased")
        f.release_spilled(spilled)
        return Ownership.OWNED

    return lower


def _parsed(routine: str, kind: Type) -> "Callable[[FunctionBuilder, CallBuiltin], Ownership]":
    """Pushes Some of the number that a routine has read from a text, or None."""

    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        spilled = f.borrow(containers.operands(node))
        f.call(routine)
        f.release_spilled(spilled)
        f.emit("if (result i32)")
        containers.some(f, node.span, kind, lambda: f.emit("global.get $parsed"))
        f.emit("else", f"i32.const {f.module.constants.variant(0)}", "end")
        return Ownership.OWNED

    return lower


# --- integers ---------------------------------------------------------------------------


def _abs(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    with f.temporary("i64") as n:
        f.emit(f"local.tee ${n}", f"i64.const {MIN}", "i64.eq")
        f.trap_if(node.span, overflow(node.type, "abs"))
        f.emit("i64.const 0", f"local.get ${n}", "i64.sub", f"local.get ${n}")
        f.emit(f"local.get ${n}", "i64.const 0", "i64.lt_s", "select")
    return Ownership.PLAIN


def _choose(comparison: str) -> Callable[[FunctionBuilder, CallBuiltin], Ownership]:
    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        f.borrow(containers.operands(node))
        with f.temporary("i64") as a, f.temporary("i64") as b:
            f.emit(f"local.set ${b}", f"local.tee ${a}", f"local.get ${b}")
            f.emit(f"local.get ${a}", f"local.get ${b}", comparison, "select")
        return Ownership.PLAIN

    return lower


def _trap_if_negative(f: FunctionBuilder, span: Span, reason: str) -> None:
    """Traps if the i64 on the stack, which stays, is negative."""
    with f.temporary("i64") as n:
        f.emit(f"local.tee ${n}", "i64.const 0", "i64.lt_s")
        f.trap_if(span, reason)
        f.emit(f"local.get ${n}")


def _power(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    _trap_if_negative(f, node.span, "negative exponent")
    f.constant(f.site(node.span, overflow(node.type, "pow")))
    f.call("power")
    return Ownership.PLAIN


def _square_root(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    _trap_if_negative(f, node.span, "square root of a negative number")
    f.call("square_root")
    return Ownership.PLAIN


def _percentage(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    with f.temporary("i64") as whole:
        f.emit(f"local.set ${whole}", "i64.const 100")
        f.constant(f.site(node.span, overflow(node.type, "percentage")))
        f.call("multiply")
        f.emit(f"local.get ${whole}")
        f.constant(f.site(node.span, checks.DIVISION_BY_ZERO))
        f.constant(f.site(node.span, overflow(node.type, "percentage")))
        f.call("divide")
    return Ownership.PLAIN


# --- decimals ---------------------------------------------------------------------------

_DOWN, _UP = 1, 2
"""How `scaled` rounds."""


def _multiply_down(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    f.emit(f"i64.const {DECIMAL_SCALE}", f"i32.const {_DOWN}")
    f.constant(f.site(node.span, overflow(node.type, node.builtin.value)))
    f.call("scaled")
    return Ownership.PLAIN


def _divided(rounding: int) -> Callable[[FunctionBuilder, CallBuiltin], Ownership]:
    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        f.borrow(containers.operands(node))
        with f.temporary("i64") as divisor:
            f.emit(f"local.tee ${divisor}", "i64.eqz")
            f.trap_if(node.span, checks.DIVISION_BY_ZERO)
            f.emit(f"i64.const {DECIMAL_SCALE}", f"local.get ${divisor}", f"i32.const {rounding}")
        f.constant(f.site(node.span, overflow(node.type, node.builtin.value)))
        f.call("scaled")
        return Ownership.PLAIN

    return lower


# --- bits -------------------------------------------------------------------------------

WORD_BITS = 64
OUT_OF_WORD = "shift out of range"


def _bits(instruction: str) -> Callable[[FunctionBuilder, CallBuiltin], Ownership]:
    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        f.borrow(containers.operands(node))
        f.emit(instruction)
        return Ownership.PLAIN

    return lower


def _inverted(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
    f.borrow(containers.operands(node))
    f.emit("i64.const -1", "i64.xor")
    return Ownership.PLAIN


def _shifted(instruction: str) -> Callable[[FunctionBuilder, CallBuiltin], Ownership]:
    def lower(f: FunctionBuilder, node: CallBuiltin) -> Ownership:
        f.borrow(containers.operands(node))
        by = node.arguments[1].value
        if not (isinstance(by, ScalarConst) and 0 <= by.value < WORD_BITS):
            with f.temporary("i64") as count:
                f.emit(f"local.tee ${count}", f"i64.const {WORD_BITS}", "i64.ge_u")
                f.trap_if(node.span, OUT_OF_WORD)
                f.emit(f"local.get ${count}")
        f.emit(instruction)
        return Ownership.PLAIN

    return lower


_LOWERINGS: dict[Builtin, Callable[[FunctionBuilder, CallBuiltin], Ownership]] = {
    Builtin.ARRAY_LEN: containers.array_length,
    Builtin.ARRAY_PUSH: containers.push,
    Builtin.ARRAY_POP: containers.pop,
    Builtin.ARRAY_CONTAINS: containers.array_contains,
    Builtin.ARRAY_SLICE: containers.slice_of,
    Builtin.STRING_LENGTH: lambda f, node: containers.length(f, node, 12),
    Builtin.STRING_CONCAT: _concat,
    Builtin.STRING_SUBSTRING: _substring,
    Builtin.STRING_CONTAINS: _library("text_contains"),
    Builtin.STRING_INDEX_OF: _library("text_index_of"),
    Builtin.STRING_CHAR_AT: _char_at,
    Builtin.STRING_FROM_CODE_POINT: _from_code_point,
    Builtin.STRING_UPPER: _cased(letter_case.upper),
    Builtin.STRING_LOWER: _cased(letter_case.lower),
    Builtin.STRING_PARSE_INTEGER: _parsed("parse_integer", Prim.INTEGER),
    Builtin.STRING_PARSE_DECIMAL: _parsed("parse_decimal", Prim.DECIMAL),
    Builtin.MAP_NEW: containers.map_new,
    Builtin.MAP_INSERT: containers.insert,
    Builtin.MAP_GET: containers.get,
    Builtin.MAP_CONTAINS_KEY: containers.contains_key,
    Builtin.MAP_REMOVE: containers.remove,
    Builtin.MAP_SIZE: containers.length,
    Builtin.MAP_KEYS: containers.column(8),
    Builtin.MAP_VALUES: containers.column(16),
    Builtin.INTEGER_ABS: _abs,
    Builtin.INTEGER_MIN: _choose("i64.lt_s"),
    Builtin.INTEGER_MAX: _choose("i64.gt_s"),
    Builtin.INTEGER_POW: _power,
    Builtin.INTEGER_SQRT: _square_root,
    Builtin.ARRAY_SUM: containers.sum_of,
    Builtin.PERCENTAGE: _percentage,
    Builtin.DECIMAL_FLOOR: _library("decimal_floor"),
    Builtin.DECIMAL_CEIL: _library("decimal_ceil"),
    Builtin.DECIMAL_ROUND: _library("decimal_round"),
    Builtin.DECIMAL_MUL_FLOOR: _multiply_down,
    Builtin.DECIMAL_DIV_FLOOR: _divided(_DOWN),
    Builtin.DECIMAL_DIV_CEIL: _divided(_UP),
    Builtin.BIT_AND: _bits("i64.and"),
    Builtin.BIT_OR: _bits("i64.or"),
    Builtin.BIT_XOR: _bits("i64.xor"),
    Builtin.BIT_NOT: _inverted,
    Builtin.SHIFT_LEFT: _shifted("i64.shl"),
    Builtin.SHIFT_RIGHT: _shifted("i64.shr_s"),
    Builtin.DATA_HAS: conversions.data_has,
    Builtin.DATA_ITEM: conversions.data_item,
    Builtin.DATA_KEY: conversions.data_key,
    Builtin.DATA_LENGTH: conversions.data_length,
}
