"""The life of a job: one table of transitions, and a step that never waits.

`step(job, event, now)` answers with the next job and what is now to be done, or a refusal.
It reads no clock and writes nothing: a driver stores the event (compare-and-set on the job's
revision), moves the hold in the same transaction, then does the work asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated, Final, assert_never

from mesh import events as ev
from mesh.events import Event, JobKey, Stored
from mesh.records import NodeIdField, Reason, Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.typed import Size
from runtime.tokens.ledger import TransferIdField

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
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
    (_P.RUNNING, ev.JobCancelled): _on(_P.CANCELLED, _VOID),
    (_P.COMPLETED, ev.ReceiptAnchored): _on(_P.COMPLETED, _KEEP),
    (_P.COMPLETED, ev.AttestationReceived): _on(_P.COMPLETED, _KEEP),
    (_P.COMPLETED, ev.VerificationEscalated): _on(_P.COMPLETED, _KEEP, Effect.VERIFY),
    (_P.COMPLETED, ev.QuorumConfirmed): _on(_P.VERIFIED, _POST),
    (_P.COMPLETED, ev.QuorumRefuted): _on(_P.DISPUTED, _VOID),
    (_P.COMPLETED, ev.QuorumMissed): _on(_P.FAILED, _VOID),
}
"""(phase, event) → what follows. None is the phase of a job that does not exist yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A bid (or a decline) that the job has received."""

    record: Cid
    bidder: Did
    node_id: NodeIdField


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One verifier's attestation."""

    attestation: Cid
    verifier: Did
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its events have made it. revision: how many there were.

    deadline: Unix seconds after which `due` asks for an event; None in a final phase.
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


class StepRefusal(Enum):
    """Why an event does not happen to a job, in the order it is checked."""

    NO_SUCH_JOB = "there is no such job yet"
    JOB_EXISTS = "the job exists already"
    JOB_IS_FINAL = "the job has ended"
    NOT_IN_THIS_PHASE = "that does not happen in this phase of a job"
    BIDDING_CLOSED = "the time for bids is over"
    TOO_MANY_BIDS = "the job has as many bids as it may have"
    DUPLICATE_BID = "this node has answered already"
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
    NOT_DUE = "the deadline has not passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next job, what becomes of the hold, and the work to ask for."""

    job: Job
    hold: HoldAction
    effects: tuple[Effect, ...]


def step(job: Job | None, key: JobKey, event: Event, now: int) -> Step | StepRefusal:
    """What an event makes of a job. Total: never raises, whatever the phase and event."""
    if job is None and not isinstance(event, ev.JobCreated):
        return StepRefusal.NO_SUCH_JOB
    if job is not None and isinstance(event, ev.JobCreated):
        return StepRefusal.JOB_EXISTS
    if job is not None and job.is_final:
        return StepRefusal.JOB_IS_FINAL
    transition = TRANSITIONS.get((None if job is None else job.phase, type(event)))
    if transition is None:
        return StepRefusal.NOT_IN_THIS_PHASE
    after = _created(key, event, now) if job is None else _changed(job, event, now)
    if isinstance(after, StepRefusal):
        return after
    after = replace(
        after,
        phase=transition.to,
        revision=1 if job is None else job.revision + 1,
        changed_at=now,
    )
    deadline = _deadline(job, after)
    if deadline != after.deadline:
        after = replace(after, deadline=deadline)
    return Step(job=after, hold=transition.hold, effects=transition.effects)


def replay(key: JobKey, history: Iterable[Stored]) -> Job | None:
    """The job that a stored history makes. Raises ValueError if it is not a history."""
    job: Job | None = None
    for number, stored in enumerate(history, 1):
        after = step(job, key, stored.event, stored.at)
        if stored.number != number or isinstance(after, StepRefusal):
            reason = after.value if isinstance(after, StepRefusal) else "a gap in the numbers"
            raise ValueError(
                f"event {stored.number} ({type(stored.event).__name__}) of {key.job_id}: {reason}"
            )
        job = after.job
    return job


def count(job: Job, verdict: Verdict) -> int:
    """How many verifiers have given this verdict."""
    return sum(vote.verdict is verdict for vote in job.votes)


