"""Products and quotients of Decimals: in 64 bits where the exact product fits, else by a routine.

A Decimal counts millionths. Results are exact, halves rounded away from zero: half of the divisor,
with the sign of the product, is added before a division that truncates.
"""

from fractions import Fraction
from typing import Final

from ccl.analysis.interval_arithmetic import MAX, MIN
from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.operations import checks
from ccl.codegen.operations.conversions import DECIMAL_SCALE
from ccl.ir.typed import Binary, BinaryOp, ScalarConst

_ZEROS_MIN: Final = 66
"""Leading zeros of two magnitudes that say that their product is within 2^62 either way."""


def multiply(f: FunctionBuilder, a: str, b: str, site: int) -> None:
    """Pushes the product of two variables."""
    if a == b:
        f.emit(*_leading_zeros(a), f"i64.const {_ZEROS_MIN // 2}")
    else:
        f.emit(*_leading_zeros(a), *_leading_zeros(b), "i64.add", f"i64.const {_ZEROS_MIN}")
    f.emit("i64.ge_u", "if (result i64)", f"local.get ${a}", f"local.get ${b}", "i64.mul")
    _divide_rounded(f, DECIMAL_SCALE)
    f.emit("else", f"local.get ${a}", f"local.get ${b}")
    f.constant(site)
    f.call("decimal_multiply")
    f.emit("end")


def by_constant(f: FunctionBuilder, node: Binary) -> bool:
    """Lowers `x * c`, `c * x` and `x / c` by the fraction in lowest terms that they multiply by.

    `x * 0.02` is a division by 50, `x / 0.5` a checked multiplication by 2. Returns whether the
    node is one; a divisor of 0 and negative constants are not.
    """
    other, constant = node.left, node.right
    if node.op is BinaryOp.MULTIPLY and not isinstance(constant, ScalarConst):
        other, constant = constant, other
    if not isinstance(constant, ScalarConst) or constant.value < 0:
        return False
    if node.op is BinaryOp.MULTIPLY:
        factor = Fraction(constant.value, DECIMAL_SCALE)
    elif constant.value:
        factor = Fraction(DECIMAL_SCALE, constant.value)
    else:
        return False
    over = checks.overflow(node.type, node.op.value)
    times, by = factor.numerator, factor.denominator
    if by == 1:
        f.expr(other)
        low, high = (MIN, MAX) if times == 0 else (-(-MIN // times), MAX // times)
        checks.checked_range(f, "i64.mul", times, low, high, node.span, over)
        return True
    f.expr(other)
    with f.temporary("i64") as a:
        # both ends at once: from `-limit` to `limit` nothing overflows
        limit = (MAX - by // 2) // times
        f.emit(f"local.tee ${a}", f"i64.const {limit}", "i64.add", f"i64.const {2 * limit}")
        f.emit("i64.le_u", "if (result i64)", f"local.get ${a}")
        if times != 1:
            f.emit(f"i64.const {times}", "i64.mul")
        _divide_rounded(f, by)
        f.emit("else", f"local.get ${a}", f"i64.const {constant.value}")
        site = f.site(node.span, over)
        if node.op is BinaryOp.MULTIPLY:
            f.constant(site)
            f.call("decimal_multiply")
        else:
            f.constant(site)
            f.constant(site)
            f.call("decimal_divide")
        f.emit("end")
    return True


def _leading_zeros(name: str) -> tuple[str, ...]:
    """Pushes those of a variable's magnitude, one less if it is negative."""
    get = f"local.get ${name}"
    return get, get, "i64.const 63", "i64.shr_s", "i64.xor", "i64.clz"


def _divide_rounded(f: FunctionBuilder, by: int) -> None:
    """Divides the number on the stack, from which half of the divisor is within 64 bits."""
    half = by // 2
    with f.temporary("i64") as exact:
        f.emit(f"local.tee ${exact}", f"local.get ${exact}", "i64.const 63", "i64.shr_s")
        f.emit(f"i64.const {-2 * half}", "i64.and", "i64.add", f"i64.const {half}", "i64.add")
        f.emit(f"i64.const {by}", "i64.div_s")
