"""The step that an event makes a job take; it never waits.

`step(job, event, now)` answers with the next job and what is now to be done, or a refusal.
It reads no clock and writes nothing: a driver stores the event (compare-and-set on the job's
revision), moves the hold in the same transaction, then does the work asked for.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from mesh import events as ev
from mesh.events import Event, JobKey, Stored
from mesh.job import (
    BIDS_MAX,
    HOLD_MARGIN_SECONDS,
    TRANSITIONS,
    VERIFY_SECONDS,
    Effect,
    HoldAction,
    Job,
    Offer,
    Phase,
    StepRefusal,
    Vote,
    has_lapsed,
    has_quorum,
    hold_is_over,
    is_expired,
    is_last_attempt,
    takes_answers,
    verdict_of,
    verification_is_due,
)
from mesh.records import Verdict
from runtime.content.cid import Cid

Changes: TypeAlias = dict[str, Any]
"""The fields of a job that an event changes: a step copies the job once, with all of them."""


class Step(Struct, frozen=True, kw_only=True):
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
    if job is None:
        created = _created(key, event, now)
        return Step(job=created, hold=transition.hold, effects=transition.effects)
    changes = _changes(job, event, now)
    if isinstance(changes, StepRefusal):
        return changes
    changes |= {"phase": transition.to, "revision": job.revision + 1, "changed_at": now}
    after = replace(job, **changes, deadline=_deadline(job, transition.to, changes, now))
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
        priority=event.priority,
    )


def _changes(job: Job, event: Event, now: int) -> Changes | StepRefusal:
    """What an event that the table allows changes, or what else speaks against it."""
    match event:
        case ev.JobSubmitted():
            return StepRefusal.JOB_PAST_EXPIRY if now >= job.expires_at else {}
        case ev.BidReceived() | ev.BidDeclined():
            return _answered(job, event, now)
        case ev.BidsLapsed():
            if not has_lapsed(job, now):
                return StepRefusal.BIDS_STAND
            return _asked_again(job)
        case ev.JobAwarded():
            return _awarded(job, event, now)
        case ev.ExecutionStarted():
            return _in_lease(job, event.attempt, now) or {}
        case ev.ReceiptAccepted():
            if refusal := _in_lease(job, event.attempt, now):
                return refusal
            return {"receipt": event.receipt, "drawn": event.verifiers}
        case ev.AttemptLost() | ev.LastAttemptLost():
            return _lost(job, event, now)
        case ev.ModuleNotCompiled():
            if event.attempt != job.attempt:
                return StepRefusal.OLD_ATTEMPT
            return _without_award(event.settlement, event.reason)
        case ev.ReceiptAnchored():
            if job.anchor is not None:
                return StepRefusal.ALREADY_ANCHORED
            return {"anchor": event.anchor}
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
            return {"settlement": event.settlement}
        case ev.QuorumRefuted():
            if not has_quorum(job, Verdict.REFUTED):
                return StepRefusal.NO_QUORUM
            return {"settlement": event.settlement}
        case ev.QuorumMissed():
            return _missed(job, event, now)
        case ev.JobRefused():
            return {"reason": event.reason}
        case ev.JobCancelled():
            return _cancelled(job, event)
        case ev.JobExpired():
            return StepRefusal.NOT_DUE if now < job.expires_at else {}
        case ev.JobCreated():
            return StepRefusal.JOB_EXISTS
        case _:
            assert_never(event)


def _answered(job: Job, event: ev.BidReceived | ev.BidDeclined, now: int) -> Changes | StepRefusal:
    if not takes_answers(job, now):
        return StepRefusal.BIDDING_CLOSED
    if len(job.bids) + len(job.declines) >= BIDS_MAX:
        return StepRefusal.TOO_MANY_BIDS
    if any(offer.bidder == event.bidder for offer in (*job.bids, *job.declines)):
        return StepRefusal.DUPLICATE_BID
    match event:
        case ev.BidReceived(bid=record, bidder=bidder, node_id=node, expires_at=end):
            offer = Offer(record=record, bidder=bidder, node_id=node, expires_at=end)
            return StepRefusal.BID_EXPIRED if now >= end else {"bids": (*job.bids, offer)}
        case ev.BidDeclined(decline=record, bidder=bidder, node_id=node):
            offer = Offer(record=record, bidder=bidder, node_id=node, expires_at=None)
            return {"declines": (*job.declines, offer)}
        case _:
            assert_never(event)


def _awarded(job: Job, event: ev.JobAwarded, now: int) -> Changes | StepRefusal:
    named = (event.bid, event.executor, event.node_id)
    offer = next((bid for bid in job.bids if (bid.record, bid.bidder, bid.node_id) == named), None)
    if offer is None:
        return StepRefusal.BID_NOT_FOUND
    if now >= job.expires_at:
        return StepRefusal.JOB_PAST_EXPIRY
    if is_expired(offer, now):
        return StepRefusal.BID_EXPIRED
    if event.attempt <= job.attempt:
        return StepRefusal.OLD_ATTEMPT
    if event.lease_expires_at <= now:
        return StepRefusal.LEASE_NOT_IN_FUTURE
    if event.hold_expires_at < event.lease_expires_at + HOLD_MARGIN_SECONDS:
        return StepRefusal.HOLD_TOO_SHORT
    return {
        "attempt": event.attempt,
        "award": event.award,
        "executor": event.executor,
        "node_id": event.node_id,
        "hold": event.hold,
        "hold_expires_at": event.hold_expires_at,
        "lease_expires_at": event.lease_expires_at,
    }


def _asked_again(job: Job) -> Changes:
    """Every node is asked again: prices, load and what is reachable have changed."""
    return {"round": job.round + 1, "bids": (), "declines": ()}


def _in_lease(job: Job, attempt: int, now: int) -> StepRefusal | None:
    if attempt != job.attempt:
        return StepRefusal.OLD_ATTEMPT
    if job.lease_expires_at is None or now >= job.lease_expires_at:
        return StepRefusal.LEASE_OVER
    return None


def _lost(job: Job, event: ev.AttemptLost | ev.LastAttemptLost, now: int) -> Changes | StepRefusal:
    if event.attempt != job.attempt:
        return StepRefusal.OLD_ATTEMPT
    is_last = is_last_attempt(job, now)
    if is_last and isinstance(event, ev.AttemptLost):
        return StepRefusal.NO_ATTEMPTS_LEFT
    if not is_last and isinstance(event, ev.LastAttemptLost):
        return StepRefusal.ATTEMPTS_LEFT
    assert job.executor is not None, "an attempt has an executor"
    # That of an attempt before the last is found in the history: the job goes on.
    settlement = event.settlement if is_last else None
    return (
        _asked_again(job)
        | _without_award(settlement, event.reason)
        | {"lost_by": (*job.lost_by, job.executor)}
    )


def _without_award(settlement: Cid | None, reason: str) -> Changes:
    """The attempt is over and gave no receipt."""
    return {
        "award": None,
        "executor": None,
        "node_id": None,
        "hold": None,
        "hold_expires_at": None,
        "lease_expires_at": None,
        "settlement": settlement,
        "reason": reason,
    }


def _cancelled(job: Job, event: ev.JobCancelled) -> Changes | StepRefusal:
    if job.hold is not None and event.settlement is None:
        return StepRefusal.NOT_SETTLED
    if job.hold is None and event.settlement is not None:
        return StepRefusal.NOTHING_HELD
    return {"cancel": event.cancel, "settlement": event.settlement, "reason": event.reason}


def _attested(job: Job, event: ev.AttestationReceived) -> Changes | StepRefusal:
    if event.verifier not in job.drawn:
        return StepRefusal.NOT_A_DRAWN_VERIFIER
    if any(vote.verifier == event.verifier for vote in job.votes):
        return StepRefusal.ALREADY_ATTESTED
    vote = Vote(attestation=event.attestation, verifier=event.verifier, verdict=event.verdict)
    return {"votes": (*job.votes, vote)}


def _escalated(job: Job, event: ev.VerificationEscalated, now: int) -> Changes | StepRefusal:
    if job.escalated:
        return StepRefusal.ALREADY_ESCALATED
    if verdict_of(job) is not None:
        return StepRefusal.QUORUM_REACHED
    if not verification_is_due(job, now):
        return StepRefusal.NOT_DUE
    # Who has not spoken in time no longer counts, unless asked again.
    asked = {vote.verifier for vote in job.votes} | set(event.verifiers)
    return {"drawn": tuple(sorted(asked)), "escalated": True}


def _missed(job: Job, event: ev.QuorumMissed, now: int) -> Changes | StepRefusal:
    missed = {"settlement": event.settlement, "reason": event.reason}
    if hold_is_over(job, now):
        return missed
    if verdict_of(job) is not None:
        return StepRefusal.QUORUM_REACHED
    if not job.escalated or not verification_is_due(job, now):
        return StepRefusal.NOT_DUE
    return missed


def _deadline(job: Job, phase: Phase, changes: Changes, now: int) -> int | None:
    """Until when the changed job may stay in its new phase."""
    match phase:
        case Phase.CREATED | Phase.SUBMITTED:
            return job.expires_at
        case Phase.ASSIGNED | Phase.RUNNING:
            lease: int | None = changes.get("lease_expires_at", job.lease_expires_at)
            return lease
        case Phase.COMPLETED:
            is_new = job.phase is not Phase.COMPLETED or "escalated" in changes
            return now + VERIFY_SECONDS if is_new else job.deadline
        case Phase.VERIFIED | Phase.FAILED | Phase.DISPUTED | Phase.CANCELLED | Phase.EXPIRED:
            return None
        case _:
            assert_never(phase)
