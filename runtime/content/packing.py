"""Records straight to canonical bytes: the same as `encode(to_value(record))`, in one pass.

Rule: a step writes what it is sure of and raises `Unfit` for everything else; then `to_value` and
`encode` write the value, or say what is wrong with it. So there is one set of errors.
"""

import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, lru_cache
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.content.codec import (
    BYTES,
    LINK_HEAD,
    LIST,
    MAP,
    RECORD_BYTES_MAX,
    TEXT,
    encode,
    head,
    pack_integer,
)
from runtime.content.did import Did, DidError, parse_did
from runtime.content.shapes import TEXT_BYTES_MAX, Checked, Recursive, Size, bounds_of, size_of
from runtime.content.typed import ITEMS_MAX, KIND, hints_of, omitted_fields, shape_of

Step: TypeAlias = Callable[[Any], bytes]
Parts: TypeAlias = tuple[bytes, ...]
"""The bytes of a record, cut between its fields."""

_NULL: Final = encode(None)
_BOOLS: Final = (encode(False), encode(True))
_STEPS: Final[dict[Any, Step | None]] = {}


class Unfit(Exception):
    """A value that is written the long way."""


def packer(hint: Any) -> Step:
    """Makes the writer of any annotation that a field may have. Raises ShapeError, CodecError."""
    write, quick = shape_of(hint).write, _step(hint)
    if quick is None:
        return lambda value: encode(write(value))

    def pack(value: Any) -> bytes:
        try:
            return quick(value)
        except Unfit:
            return encode(write(value))

    return pack


def amender(kind: type[Struct]) -> Callable[[Any, Any, Parts | None], Parts]:
    """Makes the writer of a record in parts, of which those are taken from an older record's whose
    field is the very same object. Raises ShapeError, CodecError."""
    write, entries = shape_of(kind).write, _entries(kind)

    def amend(value: Any, older: Any, parts: Parts | None) -> Parts:
        if entries is None or type(value) is not kind:
            return (encode(write(value)),)
        try:
            if parts is None or len(parts) != len(entries):
                return tuple([key + step(getattr(value, name)) for key, name, step in entries])
            return tuple(
                [
                    part
                    if (new := getattr(value, name)) is getattr(older, name)
                    else key + step(new)
                    for (key, name, step), part in zip(entries, parts, strict=True)
                ]
            )
        except Unfit:
            return (encode(write(value)),)

    return amend


def _entries(kind: type[Struct]) -> tuple[tuple[bytes, str, Step], ...] | None:
    """Lists each field of a record with what comes before its value; None where it is written
    the long way."""
    fields = _fields(kind)
    if not fields or len(fields) != len(kind.__struct_fields__):
        return None
    begin, _, ((key, name, step), *others) = _template(fields, None)
    return ((begin + key, name, step), *others)


def pack_fields(record: Any) -> dict[str, bytes]:
    """Writes each field of a record, without those that are left out. Raises ShapeError,
    CodecError."""
    kind: type[Struct] = type(record)
    fields = _fields(kind)
    if fields is not None and len(fields) == len(kind.__struct_fields__):
        try:
            return {name: step(getattr(record, name)) for name, step in fields.items()}
        except Unfit:
            pass
    written = shape_of(kind).write(record)
    return {name: encode(value, depth=1) for name, value in written.items()}


def _step(hint: Any) -> Step | None:
    """Returns the step of an annotation; None where its values are written the long way."""
    if hint not in _STEPS:
        _STEPS[hint] = _build(hint)
    return _STEPS[hint]


def _build(hint: Any) -> Step | None:
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(rest)
    if any(isinstance(mark, Recursive) for mark in marks):
        return None
    step = _bare_step(hint, marks)
    for mark in marks:
        if isinstance(mark, Checked) and step is not None:
            step = _checked(step, mark)
    return step


def _bare_step(hint: Any, marks: tuple[Any, ...]) -> Step | None:
    if hint is Did:
        return _did
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if origin is tuple:
        return _sequence(_step(get_args(hint)[0]), size_of(marks, ITEMS_MAX))
    if origin is not None and issubclass(origin, Mapping):
        key, item = map(_step, get_args(hint))
        return _mapping(key, item, size_of(marks, ITEMS_MAX))
    if hint is int:
        return _integer(marks)
    if hint is bool:
        return _boolean
    if hint is str:
        return _text(size_of(marks, TEXT_BYTES_MAX))
    if hint is bytes:
        return _octets(size_of(marks, RECORD_BYTES_MAX))
    if hint is Cid:
        return _link
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enumeration(hint)
    return None if hint is Any else _record(hint)


# --- scalars


@lru_cache(maxsize=4096)
def _packed_did(value: str) -> bytes:
    return encode(str(parse_did(value)))


def _did(value: Any) -> bytes:
    if type(value) is not str:
        raise Unfit
    try:
        return _packed_did(value)
    except DidError:
        raise Unfit from None


