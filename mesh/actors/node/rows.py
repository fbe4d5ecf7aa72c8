"""Rows of a node: its settings, answers to jobs, attempts, chain, speed, and what others used.

Rule: numbers of the chain are stored before the records that carry them are sent.
"""

from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.actors.node.settings import NodeSettings
from mesh.core.ports.tables import Table
from mesh.core.records.work import GaveUpGround
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.policy import Usage
from runtime.tokens.token import ResourceType

NUMBER: Final = 1
"""The key of tables that have one row."""


class SettingsRow(Struct, frozen=True, kw_only=True):
    """The operator's settings in force."""

    number: int
    settings: NodeSettings


class OfferRow(Struct, frozen=True, kw_only=True):
    """The bid for a job."""

    job: Cid
    bid: Cid
    expires_at: int


class AttemptPhase(Enum):
    WORKING = "working"
    """Its execution is under way (`mesh.actors.executions`)."""
    SEALED = "sealed"
    """The Seal is stored; the Receipt waits for the Opening."""
    DELIVERED = "delivered"
    GAVE_UP = "gave-up"
    ENDED = "ended"


class AttemptRow(Struct, frozen=True, kw_only=True):
    """An attempt that a hold ordered. hold: CID of the Hold; id: of the ledger's hold.

    nonce: of the seal, secret until it is opened. units: committed under the node's own policy.
    settlement: None where the attempt was ended by an Answer. complaint: what is wrong with the
    issuer's payment.
    """

    hold: Cid
    id: bytes
    job: Cid
    issuer: Did
    submitter: Did
    is_sealed: bool
    fuel_limit: int
    resource_type: ResourceType
    units: int
    phase: AttemptPhase
    result: Cid | None = None
    nonce: bytes | None = None
    seal: Cid | None = None
    draws: tuple[Cid, ...] = ()
    opening: Cid | None = None
    receipt: Cid | None = None
    anchor: Cid | None = None
    gave_up: Cid | None = None
    ground: GaveUpGround | None = None
    settlement: Cid | None = None
    paid: int = 0
    complaint: str = ""
    ended_at: int | None = None


class ChainRow(Struct, frozen=True, kw_only=True):
    """The ends of this node's chains: its newest anchor, of `sequence`, and receipt."""

    number: int
    sequence: int
    anchor: Cid
    receipt: Cid


class HeadRow(Struct, frozen=True, kw_only=True):
    """The newest anchor of another member that was seen."""

    member: Did
    sequence: int
    anchor: Cid


class RestoredRow(Struct, frozen=True, kw_only=True):
    """This store is an old copy: an anchor of this node's own that it does not have. Nothing more
    is signed for a chain of which it has lost the end."""

    number: int
    shown: Cid
    sequence: int
    known_sequence: int
    seen_at: int


class SpeedRow(Struct, frozen=True, kw_only=True):
    """The speed that executions have shown, of one engine on one processor."""

    machine: str
    fuel_per_second: int
    executions: int


class UsageRow(Struct, frozen=True, kw_only=True):
    """The units that a submitter has committed under the node's own policies."""

    submitter: Did
    resource_type: ResourceType
    usage: Usage


SETTINGS: Final = Table(name="node_settings", row=SettingsRow, key=("number",))
OFFERS: Final = Table(name="node_offers", row=OfferRow, key=("job",), indexes=(("expires_at",),))
ATTEMPTS: Final = Table(
    name="node_attempts",
    row=AttemptRow,
    key=("hold",),
    indexes=(("id",), ("phase",), ("seal",), ("receipt",), ("gave_up",)),
)
CHAIN: Final = Table(name="node_chain", row=ChainRow, key=("number",))
HEADS: Final = Table(name="node_heads", row=HeadRow, key=("member",), indexes=(("sequence",),))
RESTORED: Final = Table(name="node_restored", row=RestoredRow, key=("number",))
SPEEDS: Final = Table(name="node_speeds", row=SpeedRow, key=("machine",))
USAGES: Final = Table(name="node_usages", row=UsageRow, key=("submitter", "resource_type"))
