"""Events of a job: one for each thing that a driver learns or decides.

Events are local (not signed) and name the signed records that prove them by CID. They are
stored, numbered from 1 in each job and with their time, before anything is done about them.
"""

from typing import Annotated, Any, TypeAlias

from msgspec import Struct

from mesh.core.fields import JobIdField, NodeIdField, Reason
from mesh.records import Priority, Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.content.typed import union_from_value, union_to_value
from runtime.tokens.transfers import TransferIdField

Attempt: TypeAlias = Annotated[int, Between(1, 1_000_000)]


class JobKey(Struct, frozen=True, kw_only=True):
    """A job is unique by its submitter and the id the submitter chose."""

    submitter: Did
    job_id: JobIdField


class JobCreated(Struct, frozen=True, kw_only=True):
    """The signed manifest is stored. From here on the same bytes are the same job."""

    manifest: Cid
    bid_deadline: int
    expires_at: int
    quorum: int
    verifiers: int
    priority: Priority


class JobSubmitted(Struct, frozen=True, kw_only=True):
    """Signature, token, policy, budget and sizes were checked; the manifest is published."""


class JobRefused(Struct, frozen=True, kw_only=True):
    """A check at submission failed; nothing was published."""

    reason: Reason


class BidReceived(Struct, frozen=True, kw_only=True):
    """A bid that can be awarded before expires_at (Unix seconds)."""

    bid: Cid
    bidder: Did
    node_id: NodeIdField
    expires_at: int


class BidDeclined(Struct, frozen=True, kw_only=True):
    decline: Cid
    bidder: Did
    node_id: NodeIdField


class BidsLapsed(Struct, frozen=True, kw_only=True):
    """All bids have expired; the nodes are asked again, those that declined too."""


class JobAwarded(Struct, frozen=True, kw_only=True):
    """The compare-and-set that decides between bids. attempt: higher than all before it."""

    award: Cid
    bid: Cid
    attempt: Attempt
    executor: Did
    node_id: NodeIdField
    hold: TransferIdField
    hold_expires_at: int
    lease_expires_at: int


class ExecutionStarted(Struct, frozen=True, kw_only=True):
    attempt: Attempt


class AttemptLost(Struct, frozen=True, kw_only=True):
    """The lease ran out, or the executor gave up; the job is offered again.

    settlement: the issuer's, that the hold of the attempt is void.
    """

    attempt: Attempt
    settlement: Cid
    reason: Reason


class LastAttemptLost(Struct, frozen=True, kw_only=True):
    """As AttemptLost, and no further attempt is allowed."""

    attempt: Attempt
    settlement: Cid
    reason: Reason


class ModuleNotCompiled(Struct, frozen=True, kw_only=True):
    """The engine could not compile or execute the module that it had taken: nobody's fault, and no
    other attempt would come to more."""

    attempt: Attempt
    settlement: Cid
    reason: Reason


class ReceiptAccepted(Struct, frozen=True, kw_only=True):
    """A receipt that `verify_receipt` had nothing against. verifiers: those drawn for it."""

    attempt: Attempt
    receipt: Cid
    verifiers: Annotated[tuple[Did, ...], Size(1, 64)]


class ReceiptAnchored(Struct, frozen=True, kw_only=True):
    anchor: Cid


class AttestationReceived(Struct, frozen=True, kw_only=True):
    attestation: Cid
    verifier: Did
    verdict: Verdict


class VerificationEscalated(Struct, frozen=True, kw_only=True):
    """No quorum in time, for the first time: these verifiers are asked besides or again."""

    verifiers: Annotated[tuple[Did, ...], Size(1, 64)]


class QuorumConfirmed(Struct, frozen=True, kw_only=True):
    settlement: Cid


class QuorumRefuted(Struct, frozen=True, kw_only=True):
    settlement: Cid


class QuorumMissed(Struct, frozen=True, kw_only=True):
    """No quorum, and it was escalated before, or the hold has run out."""

    settlement: Cid
    reason: Reason


class JobCancelled(Struct, frozen=True, kw_only=True):
    """The submitter withdrew it. settlement: that the hold is void, None if nothing was held."""

    cancel: Cid
    settlement: Cid | None
    reason: Reason


class JobExpired(Struct, frozen=True, kw_only=True):
    """Nobody was awarded before the manifest's expires_at."""


Event: TypeAlias = (
    JobCreated
    | JobSubmitted
    | JobRefused
    | BidReceived
    | BidDeclined
    | BidsLapsed
    | JobAwarded
    | ExecutionStarted
    | AttemptLost
    | LastAttemptLost
    | ModuleNotCompiled
    | ReceiptAccepted
    | ReceiptAnchored
    | AttestationReceived
    | VerificationEscalated
    | QuorumConfirmed
    | QuorumRefuted
    | QuorumMissed
    | JobCancelled
    | JobExpired
)


class Stored(Struct, frozen=True, kw_only=True):
    """An event of a job's history. number: from 1, without gaps. at: Unix seconds."""

    number: Annotated[int, Between(1, 1_000_000_000)]
    at: int
    event: Event


def event_to_value(event: Event) -> dict[str, Any]:
    """The map under which a store keeps an event, with its `kind`."""
    return union_to_value(Event, event)


def event_from_value(value: Any) -> Event:
    """Read what `event_to_value` wrote. Raises ShapeError."""
    event: Event = union_from_value(Event, value)
    return event
