"""Upper bounds on the encoded size of values, by their types alone."""

from typing import assert_never

from ccl.abi.host_calls import CID_BYTES_MAX, DID_BYTES_MAX
from ccl.ir.typed import Program
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.support.node import Node
from runtime.content.heads import CONTAINER_WEIGHT

HEAD_BYTES = 9
"""The head of an item with the largest argument; a number is a head alone."""
DECIMAL_BYTES_MAX = 21
"""`-9223372036854.775808`"""


class Extent(Node, frozen=True):
    """The size of an encoded value: bytes, and items as `runtime.content.heads` weighs them."""

    bytes: int
    items: int

    def __add__(self, other: "Extent") -> "Extent":
        return Extent(self.bytes + other.bytes, self.items + other.items)

    def most(self, other: "Extent") -> "Extent":
        return Extent(max(self.bytes, other.bytes), max(self.items, other.items))


HEAD = Extent(HEAD_BYTES, 1)
CONTAINER = Extent(HEAD_BYTES, CONTAINER_WEIGHT)
"""Of a list or map, without what is in it."""


def encoded_max(program: Program, kind: Type, within: tuple[Type, ...] = ()) -> Extent | None:
    """Counts heads as if all were the longest; returns None for texts, lists, maps and Data."""
    match kind:
        case Prim.UNIT | Prim.NEVER | Prim.BOOL:
            return Extent(1, 1)
        case Prim.STRING | Prim.DATA | Array() | Map():
            return None
        case Prim.DID:
            return HEAD + Extent(DID_BYTES_MAX, 0)
        case Prim.CID:
            return HEAD + Extent(CID_BYTES_MAX, 0)
        case Prim.DECIMAL:
            return HEAD + Extent(DECIMAL_BYTES_MAX, 0)
        case Prim() | Token():
            return HEAD
        case _ if kind in within:
            return None
        case Struct(id=struct_id):
            fields = program.structs[struct_id].fields
            return _parts(program, fields, (*within, kind))
        case Enumeration(id=enum_id):
            variants = program.enums[enum_id].variants
        case Option(value=value):
            variants = (("None", ()), ("Some", (value,)))
        case Result(ok=ok, err=err):
            variants = (("Ok", (ok,)), ("Err", (err,)))
        case ErrorType():
            return None
        case _:
            assert_never(kind)
    largest = Extent(0, 0)
    for name, payload in variants:
        parts = tuple((name, each) for each in payload or (Prim.UNIT,))
        size = _parts(program, parts, (*within, kind))
        if size is None:
            return None
        largest = largest.most(size)
    return largest + CONTAINER


def encoded_bytes_max(program: Program, kind: Type) -> int | None:
    found = encoded_max(program, kind)
    return None if found is None else found.bytes


def holds_text(program: Program, kind: Type, within: tuple[Type, ...] = ()) -> bool:
    """Returns whether a value of the type may have parts that are texts or Data of any length."""
    if kind in within:
        return False
    inner: tuple[Type, ...]
    match kind:
        case Prim() | Token():
            return kind in (Prim.STRING, Prim.DATA)
        case Array(element=element):
            inner = (element,)
        case Map(key=key, value=value):
            inner = (key, value)
        case Option(value=value):
            inner = (value,)
        case Result(ok=ok, err=err):
            inner = (ok, err)
        case Struct(id=struct_id):
            inner = tuple(part for _, part in program.structs[struct_id].fields)
        case Enumeration(id=enum_id):
            variants = program.enums[enum_id].variants
            inner = tuple(part for _, payload in variants for part in payload)
        case ErrorType():
            return True
        case _:
            assert_never(kind)
    return any(holds_text(program, part, (*within, kind)) for part in inner)


def _parts(
    program: Program, parts: tuple[tuple[str, Type], ...], within: tuple[Type, ...]
) -> Extent | None:
    """Adds up a map or list of the parts, each with its name."""
    total = CONTAINER
    for name, kind in parts:
        size = encoded_max(program, kind, within)
        if size is None:
            return None
        total = total + HEAD + Extent(len(name.encode()), 0) + size
    return total
