"""Stored state of one owner: variables by home, and the blocks that are pinned.

A snapshot is a block; its CID is the owner's state root, the Context's `state_root`. Rule: the same
state has the same root, whatever the order in which it came about.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError, decode, encode
from runtime.execution.context import MIB, Context
from runtime.execution.effects import (
    DeclareState,
    Effect,
    ForgetState,
    PinBlock,
    PutBlock,
    UnpinBlock,
    WriteState,
)

SNAPSHOT_VERSION: Final = 1
SNAPSHOT_BYTES_MAX: Final = 8 * MIB
"""Bytes of the block of the snapshot itself: names, shapes and links."""
STATE_VALUE_BYTES_MAX: Final = 16 * MIB
"""Bytes of one variable."""
STATE_BYTES_MAX: Final = 48 * MIB
"""Bytes of all blocks that one owner's state links to."""
DAG_BLOCK_BYTES_MAX: Final = MIB
TOKENS_BYTES_MAX: Final = 16 * MIB


class StoredVariable(Struct, frozen=True, kw_only=True):
    """shape: the type it was stored with, spelled out. value: CID of its DAG-CBOR block."""

    shape: str
    value: Cid


class Snapshot(Struct, frozen=True, kw_only=True):
    """Variables by home and name; pins in the order of CIDs.

    schemas: of a home, all variables that the program which last wrote it has, stored or not.
    """

    homes: Mapping[str, Mapping[str, StoredVariable]] = field(default_factory=dict)
    pins: tuple[Cid, ...] = ()
    schemas: Mapping[str, str] = field(default_factory=dict)

    def variable(self, home: str, name: str) -> StoredVariable | None:
        return self.homes.get(home, {}).get(name)

    @property
    def links(self) -> tuple[Cid, ...]:
        """Lists every block that the snapshot names, each once."""
        values = [each.value for home in self.homes.values() for each in home.values()]
        return tuple(dict.fromkeys((*values, *self.pins)))

    def to_block(self) -> bytes:
        homes = {
            home: {name: {"shape": each.shape, "value": each.value} for name, each in named.items()}
            for home, named in self.homes.items()
        }
        block = {"version": SNAPSHOT_VERSION, "homes": homes, "pins": list(self.pins)}
        if self.schemas:
            block["schemas"] = dict(self.schemas)
        return encode(block)

    @property
    def cid(self) -> Cid:
        return cid_of(self.to_block(), Codec.DAG_CBOR)

    @staticmethod
    def from_block(data: bytes) -> "Snapshot":
        """Reads what `to_block` wrote. Raises CodecError for anything else."""
        value = decode(data, bytes_max=SNAPSHOT_BYTES_MAX)
        try:
            schemas = value.pop("schemas", {})
            if value.keys() != {"version", "homes", "pins"}:
                raise CodecError("not a snapshot: other fields")
            if value["version"] != SNAPSHOT_VERSION:
                raise CodecError("a snapshot of another version")
            homes = {
                home: {name: _variable(each) for name, each in named.items()}
                for home, named in value["homes"].items()
            }
            pins = tuple(value["pins"])
        except (TypeError, AttributeError) as error:
            raise CodecError(f"not a snapshot: {error}") from None
        if not all(isinstance(cid, Cid) for cid in pins) or list(pins) != sorted(set(pins)):
            raise CodecError("not a snapshot: its pins are not links in order")
        if not isinstance(schemas, dict) or not all(isinstance(s, str) for s in schemas.values()):
            raise CodecError("not a snapshot: its schemas are not texts")
        return Snapshot(homes=homes, pins=pins, schemas=schemas)


EMPTY: Final = Snapshot()


def _variable(value: Any) -> StoredVariable:
    match value:
        case {"shape": str(shape), "value": Cid() as cid, **rest} if not rest:
            return StoredVariable(shape=shape, value=cid)
        case _:
            raise CodecError("not a snapshot: a variable is its shape and a link")


def advanced(snapshot: Snapshot, effects: Iterable[Effect]) -> Snapshot:
    """Gives the snapshot after the effects."""
    homes = {home: dict(named) for home, named in snapshot.homes.items()}
    schemas = dict(snapshot.schemas)
    pins = set(snapshot.pins)
    for effect in effects:
        match effect:
            case WriteState(home=home, variable=name, shape=shape, value=value):
                homes.setdefault(home, {})[name] = StoredVariable(shape=shape, value=value)
            case DeclareState(home=home, schema=schema):
                schemas[home] = schema
            case ForgetState(home=home, variable=name):
                homes.get(home, {}).pop(name, None)
            case PutBlock(cid=cid) | PinBlock(cid=cid):
                pins.add(cid)
            case UnpinBlock(cid=cid):
                pins.discard(cid)
            case _:
                pass
    return Snapshot(homes=homes, pins=tuple(sorted(pins)), schemas=schemas)


class MissingBlock(LookupError):
    """A block that an execution needs is missing."""

    def __init__(self, cid: Cid, what: str) -> None:
        super().__init__(f"{what} {cid}")
        self.cid = cid
        self.what = what


def surrounding_blocks(
    context: Context, fetch: Callable[[Cid], bytes | None]
) -> Mapping[Cid, bytes]:
    """Collects the blocks of an execution besides module and input: the snapshot, the blocks that
    it links to, and the register of token holders.

    Raises MissingBlock, and CodecError for a malformed snapshot.
    """
    found: dict[Cid, bytes] = {}

    def needed(cid: Cid, what: str) -> bytes:
        data = fetch(cid)
        if data is None:
            raise MissingBlock(cid, what)
        found[cid] = data
        return data

    if context.tokens is not None:
        needed(context.tokens, "register of token holders")
    if context.state_root is not None:
        snapshot = Snapshot.from_block(needed(context.state_root, "state"))
        for cid in snapshot.links:
            needed(cid, "part of the state")
    return found
