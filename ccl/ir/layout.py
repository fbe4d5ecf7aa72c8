"""Layout of types: WebAssembly types, slots and offsets."""

from ccl.abi.layout import HEADER_BYTES, SLOT_BYTES
from ccl.ir.types import FLAT_TYPES, Prim, Type, is_reference
from ccl.wasm.model import ValueType

VARIANT_PAYLOAD = HEADER_BYTES + SLOT_BYTES
_TEXT_TYPES = (Prim.STRING, Prim.DID, Prim.CID)


def value_type(kind: Type) -> ValueType | None:
    """Returns the WebAssembly type of a value; None for Unit and Never, which have none."""
    if kind is Prim.UNIT or kind is Prim.NEVER:
        return None
    return "i32" if kind is Prim.BOOL or is_reference(kind) else "i64"


def field_offset(index: int) -> int:
    return HEADER_BYTES + SLOT_BYTES * index


def payload_offset(index: int) -> int:
    return VARIANT_PAYLOAD + SLOT_BYTES * index


def load(kind: Type, offset: int = 0) -> str:
    return f"{value_type(kind)}.load{_at(offset)}"


def store(kind: Type, offset: int = 0) -> str:
    return f"{value_type(kind)}.store{_at(offset)}"


def _at(offset: int) -> str:
    return f" offset={offset}" if offset else ""


def is_flat(kind: Type) -> bool:
    """Returns whether it is a counted object without references to others."""
    return kind in FLAT_TYPES


def is_text(kind: Type) -> bool:
    return kind in _TEXT_TYPES
