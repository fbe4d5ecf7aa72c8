"""Columns: how the fields of a row are stored, by their annotations alone.

Rule: int and bool are INTEGER, texts, DIDs and enums TEXT, bytes and CIDs BLOB; every other field
is a BLOB of DAG-CBOR. A value is checked as it is written; what is read is what was written. What
many rows name (DIDs, CIDs, job ids) a file may keep by number.
"""

from collections.abc import Callable
from enum import Enum
from functools import reduce
from operator import attrgetter, or_
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from msgspec import Struct

from mesh.core.fields import JobId
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX, RECORD_BYTES_MAX, decode
from runtime.content.did import Did
from runtime.content.memo import read_once
from runtime.content.packing import Parts, amender, packer
from runtime.content.shapes import Between, Shape, ShapeError
from runtime.content.typed import shape_of

Value: TypeAlias = int | str | bytes | None
"""A value as it is stored."""
Written: TypeAlias = Value | Parts
"""A value as it is kept until it is stored: a record in parts, of which few change at a time."""


class Kind(Enum):
    INTEGER = "INTEGER"
    TEXT = "TEXT"
    BLOB = "BLOB"


class Column(Struct, frozen=True, kw_only=True):
    """One field of a row. is_scalar: it may be a key, and be looked up and ordered by. is_name: a
    scalar that identifies something, which many rows name.

    bounds: of an INTEGER. read: None where values are read as they are stored. look_up: the stored
    form of a value that is not checked; None where it is the value. amend: of a record, writes it
    with what is the same in an older one.
    """

    name: str
    kind: Kind
    is_scalar: bool
    is_name: bool
    is_optional: bool
    bounds: Between | None
    write: Callable[[Any], Value]
    read: Callable[[Any], Any] | None
    look_up: Callable[[Any], Value] | None
    amend: Callable[[Any, Any, Written], Parts] | None


def column(name: str, hint: Any) -> Column:
    """The column of a field. `hint`: its annotation, with its marks."""
    inner, is_optional = _without_none(hint)
    shape = shape_of(inner)
    found = _scalar(_bare(inner))
    read: Callable[[Any], Any] | None
    if found is None:
        kind, write, read = Kind.BLOB, _blob_writer(packer(inner)), _blob_reader(shape)
    else:
        kind, write, read = found.kind, _then(shape.write, found.write), found.read
    return Column(
        name=name,
        kind=kind,
        is_scalar=found is not None,
        is_name=_is_name(inner),
        is_optional=is_optional,
        bounds=_bounds(inner) if kind is Kind.INTEGER else None,
        write=_or_none(write) if is_optional else write,
        read=_or_none(read) if is_optional and read is not None else read,
        look_up=None if found is None else found.look_up,
        amend=None if found is not None or is_optional else _amender(_bare(inner)),
    )


class _Scalar(Struct, frozen=True):
    kind: Kind
    write: Callable[[Any], Any] | None = None
    """From the value of its shape to the stored one."""
    read: Callable[[Any], Any] | None = None
    look_up: Callable[[Any], Any] | None = None


_SCALARS: Final[dict[Any, _Scalar]] = {
    bool: _Scalar(Kind.INTEGER, int, bool, int),
    int: _Scalar(Kind.INTEGER),
    str: _Scalar(Kind.TEXT),
    bytes: _Scalar(Kind.BLOB),
    Cid: _Scalar(Kind.BLOB, attrgetter("raw"), Cid, attrgetter("raw")),
}


def _scalar(bare: Any) -> _Scalar | None:
    if isinstance(bare, type) and issubclass(bare, Enum):
        are_texts = all(type(each.value) is str for each in bare)
        return _Scalar(Kind.TEXT if are_texts else Kind.INTEGER, None, bare, attrgetter("_value_"))
    return _SCALARS.get(bare)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    others = tuple(each for each in get_args(hint) if each is not NoneType)
    return reduce(or_, others), len(others) < len(get_args(hint))


def _bare(hint: Any) -> Any:
    """An annotation without its marks and new names."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        else:
            return str if hint is Did else hint


def _is_name(hint: Any) -> bool:
    """Whether it is a Did, Cid or JobId, whatever its marks."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint in (Did, Cid, JobId)


def _bounds(hint: Any) -> Between | None:
    bare = _bare(hint)
    if bare is bool:
        return Between(0, 1)
    if bare is not int:
        return None
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((each for each in marks if isinstance(each, Between)), Between(0, INTEGER_MAX))


def _blob_writer(pack: Callable[[Any], bytes]) -> Callable[[Any], Value]:
    def write(value: Any) -> Value:
        data = pack(value)
        _check_size(len(data))
        return data

    return write


def _amender(bare: Any) -> Callable[[Any, Any, Written], Parts] | None:
    if not (isinstance(bare, type) and issubclass(bare, Struct)):
        return None
    amend = amender(bare)

    def write(value: Any, older: Any, kept: Written) -> Parts:
        parts = amend(value, older, kept if isinstance(kept, tuple) else None)
        _check_size(sum(map(len, parts)))
        return parts

    return write


def _check_size(size: int) -> None:
    if size > RECORD_BYTES_MAX:
        raise ShapeError(f"{size} bytes, at most {RECORD_BYTES_MAX} are stored in a field")


def _blob_reader(shape: Shape) -> Callable[[Any], Any]:
    return read_once(lambda data: shape.read(decode(data)))


def _then(first: Callable[[Any], Any], second: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return first if second is None else lambda value: second(first(value))


def _or_none(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else step(value)
