"""A job, its phases, and the one table of the transitions between them.

`mesh.step` says what an event makes of a job by this table; here is what a job is, and what
can be asked of one.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh import events as ev
from mesh.core.fields import NodeIdField, Reason
from mesh.events import Event, JobKey
from mesh.records import Priority, Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size
from runtime.tokens.transfers import TransferIdField

ATTEMPTS_MAX: Final = 3
BIDS_MAX: Final = 256
VERIFY_SECONDS: Final = 600
"""How long verifiers have, before the escalation and again after it."""
HOLD_MARGIN_SECONDS: Final = 2 * VERIFY_SECONDS
"""A hold outlives its lease by at least this: it must still be there when a quorum speaks."""


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


class HoldAction(Enum):
    """What a transition does to the units held for the attempt."""

    NONE = "none"
    """There is no hold before it, and none after."""
    PLACE = "place"
    KEEP = "keep"
    POST = "post"
    VOID = "void"


class Effect(Enum):
    """Work that a transition asks for; doing it twice does no harm."""

    SUBMIT = "submit"
    """Check the manifest and record JobSubmitted or JobRefused."""
    REQUEST_BIDS = "request-bids"
    """Publish the manifest (again) and gather bids and declines."""
    EXECUTE = "execute"
    """By the executor: run the attempt, sign the receipt, send it."""
    ANCHOR = "anchor"
    """By the executor: append the receipt to its chain and publish the anchor."""
    VERIFY = "verify"
    """By each verifier drawn: execute again and attest."""


class Transition(Struct, frozen=True, kw_only=True):
    to: Phase
    hold: HoldAction
    effects: tuple[Effect, ...] = ()


def _on(to: Phase, hold: HoldAction, *effects: Effect) -> Transition:
    return Transition(to=to, hold=hold, effects=effects)


_NONE, _PLACE, _KEEP, _POST, _VOID = HoldAction
_P = Phase

TRANSITIONS: Final[Mapping[tuple[Phase | None, type[Event]], Transition]] = {
    (None, ev.JobCreated): _on(_P.CREATED, _NONE, Effect.SUBMIT),
    (_P.CREATED, ev.JobSubmitted): _on(_P.SUBMITTED, _NONE, Effect.REQUEST_BIDS),
    (_P.CREATED, ev.JobRefused): _on(_P.FAILED, _NONE),
    (_P.CREATED, ev.JobCancelled): _on(_P.CANCELLED, _NONE),
    (_P.CREATED, ev.JobExpired): _on(_P.EXPIRED, _NONE),
    (_P.SUBMITTED, ev.BidReceived): _on(_P.SUBMITTED, _NONE),
    (_P.SUBMITTED, ev.BidDeclined): _on(_P.SUBMITTED, _NONE),
    (_P.SUBMITTED, ev.BidsLapsed): _on(_P.SUBMITTED, _NONE, Effect.REQUEST_BIDS),
    (_P.SUBMITTED, ev.JobAwarded): _on(_P.ASSIGNED, _PLACE, Effect.EXECUTE),
    (_P.SUBMITTED, ev.JobCancelled): _on(_P.CANCELLED, _NONE),
    (_P.SUBMITTED, ev.JobExpired): _on(_P.EXPIRED, _NONE),
    (_P.ASSIGNED, ev.ExecutionStarted): _on(_P.RUNNING, _KEEP),
    (_P.ASSIGNED, ev.ReceiptAccepted): _on(_P.COMPLETED, _KEEP, Effect.ANCHOR, Effect.VERIFY),
    (_P.ASSIGNED, ev.AttemptLost): _on(_P.SUBMITTED, _VOID, Effect.REQUEST_BIDS),
    (_P.ASSIGNED, ev.LastAttemptLost): _on(_P.FAILED, _VOID),
    (_P.ASSIGNED, ev.JobCancelled): _on(_P.CANCELLED, _VOID),
    (_P.RUNNING, ev.ReceiptAccepted): _on(_P.COMPLETED, _KEEP, Effect.ANCHOR, Effect.VERIFY),
    (_P.RUNNING, ev.AttemptLost): _on(_P.SUBMITTED, _VOID, Effect.REQUEST_BIDS),
    (_P.RUNNING, ev.LastAttemptLost): _on(_P.FAILED, _VOID),
    (_P.RUNNING, ev.ModuleNotCompiled): _on(_P.FAILED, _VOID),
    (_P.RUNNING, ev.JobCancelled): _on(_P.CANCELLED, _VOID),
    (_P.COMPLETED, ev.ReceiptAnchored): _on(_P.COMPLETED, _KEEP),
    (_P.COMPLETED, ev.AttestationReceived): _on(_P.COMPLETED, _KEEP),
    (_P.COMPLETED, ev.VerificationEscalated): _on(_P.COMPLETED, _KEEP, Effect.VERIFY),
    (_P.COMPLETED, ev.QuorumConfirmed): _on(_P.VERIFIED, _POST),
    (_P.COMPLETED, ev.QuorumRefuted): _on(_P.DISPUTED, _VOID),
    (_P.COMPLETED, ev.QuorumMissed): _on(_P.FAILED, _VOID),
}
"""(phase, event) → what follows. None is the phase of a job that does not exist yet."""


class Offer(Struct, frozen=True, kw_only=True):
    """A bid (or a decline) that the job has received. expires_at: None for a decline."""

    record: Cid
    bidder: Did
    node_id: NodeIdField
    expires_at: int | None


class Vote(Struct, frozen=True, kw_only=True):
    """One verifier's attestation."""

    attestation: Cid
    verifier: Did
    verdict: Verdict


