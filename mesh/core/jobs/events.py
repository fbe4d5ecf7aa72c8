"""Events of a job: one for each thing that its submitter learns or decides.

Rule: events are the submitter's own (not signed); each names the record that proves it by CID,
and who signed that. They are numbered from 1 in each job and stored with their time.
"""

from typing import Annotated, Final, TypeAlias

from msgspec import Struct

from mesh.core.fields import JobIdField, NodeIdField, Reason, Word
from mesh.core.records.jobs import ATTEMPTS_MAX
from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Priority
from mesh.core.records.work import DRAWN_MAX, ROUNDS_MAX
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Between, Size

ASKED_MAX: Final = 64
"""How many nodes are asked at once, at most."""

Attempt: TypeAlias = Annotated[int, Between(1, ATTEMPTS_MAX)]


class JobCreated(Struct, frozen=True, kw_only=True):
    """The signed manifest is stored. From here on the same request is the same job."""

    manifest: Cid
    signer: Did
    bid_deadline: int
    expires_at: int
    quorum: int
    verifiers: int
    priority: Priority
    cause: Cid | None
    """The manifest of the job that asked for this one."""
    job_id: JobIdField


class JobSubmitted(Struct, frozen=True, kw_only=True):
    """Token, policy, budget and sizes were checked; nodes may be asked."""


class JobRefused(Struct, frozen=True, kw_only=True):
    """A check at submission failed; nobody was asked."""

    reason: Reason


class AutoAwardChosen(Struct, frozen=True, kw_only=True):
    """Whether the best bid is to be awarded without waiting for the user."""

    is_on: bool


class NodesAsked(Struct, frozen=True, kw_only=True):
    """The manifest was sent to these nodes, in this round of bidding."""

    round: int
    nodes: Annotated[tuple[Did, ...], Size(1, ASKED_MAX)]


class BidReceived(Struct, frozen=True, kw_only=True):
    """A bid that can be awarded before expires_at (Unix seconds)."""

    bid: Cid
    signer: Did
    node_id: NodeIdField
    expires_at: int


class BidDeclined(Struct, frozen=True, kw_only=True):
    decline: Cid
    signer: Did
    node_id: NodeIdField


class BidsLapsed(Struct, frozen=True, kw_only=True):
    """All bids have expired; nodes are asked again, those that declined too."""


class AwardSigned(Struct, frozen=True, kw_only=True):
    """The submitter or its delegate asks the issuer to hold the price of a bid."""

    award: Cid
    signer: Did
    bid: Cid
    attempt: Attempt
    executor: Did
    node_id: NodeIdField


class AwardRefused(Struct, frozen=True, kw_only=True):
    """The issuer holds nothing for the award. retry_at: Unix seconds, when asking again helps."""

    award: Cid
    answer: Cid
    signer: Did
    code: Word
    reason: Reason
    retry_at: int | None


class HoldReceived(Struct, frozen=True, kw_only=True):
    """The issuer holds the price for an award, which is the order to work."""

    hold: Cid
    signer: Did
    award: Cid
    bid: Cid
    attempt: Attempt
    executor: Did
    node_id: NodeIdField


class ExecutionStarted(Struct, frozen=True, kw_only=True):
    """The executor says that it runs the program."""

    progress: Cid
    signer: Did


class ReceiptAccepted(Struct, frozen=True, kw_only=True):
    """A receipt that nothing speaks against."""

    receipt: Cid
    signer: Did
    deterministic: Cid
    engine: Annotated[str, Size(1, 512)]


class ReceiptAnchored(Struct, frozen=True, kw_only=True):
    anchor: Cid
    signer: Did


class VerifiersDrawn(Struct, frozen=True, kw_only=True):
    """The issuer's draw; the second round widens the first."""

    draw: Cid
    signer: Did
    round: Annotated[int, Between(1, ROUNDS_MAX)]
    verifiers: Annotated[tuple[Did, ...], Size(1, DRAWN_MAX)]


class AttestationReceived(Struct, frozen=True, kw_only=True):
    """A drawn verifier's own result; its verdict follows by comparing it with the receipt's."""

    attestation: Cid
    signer: Did
    deterministic: Cid
    engine: Annotated[str, Size(1, 512)]


