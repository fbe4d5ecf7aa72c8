"""Records that a submitter signs: the job, its award, its withdrawal, transfers of units."""

from typing import Annotated, Final

from msgspec import Struct

from mesh.core.fields import Amount, Dids, JobIdField, Reason
from mesh.core.records.terms import Children, Parent, Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.tokens.token import ResourceType, Scope

ATTEMPTS_MAX: Final = 3
TRANSFER_ITEMS_MAX: Final = 1024


class JobManifest(Struct, frozen=True, kw_only=True):
    """A job as its submitter (the signer) asks for it. Unique by (submitter, job_id).

    resource_amount: ceiling of work, in units. budget: highest price. arguments: DAG-CBOR list.
    accepted_issuers: whose tokens and credentials count; the first that the token names keeps the
    hold. engine: text of the engine demanded, or None. award_delegate: who may award besides the
    submitter. children: what the job's program may submit itself; parent: what asked for this job.
    bid_deadline: end of bidding; expires_at: end of the job if it is not awarded.
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
    children: Children | None
    parent: Parent | None
    bid_deadline: int
    expires_at: int
    created_at: int

    def __post_init__(self) -> None:
        if not self.created_at <= self.bid_deadline <= self.expires_at:
            raise ValueError("created_at, bid_deadline and expires_at must follow each other")


class Award(Struct, frozen=True, kw_only=True):
    """The submitter (or its award_delegate) asks the issuer to hold the price of a bid for attempt
    `attempt`. context: CID of the Context block. The Hold that answers is the order to work."""

    job: Cid
    bid: Cid
    attempt: Annotated[int, Between(1, ATTEMPTS_MAX)]
    context: Cid
    fuel_limit: int


class Cancel(Struct, frozen=True, kw_only=True):
    """The submitter withdraws a job; later awards of it are refused, too."""

    job: Cid
    reason: Reason


class TransferItem(Struct, frozen=True, kw_only=True):
    """`amount` units of `resource_type` to `to`. position: of the effect that asks for it."""

    position: Annotated[int, Between(0, INTEGER_MAX)]
    to: Did
    resource_type: ResourceType
    amount: Amount


class Transfer(Struct, frozen=True, kw_only=True):
    """Units of one issuer that the signer pays, all or none. cause: manifest of the job, or call of
    the local run, whose effects ask for it; one transfer for each cause."""

    cause: Cid
    items: Annotated[tuple[TransferItem, ...], Size(1, TRANSFER_ITEMS_MAX)]
