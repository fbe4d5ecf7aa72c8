"""Constant expressions computed at compile time, on the typed tree.

The rules of arithmetic are those of the running program: what would trap there is a problem
here.
"""

from collections.abc import Callable

from ccl import typed
from ccl.checking.constants.prelude_folding import Problem, compute
from ccl.checking.forms.literals import DECIMAL_ONE, INTEGER_MAX, INTEGER_MIN
from ccl.node import replace
from ccl.typed import BinaryOp, Conversion, UnaryOp
from ccl.types import Prim


def fold(node: typed.Expr) -> typed.Expr | Problem:
    """The constant that `node` is: a scalar, a text, or an aggregate of constants."""
    match node:
        case typed.ScalarConst() | typed.TextConst() | typed.UnitConst():
            return node
        case typed.Unary():
            return _unary(node)
        case typed.Binary():
            return _binary(node)
        case typed.ShortCircuit():
            return _short_circuit(node)
        case typed.Concat():
            return _concat(node)
        case typed.Convert():
            return _convert(node)
        case typed.If():
            return _if(node)
        case typed.Block(statements=(), value=value) if value is not None:
            return fold(value)
        case typed.ArrayNew():
            elements = _all(node.elements)
            return elements if isinstance(elements, Problem) else replace(node, elements=elements)
        case typed.StructNew():
            values = _all(node.values)
            return values if isinstance(values, Problem) else replace(node, values=values)
        case typed.VariantNew():
            payload = _all(node.payload)
            return payload if isinstance(payload, Problem) else replace(node, payload=payload)
        case typed.CallBuiltin(builtin=typed.Builtin.MAP_NEW):
            return node
        case typed.CallBuiltin():
            arguments = _all(tuple(each.value for each in node.arguments))
            return arguments if isinstance(arguments, Problem) else compute(node, arguments)
        case _:
            return Problem(node.span, "this expression", not_constant=True)


def _all(nodes: tuple[typed.Expr, ...]) -> tuple[typed.Expr, ...] | Problem:
    done: list[typed.Expr] = []
    for node in nodes:
        folded = fold(node)
        if isinstance(folded, Problem):
            return folded
        done.append(folded)
    return tuple(done)


def _scalar(node: typed.Expr) -> int | Problem:
    folded = fold(node)
    if isinstance(folded, Problem):
        return folded
    if isinstance(folded, typed.ScalarConst):
        return folded.value
    return Problem(node.span, "this expression", not_constant=True)


def _unary(node: typed.Unary) -> typed.Expr | Problem:
    value = _scalar(node.operand)
    if isinstance(value, Problem):
        return value
    result = 1 - value if node.op is UnaryOp.NOT else -value
    return _checked(node, result)


def _checked(node: typed.Expr, value: int) -> typed.Expr | Problem:
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        return Problem(node.span, "an overflow")
    return typed.ScalarConst(value=value, type=node.type, span=node.span)


_COMPARISONS: dict[BinaryOp, Callable[[int | bytes, int | bytes], bool]] = {
    BinaryOp.EQUAL: lambda a, b: a == b,
    BinaryOp.NOT_EQUAL: lambda a, b: a != b,
    BinaryOp.LESS: lambda a, b: a < b,  # type: ignore[operator]
    BinaryOp.LESS_EQUAL: lambda a, b: a <= b,  # type: ignore[operator]
    BinaryOp.GREATER: lambda a, b: a > b,  # type: ignore[operator]
    BinaryOp.GREATER_EQUAL: lambda a, b: a >= b,  # type: ignore[operator]
}


def _binary(node: typed.Binary) -> typed.Expr | Problem:
    left, right = fold(node.left), fold(node.right)
    if isinstance(left, Problem):
        return left
    if isinstance(right, Problem):
        return right
    if isinstance(left, typed.TextConst) and isinstance(right, typed.TextConst):
        compare = _COMPARISONS[node.op]
        truth = compare(left.value.encode(), right.value.encode())
        return typed.ScalarConst(value=int(truth), type=Prim.BOOL, span=node.span)
    if not (isinstance(left, typed.ScalarConst) and isinstance(right, typed.ScalarConst)):
        return Problem(node.span, "this comparison", not_constant=True)
    if node.op in _COMPARISONS:
        truth = _COMPARISONS[node.op](left.value, right.value)
        return typed.ScalarConst(value=int(truth), type=Prim.BOOL, span=node.span)
    decimal = node.type is Prim.DECIMAL
    value = _arithmetic(node, left.value, right.value, decimal=decimal)
    return value if isinstance(value, Problem) else _checked(node, value)


def _arithmetic(node: typed.Binary, a: int, b: int, *, decimal: bool) -> int | Problem:
    match node.op:
        case BinaryOp.ADD:
            return a + b
        case BinaryOp.SUBTRACT:
            return a - b
        case BinaryOp.MULTIPLY:
            return round_half_away(a * b, DECIMAL_ONE) if decimal else a * b
        case _ if b == 0:
            return Problem(node.span, "a division by zero")
        case BinaryOp.DIVIDE:
            return round_half_away(a * DECIMAL_ONE, b) if decimal else truncate(a, b)
        case _:
            return a - b * truncate(a, b)


def truncate(a: int, b: int) -> int:
    """`a / b` towards zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def round_half_away(a: int, b: int) -> int:
    """`a / b` to the nearest integer, halves away from zero."""
    quotient = (2 * abs(a) + abs(b)) // (2 * abs(b))
    return quotient if (a < 0) == (b < 0) else -quotient


def _short_circuit(node: typed.ShortCircuit) -> typed.Expr | Problem:
    left = _scalar(node.left)
    if isinstance(left, Problem):
        return left
    if bool(left) is not node.is_and:
        return typed.ScalarConst(value=left, type=Prim.BOOL, span=node.span)
    right = _scalar(node.right)
    if isinstance(right, Problem):
        return right
    return typed.ScalarConst(value=right, type=Prim.BOOL, span=node.span)


def _concat(node: typed.Concat) -> typed.Expr | Problem:
    texts: list[str] = []
    for part in node.parts:
        folded = fold(part)
        if isinstance(folded, Problem):
            return folded
        if not isinstance(folded, typed.TextConst):
            return Problem(part.span, "this expression", not_constant=True)
        texts.append(folded.value)
    return typed.TextConst(value="".join(texts), type=Prim.STRING, span=node.span)


def _convert(node: typed.Convert) -> typed.Expr | Problem:
    operand = fold(node.operand)
    match operand, node.conversion:
        case Problem(), _:
            return operand
        case typed.ScalarConst(), Conversion.SAME_BITS:
            return replace(operand, type=node.type, span=node.span)
        case typed.TextConst(), Conversion.SAME_BITS:
            return replace(operand, type=node.type, span=node.span)
        case typed.ScalarConst(), Conversion.INTEGER_TO_DECIMAL:
            return _checked(node, operand.value * DECIMAL_ONE)
        case typed.ScalarConst(type=Prim.INTEGER), Conversion.TO_STRING:
            return typed.TextConst(value=str(operand.value), type=Prim.STRING, span=node.span)
        case _:
            return Problem(node.span, "this conversion", not_constant=True)


def _if(node: typed.If) -> typed.Expr | Problem:
    condition = _scalar(node.condition)
    if isinstance(condition, Problem):
        return condition
    if condition:
        return fold(node.then)
    if node.otherwise is None:
        return typed.UnitConst(span=node.span)
    return fold(node.otherwise)
