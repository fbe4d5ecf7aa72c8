"""Constant expressions computed at compile time, on the typed tree.

The rules of arithmetic are those of the running program: a trap there is a problem here. Loops,
calls of functions, and mutation are left to the running program.
"""

from collections.abc import Callable
from typing import TypeVar

from ccl.checking.constants.conversion_folding import converted
from ccl.checking.constants.equality import same
from ccl.checking.constants.prelude_folding import OUT_OF_RANGE, Problem, compute
from ccl.checking.expressions.literals import DECIMAL_ONE, INTEGER_MAX, INTEGER_MIN
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Builtin, UnaryOp
from ccl.ir.types import Prim
from ccl.support.node import replace


def fold(node: typed.Expr) -> typed.Expr | Problem | None:
    """Folds `node` to a constant: a scalar, a text, or an aggregate of constants.

    None where a part of it has been reported as wrong.
    """
    try:
        return _Folding().value(node)
    except _Stopped as stopped:
        return stopped.problem


class _Stopped(Exception):
    """Raised where an expression has no value at compile time."""

    def __init__(self, problem: Problem | None) -> None:
        self.problem = problem


def _not_constant(node: typed.Expr | typed.Statement, what: str) -> _Stopped:
    return _Stopped(Problem(node.span, what, not_constant=True))


class _Folding:
    """The folding of one expression; `_locals` are the variables of its blocks and patterns."""

    def __init__(self) -> None:
        self._locals: dict[int, typed.Expr] = {}

    def value(self, node: typed.Expr) -> typed.Expr:
        match node:
            case typed.ErrorExpr():
                raise _Stopped(None)
            case typed.ScalarConst() | typed.TextConst() | typed.UnitConst():
                return node
            case typed.LocalGet(local=local) if local.index in self._locals:
                return self._locals[local.index]
            case typed.Unary():
                return self._unary(node)
            case typed.Binary():
                return _settled(_binary(node, self.value(node.left), self.value(node.right)))
            case typed.ShortCircuit():
                left = self._truth(node.left)
                return _bool(node, self._truth(node.right) if left is node.is_and else left)
            case typed.Concat():
                return self._concat(node)
            case typed.Convert():
                return _settled(converted(node, self.value(node.operand)))
            case typed.If():
                return self._if(node)
            case typed.Block():
                return self._block(node)
            case typed.MatchTag():
                return self._match(node)
            case typed.Require():
                return self._require(node)
            case typed.FieldGet(base=base, index=index):
                return _as(typed.StructNew, self.value(base)).values[index]
            case typed.IndexGet():
                return self._element(node)
            case typed.ArrayNew():
                return replace(node, elements=self._all(node.elements))
            case typed.StructNew():
                return self._struct_new(node)
            case typed.VariantNew():
                return replace(node, payload=self._all(node.payload))
            case typed.CallBuiltin(builtin=Builtin.MAP_NEW):
                return node
            case typed.CallBuiltin():
                arguments = self._all(tuple(each.value for each in node.arguments))
                return _settled(compute(node, arguments))
            case _:  # it has an effect, or reads what only a run has
                raise _not_constant(node, "this expression")

    def _all(self, nodes: tuple[typed.Expr, ...]) -> tuple[typed.Expr, ...]:
        return tuple(map(self.value, nodes))

    def _scalar(self, node: typed.Expr) -> int:
        return _as(typed.ScalarConst, self.value(node)).value

    def _truth(self, node: typed.Expr) -> bool:
        return bool(self._scalar(node))

    def _unary(self, node: typed.Unary) -> typed.Expr:
        value = self._scalar(node.operand)
        return _settled(_checked(node, 1 - value if node.op is UnaryOp.NOT else -value))

    def _concat(self, node: typed.Concat) -> typed.Expr:
        parts = [_as(typed.TextConst, self.value(each)).value for each in node.parts]
        return typed.TextConst(value="".join(parts), type=Prim.STRING, span=node.span)

    def _struct_new(self, node: typed.StructNew) -> typed.Expr:
        """Folds the values in the order written, so that the first problem is the program's."""
        values = {index: self.value(node.values[index]) for index in node.order}
        return replace(node, values=tuple(values[index] for index in range(len(node.values))))

    def _if(self, node: typed.If) -> typed.Expr:
        if self._truth(node.condition):
            return self.value(node.then)
        return (
            typed.UnitConst(span=node.span)
            if node.otherwise is None
            else self.value(node.otherwise)
        )

    def _block(self, node: typed.Block) -> typed.Expr:
        for statement in node.statements:
            match statement:
                case typed.SetLocal(local=local, value=value):
                    self._locals[local.index] = self.value(value)
                case typed.Evaluate(value=value):
                    self.value(value)
                case _:  # it has an effect, or iterates
                    raise _not_constant(statement, "this statement")
        return typed.UnitConst(span=node.span) if node.value is None else self.value(node.value)

    def _match(self, node: typed.MatchTag) -> typed.Expr:
        subject = _as(typed.VariantNew, self.value(node.subject))
        for arm in node.arms:
            if arm.tag == subject.tag:
                for position, local in arm.bindings:
                    self._locals[local.index] = subject.payload[position]
                return self.value(arm.body)
        assert node.otherwise is not None, "the arms cover every variant"
        return self.value(node.otherwise)

    def _require(self, node: typed.Require) -> typed.Expr:
        if not self._truth(node.condition):
            raise _Stopped(Problem(node.span, "a requirement that fails"))
        return typed.UnitConst(span=node.span)

    def _element(self, node: typed.IndexGet) -> typed.Expr:
        base, index = self.value(node.base), self.value(node.index)
        if isinstance(base, typed.ArrayNew) and isinstance(index, typed.ScalarConst):
            if not 0 <= index.value < len(base.elements):
                raise _Stopped(Problem(node.span, OUT_OF_RANGE))
            return base.elements[index.value]
        if isinstance(base, typed.CallBuiltin):  # a constant map has nothing in it
            raise _Stopped(Problem(node.span, "a key that is not found"))
        raise _not_constant(node, "this expression")


