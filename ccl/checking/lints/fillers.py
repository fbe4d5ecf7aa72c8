"""Filler values of branches with no effect, as in `None => 0`, where another branch acts.

Invariant: only a branch that cannot be omitted has one. An `if` without an `else` needs none, and
where every branch only has a value, the values are what is dropped.
"""

from collections.abc import Iterator

from ccl.source.spans import Span
from ccl.syntax import ast


def fillers(expr: ast.Expr) -> frozenset[Span]:
    """Returns the places of filler values at the ends of the branches of a dropped `expr`."""
    ends = list(_ends(expr))
    return frozenset(end for end in ends if end is not None) if None in ends else frozenset()


def _ends(expr: ast.Expr) -> Iterator[Span | None]:
    """Yields the value of each branch without an effect; None for one with an effect."""
    match expr:
        case ast.If(then=then, otherwise=otherwise):
            if otherwise is None:
                # The value of this branch fills nothing; that it is there is no act either.
                yield from (None for end in _ends(then) if end is None)
                return
            yield from _ends(then)
            yield from _ends(otherwise)
        case ast.Match(arms=arms):
            for arm in arms:
                yield from _ends(arm.body)
        case ast.Block(statements=(ast.ExpressionStatement(value=value),)):
            yield from _ends(value)
        case ast.Block(statements=(_, *_)):
            yield None
        case ast.Block():
            return
        case ast.Name() | ast.PathName():
            yield expr.span
        case _ if isinstance(expr, ast.AnyLiteral):
            yield expr.span
        case _:  # it may have an effect
            yield None
