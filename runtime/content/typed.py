"""Frozen records (`msgspec.Struct`) to and from DAG-CBOR values, by their annotations alone.

One mechanism for every record: unknown and missing fields are refused, types and ranges are
checked on the way out as on the way in. `from_value(T, to_value(x)) == x`.

Read are: int (0 … 2^63−1 unless `Between` says otherwise), bool, str (at most 4 KiB unless
`Size`), bytes, Did, Cid, enums by value, records as maps, unions of records as maps
with a `kind`, `X | None`, `tuple[X, ...]` as lists, `Mapping[str, X]`, and Any. A field marked
`Omitted` may be missing, and then has its default.
"""

import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX, RECORD_BYTES_MAX
from runtime.content.did import Did, DidError, parse_did

T = TypeVar("T")

TEXT_BYTES_MAX: Final = 4096
ITEMS_MAX: Final = 1024
KIND: Final = "kind"


class ShapeError(ValueError):
    """The value is not of the type asked for. `place` is the path of the field, `a.b[2]`."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place

    def inside(self, outer: str) -> "ShapeError":
        """The same fault, seen from the record or list that holds the value."""
        joint = "" if self.place.startswith("[") or not self.place else "."
        return ShapeError(self.reason, f"{outer}{joint}{self.place}")


class Between(Struct, frozen=True):
    """Bounds of an int, both included."""

    low: int
    high: int


class Size(Struct, frozen=True):
    """Bounds of a str or bytes in bytes, or of a tuple or mapping in items, both included."""

    low: int
    high: int


class Omitted(Struct, frozen=True):
    """A field that is left out where it has its default, so that records made before it was added
    keep their bytes."""


class Checked(Struct, frozen=True):
    """A further test of a scalar; `words` completes "expected …"."""

    test: Callable[[Any], bool]
    words: str


def cut(text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """The text, or as much of it as fits with a mark that it was cut: for what a program or a
    stranger says, which must not keep a record from being signed."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= bytes_max:
        return raw.decode("utf-8")
    mark = "…".encode()
    return (raw[: bytes_max - len(mark)] + mark).decode("utf-8", "ignore")


_Step = Callable[[Any], Any]


class _Shape(Struct, frozen=True):
    """How one type is written and read; both check. Places are added as a fault is raised."""

    write: _Step
    read: _Step


_SHAPES: Final[dict[Any, _Shape]] = {}
"""Built once for each annotation; there are only as many as records have fields."""


def to_value(record: Any) -> dict[str, Any]:
    """The map of a record. Raises ShapeError if a field is out of its range."""
    value: dict[str, Any] = _shape(type(record)).write(record)
    return value


def from_value(kind: type[T], value: Any) -> T:
    """Read a record from its map. Raises ShapeError with the place of the fault."""
    record: T = _shape(kind).read(value)
    return record


def union_to_value(union: Any, record: Any) -> dict[str, Any]:
    """The map of one member of a union of records, with its `kind`."""
    value: dict[str, Any] = _shape(union).write(record)
    return value


def union_from_value(union: Any, value: Any) -> Any:
    """Read a member of a union of records. Raises ShapeError."""
    return _shape(union).read(value)


def _shape(hint: Any) -> _Shape:
    shape = _SHAPES.get(hint)
    if shape is None:
        shape = _SHAPES[hint] = _build(hint)
    return shape


def _build(hint: Any) -> _Shape:
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(rest)
    shape = _bare_shape(hint, marks)
    for mark in marks:
        if isinstance(mark, Checked):
            shape = _with_check(shape, mark)
    return shape


def _bare_shape(hint: Any, marks: tuple[Any, ...]) -> _Shape:
    if hint is Did:
        return _same(_did)
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if origin is tuple:
        return _sequence(get_args(hint), _size(marks, ITEMS_MAX))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(get_args(hint), _size(marks, ITEMS_MAX))
    if hint is Any:
        return _same(lambda value: value)
    if hint is int:
        return _same(_integer(marks))
    if hint is bool:
        return _same(_exactly(bool, "true or false"))
    if hint is str:
        return _same(_text(_size(marks, TEXT_BYTES_MAX)))
    if hint is bytes:
        return _same(_bytes(_size(marks, RECORD_BYTES_MAX)))
    if hint is Cid:
        return _same(_exactly(Cid, "a link"))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    assert issubclass(hint, Struct), f"no encoding is defined for {hint}"
    return _record(hint)


def _same(step: _Step) -> _Shape:
    return _Shape(step, step)


def _size(marks: tuple[Any, ...], default: int) -> Size:
    return next((mark for mark in marks if isinstance(mark, Size)), Size(0, default))


_known_did = lru_cache(maxsize=4096)(parse_did)


def _did(value: Any) -> Any:
    if type(value) is not str:
        raise ShapeError(f"expected a DID, found {_name(value)}")
    try:
        return _known_did(value)
    except DidError as error:
        raise ShapeError(str(error)) from None


def _integer(marks: tuple[Any, ...]) -> _Step:
    bounds = next((m for m in marks if isinstance(m, Between)), Between(0, INTEGER_MAX))
    low, high = bounds.low, bounds.high

    def step(value: Any) -> Any:
        if type(value) is not int:
            raise ShapeError(f"expected an integer, found {_name(value)}")
        if not low <= value <= high:
            raise ShapeError(f"{value} is not between {low} and {high}")
        return value

    return step


