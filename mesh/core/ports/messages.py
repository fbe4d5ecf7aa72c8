"""The port of an actor's messages: envelopes, and the outbox that sends them.

Rule: nothing is sent before the transaction that put it has committed. A message may come twice,
late, in another order, or not at all; nobody trusts what an envelope says of its sender.
"""

from typing import Final, Protocol

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.content.did import Did

ENVELOPE_BYTES_MAX: Final = 1_572_864
ENVELOPE_BLOCKS_MAX: Final = 1_024
"""A settlement of 64 verifiers with all policies has half of them; each is hashed and looked at."""
ORDER_BYTES_MAX: Final = 1_179_648
"""Manifest, bid and context, with the manifests of all parents: what is left of a message has room
for hold, draws, the list of all members, tokens and a statement. Else who awards could have a hold
that reaches no executor, or a draw that reaches no verifier."""


class Envelope(Struct, frozen=True, kw_only=True):
    """A message as it arrives. blocks: the record first, then what it rests on.

    sender: by the transport's word, good for nothing but statistics.
    """

    sender: Did
    to: Did
    blocks: tuple[bytes, ...]


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message to send. record, attached: CIDs of blocks in the sender's own store.

    until: where given, the message is sent again (after 1 s, doubling to 60 s) until `answered` is
    called with the same word; a later message to the same receiver with the same word takes its
    place.
    """

    to: tuple[Did, ...]
    record: Cid
    attached: tuple[Cid, ...] = ()
    until: str | None = None


class Outbox(Protocol):
    """The messages of one actor that are not sent, or not answered."""

    def put(self, message: Outgoing) -> None: ...

    def answered(self, until: str, by: Did | None = None) -> None:
        """Stop sending again what was put under this word: to everyone, or to one; a repeat is
        harmless."""
        ...
