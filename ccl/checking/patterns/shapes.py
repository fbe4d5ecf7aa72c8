"""Shapes: patterns with resolved names and typed values.

Rule: a pattern that is reported as wrong is an `Anything`, so that nothing else is reported of it.
"""

from typing import TypeAlias

from ccl.ir import typed
from ccl.support.node import Node
from ccl.syntax import ast


class Anything(Node, frozen=True, kw_only=True):
    """`_`, or a name that is bound to the value."""

    local: typed.Local | None = None
    wrong: bool = False
    """Whether it replaces a pattern that has been reported."""


class Equal(Node, frozen=True, kw_only=True):
    """One value of a scalar or text type."""

    value: typed.ScalarConst | typed.TextConst


class Within(Node, frozen=True, kw_only=True):
    """From `low` to `high`; `inclusive` if `high` belongs to it."""

    low: typed.ScalarConst
    high: typed.ScalarConst
    inclusive: bool


class Variant(Node, frozen=True, kw_only=True):
    tag: int
    parts: tuple["Shape", ...]


class Fields(Node, frozen=True, kw_only=True):
    """A struct: one shape for each of its fields."""

    parts: tuple["Shape", ...]


class Elements(Node, frozen=True, kw_only=True):
    """An array of exactly so many elements; with a `rest`, of so many or more.

    `before`: the number of parts before the rest.
    """

    parts: tuple["Shape", ...]
    rest: Anything | None = None
    before: int = 0


class Either(Node, frozen=True, kw_only=True):
    alternatives: tuple["Shape", ...]


Shape: TypeAlias = Anything | Equal | Within | Variant | Fields | Elements | Either

WRONG = Anything(wrong=True)


def is_wrong(shape: Shape) -> bool:
    """Returns whether a part of it is reported as wrong."""
    match shape:
        case Anything(wrong=wrong):
            return wrong
        case Equal() | Within():
            return False
        case Variant(parts=parts) | Fields(parts=parts) | Elements(parts=parts):
            return any(map(is_wrong, parts))
        case Either(alternatives=shapes):
            return any(map(is_wrong, shapes))


def alternatives(pattern: ast.Pattern) -> tuple[ast.Pattern, ...]:
    if isinstance(pattern, ast.OrPattern):
        return tuple(each for part in pattern.alternatives for each in alternatives(part))
    return (pattern,)
