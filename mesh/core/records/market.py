"""Records of the market: profiles and credentials of nodes, their bids and declines."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh.core.fields import MICRO, Amount, Dids, NodeIdField, Reason, Word
from mesh.core.records.terms import Capabilities, Engine
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size

SURCHARGE_PPM_MAX: Final = 1_000_000_000
CREDENTIALS_MAX: Final = 64


class DeclineReason(Enum):
    """Why a node does not bid, in the order a node checks."""

    MODULE = "module"
    """It cannot be executed, or the entry not be called with these arguments."""
    REQUIREMENTS = "requirements"
    FEATURES = "features"
    LOCATION = "location"
    TRUST = "trust"
    ISSUER = "issuer"
    ENGINE = "engine"
    POLICY = "policy"
    CAPACITY = "capacity"
    BUDGET = "budget"


class NodeProfile(Struct, frozen=True, kw_only=True):
    """A node's or verifier's statement of itself; a later `sequence` replaces an earlier one.

    rates: tokens per unit in millionths, by resource type. surcharge_ppm: added to every price, in
    millionths of it. share_ppm: the part of one core that it promises to a job, in millionths.
    accepted_issuers: whose holds it takes, empty for all of the mesh. credentials: CIDs of
    Credential records that it shows. running_max: attempts at once.
    """

    node_id: NodeIdField
    sequence: Annotated[int, Between(1, INTEGER_MAX)]
    location: Word
    capabilities: Capabilities
    memory_bytes: int
    cpu_cores: int
    storage_bytes: int
    rates: Annotated[Mapping[Word, int], Size(0, 16)]
    surcharge_ppm: Annotated[int, Between(0, SURCHARGE_PPM_MAX)]
    share_ppm: Annotated[int, Between(1, MICRO)]
    running_max: Annotated[int, Between(1, 1_000_000)]
    accepted_issuers: Dids
    credentials: Annotated[tuple[Cid, ...], Size(0, CREDENTIALS_MAX)]
    engine: Engine


class Credential(Struct, frozen=True, kw_only=True):
    """The signer states that `subject` has `name`, until expires_at (Unix seconds)."""

    subject: Did
    name: Word
    expires_at: int


class Bid(Struct, frozen=True, kw_only=True):
    """A node's offer for `units` of work at a fixed price, good until expires_at.

    estimated_seconds: queue and work; work_seconds: the work alone, by which a cancelled execution
    is paid. missing_bytes: blocks that the node has to fetch first. submitter_verifiers: whether it
    accepts verifiers of the submitter's cooperative. credentials: CIDs of Credential records.
    """

    job: Cid
    node_id: NodeIdField
    price: int
    units: Amount
    estimated_seconds: int
    work_seconds: Annotated[int, Between(1, INTEGER_MAX)]
    location: Word
    capabilities: Capabilities
    engine: Engine
    missing_bytes: int
    submitter_verifiers: bool
    credentials: Annotated[tuple[Cid, ...], Size(0, CREDENTIALS_MAX)]
    expires_at: int


class Decline(Struct, frozen=True, kw_only=True):
    """A node's reason for not bidding. `detail` says what was asked and what the node has."""

    job: Cid
    node_id: NodeIdField
    reason: DeclineReason
    detail: Reason
