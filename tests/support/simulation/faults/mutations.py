"""Mutations of records: any field of any record, at any depth, changed and signed again.

Rule: what comes out has the shape of a record, so that only rules, and no codec, can refuse it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mesh.core.records.registry import read, sign
from mesh.core.records.terms import Children, Parent
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, Signed

TRIES_MAX = 40
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Strangers(Struct, frozen=True, kw_only=True):
    """Values that a liar puts in: keys of members, and CIDs that it has seen."""

    dids: Sequence[Did]
    cids: Sequence[Cid]


class Mutation(Struct, frozen=True, kw_only=True):
    """A record with one field changed. field: its name, with those of the records around it."""

    record: Signed[Any]
    field: str


def mutated(
    record: Signed[Any], key: SigningKey, strangers: Strangers, dice: Random
) -> Mutation | None:
    """A record with one field changed, signed by `key`; None where no change has its shape."""
    places = list(_leaves(record.body))
    for _ in range(TRIES_MAX):
        path, value = dice.choice(places)
        changed = _other(value, strangers, dice)
        try:
            body = _with(record.body, path, changed)
            signed = sign(body, mesh=record.mesh, key=key)
            read(signed.block, record.mesh)
        except (ShapeError, RecordError, ValueError, TypeError):
            continue
        if signed.cid != record.cid:
            return Mutation(record=signed, field=_name(record.body, path))
    return None


def fields_of(body: Struct) -> frozenset[str]:
    """The names of all fields of a record that `mutated` changes."""
    return frozenset(_name(body, path) for path, _ in _leaves(body))


Path = tuple[str | int, ...]


def _name(body: Struct, path: Path) -> str:
    """The same for all items of a list."""
    return ".".join((type(body).__name__, *(str(each) for each in path if type(each) is str)))


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value that is no record, with its place. A list is a value, and so are its items."""
    match value:
        case Cid():
            yield path, value
        case Struct():
            for name in value.__struct_fields__:
                yield from _leaves(getattr(value, name), (*path, name))
        case tuple():
            yield path, value
            for index, item in enumerate(value):
                yield from _leaves(item, (*path, index))
        case Mapping():
            yield path, value
            for name, item in value.items():
                yield from _leaves(item, (*path, name))
        case _:
            yield path, value


def _with(value: Any, path: Path, changed: Any) -> Any:
    if not path:
        return changed
    step, rest = path[0], path[1:]
    match value:
        case Struct():
            return replace(value, **{str(step): _with(getattr(value, str(step)), rest, changed)})
        case tuple():
            items = list(value)
            items[int(step)] = _with(items[int(step)], rest, changed)
            return tuple(items)
        case _:
            return {**value, step: _with(value[step], rest, changed)}


def _other(value: Any, strangers: Strangers, dice: Random) -> Any:
    """Another value of the same type, near to it or far."""
    choices: list[Callable[[], Any]]
    match value:
        case bool():
            return not value
        case int():
            return dice.choice((value + 1, value - 1, 0, 1, 2 * value, INTEGER_MAX))
        case Cid():
            unknown = cid_of(dice.randbytes(8), Codec.DAG_CBOR)
            return dice.choice((unknown, dice.choice(strangers.cids or (unknown,))))
        case Enum():
            return dice.choice(list(type(value)))
        case bytes():
            flipped = bytes((*value[:-1], value[-1] ^ 1)) if value else b"\0"
            return dice.choice((flipped, bytes(len(value))))
        case str() if value.startswith("did:"):
            return dice.choice(strangers.dids)
        case str() if _UUID.fullmatch(value):
            return value[:-1] + dice.choice("0123456789abcdef")
        case str():
            return dice.choice((value + "x", "x", ""))
        case tuple():
            choices = [lambda: value[1:], lambda: value + value[:1], lambda: value[::-1]]
            return dice.choice(choices)()
        case Mapping():
            choices = [dict, lambda: {**value, "x": 1}]
            return dice.choice(choices)()
        case None:
            one = dice.choice(strangers.cids) if strangers.cids else None
            cause = one or cid_of(dice.randbytes(8), Codec.DAG_CBOR)
            parts = (
                Children(depth=dice.randint(1, 8), budget=dice.choice((1, INTEGER_MAX))),
                Parent(cause=cause, position=dice.randint(0, 3), depth=dice.randint(1, 8)),
            )
            return dice.choice((1, one, dice.randbytes(32), dice.choice(strangers.dids), *parts))
        case _:
            return None
