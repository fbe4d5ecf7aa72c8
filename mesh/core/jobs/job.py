"""A job, its phases, and the one table of the transitions between them.

`mesh.core.jobs.step` says what an event makes of a job by this table; here is what a job is, and
what can be read from one. Rule: money is the issuer's; a transition names the record of the
issuer that it rests on, if it rests on one.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final

from msgspec import Struct

from mesh.core.fields import JobIdField, NodeIdField, Reason
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event
from mesh.core.records.jobs import ATTEMPTS_MAX
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.terms import Priority
from mesh.core.records.work import DRAWN_MAX, ROUNDS_MAX, Draw, Hold
from mesh.core.verification.verdicts import Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size

BIDS_MAX: Final = 256
ASK_AGAIN_SECONDS: Final = 15


class Phase(Enum):
    CREATED = "Created"
    SUBMITTED = "Submitted"
    ASSIGNED = "Assigned"
    RUNNING = "Running"
    COMPLETED = "Completed"
    VERIFIED = "Verified"
    FAILED = "Failed"
    DISPUTED = "Disputed"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"


FINAL: Final = frozenset(
    {Phase.VERIFIED, Phase.FAILED, Phase.DISPUTED, Phase.CANCELLED, Phase.EXPIRED}
)
HELD: Final = frozenset({Phase.ASSIGNED, Phase.RUNNING, Phase.COMPLETED})
"""A hold is open at the issuer."""


class Transition(Struct, frozen=True, kw_only=True):
    """rests_on: the record of the issuer without which it does not happen."""

    to: Phase
    rests_on: type[Any] | None = None


def _on(to: Phase, rests_on: type[Any] | None = None) -> Transition:
    return Transition(to=to, rests_on=rests_on)


_P = Phase

TRANSITIONS: Final[Mapping[tuple[Phase | None, type[Event]], Transition]] = {
    (None, ev.JobCreated): _on(_P.CREATED),
    (_P.CREATED, ev.JobSubmitted): _on(_P.SUBMITTED),
    (_P.CREATED, ev.JobRefused): _on(_P.FAILED),
    (_P.CREATED, ev.JobCancelled): _on(_P.CANCELLED),
    (_P.CREATED, ev.JobExpired): _on(_P.EXPIRED),
    (_P.CREATED, ev.AutoAwardChosen): _on(_P.CREATED),
    (_P.SUBMITTED, ev.AutoAwardChosen): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.NodesAsked): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.BidReceived): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.BidDeclined): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.BidsLapsed): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.AwardSigned): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.AwardRefused): _on(_P.SUBMITTED, Answer),
    (_P.SUBMITTED, ev.HoldReceived): _on(_P.ASSIGNED, Hold),
    (_P.SUBMITTED, ev.CancelAsked): _on(_P.SUBMITTED),
    (_P.SUBMITTED, ev.CancelRefused): _on(_P.SUBMITTED, Answer),
    (_P.SUBMITTED, ev.JobCancelled): _on(_P.CANCELLED),
    (_P.SUBMITTED, ev.JobExpired): _on(_P.EXPIRED),
    (_P.ASSIGNED, ev.ExecutionStarted): _on(_P.RUNNING),
    (_P.ASSIGNED, ev.VerifiersDrawn): _on(_P.RUNNING, Draw),
    (_P.ASSIGNED, ev.ReceiptAccepted): _on(_P.COMPLETED),
    (_P.ASSIGNED, ev.AttemptLost): _on(_P.SUBMITTED, Settlement),
    (_P.ASSIGNED, ev.LastAttemptLost): _on(_P.FAILED, Settlement),
    (_P.ASSIGNED, ev.ModuleNotCompiled): _on(_P.FAILED, Settlement),
    (_P.ASSIGNED, ev.AttemptCancelled): _on(_P.CANCELLED, Settlement),
    (_P.ASSIGNED, ev.CancelAsked): _on(_P.ASSIGNED),
    (_P.ASSIGNED, ev.CancelRefused): _on(_P.ASSIGNED, Answer),
    (_P.ASSIGNED, ev.AutoAwardChosen): _on(_P.ASSIGNED),
    (_P.RUNNING, ev.VerifiersDrawn): _on(_P.RUNNING, Draw),
    (_P.RUNNING, ev.AttestationReceived): _on(_P.RUNNING),
    (_P.RUNNING, ev.ReceiptAccepted): _on(_P.COMPLETED),
    (_P.RUNNING, ev.QuorumMissed): _on(_P.FAILED, Settlement),
    (_P.RUNNING, ev.AttemptLost): _on(_P.SUBMITTED, Settlement),
    (_P.RUNNING, ev.LastAttemptLost): _on(_P.FAILED, Settlement),
    (_P.RUNNING, ev.ModuleNotCompiled): _on(_P.FAILED, Settlement),
    (_P.RUNNING, ev.AttemptCancelled): _on(_P.CANCELLED, Settlement),
    (_P.RUNNING, ev.CancelAsked): _on(_P.RUNNING),
    (_P.RUNNING, ev.CancelRefused): _on(_P.RUNNING, Answer),
    (_P.RUNNING, ev.AutoAwardChosen): _on(_P.RUNNING),
    (_P.COMPLETED, ev.ReceiptAccepted): _on(_P.COMPLETED),
    (_P.COMPLETED, ev.ReceiptAnchored): _on(_P.COMPLETED),
    (_P.COMPLETED, ev.VerifiersDrawn): _on(_P.COMPLETED, Draw),
    (_P.COMPLETED, ev.AttestationReceived): _on(_P.COMPLETED),
    (_P.COMPLETED, ev.QuorumConfirmed): _on(_P.VERIFIED, Settlement),
    (_P.COMPLETED, ev.QuorumRefuted): _on(_P.DISPUTED, Settlement),
    (_P.COMPLETED, ev.QuorumMissed): _on(_P.FAILED, Settlement),
    (_P.COMPLETED, ev.AttemptLost): _on(_P.SUBMITTED, Settlement),
    (_P.COMPLETED, ev.LastAttemptLost): _on(_P.FAILED, Settlement),
    (_P.COMPLETED, ev.ModuleNotCompiled): _on(_P.FAILED, Settlement),
    (_P.COMPLETED, ev.AttemptCancelled): _on(_P.CANCELLED, Settlement),
    (_P.COMPLETED, ev.CancelAsked): _on(_P.COMPLETED),
    (_P.COMPLETED, ev.CancelRefused): _on(_P.COMPLETED, Answer),
    (_P.COMPLETED, ev.AutoAwardChosen): _on(_P.COMPLETED),
    (_P.VERIFIED, ev.EffectsApplied): _on(_P.VERIFIED),
}
"""(phase, event) → what follows. None is the phase of a job that does not exist yet.

