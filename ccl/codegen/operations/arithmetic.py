"""Checked arithmetic of numbers of 64 bits: the plain instruction where nothing can overflow."""

from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.operations import checks, decimals
from ccl.ir.typed import Binary, BinaryOp, LocalGet, ScalarConst
from ccl.ir.types import Prim, Type
from ccl.source.spans import Span


def compute(f: FunctionBuilder, node: Binary) -> None:
    """Lowers an operation; operands that are variables or constants are used in place."""
    if f.analyses.intervals.cannot_overflow(node):
        f.expr(node.left)
        f.expr(node.right)
        f.emit(checks.UNCHECKED[node.op])
        return
    decimal = node.left.type is Prim.DECIMAL and node.op in (BinaryOp.MULTIPLY, BinaryOp.DIVIDE)
    if isinstance(node.right, ScalarConst) and not decimal:
        f.expr(node.left)
        _with_constant(f, node.op, node.right.value, node.type, node.span)
        return
    if decimal and decimals.by_constant(f, node):
        return
    if _multiply_add(f, node):
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
    """Lowers an operation of `+=` and its kin, on the two values on the stack."""
    with f.temporary("i64") as a, f.temporary("i64") as b:
        f.emit(f"local.set ${b}", f"local.set ${a}")
        of_names(f, op, a, b, kind, kind, span)


def of_names(
    f: FunctionBuilder, op: BinaryOp, a: str, b: str, left: Type, result: Type, span: Span
) -> None:
    get_a, get_b = f"local.get ${a}", f"local.get ${b}"
    over = checks.overflow(result, op.value)
    match op:
        case BinaryOp.ADD | BinaryOp.SUBTRACT:
            with f.temporary("i64") as r:
                get_r = f"local.get ${r}"
                f.emit(get_a, get_b, "i64.add" if op is BinaryOp.ADD else "i64.sub")
                # overflow shows in the sign of the result, which differs from that of both operands
                # (for -: from the left one where the operands differ)
                f.emit(f"local.tee ${r}", get_a, "i64.xor")
                f.emit(*((get_r, get_b) if op is BinaryOp.ADD else (get_a, get_b)), "i64.xor")
                f.emit("i64.and", "i64.const 0", "i64.lt_s")
                f.trap_if(span, over)
                f.emit(get_r)
        case BinaryOp.MULTIPLY if left is Prim.DECIMAL:
            decimals.multiply(f, a, b, f.site(span, over))
        case BinaryOp.MULTIPLY:
            checks.any_large(f, (a, b) if a != b else (a,))
            f.emit("if", get_a, get_b)
            f.constant(f.site(span, over))
            f.call("check_product")
            f.emit("end", get_a, get_b, "i64.mul")
        case BinaryOp.DIVIDE:
            f.emit(get_a, get_b)
            f.constant(f.site(span, checks.DIVISION_BY_ZERO))
            f.constant(f.site(span, over))
            f.call("decimal_divide" if left is Prim.DECIMAL else "divide")
        case _:
            assert op is BinaryOp.REMAINDER
            f.emit(get_b, "i64.eqz")
            f.trap_if(span, checks.DIVISION_BY_ZERO)
            f.emit(get_a, get_b, "i64.rem_s")


def _with_constant(f: FunctionBuilder, op: BinaryOp, right: int, kind: Type, span: Span) -> None:
    """Combines the value on the stack with a constant: the range of safe operands is known."""
    over = checks.overflow(kind, op.value)
    match op:
        case BinaryOp.ADD:
            checks.checked_range(
                f, "i64.add", right, MIN - min(right, 0), MAX - max(right, 0), span, over
            )
        case BinaryOp.SUBTRACT:
            checks.checked_range(
                f, "i64.sub", right, MIN + max(right, 0), MAX + min(right, 0), span, over
            )
        case BinaryOp.MULTIPLY if right > 1:
            low = -(-MIN // right)
            checks.checked_range(f, "i64.mul", right, low, MAX // right, span, over)
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


def _multiply_add(f: FunctionBuilder, node: Binary) -> bool:
    """Lowers `s + x * y` and `s - x * y`, as in inner loops; returns whether the node is one.

    One test first: with `x` and `y` within 32 bits and `s` within 2^62 either way nothing
    overflows. If it fails, product and sum are checked alone.
    """
    product = node.right
    if (
        node.op not in (BinaryOp.ADD, BinaryOp.SUBTRACT)
        or not isinstance(product, Binary)
        or product.op is not BinaryOp.MULTIPLY
        or product.type is not Prim.INTEGER
        or f.analyses.intervals.cannot_overflow(product)
    ):
        return False
    operands = (node.left, product.left, product.right)
    if any(isinstance(each, ScalarConst) for each in operands):
        return False
    taken: list[str] = []
    names: list[str] = []
    for position, each in enumerate(operands):
        later = operands[position + 1 :]
        if isinstance(each, LocalGet) and not any(map(f.analyses.behaviour.clobbers, later)):
            names.append(f.name(each.local))
            continue
        f.expr(each)
        taken.append(f.new_temporary("i64"))
        names.append(taken[-1])
        f.emit(f"local.set ${taken[-1]}")
    added, x, y = names
    times = (f"local.get ${x}", f"local.get ${y}", "i64.mul")
    checks.push_large_bits(f, (x, y) if x != y else (x,))
    # (within 2^62 either way the two highest bits are the same)
    f.emit(f"local.get ${added}", f"local.get ${added}", "i64.const 1", "i64.shl", "i64.xor")
    f.emit("i64.const 63", "i64.shr_u", "i64.or", "i64.const 0", "i64.ne", "if")
    f.emit(*times[:2])
    f.constant(f.site(product.span, checks.overflow(product.type, product.op.value)))
    f.call("check_product")
    with f.temporary("i64") as multiplied:
        f.emit(*times, f"local.set ${multiplied}")
        of_names(f, node.op, added, multiplied, node.left.type, node.type, node.span)
    f.emit("drop", "end", f"local.get ${added}", *times, checks.UNCHECKED[node.op])
    for name in taken:
        f.free_temporary(name, "i64")
    return True
