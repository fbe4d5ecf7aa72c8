"""Operators: checked arithmetic, comparison, joining of strings."""

from collections.abc import Sequence

from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.analysis.usage import mentions
from ccl.codegen.codecs import comparison
from ccl.codegen.function_builder import FunctionBuilder, Ownership
from ccl.codegen.operations import decimals, overflow_checks
from ccl.ir.layout import is_text, value_type
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
    ScalarConst,
    ShortCircuit,
    StateGet,
    TextConst,
    Unary,
    UnaryOp,
)
from ccl.ir.types import Prim, Type
from ccl.ir.visit import everything
from ccl.source.spans import Span

WORD_BYTES = 8
DIVISION_BY_ZERO = "division by zero"
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
        return concat(f, (node.left, node.right), node.span)
    _arithmetic(f, node)
    return Ownership.PLAIN


def is_short(condition: Expr) -> bool:
    """A comparison of two numbers that are there: it may as well be written twice."""
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
        f.trap_if(node.span, overflow(node.type, "-"))
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


def overflow(kind: Type, op: str) -> str:
    return f"{kind} overflow in `{op}`"


# --- comparison -------------------------------------------------------------------------


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
    """Its length, then its one word: a text that is not empty has room for a whole one."""
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
    """Whether a text of the same length has these bytes: `(text) -> i32`."""
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


# --- arithmetic -------------------------------------------------------------------------


UNCHECKED = {
    BinaryOp.ADD: "i64.add",
    BinaryOp.SUBTRACT: "i64.sub",
    BinaryOp.MULTIPLY: "i64.mul",
    BinaryOp.DIVIDE: "i64.div_s",
    BinaryOp.REMAINDER: "i64.rem_s",
}


def _arithmetic(f: FunctionBuilder, node: Binary) -> None:
    """Operands that are variables or constants are named where they are, not moved."""
    if f.analyses.intervals.cannot_overflow(node):
        f.expr(node.left)
        f.expr(node.right)
        f.emit(UNCHECKED[node.op])
        return
    decimal = node.left.type is Prim.DECIMAL and node.op in (BinaryOp.MULTIPLY, BinaryOp.DIVIDE)
    if isinstance(node.right, ScalarConst) and not decimal:
        f.expr(node.left)
        _with_constant(f, node.op, node.right.value, node.type, node.span)
        return
    if decimal and decimals.by_constant(f, node):
        return
    if overflow_checks.adds_product(f, node):
        return
    taken: list[str] = []
    simple = isinstance(node.right, LocalGet)
    if simple and isinstance(node.left, LocalGet):
        left = f.name(node.left.local)
    else:
        f.expr(node.left)
        left = f.new_temporary("i64")
        taken.append(left)
        f.emit(f"local.set ${left}")
    if isinstance(node.right, LocalGet):
        right = f.name(node.right.local)
    else:
        f.expr(node.right)
        right = f.new_temporary("i64")
        taken.append(right)
        f.emit(f"local.set ${right}")
    of_names(f, node.op, left, right, node.left.type, node.type, node.span)
    for name in taken:
        f.free_temporary(name, "i64")


def combine(f: FunctionBuilder, op: BinaryOp, kind: Type, span: Span) -> None:
    """An operation of `+=` and its kin, on the two values on the stack."""
    with f.temporary("i64") as a, f.temporary("i64") as b:
        f.emit(f"local.set ${b}", f"local.set ${a}")
        of_names(f, op, a, b, kind, kind, span)