A receipt may have come to the submitter and not to the issuer, which then settles the attempt as
lost: that is why a completed attempt can still be lost or cancelled.
"""


class Offer(Struct, frozen=True, kw_only=True):
    """A bid (or a decline) that the job has received. expires_at: None for a decline."""

    record: Cid
    bidder: Did
    node_id: NodeIdField
    expires_at: int | None


class Result(Struct, frozen=True, kw_only=True):
    """A result by its block, and the engine that gave it: what is compared."""

    deterministic: Cid
    engine: Annotated[str, Size(1, 512)]


class Vote(Struct, frozen=True, kw_only=True):
    """One verifier's attestation."""

    attestation: Cid
    verifier: Did
    result: Result


class Job(Struct, frozen=True, kw_only=True):
    """A job as its events have made it. revision: how many there were.

    cause: the manifest of the job that asked for it. round: how often the nodes were asked, with
    one more after each lost attempt or lapse of all bids; asked, bids and declines are those of
    the last round, in the order of the nodes' DIDs. attempt: the number of the latest award, 0
    before the first; lost_by: who lost one so far. refused: bids for which the issuer holds
    nothing. award without hold: the issuer has not answered. effects: what became of the
    program's effects, once they were carried out.
    """

    job_id: JobIdField
    manifest: Cid
    submitter: Did
    phase: Phase
    revision: int
    created_at: int
    changed_at: int
    bid_deadline: int
    expires_at: int
    quorum: int
    verifiers: int
    priority: Priority
    cause: Cid | None = None
    auto_award: bool = False
    round: int = 1
    asked: Annotated[tuple[Did, ...], Size(0, 8192)] = ()
    bids: tuple[Offer, ...] = ()
    declines: Annotated[tuple[Offer, ...], Size(0, 8192)] = ()
    refused: tuple[Cid, ...] = ()
    retry_at: int | None = None
    attempt: int = 0
    lost_by: Annotated[tuple[Did, ...], Size(0, ATTEMPTS_MAX)] = ()
    award: Cid | None = None
    bid: Cid | None = None
    executor: Did | None = None
    node_id: NodeIdField | None = None
    hold: Cid | None = None
    receipt: Cid | None = None
    result: Result | None = None
    anchor: Cid | None = None
    draws: Annotated[tuple[Cid, ...], Size(0, ROUNDS_MAX)] = ()
    drawn: Annotated[tuple[Did, ...], Size(0, DRAWN_MAX * ROUNDS_MAX)] = ()
    votes: Annotated[tuple[Vote, ...], Size(0, DRAWN_MAX * ROUNDS_MAX)] = ()
    settlement: Cid | None = None
    cancel: Cid | None = None
    effects: ev.EffectsApplied | None = None
    reason: Reason = ""

    @property
    def lost(self) -> int:
        """How many attempts gave no receipt."""
        return len(self.lost_by)

    @property
    def is_final(self) -> bool:
        return self.phase in FINAL

    @property
    def awaits_issuer(self) -> bool:
        """Whether an award was signed that the issuer has not answered."""
        return self.phase is Phase.SUBMITTED and self.award is not None


