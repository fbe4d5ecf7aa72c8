"""Blocks in layers: bytes stored once for all actors, and who holds them.

Rule: a block is hashed on its way in and again on its way out; an actor sees the blocks that it
holds itself. The bytes of all blocks, each counted once, stay within the quota.
"""

from collections.abc import Set
from typing import Protocol

from msgspec import Struct

from mesh.core.ports.blocks import BlockError, BlockFault
from runtime.content.cid import Cid
from runtime.content.did import Did


class Held(Struct, frozen=True):
    """A block that is stored: its size in bytes, and the actors that hold it."""

    size: int
    actors: frozenset[Did]


class BlockSource(Protocol):
    """Stored blocks, to be read."""

    def held(self, cid: Cid) -> Held | None:
        """None for a block that no actor holds."""
        ...

    def data(self, cid: Cid) -> bytes:
        """The bytes of a block that is held, as they are stored. Raises TamperedBlock where
        they are not what the CID names."""
        ...

    def cids(self, actor: Did) -> Set[Cid]:
        """The blocks that an actor holds."""
        ...

    def total_bytes(self) -> int: ...

    def verified(self, cid: Cid) -> bytes | None:
        """The bytes of a block that were hashed before and are in memory; None for others."""
        ...


class BlockLayer:
    """Changes over a source of blocks: itself a source. changed: who holds a block now, None:
    nobody any more. new: bytes that are not stored, or not rightly."""

    def __init__(self, under: BlockSource, *, quota_bytes: int) -> None:
        self._under = under
        self._quota_bytes = quota_bytes
        self.changed: dict[Cid, Held | None] = {}
        self.new: dict[Cid, bytes] = {}
        self.added_bytes = 0

    def held(self, cid: Cid) -> Held | None:
        if cid in self.changed:
            return self.changed[cid]
        return self._under.held(cid)

    def data(self, cid: Cid) -> bytes:
        found = self.new.get(cid)
        return self._under.data(cid) if found is None else found

    def cids(self, actor: Did) -> Set[Cid]:
        found = set(self._under.cids(actor) - self.changed.keys())
        for cid, held in self.changed.items():
            if held is not None and actor in held.actors:
                found.add(cid)
        return found

    def total_bytes(self) -> int:
        return self._under.total_bytes() + self.added_bytes

    def verified(self, cid: Cid) -> bytes | None:
        found = self.new.get(cid)
        return self._under.verified(cid) if found is None else found

    def put(self, actor: Did, cid: Cid, data: bytes) -> None:
        """Raises BlockError(MISMATCH or QUOTA)."""
        # Most blocks are put by several actors within one turn: hashed by the first.
        if data != self.verified(cid) and not cid.matches(data):
            raise BlockError(BlockFault.MISMATCH, cid)
        held = self.held(cid)
        if held is None:
            self._add(cid, len(data))
            self.new[cid] = data
            self.changed[cid] = Held(len(data), frozenset((actor,)))
        elif actor not in held.actors:
            if not self._is_sound(cid):
                self._add(cid, len(data) - held.size)
                self.new[cid] = data
            self.changed[cid] = Held(len(data), held.actors | {actor})

    def delete(self, actor: Did, cid: Cid) -> bool:
        held = self.held(cid)
        if held is None or actor not in held.actors:
            return False
        others = held.actors - {actor}
        self.changed[cid] = Held(held.size, others) if others else None
        if not others:
            self.added_bytes -= held.size
            self.new.pop(cid, None)
        return True

    def take(self, layer: "BlockLayer") -> None:
        """Merge the changes of a layer over this one."""
        self.new.update(layer.new)
        for cid, held in layer.changed.items():
            self.changed[cid] = held
            if held is None:
                self.new.pop(cid, None)
        self.added_bytes += layer.added_bytes

    def _add(self, cid: Cid, size: int) -> None:
        used = self.total_bytes()
        if size > 0 and used + size > self._quota_bytes:
            detail = f"{used} + {size} of {self._quota_bytes} bytes"
            raise BlockError(BlockFault.QUOTA, cid, detail)
        self.added_bytes += size

    def _is_sound(self, cid: Cid) -> bool:
        try:
            self.data(cid)
        except BlockError:
            return False
        return True


class ActorBlocks:
    """The `Blocks` port of one actor over a layer."""

    __slots__ = ("_actor", "_layer")

    def __init__(self, layer: BlockLayer, actor: Did) -> None:
        self._layer = layer
        self._actor = actor

    def get(self, cid: Cid) -> bytes | None:
        return self._layer.data(cid) if self.has(cid) else None

    def put(self, cid: Cid, data: bytes) -> None:
        self._layer.put(self._actor, cid, data)

    def has(self, cid: Cid) -> bool:
        held = self._layer.held(cid)
        return held is not None and self._actor in held.actors

    def size(self, cid: Cid) -> int | None:
        held = self._layer.held(cid)
        return held.size if held is not None and self._actor in held.actors else None

    def delete(self, cid: Cid) -> bool:
        return self._layer.delete(self._actor, cid)