_C = TypeVar("_C", typed.ScalarConst, typed.TextConst, typed.StructNew, typed.VariantNew)


def _as(kind: type[_C], node: typed.Expr) -> _C:
    """Returns the constant in the form that its type has."""
    if not isinstance(node, kind):
        raise _not_constant(node, "this expression")
    return node


def _settled(found: typed.Expr | Problem) -> typed.Expr:
    if isinstance(found, Problem):
        raise _Stopped(found)
    return found


def _bool(node: typed.Expr, value: bool) -> typed.Expr:
    return typed.ScalarConst(value=int(value), type=Prim.BOOL, span=node.span)


def _checked(node: typed.Expr, value: int) -> typed.Expr | Problem:
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        return Problem(node.span, "an overflow")
    return typed.ScalarConst(value=value, type=node.type, span=node.span)


# --- operators --------------------------------------------------------------------------

_ORDER: dict[BinaryOp, Callable[[int | bytes, int | bytes], bool]] = {
    BinaryOp.LESS: lambda a, b: a < b,  # type: ignore[operator]
    BinaryOp.LESS_EQUAL: lambda a, b: a <= b,  # type: ignore[operator]
    BinaryOp.GREATER: lambda a, b: a > b,  # type: ignore[operator]
    BinaryOp.GREATER_EQUAL: lambda a, b: a >= b,  # type: ignore[operator]
}


def _binary(node: typed.Binary, left: typed.Expr, right: typed.Expr) -> typed.Expr | Problem:
    if node.op in (BinaryOp.EQUAL, BinaryOp.NOT_EQUAL):
        return _bool(node, same(left, right) is (node.op is BinaryOp.EQUAL))
    if isinstance(left, typed.TextConst) and isinstance(right, typed.TextConst):
        return _bool(node, _ORDER[node.op](left.value.encode(), right.value.encode()))
    if not (isinstance(left, typed.ScalarConst) and isinstance(right, typed.ScalarConst)):
        return Problem(node.span, "this expression", not_constant=True)
    if node.op in _ORDER:
        return _bool(node, _ORDER[node.op](left.value, right.value))
    value = _arithmetic(node, left.value, right.value, decimal=node.type is Prim.DECIMAL)
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
    """Returns `a / b`, rounded towards zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def round_half_away(a: int, b: int) -> int:
    """Returns `a / b`, rounded to the nearest integer, halves away from zero."""
    quotient = (2 * abs(a) + abs(b)) // (2 * abs(b))
    return quotient if (a < 0) == (b < 0) else -quotient
