"""Frozen records (`msgspec.Struct`) to and from DAG-CBOR values, by their annotations alone.

One mechanism for every record: unknown and missing fields are refused, types and ranges are checked
on the way out as on the way in. `from_value(T, to_value(x)) == x`.

Read are: int (0 … 2^63−1 unless `Between` says otherwise), bool, str (at most 4 KiB unless `Size`),
bytes, Did, Cid, enums by value, records as maps, unions of records as maps with a `kind`, `X |
None`, `tuple[X, ...]` as lists, `Mapping[str, X]`, and Any. A field marked `Omitted` may be
missing, and then has its default.
"""

import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

from runtime.content.cid import Cid
from runtime.content.codec import RECORD_BYTES_MAX
from runtime.content.did import Did
from runtime.content.shapes import (
    TEXT_BYTES_MAX,
    Checked,
    Omitted,
    Recursive,
    Shape,
    ShapeError,
    Size,
    Step,
    did,
    enumeration,
    exactly,
    integer,
    name_of,
    octets,
    same,
    size_of,
    text,
)

T = TypeVar("T")

ITEMS_MAX: Final = 1024
KIND: Final = "kind"


_SHAPES: Final[dict[Any, Shape]] = {}
"""Built once for each annotation; there are only as many as records have fields."""


def to_value(record: Any) -> dict[str, Any]:
    """Writes a record as a map. Raises ShapeError if a field is out of its range."""
    value: dict[str, Any] = shape_of(type(record)).write(record)
    return value


def from_value(kind: type[T], value: Any) -> T:
    """Reads a record from its map. Raises ShapeError with the place of the error."""
    record: T = shape_of(kind).read(value)
    return record


def union_to_value(union: Any, record: Any) -> dict[str, Any]:
    """Writes one member of a union of records as a map, with its `kind`."""
    value: dict[str, Any] = shape_of(union).write(record)
    return value


def union_from_value(union: Any, value: Any) -> Any:
    """Reads a member of a union of records. Raises ShapeError."""
    return shape_of(union).read(value)


def shape_of(hint: Any) -> Shape:
    """Gives the shape of any annotation that a field may have."""
    shape = _SHAPES.get(hint)
    if shape is None:
        shape = _SHAPES[hint] = _build(hint)
    return shape


def _build(hint: Any) -> Shape:
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(mark for mark in rest if not isinstance(mark, Recursive))
        if len(marks) < len(rest):
            return _looked_up(Annotated[(hint, *marks)])
    shape = _bare_shape(hint, marks)
    for mark in marks:
        if isinstance(mark, Checked):
            shape = _with_check(shape, mark)
    return shape


def _looked_up(hint: Any) -> Shape:
    """Makes a shape that is found at its use: it cannot be built before the one that it is part
    of."""
    return Shape(
        lambda value: shape_of(hint).write(value), lambda value: shape_of(hint).read(value)
    )


def _bare_shape(hint: Any, marks: tuple[Any, ...]) -> Shape:
    if hint is Did:
        return same(did)
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if origin is tuple:
        return _sequence(get_args(hint), size_of(marks, ITEMS_MAX))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(get_args(hint), size_of(marks, ITEMS_MAX))
    if hint is Any:
        return same(lambda value: value)
    if hint is int:
        return same(integer(marks))
    if hint is bool:
        return same(exactly(bool, "true or false"))
    if hint is str:
        return same(text(size_of(marks, TEXT_BYTES_MAX)))
    if hint is bytes:
        return same(octets(size_of(marks, RECORD_BYTES_MAX)))
    if hint is Cid:
        return same(exactly(Cid, "a link"))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return enumeration(hint)
    assert issubclass(hint, Struct), f"no encoding is defined for {hint}"
    return _record(hint)


def _counted(value: Any, size: Size) -> None:
    if not size.low <= len(value) <= size.high:
        raise ShapeError(f"{len(value)} items, expected {size.low} to {size.high}")


def _sequence(arguments: tuple[Any, ...], size: Size) -> Shape:
    assert len(arguments) == 2 and arguments[1] is Ellipsis, "tuples are written tuple[X, ...]"
    item = shape_of(arguments[0])

    def each(value: Any, kind: type[Any], step: Step) -> list[Any]:
        if not isinstance(value, kind):
            raise ShapeError(f"expected a list, found {name_of(value)}")
        _counted(value, size)
        made: list[Any] = []
        try:
            for one in value:
                made.append(step(one))
        except ShapeError as fault:
            raise fault.inside(f"[{len(made)}]") from None
        return made

    return Shape(
        lambda value: each(value, tuple, item.write),
        lambda value: tuple(each(value, list, item.read)),
    )


