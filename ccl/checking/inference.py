"""Type variables and their unification.

While bodies are being learnt, a `Var` stands for a type that is not known yet; it is found
inside `ccl.types` values and never leaves this package. `POISON` is the type of what is
already reported as wrong: it fits everything, so that one fault is told once.
"""

from typing import cast

from ccl.types import Array, Map, Option, Prim, Result, Type

NUMBERS = (Prim.INTEGER, Prim.DECIMAL, Prim.MANA)
"""What a number literal without a context may still become."""


class Var:
    """An unknown type. `number`: the type of a number literal, Integer if nobody objects."""

    __slots__ = ("bound", "number")

    def __init__(self, *, number: bool = False) -> None:
        self.bound: Type | None = None
        self.number = number

    def __str__(self) -> str:
        if self.bound is not None:
            return str(self.bound)
        return "Integer" if self.number else "_"


class _Poison:
    def __str__(self) -> str:
        return "?"


POISON: Type = cast(Type, _Poison())


def fresh(*, number: bool = False) -> Type:
    """A new unknown type."""
    return cast(Type, Var(number=number))


def variable_of(kind: object) -> Var | None:
    return kind if isinstance(kind, Var) else None


def is_poison(kind: Type) -> bool:
    return kind is POISON


def prune(kind: Type) -> Type:
    """The type itself where it is known; the last unbound variable of the chain otherwise."""
    var = variable_of(kind)
    while var is not None and var.bound is not None:
        kind = var.bound
        var = variable_of(kind)
    return kind


def zonk(kind: Type, *, default: bool = False) -> Type:
    """`kind` with all that is known filled in; `default` turns open numbers into Integer."""
    kind = prune(kind)
    match kind:
        case Array(element):
            return Array(zonk(element, default=default))
        case Map(key, value):
            return Map(zonk(key, default=default), zonk(value, default=default))
        case Option(value):
            return Option(zonk(value, default=default))
        case Result(ok, err):
            return Result(zonk(ok, default=default), zonk(err, default=default))
        case _:
            var = variable_of(kind)
            if default and var is not None and var.number:
                var.bound = Prim.INTEGER
                return Prim.INTEGER
            return kind


def is_open(kind: Type) -> bool:
    """Whether something in it is still unknown."""
    kind = prune(kind)
    match kind:
        case Array(element):
            return is_open(element)
        case Map(key, value):
            return is_open(key) or is_open(value)
        case Option(value):
            return is_open(value)
        case Result(ok, err):
            return is_open(ok) or is_open(err)
        case _:
            return variable_of(kind) is not None


def has_poison(kind: Type) -> bool:
    kind = prune(kind)
    match kind:
        case Array(element) | Option(element):
            return has_poison(element)
        case Map(first, second) | Result(first, second):
            return has_poison(first) or has_poison(second)
        case _:
            return is_poison(kind)


def unify(a: Type, b: Type) -> bool:
    """Make the two equal by filling in what is unknown. On False nothing has changed."""
    trail: list[Var] = []
    if _unify(a, b, trail):
        return True
    for var in trail:
        var.bound = None
    return False


def _unify(a: Type, b: Type, trail: list[Var]) -> bool:
    a, b = prune(a), prune(b)
    if a is b or is_poison(a) or is_poison(b):
        return True
    left, right = variable_of(a), variable_of(b)
    if left is not None:
        return _bind(left, b, trail)
    if right is not None:
        return _bind(right, a, trail)
    match a, b:
        case (Array(x), Array(y)) | (Option(x), Option(y)):
            return _unify(x, y, trail)
        case (Map(k, v), Map(l, w)) | (Result(k, v), Result(l, w)):
            return _unify(k, l, trail) and _unify(v, w, trail)
        case _:
            return a == b


def _bind(var: Var, kind: Type, trail: list[Var]) -> bool:
    other = variable_of(kind)
    if other is not None:
        if var.number and not other.number:
            var, kind = other, cast(Type, var)
    elif (var.number and kind not in NUMBERS) or _occurs(var, kind):
        return False
    var.bound = kind
    trail.append(var)
    return True


def _occurs(var: Var, kind: Type) -> bool:
    kind = prune(kind)
    if variable_of(kind) is var:
        return True
    match kind:
        case Array(x) | Option(x):
            return _occurs(var, x)
        case Map(x, y) | Result(x, y):
            return _occurs(var, x) or _occurs(var, y)
        case _:
            return False
