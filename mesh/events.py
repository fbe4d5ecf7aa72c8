"""What happens to a job: one event for each thing that a driver learns or decides.

Events are local (not signed) and name the signed records that prove them by CID. They are
stored, numbered from 1 in each job and with their time, before anything is done about them.
"""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from mesh.records import JobIdField, NodeIdField, Priority, Reason, Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.typed import Between, Size, union_from_value, union_to_value
from runtime.tokens.ledger import TransferIdField

Attempt: TypeAlias = Annotated[int, Between(1, 1_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKey:
    """A job is unique by its submitter and the id the submitter chose."""

    submitter: Did
    job_id: JobIdField


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCreated:
    """The signed manifest is stored. From here on the same bytes are the same job."""

    manifest: Cid
    bid_deadline: int
    expires_at: int
    quorum: int
    verifiers: int
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubmitted:
    """Signature, token, policy, budget and sizes were checked; the manifest is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRefused:
    """A check at submission failed; nothing was published."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class BidReceived:
    """A bid that can be awarded before expires_at (Unix seconds)."""

    bid: Cid
    bidder: Did
    node_id: NodeIdField
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BidDeclined:
    decline: Cid
    bidder: Did
    node_id: NodeIdField


@dataclass(frozen=True, slots=True, kw_only=True)
class BidsLapsed:
    """All bids have expired; the nodes are asked again, those that declined too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAwarded:
    """The compare-and-set that decides between bids. attempt: higher than all before it."""

    award: Cid
    bid: Cid
    attempt: Attempt
    executor: Did
    node_id: NodeIdField
    hold: TransferIdField
    hold_expires_at: int
    lease_expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted:
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost:
    """The lease ran out, or the executor gave up; the job is offered again.

    settlement: the issuer's, that the hold of the attempt is void.
    """

    attempt: Attempt
    settlement: Cid
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAttemptLost:
    """As AttemptLost, and no further attempt is allowed."""

    attempt: Attempt
    settlement: Cid
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptAccepted:
    """A receipt that `verify_receipt` had nothing against. verifiers: those drawn for it."""

    attempt: Attempt
    receipt: Cid
    verifiers: Annotated[tuple[Did, ...], Size(1, 64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptAnchored:
    anchor: Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationReceived:
    attestation: Cid
    verifier: Did
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationEscalated:
    """No quorum in time, for the first time: these verifiers are asked besides or again."""

    verifiers: Annotated[tuple[Did, ...], Size(1, 64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumConfirmed:
    settlement: Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumRefuted:
    settlement: Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumMissed:
    """No quorum, and it was escalated before, or the hold has run out."""

    settlement: Cid
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled:
    """The submitter withdrew it. settlement: that the hold is void, None if nothing was held."""

    cancel: Cid
    settlement: Cid | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class JobExpired:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
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