class StepRefusal(Enum):
    """Why an event does not happen to a job, in the order it is checked."""

    NO_SUCH_JOB = "there is no such job yet"
    JOB_EXISTS = "the job exists already"
    JOB_IS_FINAL = "the job has ended"
    NOT_IN_THIS_PHASE = "that does not happen in this phase of a job"
    NO_CHANGE = "that is so already"
    JOB_PAST_EXPIRY = "the job has expired"
    AWARDED = "the job was awarded, and the issuer has not answered"
    OTHER_ROUND = "it is of another round of bidding"
    BIDDING_CLOSED = "the time for bids is over"
    TOO_MANY_BIDS = "the job has as many bids as it may have"
    NOT_ASKED = "this node was not asked"
    DUPLICATE_BID = "this node has answered already"
    BID_EXPIRED = "the bid has expired"
    BIDS_STAND = "a bid of the job can be awarded, or nodes have not answered"
    BID_NOT_FOUND = "the job has no such bid of this node"
    OTHER_AWARD = "the award is not the one that the issuer was asked for"
    OTHER_ATTEMPT = "the attempt is not the one that follows"
    CANCEL_ASKED = "the issuer is asked already to withdraw the job"
    NO_CANCEL = "the issuer was not asked to withdraw the job"
    ALREADY_ANCHORED = "the receipt is anchored already"
    WRONG_ROUND = "the draw's round does not follow"
    ALREADY_DRAWN = "a verifier was drawn before"
    NOT_A_DRAWN_VERIFIER = "this verifier was not drawn"
    ALREADY_ATTESTED = "this verifier has attested already"
    NO_QUORUM = "there is no quorum for that"
    NOT_ANCHORED = "the receipt is not anchored"
    ATTEMPTS_LEFT = "further attempts are allowed"
    NO_ATTEMPTS_LEFT = "no further attempt is allowed"
    NOT_DUE = "the deadline has not passed"


def verdict_of(vote: Vote, result: Result | None) -> Verdict | None:
    """What a vote says of a receipt's result: nothing before there is one, nor where another
    engine gave it."""
    if result is None or vote.result.engine != result.engine:
        return None
    same = vote.result.deterministic == result.deterministic
    return Verdict.CONFIRMED if same else Verdict.REFUTED


def count(job: Job, verdict: Verdict) -> int:
    """How many verifiers say this of the receipt."""
    return sum(verdict_of(vote, job.result) is verdict for vote in job.votes)


def is_last_attempt(job: Job) -> bool:
    """Whether the job ends if its present attempt is lost."""
    return job.lost + 1 >= ATTEMPTS_MAX


def is_expired(offer: Offer, now: int) -> bool:
    return offer.expires_at is not None and now >= offer.expires_at


def takes_answers(job: Job, now: int) -> bool:
    """Whether nodes may bid: until the manifest's deadline, and without one once asked again."""
    return now <= job.bid_deadline or job.round > 1


def has_lapsed(job: Job, now: int) -> bool:
    """Whether the nodes are to be asked again: all bids have expired, or for a while nobody who was
    asked has bid."""
    if job.phase is not Phase.SUBMITTED or job.award is not None or now >= job.expires_at:
        return False
    if job.bids:
        return all(is_expired(bid, now) for bid in job.bids)
    all_declined = bool(job.asked) and len(job.declines) == len(job.asked)
    return all_declined and now >= ask_again_at(job)


def ask_again_at(job: Job) -> int:
    """When nodes that have all declined are asked again: after 15 s, then twice as long, at most
    16 min."""
    return job.changed_at + (ASK_AGAIN_SECONDS << min(job.round - 1, 6))