def quorum_of(quorum: int, drawn: int) -> int:
    """How many of `drawn` verifiers must agree: the quorum, and always a majority, so that
    two verdicts never both have one."""
    return max(quorum, drawn // 2 + 1)


def has_quorum(job: Job, verdict: Verdict) -> bool:
    return count(job, verdict) >= quorum_of(job.quorum, len(job.drawn))


def _created(key: JobKey, event: Event, now: int) -> Job:
    assert isinstance(event, ev.JobCreated), "the table lets no other event come first"
    return Job(
        key=key,
        manifest=event.manifest,
        phase=Phase.CREATED,
        revision=1,
        created_at=now,
        changed_at=now,
        bid_deadline=event.bid_deadline,
        expires_at=event.expires_at,
        deadline=event.expires_at,
        quorum=event.quorum,
        verifiers=event.verifiers,
    )


def _changed(job: Job, event: Event, now: int) -> Job | StepRefusal:
    """The job after an event that the table allows, or what else speaks against it."""
    match event:
        case ev.JobSubmitted():
            return StepRefusal.JOB_PAST_EXPIRY if now >= job.expires_at else job
        case ev.BidReceived() | ev.BidDeclined():
            return _answered(job, event, now)
        case ev.JobAwarded():
            return _awarded(job, event, now)
        case ev.ExecutionStarted():
            return _in_lease(job, event.attempt, now) or job
        case ev.ReceiptAccepted():
            if refusal := _in_lease(job, event.attempt, now):
                return refusal
            return replace(job, receipt=event.receipt, drawn=event.verifiers)
        case ev.AttemptLost() | ev.LastAttemptLost():
            return _lost(job, event, now)
        case ev.ReceiptAnchored():
            if job.anchor is not None:
                return StepRefusal.ALREADY_ANCHORED
            return replace(job, anchor=event.anchor)
        case ev.AttestationReceived():
            return _attested(job, event)
        case ev.VerificationEscalated():
            return _escalated(job, event, now)
        case ev.QuorumConfirmed():
            if not has_quorum(job, Verdict.CONFIRMED):
                return StepRefusal.NO_QUORUM
            if job.anchor is None:
                return StepRefusal.NOT_ANCHORED
            if hold_is_over(job, now):
                return StepRefusal.HOLD_OVER
            return replace(job, settlement=event.settlement)
        case ev.QuorumRefuted():
            if not has_quorum(job, Verdict.REFUTED):
                return StepRefusal.NO_QUORUM
            return replace(job, settlement=event.settlement)
        case ev.QuorumMissed():
            return _missed(job, event, now)
        case ev.JobRefused():
            return replace(job, reason=event.reason)
        case ev.JobCancelled():
            return replace(job, cancel=event.cancel, reason=event.reason)
        case ev.JobExpired():
            return StepRefusal.NOT_DUE if now < job.expires_at else job
        case ev.JobCreated():
            return StepRefusal.JOB_EXISTS
        case _:
            assert_never(event)


def _answered(job: Job, event: ev.BidReceived | ev.BidDeclined, now: int) -> Job | StepRefusal:
    if now > job.bid_deadline and job.lost == 0:
        # After a lost attempt the job is offered again for as long as it has not expired.
        return StepRefusal.BIDDING_CLOSED
    if len(job.bids) + len(job.declines) >= BIDS_MAX:
        return StepRefusal.TOO_MANY_BIDS
    if any(offer.bidder == event.bidder for offer in (*job.bids, *job.declines)):
        return StepRefusal.DUPLICATE_BID
    match event:
        case ev.BidReceived(bid=record):
            offer = Offer(record=record, bidder=event.bidder, node_id=event.node_id)
            return replace(job, bids=(*job.bids, offer))
        case ev.BidDeclined(decline=record):
            offer = Offer(record=record, bidder=event.bidder, node_id=event.node_id)
            return replace(job, declines=(*job.declines, offer))
        case _:
            assert_never(event)


def _awarded(job: Job, event: ev.JobAwarded, now: int) -> Job | StepRefusal:
    bid = Offer(record=event.bid, bidder=event.executor, node_id=event.node_id)
    if bid not in job.bids:
        return StepRefusal.BID_NOT_FOUND
    if now >= job.expires_at:
        return StepRefusal.JOB_PAST_EXPIRY
    if event.attempt <= job.attempt:
        return StepRefusal.OLD_ATTEMPT
    if event.lease_expires_at <= now:
        return StepRefusal.LEASE_NOT_IN_FUTURE
    if event.hold_expires_at < event.lease_expires_at + HOLD_MARGIN_SECONDS:
        return StepRefusal.HOLD_TOO_SHORT
    return replace(
        job,
        attempt=event.attempt,
        award=event.award,
        executor=event.executor,
        node_id=event.node_id,
        hold=event.hold,
        hold_expires_at=event.hold_expires_at,
        lease_expires_at=event.lease_expires_at,
    )


def _in_lease(job: Job, attempt: int, now: int) -> StepRefusal | None:
    if attempt != job.attempt:
        return StepRefusal.OLD_ATTEMPT
    if job.lease_expires_at is None or now >= job.lease_expires_at:
        return StepRefusal.LEASE_OVER
    return None


def _lost(job: Job, event: ev.AttemptLost | ev.LastAttemptLost, now: int) -> Job | StepRefusal:
    if event.attempt != job.attempt:
        return StepRefusal.OLD_ATTEMPT
    is_last = is_last_attempt(job, now)
    if is_last and isinstance(event, ev.AttemptLost):
        return StepRefusal.NO_ATTEMPTS_LEFT
    if not is_last and isinstance(event, ev.LastAttemptLost):
        return StepRefusal.ATTEMPTS_LEFT
    assert job.executor is not None, "an attempt has an executor"
    return replace(
        job,
        lost_by=(*job.lost_by, job.executor),
        # Every node is asked again: prices, load and what is reachable have changed.
        bids=(),
        declines=(),
        award=None,
        executor=None,
        node_id=None,
        hold=None,
        hold_expires_at=None,
        lease_expires_at=None,
        reason=event.reason,
    )


def _attested(job: Job, event: ev.AttestationReceived) -> Job | StepRefusal:
    if event.verifier not in job.drawn:
        return StepRefusal.NOT_A_DRAWN_VERIFIER
    if any(vote.verifier == event.verifier for vote in job.votes):
        return StepRefusal.ALREADY_ATTESTED
    vote = Vote(attestation=event.attestation, verifier=event.verifier, verdict=event.verdict)
    return replace(job, votes=(*job.votes, vote))


def _escalated(job: Job, event: ev.VerificationEscalated, now: int) -> Job | StepRefusal:
    if job.escalated:
        return StepRefusal.ALREADY_ESCALATED
    if verdict_of(job) is not None:
        return StepRefusal.QUORUM_REACHED
    if not verification_is_due(job, now):
        return StepRefusal.NOT_DUE
    # Who has not spoken in time no longer counts, unless asked again.
    asked = {vote.verifier for vote in job.votes} | set(event.verifiers)
    return replace(job, drawn=tuple(sorted(asked)), escalated=True)


def _missed(job: Job, event: ev.QuorumMissed, now: int) -> Job | StepRefusal:
    missed = replace(job, settlement=event.settlement, reason=event.reason)
    if hold_is_over(job, now):
        return missed
    if verdict_of(job) is not None:
        return StepRefusal.QUORUM_REACHED
    if not job.escalated or not verification_is_due(job, now):
        return StepRefusal.NOT_DUE
    return missed


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


def hold_is_over(job: Job, now: int) -> bool:
    return job.hold_expires_at is not None and now >= job.hold_expires_at


def verification_is_due(job: Job, now: int) -> bool:
    """Whether waiting longer is of no use: the time is up, or all have spoken without quorum."""
    if job.deadline is not None and now >= job.deadline:
        return True
    return len(job.votes) >= len(job.drawn) and not has_quorum(job, Verdict.CONFIRMED)


def _deadline(before: Job | None, after: Job) -> int | None:
    match after.phase:
        case Phase.CREATED | Phase.SUBMITTED:
            return after.expires_at
        case Phase.ASSIGNED | Phase.RUNNING:
            return after.lease_expires_at
        case Phase.COMPLETED:
            if before is None or before.phase is not Phase.COMPLETED:
                return after.changed_at + VERIFY_SECONDS
            if after.escalated and not before.escalated:
                return after.changed_at + VERIFY_SECONDS
            return before.deadline
        case Phase.VERIFIED | Phase.FAILED | Phase.DISPUTED | Phase.CANCELLED | Phase.EXPIRED:
            return None
        case _:
            assert_never(after.phase)
