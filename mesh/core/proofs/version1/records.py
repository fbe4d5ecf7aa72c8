"""The signed records of version 1 that a proof holds, one class each.

Fields are as on the wire; `read` verifies form, ranges, signature and mesh. All times are
Unix seconds, all amounts whole units, all prices whole tokens. A job is named by the CID of
its signed manifest.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias, TypeVar, get_args

from msgspec import Struct

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from mesh.core.fields import Amount, Dids, JobIdField, NodeIdField, Reason, Word, Words
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.execution.execution import Deterministic, Metrics
from runtime.identity.signed import RecordError, RecordFault, Signed
from runtime.identity.signed import read as read_signed
from runtime.tokens.token import ResourceToken, ResourceType, Scope
from runtime.tokens.transfers import TransferIdField

T = TypeVar("T")

VERSION: Final = 1
LEASE_SECONDS_MAX: Final = 30 * 24 * 3600


class Priority(Enum):
    """The order of jobs that wait for each other; lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(Enum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


class Requirements(Struct, frozen=True, kw_only=True):
    """What a node must have. max_seconds bounds the lease of one attempt."""

    memory_bytes: int = 64 * 1024 * 1024
    cpu_cores: int = 1
    storage_bytes: int = 0
    features: Words = ()
    max_seconds: Annotated[int, Between(1, LEASE_SECONDS_MAX)] = 3600


class Trust(Struct, frozen=True, kw_only=True):
    """Whom the submitter trusts. locations: empty means any. quorum: of `verifiers`."""

    min_reputation: Annotated[int, Between(0, 100)] = 0
    locations: Words = ()
    required_credentials: Words = ()
    verifiers: Annotated[int, Between(1, 64)] = VERIFIERS_DEFAULT
    quorum: Annotated[int, Between(1, 64)] = QUORUM_DEFAULT

    def __post_init__(self) -> None:
        if not self.quorum <= self.verifiers < 2 * self.quorum:
            raise ValueError(
                f"a quorum of {self.quorum} of {self.verifiers}: it must be a majority, "
                "and no more than there are verifiers"
            )


class Engine(Struct, frozen=True, kw_only=True):
    """What executed. config: hash of the configuration. Fuel compares only where all agree."""

    name: Word
    version: Word
    config: Word
    arch: Word

    @property
    def text(self) -> str:
        """As a context names it."""
        return f"{self.name} {self.version} {self.config} {self.arch}"


class Genesis(Struct, frozen=True, kw_only=True):
    """Names a mesh: its CID is the `mesh` of every other record. Signed by the founder."""

    name: Word
    issuers: Dids
    federation: Dids
    created_at: int


class JobManifest(Struct, frozen=True, kw_only=True):
    """What a submitter asks for. Unique by (submitter, job_id); the signer is the submitter.

    resource_amount: ceiling of work, in units. budget: highest price. arguments: DAG-CBOR
    list. accepted_issuers: whose credentials count for `trust`; none named means the mesh's
    issuers. engine: text of the engine demanded, or None. award_delegate: who may award
    besides the submitter. bid_deadline: end of bidding; expires_at: end of the job if not awarded.
    """

    job_id: JobIdField
    description: Annotated[str, Size(0, 4096)]
    module: Cid
    entry: Annotated[str, Size(1, 256)]
    arguments: Annotated[bytes, Size(0, 512 * 1024)] | None
    input: Cid | None
    ccl: Cid | None
    requirements: Requirements
    resource_type: ResourceType
    resource_amount: Amount
    budget: Amount
    scope: Scope
    priority: Priority
    resource_token: Cid
    accepted_issuers: Dids
    engine: Annotated[str, Size(1, 256)] | None
    trust: Trust
    award_delegate: Did | None
    bid_deadline: int
    expires_at: int
    created_at: int

    def __post_init__(self) -> None:
        if not self.created_at <= self.bid_deadline <= self.expires_at:
            raise ValueError("created_at, bid_deadline and expires_at must follow each other")


class Bid(Struct, frozen=True, kw_only=True):
    """A node's offer for `units` of work at a fixed price, good until expires_at.

    missing_bytes: what the node must fetch first.
    """

    job: Cid
    node_id: NodeIdField
    price: int
    units: Amount
    estimated_seconds: int
    location: Word
    capabilities: Words
    missing_bytes: int
    expires_at: int


class Hold(Struct, frozen=True, kw_only=True):
    """The issuer's word that `amount` is set aside. id: `hold_id(job, attempt)`."""

    id: TransferIdField
    token: Cid
    amount: int
    expires_at: int


class Award(Struct, frozen=True, kw_only=True):
    """The submitter (or its award_delegate) gives attempt `attempt` to the bid's signer.

    context: CID of the Context block. The receipt must arrive before lease_expires_at.
    """

    job: Cid
    bid: Cid
    attempt: Annotated[int, Between(1, INTEGER_MAX)]
    hold: Cid
    context: Cid
    fuel_limit: int
    lease_expires_at: int


class Receipt(Struct, frozen=True, kw_only=True):
    """What an executor did. previous: its last receipt, or None for the first.

    usage: resources used, by type, in units rounded up. Comparable is only `deterministic`.
    """

    job: Cid
    award: Cid
    context: Cid
    module: Cid
    node_id: NodeIdField
    engine: Engine
    deterministic: Deterministic
    metrics: Metrics
    usage: Annotated[Mapping[Word, int], Size(0, 16)]
    started_at: int
    ended_at: int
    previous: Cid | None


class Anchor(Struct, frozen=True, kw_only=True):
    """One link of its signer's chain. parents: the signer's previous anchor first, then heads
    of other chains that it has seen. sequence: 1, 2, 3 …"""

    receipt: Cid
    parents: Annotated[tuple[Cid, ...], Size(0, 16)]
    sequence: Annotated[int, Between(1, INTEGER_MAX)]


class Attestation(Struct, frozen=True, kw_only=True):
    """What a verifier's own execution gave, and what that says about the receipt."""

    receipt: Cid
    deterministic: Deterministic
    verdict: Verdict
    engine: Engine


class HoldEnd(Enum):
    POSTED = "posted"
    VOIDED = "voided"


class AppliedEffect(Struct, frozen=True, kw_only=True):
    """An effect of the execution (by position) that the settlement carried out.

    record: what it made, if it made a block.
    """

    position: int
    record: Cid | None


class PendingEffect(Struct, frozen=True, kw_only=True):
    """An effect that the settlement did not carry out, and why."""

    position: int
    reason: Reason


class Settlement(Struct, frozen=True, kw_only=True):
    """The issuer's close of a job: what became of the hold and of the effects, on what grounds.

    receipt is None, and attestations empty, where no receipt was accepted.
    """

    job: Cid
    hold: Cid
    end: HoldEnd
    receipt: Cid | None
    attestations: Annotated[tuple[Cid, ...], Size(0, 128)]
    applied: Annotated[tuple[AppliedEffect, ...], Size(0, 1024)]
    pending: Annotated[tuple[PendingEffect, ...], Size(0, 1024)]
    reason: Reason
    settled_at: int


Record: TypeAlias = (
    Genesis
    | JobManifest
    | Bid
    | Hold
    | Award
    | Receipt
    | Anchor
    | Attestation
    | ResourceToken
    | Settlement
)

RECORDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Record)}


def read(data: bytes, mesh: Cid | None) -> Signed[Record]:
    """Read any record of this mesh (None: of whichever mesh). Raises RecordError."""
    return _in_mesh(read_signed(data, RECORDS, version=VERSION), mesh)


def read_as(kind: type[T], data: bytes, mesh: Cid | None) -> Signed[T]:
    """Read a record of one kind of this mesh (None: of whichever). Raises RecordError."""
    return _in_mesh(read_signed(data, {kind.__name__: kind}, version=VERSION), mesh)


def _in_mesh(signed: Signed[T], mesh: Cid | None) -> Signed[T]:
    if isinstance(signed.body, Genesis):
        if signed.mesh is not None:
            raise RecordError(RecordFault.WRONG_MESH, "a genesis record names no mesh")
        return signed
    if signed.mesh is None:
        raise RecordError(RecordFault.WRONG_MESH, "only a genesis record may name no mesh")
    if mesh is not None and signed.mesh != mesh:
        raise RecordError(RecordFault.WRONG_MESH, f"{signed.mesh}, this is {mesh}")
    return signed