def _mapping(arguments: tuple[Any, ...], size: Size) -> Shape:
    key, item = shape_of(arguments[0]), shape_of(arguments[1])

    def each(value: Any, key_step: Step, step: Step) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise ShapeError(f"expected a map, found {name_of(value)}")
        _counted(value, size)
        made: dict[Any, Any] = {}
        for name, one in value.items():
            try:
                made[key_step(name)] = step(one)
            except ShapeError as fault:
                raise fault.inside(str(name)[:64]) from None
        return made

    return Shape(
        lambda value: each(value, key.write, item.write),
        lambda value: each(value, key.read, item.read),
    )


def _union(members: tuple[Any, ...]) -> Shape:
    others = tuple(member for member in members if member is not type(None))
    if len(others) < len(members):
        # A union that contains None is an optional first.
        inner = shape_of(others[0]) if len(others) == 1 else _union(others)
        return Shape(
            lambda value: None if value is None else inner.write(value),
            lambda value: None if value is None else inner.read(value),
        )
    assert all(issubclass(member, Struct) for member in others), "a union is of records"
    shapes = {member.__name__: shape_of(member) for member in others}
    words = ", ".join(shapes)

    def write(value: Any) -> Any:
        name = type(value).__name__
        if type(value) not in others:
            raise ShapeError(f"expected one of {words}, found {name}")
        return {KIND: name, **shapes[name].write(value)}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise ShapeError(f"expected a map, found {name_of(value)}")
        name = value.get(KIND)
        if type(name) is not str or name not in shapes:
            raise ShapeError(f"expected one of {words}, found {name!r:.40}", KIND)
        return shapes[name].read({key: each for key, each in value.items() if key != KIND})

    return Shape(write, read)


@cache
def hints_of(kind: type[Struct]) -> Mapping[str, Any]:
    """Gives the annotations of a record's fields, with their marks."""
    return get_type_hints(kind, include_extras=True)


def _record(kind: type[Struct]) -> Shape:
    hints = hints_of(kind)
    shapes = [(name, shape_of(hints[name])) for name in kind.__struct_fields__]
    writers = [(name, shape.write) for name, shape in shapes]
    readers = [(name, shape.read) for name, shape in shapes]
    wanted = frozenset(name for name, _ in shapes)
    omitted = omitted_fields(kind, hints)
    required = wanted - omitted.keys()

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected {kind.__name__}, found {name_of(value)}")
        made = {}
        for name, step in writers:
            field = getattr(value, name)
            if name in omitted and field == omitted[name]:
                continue
            try:
                made[name] = step(field)
            except ShapeError as fault:
                raise fault.inside(name) from None
        return made

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise ShapeError(f"expected a map, found {name_of(value)}")
        if not required <= value.keys() <= wanted:
            raise ShapeError(_wrong_fields(required, wanted, value))
        made = {}
        for name, step in readers:
            if name not in value:
                continue
            try:
                made[name] = step(value[name])
                if name in omitted and made[name] == omitted[name]:
                    raise ShapeError("is written though it is the default")
            except ShapeError as fault:
                raise fault.inside(name) from None
        try:
            return kind(**made)
        except ValueError as error:
            # A record may check several fields at once in __post_init__.
            raise ShapeError(str(error)) from None

    return Shape(write, read)


def _with_check(shape: Shape, mark: Checked) -> Shape:
    def write(value: Any) -> Any:
        written = shape.write(value)
        if not mark.test(value):
            raise ShapeError(f"expected {mark.words}")
        return written

    def read(value: Any) -> Any:
        result = shape.read(value)
        if not mark.test(result):
            raise ShapeError(f"expected {mark.words}")
        return result

    return Shape(write, read)


def omitted_fields(kind: type[Struct], hints: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the defaults of the fields that are left out where they have them."""
    marked = {
        name
        for name, hint in hints.items()
        if any(isinstance(mark, Omitted) for mark in getattr(hint, "__metadata__", ()))
    }
    if not marked:
        return {}
    return {each.name: each.default for each in fields(kind) if each.name in marked}


def _wrong_fields(required: frozenset[str], wanted: frozenset[str], value: dict[str, Any]) -> str:
    missing = sorted(required - value.keys())
    unknown = sorted(str(key) for key in value.keys() - wanted)
    parts = []
    if missing:
        parts.append("missing " + ", ".join(missing))
    if unknown:
        parts.append("unknown " + ", ".join(unknown)[:200])
    return "; ".join(parts)
