"""The fault model of a simulated network: rules for parcels of some links, and partitions.

Rule: the dice of a rule on a link follow from the seed, the rule's name and the two ends alone, so
that a network without one actor, or with one fault less, plays the same otherwise.
"""

from enum import Enum
from random import Random
from typing import Annotated, Final

from blake3 import blake3
from msgspec import Struct

from mesh.core.fields import MICRO
from mesh.core.ports.messages import Envelope
from mesh.transport.port import BlockReply, BlockRequest, Parcel
from runtime.content.codec import CodecError, decode
from runtime.content.did import Did
from runtime.content.shapes import Between

FOREVER: Final = 1 << 62


class LinkEffect(Enum):
    """What happens to a parcel on its way."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    """A second copy arrives within `milliseconds`."""
    REORDER = "reorder"
    """It does not wait for earlier parcels of its link, which `milliseconds` may hold up."""
    DELAY = "delay"
    """It arrives up to `milliseconds` later, and all after it on this link."""
    CORRUPT = "corrupt"
    """One byte of its first block changes."""
    TRUNCATE = "truncate"
    """Its last block is lost."""
    MISDELIVER = "misdeliver"
    """A copy arrives at another actor."""
    DISGUISE = "disguise"
    """It names another sender."""


class LinkRule(Struct, frozen=True, kw_only=True):
    """An effect on a share of the parcels of some links, from `since` to `until` (milliseconds of
    the simulation). name: unique in its model. senders, receivers, kinds: None for all; kinds as
    `kind_of` has them."""

    name: str
    effect: LinkEffect
    share_ppm: Annotated[int, Between(0, MICRO)]
    milliseconds: int = 0
    senders: frozenset[Did] | None = None
    receivers: frozenset[Did] | None = None
    kinds: frozenset[str] | None = None
    since: int = 0
    until: int = FOREVER

    def concerns(self, parcel: Parcel, kind: str, at: int) -> bool:
        return (
            self.since <= at < self.until
            and (self.senders is None or parcel.sender in self.senders)
            and (self.receivers is None or parcel.to in self.receivers)
            and (self.kinds is None or kind in self.kinds)
        )


class Partition(Struct, frozen=True, kw_only=True):
    """Actors of `island` and all others do not reach each other. is_held: parcels between them
    arrive after the end; otherwise they are lost."""

    island: frozenset[Did]
    since: int
    until: int
    is_held: bool = False

    def separates(self, parcel: Parcel, at: int) -> bool:
        is_on_island = parcel.sender in self.island
        return self.since <= at < self.until and is_on_island != (parcel.to in self.island)


class FaultModel(Struct, frozen=True, kw_only=True):
    """Everything that may happen to parcels. latency_ms: the least and the most of a parcel that
    nothing happens to."""

    latency_ms: tuple[int, int] = (1, 20)
    rules: tuple[LinkRule, ...] = ()
    partitions: tuple[Partition, ...] = ()


def kind_of(parcel: Parcel) -> str:
    """Names a parcel's record, or its part in a fetch of blocks."""
    match parcel:
        case BlockRequest():
            return "BlockRequest"
        case BlockReply():
            return "BlockReply"
        case Envelope(blocks=blocks):
            return record_name(blocks[0]) if blocks else "empty"


def record_name(block: bytes) -> str:
    """Reads the type of a record without verifying it; "unreadable" where there is none."""
    try:
        value = decode(block)
    except CodecError:
        return "unreadable"
    return str(value.get("type", "unreadable")) if isinstance(value, dict) else "unreadable"


def dice_of(seed: int, *names: str) -> Random:
    """Makes the dice of one part of a simulation from its seed and the part's names."""
    return Random(blake3(f"{seed}/{'/'.join(names)}".encode()).digest())
