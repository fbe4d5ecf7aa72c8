"""Array patterns as tests: length, elements from both ends, the rest between."""

from ccl.checking.core.unification import prune, zonk
from ccl.checking.patterns.shapes import Elements
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Builtin
from ccl.ir.types import Array, Prim


def of_length(shape: Elements, place: typed.Expr) -> typed.Expr | None:
    """Builds the test of the length; None if any length will do."""
    if shape.rest is not None and not shape.parts:
        return None
    op = BinaryOp.EQUAL if shape.rest is None else BinaryOp.GREATER_EQUAL
    wanted = _integer(len(shape.parts), place)
    return typed.Binary(op=op, left=_length(place), right=wanted, type=Prim.BOOL, span=place.span)


def element(shape: Elements, place: typed.Expr, position: int) -> typed.Expr:
    """Returns the element that part number `position` of the shape matches."""
    kind = prune(place.type)
    assert isinstance(kind, Array), "a shape with elements is of an array"
    index: typed.Expr = _integer(position, place)
    if shape.rest is not None and position >= shape.before:
        index = _from_end(place, len(shape.parts) - position)
    return typed.IndexGet(base=place, index=index, type=zonk(kind.element), span=place.span)


def rest(shape: Elements, place: typed.Expr) -> typed.Expr:
    """Returns the elements between the parts of the shape."""
    start = _integer(shape.before, place)
    after = len(shape.parts) - shape.before
    end = _from_end(place, after) if after else _length(place)
    passed = tuple(typed.Argument(value=each, mutated=False) for each in (place, start, end))
    return typed.CallBuiltin(
        builtin=Builtin.ARRAY_SLICE, arguments=passed, type=zonk(place.type), span=place.span
    )


def _length(place: typed.Expr) -> typed.Expr:
    passed = (typed.Argument(value=place, mutated=False),)
    return typed.CallBuiltin(
        builtin=Builtin.ARRAY_LEN, arguments=passed, type=Prim.INTEGER, span=place.span
    )


def _from_end(place: typed.Expr, count: int) -> typed.Expr:
    return typed.Binary(
        op=BinaryOp.SUBTRACT,
        left=_length(place),
        right=_integer(count, place),
        type=Prim.INTEGER,
        span=place.span,
    )


def _integer(value: int, place: typed.Expr) -> typed.Expr:
    return typed.ScalarConst(value=value, type=Prim.INTEGER, span=place.span)
