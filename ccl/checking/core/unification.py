"""Type variables and their unification.

While bodies are inferred, a `Var` is an unknown type; it occurs inside `ccl.ir.types` values and
never leaves this package. `ErrorType` unifies with everything.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import is_
from typing import Any, Final, Protocol, assert_never, cast, get_args

from ccl.ir.types import (
    ERROR_TYPE,
    Array,
    Enumeration,
    ErrorType,
    Instance,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
    is_key,
)

NUMBERS = (Prim.INTEGER, Prim.DECIMAL, Prim.MANA)
"""Types of numbers without a unit; they are added, multiplied and divided among themselves."""


class Waiting(Protocol):
    """A constraint that waits for a variable to be bound."""

    def wake(self) -> None: ...


class Var:
    """An unknown type.

    `number`: the type of a number literal, Integer by default. `text`: the error type that a
    `Result<T>` omits, String by default.
    """

    __slots__ = ("bound", "number", "text", "waiting")

    def __init__(self, *, number: bool = False, text: bool = False) -> None:
        self.bound: Type | None = None
        self.number = number
        self.text = text
        self.waiting: list[Waiting] = []

    def bind(self, kind: Type) -> None:
        self.bound = kind
        for each in self.waiting:
            each.wake()

    def __str__(self) -> str:
        if self.bound is not None:
            return str(self.bound)
        return "Integer" if self.number else "_"


class _Rigid:
    """A type parameter in the function that declares it: a type that only equals itself."""

    __slots__ = ("name", "owner", "shown")

    def __init__(self, owner: str, name: str, shown: str) -> None:
        self.owner, self.name, self.shown = owner, name, shown

    def __str__(self) -> str:
        return self.shown


def rigid(owner: str, name: str, *, hides: bool) -> Type:
    """Returns the type of the type parameter `name` of the function `owner`.

    `hides`: a type of that name exists, from which messages distinguish it.
    """
    return cast(Type, _Rigid(owner, name, f"the type parameter {name}" if hides else name))


def is_rigid(kind: Type) -> bool:
    return isinstance(cast(object, prune(kind)), _Rigid)


def has_rigid(kind: Type) -> bool:
    if type(kind) is Prim:
        return False
    kind = prune(kind)
    made_of = parts(kind)
    return any(map(has_rigid, made_of)) if made_of else isinstance(cast(object, kind), _Rigid)


def may_be_key(kind: Type) -> bool:
    """Returns whether a map may have such keys, as far as the type is known."""
    kind = prune(kind)
    return is_key(kind) or isinstance(cast(object, kind), Var | _Rigid | ErrorType)


def fresh(*, number: bool = False, text: bool = False) -> Type:
    """Returns a new unknown type."""
    return cast(Type, Var(number=number, text=text))


def variable_of(kind: object) -> Var | None:
    return kind if type(kind) is Var else None


def is_unknown(kind: Type) -> bool:
    """Returns whether nothing is known of the type, not even that it is a number."""
    var = variable_of(prune(kind))
    return var is not None and not var.number


def open_number(kind: Type) -> bool:
    """Returns whether it is the type of a number that is still open."""
    var = variable_of(prune(kind))
    return var is not None and var.number


def variables_in(kind: Type) -> Iterator[Var]:
    """Yields the unbound variables in a type."""
    kind = prune(kind)
    var = variable_of(kind)
    if var is not None:
        yield var
    for each in parts(kind):
        yield from variables_in(each)


def is_number(kind: Type) -> bool:
    """Returns whether a number literal may be a value of the type."""
    return kind in NUMBERS or isinstance(kind, Token)


def is_error_type(kind: Type) -> bool:
    return kind is ERROR_TYPE


def prune(kind: Type) -> Type:
    """Resolves a type: itself where it is known, the last unbound variable of the chain
    otherwise."""
    last: object = kind
    if type(last) is not Var:
        return kind
    while isinstance(last, Var) and last.bound is not None:
        last = kind = last.bound
    return kind


def parts(kind: Type) -> tuple[Type, ...]:
    """Returns the component types of a type."""
    made_of = _PARTS.get(type(kind))
    return () if made_of is None else made_of(kind)


def is_constructed(kind: Type) -> bool:
    """Returns whether it is neither a variable nor a type parameter, which no match over types
    expects."""
    return type(kind) in _PARTS


def _arguments(kind: Struct | Enumeration) -> tuple[Type, ...]:
    return () if kind.instance is None else kind.instance.arguments


def _parts_reader(kind: type[Type]) -> Callable[[Any], tuple[Type, ...]] | None:
    if issubclass(kind, Array):
        return lambda kind: (kind.element,)
    if issubclass(kind, Option):
        return lambda kind: (kind.value,)
    if issubclass(kind, Map):
        return lambda kind: (kind.key, kind.value)
    if issubclass(kind, Result):
        return lambda kind: (kind.ok, kind.err)
    if issubclass(kind, Struct | Enumeration):
        return _arguments
    if issubclass(kind, Prim | Token | ErrorType):
        return None
    assert_never(kind)


# By the class: types are looked into for nearly every expression.
_PARTS: Final[Mapping[type, Callable[[Any], tuple[Type, ...]] | None]] = {
    kind: _parts_reader(kind) for kind in get_args(Type)
}


def with_parts(kind: Type, made_of: tuple[Type, ...]) -> Type:
    """Returns the same type constructor with other components."""
    match kind:
        case Array():
            return Array(made_of[0])
        case Option():
            return Option(made_of[0])
        case Map():
            return Map(made_of[0], made_of[1])
        case Result():
            return Result(made_of[0], made_of[1])
        case Struct(instance=instance):
            return kind if instance is None else Struct(*_applied(instance, made_of))
        case Enumeration(instance=instance):
            return kind if instance is None else Enumeration(*_applied(instance, made_of))
        case Prim() | Token() | ErrorType():
            return kind
        case _:
            assert_never(kind)


def _applied(generic: Instance, arguments: tuple[Type, ...]) -> tuple[str, str, Instance]:
    """Returns id, name and instance; the id is final once nothing in it is open."""
    identity = generic.id
    if not any(is_open(each) or has_error_type(each) for each in arguments):
        identity = f"{generic.id}<{', '.join(map(type_id, arguments))}>"
    name = f"{generic.name}<{', '.join(map(str, arguments))}>"
    return identity, name, Instance(generic.id, generic.name, arguments)


def type_id(kind: Type) -> str:
    """Returns the type as text; a struct or enum by its unique id, so that no two types share
    one."""
    match kind:
        case Struct(id=identity) | Enumeration(id=identity):
            return identity
        case _Rigid(owner=owner, name=name):
            return f"{owner}'{name}"
        case _ if parts(kind):
            return f"{type(kind).__name__}<{', '.join(map(type_id, parts(kind)))}>"
        case _:  # without components, a type is all in its text
            return str(kind)


def zonk(kind: Type, *, default: bool = False, errors: bool = False) -> Type:
    """Resolves all variables in `kind` that are bound.

    `default` turns open numbers into Integer, `errors` the omitted error types into String.
    """
    if type(kind) is Prim:
        return kind
    kind = prune(kind)
    if type(kind) is Prim:
        return kind
    made_of = parts(kind)
    if made_of:
        if len(made_of) == 1 and type(made_of[0]) is Prim:
            return kind
        known = tuple([zonk(each, default=default, errors=errors) for each in made_of])
        if all(map(is_, known, made_of)):
            return kind
        return with_parts(kind, known)
    var = variable_of(kind)
    if var is not None and ((default and var.number) or (errors and var.text)):
        chosen = Prim.INTEGER if var.number else Prim.STRING
        var.bind(chosen)
        return chosen
    return kind


def copy_open(kind: Type, copies: dict[Var, Type]) -> Type:
    """Returns the type with new variables for the open ones, the same in all types with the same
    `copies`."""
    kind = prune(kind)
    made_of = parts(kind)
    if made_of:
        return with_parts(kind, tuple(copy_open(each, copies) for each in made_of))
    var = variable_of(kind)
    if var is None:
        return kind
    return copies.setdefault(var, fresh(number=var.number, text=var.text))


def is_open(kind: Type) -> bool:
    """Returns whether a part of it is still unknown."""
    if type(kind) is Prim:
        return False
    kind = prune(kind)
    made_of = parts(kind)
    return any(map(is_open, made_of)) if made_of else variable_of(kind) is not None


def has_error_type(kind: Type) -> bool:
    if type(kind) is Prim:
        return False
    kind = prune(kind)
    made_of = parts(kind)
    return any(map(has_error_type, made_of)) if made_of else kind is ERROR_TYPE


def is_reported(expected: Type | None) -> bool:
    """Returns whether the expected type of an expression has been reported as wrong, or as open."""
    return expected is not None and has_error_type(expected)


def known_type(solved: Type, otherwise: Type | None) -> Type | None:
    """Returns the inferred type; `otherwise` where it is open, or an error."""
    kind = zonk(solved)
    return otherwise if is_open(kind) or has_error_type(kind) else kind


def unify(a: Type, b: Type) -> bool:
    """Makes the two equal by binding variables. On False nothing has changed."""
    trail: list[Var] = []
    if _unify(a, b, trail):
        return True
    for var in trail:
        var.bound = None
    return False


def _unify(a: Type, b: Type, trail: list[Var]) -> bool:
    if a is b:
        return True
    a, b = prune(a), prune(b)
    if a is b or is_error_type(a) or is_error_type(b):
        return True
    left, right = variable_of(a), variable_of(b)
    if left is not None:
        return _bind(left, b, trail)
    if right is not None:
        return _bind(right, a, trail)
    of_a, of_b = parts(a), parts(b)
    if not of_a or not of_b:
        return a == b
    return _constructor(a) == _constructor(b) and all(
        _unify(x, y, trail) for x, y in zip(of_a, of_b, strict=True)
    )


def _constructor(kind: Type) -> object:
    """Returns the part that two types must share when only their components may differ."""
    match kind:
        case Array() | Map() | Option() | Result():
            return type(kind)
        case Struct(instance=instance) | Enumeration(instance=instance):
            return kind.id if instance is None else instance.id
        case Prim() | Token() | ErrorType():
            return kind
        case _:
            assert_never(kind)


def _bind(var: Var, kind: Type, trail: list[Var]) -> bool:
    other = variable_of(kind)
    if other is not None:
        if (var.number and not other.number) or (var.text and not other.text | other.number):
            var, kind = other, cast(Type, var)
    elif (var.number and not is_number(kind)) or _occurs(var, kind):
        return False
    trail.append(var)
    var.bind(kind)
    return True


def _occurs(var: Var, kind: Type) -> bool:
    kind = prune(kind)
    return variable_of(kind) is var or any(_occurs(var, each) for each in parts(kind))
