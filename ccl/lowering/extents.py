"""How many bytes a value of a type has at most as DAG-CBOR, where its type alone says so."""

from ccl.abi.hostcalls import CID_BYTES_MAX, DID_BYTES_MAX
from ccl.typed import Program
from ccl.types import Array, Enumeration, Map, Option, Prim, Result, Struct, Token, Type

HEAD_BYTES = 9
"""The head of an item with the largest argument; a number is a head alone."""
DECIMAL_BYTES_MAX = 21
"""`-9223372036854.775808`"""


def encoded_bytes_max(program: Program, kind: Type, within: tuple[Type, ...] = ()) -> int | None:
    """Heads are counted as if all were the longest; None for texts, lists, maps and Data."""
    match kind:
        case Prim.UNIT | Prim.NEVER | Prim.BOOL:
            return 1
        case Prim.STRING | Prim.DATA | Array() | Map():
            return None
        case Prim.DID:
            return HEAD_BYTES + DID_BYTES_MAX
        case Prim.CID:
            return HEAD_BYTES + CID_BYTES_MAX
        case Prim.DECIMAL:
            return HEAD_BYTES + DECIMAL_BYTES_MAX
        case Prim() | Token():
            return HEAD_BYTES
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
    sizes = [
        _parts(program, tuple((name, each) for each in payload or (Prim.UNIT,)), (*within, kind))
        for name, payload in variants
    ]
    known = [size for size in sizes if size is not None]
    return max(known, default=0) + HEAD_BYTES if len(known) == len(sizes) else None


def holds_text(program: Program, kind: Type, within: tuple[Type, ...] = ()) -> bool:
    """Whether a value of the type may have parts that are texts or Data of any length."""
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
    return any(holds_text(program, part, (*within, kind)) for part in inner)


def _parts(
    program: Program, parts: tuple[tuple[str, Type], ...], within: tuple[Type, ...]
) -> int | None:
    """A map or list of the parts, each with its name."""
    total = HEAD_BYTES
    for name, kind in parts:
        size = encoded_bytes_max(program, kind, within)
        if size is None:
            return None
        total += HEAD_BYTES + len(name.encode()) + size
    return total
