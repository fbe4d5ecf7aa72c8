"""Edits of single cells: other values that a column could hold, of the type that it has."""

import random
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from blake3 import blake3

from mesh.actors.stores import OUTBOX, WORK
from mesh.adapters.rows.columns import Column, Kind
from mesh.adapters.rows.layout import layout_of
from mesh.core.ports.tables import Table
from mesh.embedded.tables import TABLES
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.identity.keys import SigningKey

ALL_TABLES: tuple[Table[Any], ...] = (*TABLES, OUTBOX, WORK)


def columns_of(table: Table[Any]) -> tuple[Column, ...]:
    """The columns that an edit may change; the number of an actor is no field."""
    columns = layout_of(table).columns
    return tuple(each for each in columns if each.name != "actor")


def other_value(table: Table[Any], column: Column, value: Any, dice: random.Random) -> Any:
    """Another value for a cell."""
    if column.is_optional and value is not None and dice.random() < 0.3:
        return None
    kinds = set(_types_in(get_type_hints(table.row, include_extras=True)[column.name]))
    enums = [each for each in kinds if isinstance(each, type) and issubclass(each, Enum)]
    if column.is_scalar and enums:
        others = [each.value for each in enums[0] if each.value != value]
        return dice.choice(others) if others else value
    if not column.is_scalar:
        return _other_blob(value, dice)
    if Cid in kinds:
        return cid_of(dice.randbytes(8), Codec.DAG_CBOR).raw
    match column.kind:
        case Kind.INTEGER:
            is_flag = column.bounds is not None and column.bounds.high == 1
            return 1 - (value or 0) if is_flag else (value or 0) + dice.choice((1, 1_000))
        case Kind.TEXT:
            return _other_text(value, dice)
        case Kind.BLOB:
            return bytes([value[0] ^ 1, *value[1:]]) if value else dice.randbytes(32)


def _types_in(hint: Any) -> Iterator[Any]:
    """The types of an annotation, without marks and new names."""
    if get_origin(hint) is Annotated:
        yield from _types_in(get_args(hint)[0])
    elif get_args(hint):
        for each in get_args(hint):
            yield from _types_in(each)
    else:
        yield getattr(hint, "__supertype__", hint)


def _other_text(value: Any, dice: random.Random) -> str:
    if isinstance(value, str) and value.startswith("did:key:"):
        return str(SigningKey(blake3(dice.randbytes(8)).digest()).did)
    return f"{value or ''}x"


def _other_blob(value: Any, dice: random.Random) -> Any:
    """DAG-CBOR with another leaf."""
    if value is None:
        return None
    decoded = decode(value, bytes_max=len(value))
    leaves = list(_leaves(decoded))
    if not leaves:
        return value
    path = dice.choice(leaves)
    return encode(_changed(decoded, path, dice))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    match value:
        case dict():
            for name, each in value.items():
                yield from _leaves(each, (*path, name))
        case list():
            for number, each in enumerate(value):
                yield from _leaves(each, (*path, number))
        case None:
            return
        case _:
            yield path


def _changed(value: Any, path: tuple[Any, ...], dice: random.Random) -> Any:
    if path:
        rest = _changed(value[path[0]], path[1:], dice)
        if isinstance(value, dict):
            return {**value, path[0]: rest}
        return [*value[: path[0]], rest, *value[path[0] + 1 :]]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return _other_text(value, dice)
        case bytes():
            return bytes([value[0] ^ 1, *value[1:]]) if value else b"\0"
        case Cid():
            return cid_of(dice.randbytes(8), value.codec)
        case _:
            raise AssertionError(f"a leaf of DAG-CBOR: {value!r}")