def of_names(
    f: FunctionBuilder, op: BinaryOp, a: str, b: str, left: Type, result: Type, span: Span
) -> None:
    get_a, get_b = f"local.get ${a}", f"local.get ${b}"
    over = overflow(result, op.value)
    match op:
        case BinaryOp.ADD | BinaryOp.SUBTRACT:
            with f.temporary("i64") as r:
                get_r = f"local.get ${r}"
                f.emit(get_a, get_b, "i64.add" if op is BinaryOp.ADD else "i64.sub")
                # the sign of the result tells: it must not differ from that of both operands
                # (for -: from the left one where the operands differ)
                f.emit(f"local.tee ${r}", get_a, "i64.xor")
                f.emit(*((get_r, get_b) if op is BinaryOp.ADD else (get_a, get_b)), "i64.xor")
                f.emit("i64.and", "i64.const 0", "i64.lt_s")
                f.trap_if(span, over)
                f.emit(get_r)
        case BinaryOp.MULTIPLY if left is Prim.DECIMAL:
            decimals.multiply(f, a, b, f.site(span, over))
        case BinaryOp.MULTIPLY:
            overflow_checks.any_large(f, (a, b) if a != b else (a,))
            f.emit("if", get_a, get_b)
            f.constant(f.site(span, over))
            f.call("check_product")
            f.emit("end", get_a, get_b, "i64.mul")
        case BinaryOp.DIVIDE:
            f.emit(get_a, get_b)
            f.constant(f.site(span, DIVISION_BY_ZERO))
            f.constant(f.site(span, over))
            f.call("decimal_divide" if left is Prim.DECIMAL else "divide")
        case _:
            assert op is BinaryOp.REMAINDER
            f.emit(get_b, "i64.eqz")
            f.trap_if(span, DIVISION_BY_ZERO)
            f.emit(get_a, get_b, "i64.rem_s")


def _with_constant(f: FunctionBuilder, op: BinaryOp, right: int, kind: Type, span: Span) -> None:
    """The left operand is on the stack; the range of safe ones is known."""
    over = overflow(kind, op.value)
    match op:
        case BinaryOp.ADD:
            checked_range(f, "i64.add", right, MIN - min(right, 0), MAX - max(right, 0), span, over)
        case BinaryOp.SUBTRACT:
            checked_range(f, "i64.sub", right, MIN + max(right, 0), MAX + min(right, 0), span, over)
        case BinaryOp.MULTIPLY if right > 1:
            low = -(-MIN // right)
            checked_range(f, "i64.mul", right, low, MAX // right, span, over)
        case BinaryOp.MULTIPLY if right in (0, 1):
            f.emit(f"i64.const {right}", "i64.mul")
        case BinaryOp.DIVIDE if right not in (0, -1):
            f.emit(f"i64.const {right}", "i64.div_s")
        case BinaryOp.REMAINDER if right != 0:
            f.emit(f"i64.const {right}", "i64.rem_s")
        case _:
            with f.temporary("i64") as a, f.temporary("i64") as b:
                f.emit(f"local.set ${a}", f"i64.const {right}", f"local.set ${b}")
                of_names(f, op, a, b, kind, kind, span)


def checked_range(
    f: FunctionBuilder, instruction: str, right: int, low: int, high: int, span: Span, over: str
) -> None:
    """Apply an instruction to the value on the stack and `right`, or trap out of the range."""
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


# --- joining strings --------------------------------------------------------------------


def concat(f: FunctionBuilder, parts: Sequence[Expr], span: Span) -> Ownership:
    """Joined left to right; a fresh left side grows in place."""
    parts = _flat_parts(parts)
    if not parts:
        f.constant(f.module.constants.text(""))
        return Ownership.PLAIN
    f.own(parts[0])
    _append(f, parts[1:], span)
    return Ownership.OWNED


def _append(f: FunctionBuilder, parts: Sequence[Expr], span: Span) -> None:
    """Append to the owned text on the stack."""
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
    """`s = s + x`: append to the variable's own text, which is not quadratic in a loop.

    Only for a variable that owns its text, when `x` does not look at it.
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
    """The same for a text of the program's state, where the rest looks at no state."""
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
    """Append all but the first part, unless one of them may get in the way."""
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
    """What is joined in the end, through nested joins."""
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
