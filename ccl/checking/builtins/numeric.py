"""Prelude functions over one type of number at a time: `min`, `sum` and the like.

The arguments determine the type: literals take it from the others, Data converts to it, an Integer
beside Mana becomes Mana.
"""

from collections.abc import Mapping, Sequence

from ccl.checking.core.constraints import wait_for
from ccl.checking.core.conversions import fit
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import fresh, has_error_type, prune, unify, variable_of, zonk
from ccl.checking.expressions import operators
from ccl.ir import typed
from ccl.ir.types import Array, Prim, Token, Type
from ccl.prelude.functions import NUMBER, PreludeFunction
from ccl.syntax import ast

_ADDED = (Prim.INTEGER, Prim.DECIMAL, Prim.MANA, Prim.DURATION)
_COMPARED = (*_ADDED, Prim.TIMESTAMP)


def works_on(row: PreludeFunction, kind: Type) -> bool:
    """Returns whether a function takes the type: times are only compared, amounts are also
    added."""
    kinds = _COMPARED if row.name in ("min", "max") else _ADDED
    return kind in kinds or isinstance(kind, Token)


def arguments(
    body: Body,
    call: ast.Call,
    row: PreludeFunction,
    written: Mapping[str, ast.Expr],
    receiver: typed.Expr | None,
    expected: Type | None,
) -> tuple[dict[str, typed.Expr], Type]:
    """Checks the arguments, in the order written; returns them by parameter, and their type."""
    of_array = isinstance(row.parameters[0][1], Array)
    found: dict[str, typed.Expr] = {}
    if receiver is not None:
        found[row.parameters[0][0]] = receiver
    open_ones = [name for name, expr in written.items() if _takes_kind(expr)]
    for name, expr in written.items():
        if name not in open_ones:
            found[name] = body.infer(expr)
    kind = _common([_number(node, of_array) for node in found.values()])
    if kind is None:
        kind = _wanted(body, row, expected)
    shape = Array(kind) if of_array else kind
    for name in open_ones:
        found[name] = body.infer(written[name], shape)
    order = [name for name, _ in row.parameters if name not in written] + list(written)
    nodes = {name: fit(body, found[name], shape) for name in order if name in found}
    return nodes, _settled(body, call, row, kind)


def _takes_kind(expr: ast.Expr) -> bool:
    """Returns whether an expression takes its type from its context."""
    if isinstance(expr, ast.ArrayExpr):
        return all(map(_takes_kind, expr.elements))
    return operators.takes_context(expr)


def _number(node: typed.Expr, of_array: bool) -> Type:
    """Returns the type of number that an argument is, or has as its elements."""
    kind = prune(node.type)
    if not of_array or kind is Prim.DATA or has_error_type(kind):
        return kind
    if isinstance(kind, Array):
        return prune(kind.element)
    element = fresh()
    return element if unify(kind, Array(element)) else kind


def _common(kinds: Sequence[Type]) -> Type | None:
    """Returns the type that the arguments agree on; None if none of them determines it."""
    known = [kind for kind in kinds if kind is not Prim.DATA and variable_of(kind) is None]
    if known:
        return Prim.MANA if Prim.MANA in known else known[0]
    return next((kind for kind in kinds if variable_of(kind) is not None), None)


def _wanted(body: Body, row: PreludeFunction, expected: Type | None) -> Type:
    """Returns the expected type where the arguments leave it open, else Integer."""
    kind = prune(expected) if expected is not None else None
    if kind is not None and variable_of(kind) is None and works_on(row, kind):
        return kind
    return body.unknown(number=True)


def _settled(body: Body, call: ast.Call, row: PreludeFunction, kind: Type) -> Type:
    kind = zonk(kind)
    if variable_of(kind) is not None:
        return _open(body, kind)
    if not has_error_type(kind) and not works_on(row, kind):
        body.sink.report("CCL0460", call.span, name=row.name, found=str(kind))
        return invalid(call.span).type
    return kind


def _open(body: Body, kind: Type) -> Type:
    """Returns a type of number that is still open, Integer by default."""

    def attempt(by_default: bool) -> bool:
        return variable_of(prune(kind)) is None or (by_default and unify(kind, Prim.INTEGER))

    if not body.final:
        wait_for(body, [kind], attempt)
    return kind


def is_numeric(row: PreludeFunction) -> bool:
    """Returns whether the row works on more than one type of number."""
    return any(kind in (NUMBER, Array(NUMBER)) for _, kind in row.parameters)