class QuorumConfirmed(Struct, frozen=True, kw_only=True):
    """The hold is settled: verified."""

    settlement: Cid
    signer: Did


class QuorumRefuted(Struct, frozen=True, kw_only=True):
    """The hold is settled: a quorum agrees on another result."""

    settlement: Cid
    signer: Did
    reason: Reason


class QuorumMissed(Struct, frozen=True, kw_only=True):
    """The hold is settled: no quorum agrees on any result."""

    settlement: Cid
    signer: Did
    reason: Reason


class AttemptLost(Struct, frozen=True, kw_only=True):
    """The hold is settled without a receipt that counts; the job is offered again."""

    settlement: Cid
    signer: Did
    attempt: Attempt
    ground: Ground
    reason: Reason


class LastAttemptLost(Struct, frozen=True, kw_only=True):
    """As AttemptLost, and no further attempt is allowed."""

    settlement: Cid
    signer: Did
    attempt: Attempt
    ground: Ground
    reason: Reason


class ModuleNotCompiled(Struct, frozen=True, kw_only=True):
    """The hold is settled: the engine cannot compile or execute the module, here or elsewhere."""

    settlement: Cid
    signer: Did
    reason: Reason


class AttemptCancelled(Struct, frozen=True, kw_only=True):
    """The hold is settled: the issuer withdrew the job as its submitter asked."""

    settlement: Cid
    signer: Did
    reason: Reason


class CancelAsked(Struct, frozen=True, kw_only=True):
    """The submitter asks the issuer to withdraw the job."""

    cancel: Cid
    signer: Did
    reason: Reason


class CancelRefused(Struct, frozen=True, kw_only=True):
    """The issuer goes on: a result was there first."""

    answer: Cid
    signer: Did
    reason: Reason


class JobCancelled(Struct, frozen=True, kw_only=True):
    """The job is withdrawn, and nothing is held for it. answer: the issuer's, None where the
    issuer need not be asked."""

    cancel: Cid
    signer: Did
    answer: Cid | None
    reason: Reason


class JobExpired(Struct, frozen=True, kw_only=True):
    """Nobody was awarded before the manifest's expires_at."""


class EffectsApplied(Struct, frozen=True, kw_only=True):
    """The effects of the verified result were carried out: all, or none and why.

    root: the submitter's state from then on; transfer: the CID of the Transfer that the issuer
    accepted, where units of it moved; children: jobs that the program submitted.
    """

    root: Cid | None
    transfer: Cid | None
    children: tuple[JobIdField, ...]
    reason: Reason


Event: TypeAlias = (
    JobCreated
    | JobSubmitted
    | JobRefused
    | AutoAwardChosen
    | NodesAsked
    | BidReceived
    | BidDeclined
    | BidsLapsed
    | AwardSigned
    | AwardRefused
    | HoldReceived
    | ExecutionStarted
    | ReceiptAccepted
    | ReceiptAnchored
    | VerifiersDrawn
    | AttestationReceived
    | QuorumConfirmed
    | QuorumRefuted
    | QuorumMissed
    | AttemptLost
    | LastAttemptLost
    | ModuleNotCompiled
    | AttemptCancelled
    | CancelAsked
    | CancelRefused
    | JobCancelled
    | JobExpired
    | EffectsApplied
)


class Stored(Struct, frozen=True, kw_only=True):
    """An event of a job's history. number: from 1, without gaps. at: Unix seconds."""

    number: Annotated[int, Between(1, 1_000_000_000)]
    at: int
    event: Event


_PROOFS: Final = (
    "settlement",
    "answer",
    "attestation",
    "draw",
    "anchor",
    "receipt",
    "progress",
    "hold",
    "award",
    "decline",
    "bid",
    "cancel",
    "manifest",
)


def proof_of(event: Event) -> Cid | None:
    """The record that proves an event, None for what the submitter decided by itself."""
    return next((cid for name in _PROOFS if (cid := getattr(event, name, None)) is not None), None)


def signer_of(event: Event) -> Did | None:
    """Who signed that record."""
    found: Did | None = getattr(event, "signer", None)
    return found