class Job(Struct, frozen=True, kw_only=True):
    """A job as its events have made it. revision: how many there were.

    deadline: Unix seconds after which `due` asks for an event; None in a final phase.
    round: how often the nodes were asked, with one more after each lost attempt or lapse of
    all bids; bids and declines are those of the last round.
    attempt: the number of the latest award, 0 before the first; lost_by: who lost one so far.
    """

    key: JobKey
    manifest: Cid
    phase: Phase
    revision: int
    created_at: int
    changed_at: int
    bid_deadline: int
    expires_at: int
    deadline: int | None
    quorum: int
    verifiers: int
    priority: Priority
    round: int = 1
    bids: tuple[Offer, ...] = ()
    declines: tuple[Offer, ...] = ()
    attempt: int = 0
    lost_by: Annotated[tuple[Did, ...], Size(0, ATTEMPTS_MAX)] = ()
    award: Cid | None = None
    executor: Did | None = None
    node_id: NodeIdField | None = None
    hold: TransferIdField | None = None
    hold_expires_at: int | None = None
    lease_expires_at: int | None = None
    receipt: Cid | None = None
    anchor: Cid | None = None
    drawn: tuple[Did, ...] = ()
    votes: tuple[Vote, ...] = ()
    escalated: bool = False
    settlement: Cid | None = None
    cancel: Cid | None = None
    reason: Reason = ""

    @property
    def lost(self) -> int:
        """How many attempts gave no receipt."""
        return len(self.lost_by)

    @property
    def is_final(self) -> bool:
        return self.phase in FINAL


def turn_of(job: Job) -> tuple[int, int]:
    """What sorts jobs into the order of their turns: higher priority first, then the older."""
    return -_RANKS[job.priority], job.created_at


_RANKS: Final[Mapping[Priority, int]] = {each: rank for rank, each in enumerate(Priority)}


class StepRefusal(Enum):
    """Why an event does not happen to a job, in the order it is checked."""

    NO_SUCH_JOB = "there is no such job yet"
    JOB_EXISTS = "the job exists already"
    JOB_IS_FINAL = "the job has ended"
    NOT_IN_THIS_PHASE = "that does not happen in this phase of a job"
    BIDDING_CLOSED = "the time for bids is over"
    TOO_MANY_BIDS = "the job has as many bids as it may have"
    DUPLICATE_BID = "this node has answered already"
    BID_EXPIRED = "the bid has expired"
    BIDS_STAND = "not all of the job's bids have expired, or it has none"
    BID_NOT_FOUND = "the job has no such bid of this node"
    JOB_PAST_EXPIRY = "the job has expired"
    OLD_ATTEMPT = "the attempt is not the job's latest"
    LEASE_OVER = "the lease of the attempt is over"
    LEASE_NOT_IN_FUTURE = "the lease would be over before it begins"
    HOLD_TOO_SHORT = "the hold would run out before a quorum can speak"
    ATTEMPTS_LEFT = "further attempts are allowed"
    NO_ATTEMPTS_LEFT = "no further attempt is allowed"
    ALREADY_ANCHORED = "the receipt is anchored already"
    NOT_A_DRAWN_VERIFIER = "this verifier was not drawn for the receipt"
    ALREADY_ATTESTED = "this verifier has attested already"
    ALREADY_ESCALATED = "verification was escalated before"
    NO_QUORUM = "there is no quorum for that"
    NOT_ANCHORED = "the receipt is not anchored"
    QUORUM_REACHED = "a quorum has spoken"
    HOLD_OVER = "the hold has run out"
    NOT_SETTLED = "units are held, and no settlement says what becomes of them"
    NOTHING_HELD = "nothing is held that could be settled"
    NOT_DUE = "the deadline has not passed"


def count(job: Job, verdict: Verdict) -> int:
    """How many verifiers have given this verdict."""
    return sum(vote.verdict is verdict for vote in job.votes)


def quorum_of(quorum: int, drawn: int) -> int:
    """How many of `drawn` verifiers must agree: the quorum, and always a majority, so that
    two verdicts never both have one."""
    return max(quorum, drawn // 2 + 1)


def has_quorum(job: Job, verdict: Verdict) -> bool:
    return count(job, verdict) >= quorum_of(job.quorum, len(job.drawn))


def is_last_attempt(job: Job, now: int) -> bool:
    """Whether the job would end if its present attempt were lost now."""
    return job.lost + 1 >= ATTEMPTS_MAX or now >= job.expires_at


def verdict_of(job: Job) -> Verdict | None:
    """What settles the job now: a quorum that refutes, or one that confirms what is anchored."""
    if has_quorum(job, Verdict.REFUTED):
        return Verdict.REFUTED
    if has_quorum(job, Verdict.CONFIRMED) and job.anchor is not None:
        return Verdict.CONFIRMED
    return None


def takes_answers(job: Job, now: int) -> bool:
    """Whether nodes may bid: until the manifest's deadline, and without one once asked again."""
    return now <= job.bid_deadline or job.round > 1


def is_expired(offer: Offer, now: int) -> bool:
    return offer.expires_at is not None and now >= offer.expires_at


def has_lapsed(job: Job, now: int) -> bool:
    """Whether the job has had bids and could be awarded to none of them any more."""
    if job.phase is not Phase.SUBMITTED or now >= job.expires_at:
        return False
    return bool(job.bids) and all(is_expired(bid, now) for bid in job.bids)


def hold_is_over(job: Job, now: int) -> bool:
    return job.hold_expires_at is not None and now >= job.hold_expires_at


def verification_is_due(job: Job, now: int) -> bool:
    """Whether waiting longer is of no use: the time is up, or all have spoken without quorum."""
    if job.deadline is not None and now >= job.deadline:
        return True
    return len(job.votes) >= len(job.drawn) and not has_quorum(job, Verdict.CONFIRMED)
