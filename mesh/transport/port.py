"""The port of a transport: how envelopes and blocks get from one actor to another.

Rule: a parcel arrives never, once or often, late and in any order. It is acknowledged after the
commit of the turn that took it in; what was not acknowledged may come again.
"""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

from mesh.core.ports.messages import Envelope
from runtime.content.cid import Cid
from runtime.content.did import Did


class BlockRequest(Struct, frozen=True, kw_only=True):
    """A request for blocks of the receiver's store. number: the sender's own, repeated by the
    reply."""

    sender: Did
    to: Did
    number: int
    cids: tuple[Cid, ...]


class BlockReply(Struct, frozen=True, kw_only=True):
    """The blocks of a request that the sender has. Their receiver hashes them again."""

    sender: Did
    to: Did
    number: int
    blocks: Mapping[Cid, bytes]


Parcel: TypeAlias = Envelope | BlockRequest | BlockReply


class Delivery(Struct, frozen=True, kw_only=True):
    """A parcel that has arrived. number: by which it is acknowledged; a repeat has another."""

    number: int
    parcel: Parcel


class Transport(Protocol):
    """Takes parcels from the drivers of actors and hands them to the drivers of others."""

    def send(self, parcel: Parcel) -> None: ...

    def next_delivery(self, to: Did) -> Delivery | None:
        """The next parcel that has arrived for an actor and was not given out before."""
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """Marks a delivery as taken in; a repeat is harmless."""
        ...
