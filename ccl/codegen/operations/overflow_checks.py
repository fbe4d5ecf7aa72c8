"""Checks asked together: one question that most often says that nothing can overflow.

Where it does not say so, every step is checked as it would be alone, in the same order.
"""

from collections.abc import Sequence

from ccl.analysis.interval_arithmetic import MAX, MIN, Interval, result_of
from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.operations import operators
from ccl.ir.typed import Binary, BinaryOp, Expr, LocalGet, ScalarConst
from ccl.ir.types import Prim

SMALL = 2**31


def adds_product(f: FunctionBuilder, node: Binary) -> bool:
    """`s + x * y` and `s - x * y`, as inner loops have it; whether it was one.

    One question first: `x` and `y` within 32 bits and `s` within 2^62 either way cannot
    overflow. Where the answer is no, product and sum are checked as they would be alone.
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
    _beyond(f, (x, y) if x != y else (x,))
    # (within 2^62 either way the two highest bits are the same)
    f.emit(f"local.get ${added}", f"local.get ${added}", "i64.const 1", "i64.shl", "i64.xor")
    f.emit("i64.const 63", "i64.shr_u", "i64.or", "i64.const 0", "i64.ne", "if")
    f.emit(*times[:2])
    f.constant(f.site(product.span, operators.overflow(product.type, product.op.value)))
    f.call("check_product")
    with f.temporary("i64") as multiplied:
        f.emit(*times, f"local.set ${multiplied}")
        operators.of_names(f, node.op, added, multiplied, node.left.type, node.type, node.span)
    f.emit("drop", "end", f"local.get ${added}", *times, operators.UNCHECKED[node.op])
    for name in taken:
        f.free_temporary(name, "i64")
    return True


def small(f: FunctionBuilder, node: Expr) -> None:
    """A number that is most often small, as an index is: its checks are first tried at once.

    If all variables are within 32 bits and that keeps every step within 64, no step is
    checked; otherwise each is.
    """
    asked = to_ask(f, node)
    if asked is None:
        f.expr(node)
        return
    if asked:
        any_large(f, [f.known_name(index) for index in asked])
        f.emit("if")
        f.expr(node)
        f.emit("drop", "end")
    plainly(f, node)


def to_ask(f: FunctionBuilder, node: Expr) -> frozenset[int] | None:
    """Variables which, if within 32 bits, say that no step overflows; None: it may anyway."""
    leaves: list[LocalGet] = []
    if (
        not isinstance(node, Binary)
        or f.analyses.intervals.cannot_overflow(node)
        or not _collect(node, leaves)
    ):
        return None
    return None if _within(f, node) is None else _not_known(f, leaves)


def any_large(f: FunctionBuilder, names: Sequence[str]) -> None:
    """Push whether one of these variables is beyond 32 bits."""
    if len(names) == 1:
        f.emit(f"local.get ${names[0]}", f"local.get ${names[0]}", "i64.extend32_s", "i64.ne")
        return
    _beyond(f, names)
    f.emit("i64.const 0", "i64.ne")


def _beyond(f: FunctionBuilder, names: Sequence[str]) -> None:
    """Push 0 if all of these variables are within 32 bits."""
    for position, name in enumerate(names):
        f.emit(f"local.get ${name}", f"local.get ${name}", "i64.extend32_s", "i64.xor")
        if position:
            f.emit("i64.or")


def _collect(node: Expr, leaves: list[LocalGet]) -> bool:
    """The variables in a sum of products; whether it is one, of variables and constants."""
    match node:
        case ScalarConst():
            return True
        case LocalGet():
            leaves.append(node)
            return True
        case Binary(op=BinaryOp.ADD | BinaryOp.SUBTRACT | BinaryOp.MULTIPLY) if (
            node.type is Prim.INTEGER
        ):
            return _collect(node.left, leaves) and _collect(node.right, leaves)
        case _:
            return False


def _not_known(f: FunctionBuilder, leaves: Sequence[LocalGet]) -> frozenset[int]:
    """Variables which, if within 32 bits, say that all leaves are.

    A number from 0 up to another that is asked for needs no question of its own.
    """
    asked: set[int] = set()
    rest: list[frozenset[int]] = []
    for leaf in leaves:
        (low, high), most = f.analyses.intervals.at(leaf)
        if low >= -SMALL and high < SMALL:
            continue
        if low < 0 or not most:
            asked.add(leaf.local.index)
        else:
            rest.append(most)
    for bounds in rest:
        if not bounds & asked:
            asked.add(min(bounds))
    return frozenset(asked)


def _within(f: FunctionBuilder, node: Expr) -> Interval | None:
    """Of the value when all variables are within 32 bits; None if a step may overflow."""
    match node:
        case ScalarConst(value=value):
            return value, value
        case LocalGet():
            (low, high), _ = f.analyses.intervals.at(node)
            return max(low, -SMALL), min(high, SMALL - 1)
        case Binary(op=op, left=left, right=right):
            a, b = _within(f, left), _within(f, right)
            exact = None if a is None or b is None else result_of(op, a, b)
            return exact if exact is not None and exact[0] >= MIN and exact[1] <= MAX else None
        case _:
            return None


def plainly(f: FunctionBuilder, node: Expr) -> None:
    """Compute without checks."""
    if isinstance(node, Binary):
        plainly(f, node.left)
        plainly(f, node.right)
        f.emit(operators.UNCHECKED[node.op])
    else:
        f.expr(node)