def _integer(marks: tuple[Any, ...]) -> Step:
    bounds = bounds_of(marks)
    low, high = bounds.low, bounds.high

    def step(value: Any) -> bytes:
        if type(value) is not int or not low <= value <= high:
            raise Unfit
        return pack_integer(value)

    return step


def _boolean(value: Any) -> bytes:
    if type(value) is not bool:
        raise Unfit
    return _BOOLS[value]


def _text(size: Size) -> Step:
    low, high = size.low, size.high

    def step(value: Any) -> bytes:
        if type(value) is not str:
            raise Unfit
        try:
            raw = value.encode()
        except UnicodeEncodeError:
            raise Unfit from None
        if not low <= len(raw) <= high:
            raise Unfit
        return head(TEXT, len(raw)) + raw

    return step


def _octets(size: Size) -> Step:
    low, high = size.low, size.high

    def step(value: Any) -> bytes:
        if type(value) is not bytes or not low <= len(value) <= high:
            raise Unfit
        return head(BYTES, len(value)) + value

    return step


def _link(value: Any) -> bytes:
    if type(value) is not Cid:
        raise Unfit
    return LINK_HEAD + value.raw


def _enumeration(kind: type[Enum]) -> Step:
    packed = {member.value: encode(member.value) for member in kind}

    def step(value: Any) -> bytes:
        if type(value) is not kind:
            raise Unfit
        return packed[value._value_]

    return step


def _checked(inner: Step, mark: Checked) -> Step:
    def step(value: Any) -> bytes:
        packed = inner(value)
        if not mark.test(value):
            raise Unfit
        return packed

    return step


# --- what holds others


def _sequence(item: Step | None, size: Size) -> Step | None:
    if item is None:
        return None
    each, low, high = item, size.low, size.high

    def step(value: Any) -> bytes:
        if type(value) is not tuple or not low <= len(value) <= high:
            raise Unfit
        return head(LIST, len(value)) + b"".join(map(each, value))

    return step


def _mapping(key: Step | None, item: Step | None, size: Size) -> Step | None:
    if key is None or item is None:
        return None
    pack_key, pack_item, low, high = key, item, size.low, size.high

    def step(value: Any) -> bytes:
        if not isinstance(value, Mapping) or not low <= len(value) <= high:
            raise Unfit
        # Canonical order: encoded keys begin with their length.
        entries = sorted((pack_key(name), pack_item(each)) for name, each in value.items())
        return head(MAP, len(entries)) + b"".join(part for pair in entries for part in pair)

    return step


def _union(members: tuple[Any, ...]) -> Step | None:
    others = tuple(member for member in members if member is not type(None))
    if len(others) < len(members):
        return _optional(_step(others[0]) if len(others) == 1 else _union(others))
    steps = {member: _record(member, (KIND, member.__name__)) for member in others}
    found = {member: step for member, step in steps.items() if step is not None}
    if len(found) < len(steps):
        return None

    def step(value: Any) -> bytes:
        write = found.get(type(value))
        if write is None:
            raise Unfit
        return write(value)

    return step


def _optional(inner: Step | None) -> Step | None:
    if inner is None:
        return None
    some = inner
    return lambda value: _NULL if value is None else some(value)


@cache
def _fields(kind: type[Struct]) -> dict[str, Step] | None:
    """Returns the steps of the fields that are always written; None where one is written the
    long way."""
    hints = hints_of(kind)
    omitted = omitted_fields(kind, hints)
    found = {}
    for name in kind.__struct_fields__:
        step = _step(hints[name])
        if step is None:
            return None
        if name not in omitted:
            found[name] = step
    return found


def _record(kind: type[Struct], constant: tuple[str, str] | None = None) -> Step | None:
    """Returns the step of a record. constant: a further entry, and its text."""
    fields = _fields(kind)
    if fields is None:
        return None
    omitted = tuple(omitted_fields(kind, hints_of(kind)).items())
    before, after, entries = _template(fields, constant)

    def step(value: Any) -> bytes:
        if type(value) is not kind:
            raise Unfit
        for name, default in omitted:
            if getattr(value, name) != default:
                raise Unfit
        parts = [key + write(getattr(value, name)) for key, name, write in entries]
        return before + b"".join(parts) + after

    return step


def _template(
    fields: Mapping[str, Step], constant: tuple[str, str] | None
) -> tuple[bytes, bytes, tuple[tuple[bytes, str, Step], ...]]:
    """Returns what is written before and after the fields, and each with what comes before its
    value."""
    names = sorted((*fields, constant[0]) if constant else fields, key=encode)
    before, between = head(MAP, len(names)), b""
    entries = []
    for name in names:
        between += encode(name)
        if name in fields:
            entries.append((between, name, fields[name]))
            between = b""
        else:
            assert constant is not None, "the only entry that is no field"
            between += encode(constant[1])
    return before, between, tuple(entries)