def _exactly(kind: type, words: str) -> _Step:
    def step(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected {words}, found {_name(value)}")
        return value

    return step


def _text(size: Size) -> _Step:
    low, high = size.low, size.high

    def step(value: Any) -> Any:
        if type(value) is not str:
            raise ShapeError(f"expected a text, found {_name(value)}")
        try:
            length = len(value) if value.isascii() else len(value.encode())
        except UnicodeEncodeError:
            raise ShapeError("a text with half a surrogate pair") from None
        if not low <= length <= high:
            raise ShapeError(f"{length} bytes, expected {low} to {high}")
        return value

    return step


def _bytes(size: Size) -> _Step:
    low, high = size.low, size.high

    def step(value: Any) -> Any:
        if type(value) is not bytes:
            raise ShapeError(f"expected bytes, found {_name(value)}")
        if not low <= len(value) <= high:
            raise ShapeError(f"{len(value)} bytes, expected {low} to {high}")
        return value

    return step


def _enum(kind: type[Enum]) -> _Shape:
    members = {member.value: member for member in kind}
    words = ", ".join(str(value) for value in members)

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected one of {words}, found {_name(value)}")
        return value.value

    def read(value: Any) -> Any:
        member = members.get(value) if type(value) in (str, int) else None
        if member is None:
            raise ShapeError(f"expected one of {words}, found {value!r:.40}")
        return member

    return _Shape(write, read)


def _counted(value: Any, size: Size) -> None:
    if not size.low <= len(value) <= size.high:
        raise ShapeError(f"{len(value)} items, expected {size.low} to {size.high}")


def _sequence(arguments: tuple[Any, ...], size: Size) -> _Shape:
    assert len(arguments) == 2 and arguments[1] is Ellipsis, "tuples are written tuple[X, ...]"
    item = _shape(arguments[0])

    def each(value: Any, kind: type[Any], step: _Step) -> list[Any]:
        if not isinstance(value, kind):
            raise ShapeError(f"expected a list, found {_name(value)}")
        _counted(value, size)
        made: list[Any] = []
        try:
            for one in value:
                made.append(step(one))
        except ShapeError as fault:
            raise fault.inside(f"[{len(made)}]") from None
        return made

    return _Shape(
        lambda value: each(value, tuple, item.write),
        lambda value: tuple(each(value, list, item.read)),
    )


def _mapping(arguments: tuple[Any, ...], size: Size) -> _Shape:
    key, item = _shape(arguments[0]), _shape(arguments[1])

    def each(value: Any, key_step: _Step, step: _Step) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise ShapeError(f"expected a map, found {_name(value)}")
        _counted(value, size)
        made: dict[Any, Any] = {}
        for name, one in value.items():
            try:
                made[key_step(name)] = step(one)
            except ShapeError as fault:
                raise fault.inside(str(name)[:64]) from None
        return made

    return _Shape(
        lambda value: each(value, key.write, item.write),
        lambda value: each(value, key.read, item.read),
    )


def _union(members: tuple[Any, ...]) -> _Shape:
    others = tuple(member for member in members if member is not type(None))
    if len(others) < len(members):
        # A union that contains None is first of all optional.
        inner = _shape(others[0]) if len(others) == 1 else _union(others)
        return _Shape(
            lambda value: None if value is None else inner.write(value),
            lambda value: None if value is None else inner.read(value),
        )
    assert all(issubclass(member, Struct) for member in others), "a union is of records"
    shapes = {member.__name__: _shape(member) for member in others}
    words = ", ".join(shapes)

    def write(value: Any) -> Any:
        name = type(value).__name__
        if type(value) not in others:
            raise ShapeError(f"expected one of {words}, found {name}")
        return {KIND: name, **shapes[name].write(value)}

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise ShapeError(f"expected a map, found {_name(value)}")
        name = value.get(KIND)
        if type(name) is not str or name not in shapes:
            raise ShapeError(f"expected one of {words}, found {name!r:.40}", KIND)
        return shapes[name].read({key: each for key, each in value.items() if key != KIND})

    return _Shape(write, read)


def _record(kind: type[Struct]) -> _Shape:
    hints = get_type_hints(kind, include_extras=True)
    shapes = [(name, _shape(hints[name])) for name in kind.__struct_fields__]
    writers = [(name, shape.write) for name, shape in shapes]
    readers = [(name, shape.read) for name, shape in shapes]
    wanted = frozenset(name for name, _ in shapes)
    omitted = _omitted(kind, hints)
    required = wanted - omitted.keys()

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected {kind.__name__}, found {_name(value)}")
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
            raise ShapeError(f"expected a map, found {_name(value)}")
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
            # A record may check in __post_init__ what concerns several fields at once.
            raise ShapeError(str(error)) from None

    return _Shape(write, read)


def _with_check(shape: _Shape, mark: Checked) -> _Shape:
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

    return _Shape(write, read)


def _omitted(kind: type[Struct], hints: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of the fields that are left out where they have them."""
    return {
        each.name: each.default
        for each in fields(kind)
        if any(isinstance(mark, Omitted) for mark in getattr(hints[each.name], "__metadata__", ()))
    }


def _wrong_fields(required: frozenset[str], wanted: frozenset[str], value: dict[str, Any]) -> str:
    missing = sorted(required - value.keys())
    unknown = sorted(str(key) for key in value.keys() - wanted)
    parts = []
    if missing:
        parts.append("missing " + ", ".join(missing))
    if unknown:
        parts.append("unknown " + ", ".join(unknown)[:200])
    return "; ".join(parts)


def _name(value: Any) -> str:
    return type(value).__name__
