"""Types after checking: closed, monomorphic, compared by value.

How each is held in a WebAssembly module is written in `ccl.abi.layout`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias, assert_never, get_args

from ccl.support.node import Node


class Prim(Enum):
    """Types without parameters. The value is the name users write."""

    INTEGER = "Integer"
    DECIMAL = "Decimal"
    BOOL = "Bool"
    STRING = "String"
    DID = "Did"
    CID = "Cid"
    TIMESTAMP = "Timestamp"
    DURATION = "Duration"
    MANA = "Mana"
    JOB = "Job"
    DATA = "Data"
    UNIT = "Unit"
    NEVER = "Never"

    def __str__(self) -> str:
        return self.value


class Array(Node, frozen=True):
    element: "Type"

    def __str__(self) -> str:
        return f"Array<{self.element}>"


class Map(Node, frozen=True):
    key: "Type"
    value: "Type"

    def __str__(self) -> str:
        return f"Map<{self.key}, {self.value}>"


class Option(Node, frozen=True):
    """Variants: 0 `None`, 1 `Some(T)`."""

    value: "Type"

    def __str__(self) -> str:
        return f"Option<{self.value}>"


class Result(Node, frozen=True):
    """Variants: 0 `Ok(T)`, 1 `Err(E)`."""

    ok: "Type"
    err: "Type"

    def __str__(self) -> str:
        return f"Result<{self.ok}, {self.err}>"


class Token(Node, frozen=True):
    """`Token<USD>`: amounts of one class never mix with another's."""

    token_class: str

    def __str__(self) -> str:
        return f"Token<{self.token_class}>"


class Instance(Node, frozen=True):
    """A generic struct or enum by its unique id, with its type arguments."""

    id: str
    name: str
    arguments: tuple["Type", ...]


class Struct(Node, frozen=True):
    """A struct by its unique id (file and name, arguments included); `name` is for people."""

    id: str
    name: str
    instance: Instance | None = None

    def __str__(self) -> str:
        return self.name


class Enumeration(Node, frozen=True):
    """An enum by its unique id (arguments included); `name` is for people."""

    id: str
    name: str
    instance: Instance | None = None

    def __str__(self) -> str:
        return self.name


class ErrorType(Node, frozen=True):
    """The type of an expression with an error that is reported. It unifies with every other, so
    that one error is reported once, and occurs in no program without errors.
    """

    def __str__(self) -> str:
        return "?"


ERROR_TYPE: Final["Type"] = ErrorType()


Type: TypeAlias = Prim | Array | Map | Option | Result | Token | Struct | Enumeration | ErrorType


class StructDef(Node, frozen=True):
    """Fields in declaration order, which is also their order in memory."""

    type: Struct
    fields: tuple[tuple[str, Type], ...]


class EnumDef(Node, frozen=True):
    """Variants in declaration order (their tags count from 0) with their payload types."""

    type: Enumeration
    variants: tuple[tuple[str, tuple[Type, ...]], ...]


FLAT_TYPES = (Prim.STRING, Prim.DID, Prim.CID, Prim.DATA)
"""Held as counted objects that refer to no other."""


def is_reference(kind: Type) -> bool:
    """Returns whether it is held as a pointer to a counted heap object (see `ccl.abi.layout`)."""
    if isinstance(kind, Prim):
        return kind in FLAT_TYPES
    # (a type variable of the checker counts as one)
    return _HELD_BY_REFERENCE.get(type(kind), True)


def _is_held_by_reference(kind: type[Type]) -> bool:
    if issubclass(kind, Array | Map | Option | Result | Struct | Enumeration):
        return True
    if issubclass(kind, Prim | Token | ErrorType):
        return False
    assert_never(kind)


# By the class, since nearly every expression is classified.
_HELD_BY_REFERENCE: Final[Mapping[type, bool]] = {
    kind: _is_held_by_reference(kind) for kind in get_args(Type)
}


KEY_TYPES = (
    Prim.INTEGER,
    Prim.DECIMAL,
    Prim.BOOL,
    Prim.STRING,
    Prim.DID,
    Prim.CID,
    Prim.TIMESTAMP,
    Prim.DURATION,
    Prim.MANA,
)


def is_key(kind: Type) -> bool:
    """Returns whether values of the type may be the keys of a map."""
    return kind in KEY_TYPES or isinstance(kind, Enumeration | Token)
