"""The step that an event makes a job take; it never waits.

`step(job, event, now)` answers with the next job, or a refusal. It reads no clock and writes
nothing: the actor stores the job and the event in its transaction.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias, assert_never

from msgspec.structs import replace

from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event, Stored
from mesh.core.jobs.job import (
    BIDS_MAX,
    TRANSITIONS,
    Job,
    Offer,
    Phase,
    Result,
    StepRefusal,
    Vote,
    has_lapsed,
    is_expired,
    is_last_attempt,
    takes_answers,
)
from runtime.content.cid import Cid

Changes: TypeAlias = dict[str, Any]
"""The fields of a job that an event changes: a step copies the job once, with all of them."""


def step(job: Job | None, event: Event, now: int) -> Job | StepRefusal:
    """What an event makes of a job. Total: never raises, whatever the phase and event."""
    if job is None and not isinstance(event, ev.JobCreated):
        return StepRefusal.NO_SUCH_JOB
    if job is not None and isinstance(event, ev.JobCreated):
        return StepRefusal.JOB_EXISTS
    transition = TRANSITIONS.get((None if job is None else job.phase, type(event)))
    if transition is None:
        is_over = job is not None and job.is_final
        return StepRefusal.JOB_IS_FINAL if is_over else StepRefusal.NOT_IN_THIS_PHASE
    if job is None:
        return _created(event, now)
    changes = _changes(job, event, now)
    if isinstance(changes, StepRefusal):
        return changes
    changes |= {
        "phase": transition.to,
        "revision": job.revision + 1,
        "changed_at": max(job.changed_at, now),
    }
    return replace(job, **changes)


def replay(history: Iterable[Stored]) -> Job | None:
    """The job that a stored history makes. Raises ValueError if it is not a history."""
    job: Job | None = None
    for number, stored in enumerate(history, 1):
        after = step(job, stored.event, stored.at)
        if stored.number != number or isinstance(after, StepRefusal):
            reason = after.value if isinstance(after, StepRefusal) else "a gap in the numbers"
            raise ValueError(f"event {stored.number} ({type(stored.event).__name__}): {reason}")
        job = after
    return job


def _created(event: Event, now: int) -> Job:
    assert isinstance(event, ev.JobCreated), "the table lets no other event come first"
    return Job(
        job_id=event.job_id,
        manifest=event.manifest,
        submitter=event.signer,
        phase=Phase.CREATED,
        revision=1,
        created_at=now,
        changed_at=now,
        bid_deadline=event.bid_deadline,
        expires_at=event.expires_at,
        quorum=event.quorum,
        verifiers=event.verifiers,
        priority=event.priority,
        cause=event.cause,
    )


def _changes(job: Job, event: Event, now: int) -> Changes | StepRefusal:
    """What an event that the table allows changes, or what else speaks against it."""
    match event:
        case ev.JobSubmitted():
            return StepRefusal.JOB_PAST_EXPIRY if now >= job.expires_at else {}
        case ev.JobRefused(reason=reason):
            return {"reason": reason}
        case ev.AutoAwardChosen(is_on=is_on):
            return StepRefusal.NO_CHANGE if is_on is job.auto_award else {"auto_award": is_on}
        case ev.NodesAsked():
            return _asked(job, event, now)
        case ev.BidReceived() | ev.BidDeclined():
            return _answered(job, event, now)
        case ev.BidsLapsed():
            return _asked_again(job) if has_lapsed(job, now) else StepRefusal.BIDS_STAND
        case ev.AwardSigned():
            return _awarded(job, event, now)
        case ev.AwardRefused():
            return _refused(job, event)
        case ev.HoldReceived():
            return _held(job, event)
        case ev.ExecutionStarted():
            return {}
        case ev.ReceiptAccepted():
            return _received(job, event)
        case ev.ReceiptAnchored(anchor=anchor):
            return StepRefusal.ALREADY_ANCHORED if job.anchor is not None else {"anchor": anchor}
        case ev.VerifiersDrawn():
            return _drawn(job, event)
        case ev.AttestationReceived():
            return _attested(job, event)
        case ev.QuorumConfirmed():
            return _confirmed(job, event)
        case ev.QuorumRefuted() | ev.QuorumMissed():
            return {"settlement": event.settlement, "reason": event.reason}
        case ev.AttemptLost() | ev.LastAttemptLost():
            return _lost(job, event)
        case ev.ModuleNotCompiled():
            return _without_award(event.settlement, event.reason)
        case ev.AttemptCancelled():
            return {"settlement": event.settlement, "reason": event.reason}
        case ev.CancelAsked():
            if job.cancel is not None:
                return StepRefusal.CANCEL_ASKED
            return {"cancel": event.cancel}
        case ev.CancelRefused():
            return StepRefusal.NO_CANCEL if job.cancel is None else {"cancel": None}
        case ev.JobCancelled():
            return _cancelled(job, event)
        case ev.JobExpired():
            if job.award is not None:
                return StepRefusal.AWARDED
            return StepRefusal.NOT_DUE if now < job.expires_at else {}
        case ev.EffectsApplied():
            return StepRefusal.NO_CHANGE if job.effects is not None else {"effects": event}
        case ev.JobCreated():
            return StepRefusal.JOB_EXISTS
        case _:
            assert_never(event)


def _asked(job: Job, event: ev.NodesAsked, now: int) -> Changes | StepRefusal:
    if now >= job.expires_at:
        return StepRefusal.JOB_PAST_EXPIRY
    if job.award is not None:
        return StepRefusal.AWARDED
    if event.round != job.round:
        return StepRefusal.OTHER_ROUND
    if set(event.nodes) & set(job.asked):
        return StepRefusal.NO_CHANGE
    return {"asked": (*job.asked, *event.nodes)}


def _answered(job: Job, event: ev.BidReceived | ev.BidDeclined, now: int) -> Changes | StepRefusal:
    if not takes_answers(job, now):
        return StepRefusal.BIDDING_CLOSED
    if len(job.bids) >= BIDS_MAX and isinstance(event, ev.BidReceived):
        return StepRefusal.TOO_MANY_BIDS
    if event.signer not in job.asked:
        return StepRefusal.NOT_ASKED
    if any(offer.bidder == event.signer for offer in (*job.bids, *job.declines)):
        return StepRefusal.DUPLICATE_BID
    match event:
        case ev.BidReceived(bid=record, signer=bidder, node_id=node, expires_at=end):
            offer = Offer(record=record, bidder=bidder, node_id=node, expires_at=end)
            if now >= end:
                return StepRefusal.BID_EXPIRED
            return {"bids": _with_offer(job.bids, offer)}
        case ev.BidDeclined(decline=record, signer=bidder, node_id=node):
            offer = Offer(record=record, bidder=bidder, node_id=node, expires_at=None)
            return {"declines": _with_offer(job.declines, offer)}
        case _:
            assert_never(event)


def _with_offer(offers: tuple[Offer, ...], offer: Offer) -> tuple[Offer, ...]:
    """In the order of the bidders, so that the order of arrival makes no difference."""
    return tuple(sorted((*offers, offer), key=lambda each: each.bidder))


def _awarded(job: Job, event: ev.AwardSigned, now: int) -> Changes | StepRefusal:
    if now >= job.expires_at:
        return StepRefusal.JOB_PAST_EXPIRY
    if job.award is not None:
        return StepRefusal.AWARDED
    if job.cancel is not None:
        return StepRefusal.CANCEL_ASKED
    named = (event.bid, event.executor, event.node_id)
    offer = next((bid for bid in job.bids if (bid.record, bid.bidder, bid.node_id) == named), None)
    if offer is None:
        return StepRefusal.BID_NOT_FOUND
    if is_expired(offer, now):
        return StepRefusal.BID_EXPIRED
    if event.attempt != job.lost + 1:
        return StepRefusal.OTHER_ATTEMPT
    return _with_award(event) | {"retry_at": None}


def _with_award(event: ev.AwardSigned | ev.HoldReceived) -> Changes:
    return {
        "attempt": event.attempt,
        "award": event.award,
        "bid": event.bid,
        "executor": event.executor,
        "node_id": event.node_id,
    }


def _refused(job: Job, event: ev.AwardRefused) -> Changes | StepRefusal:
    if job.award != event.award or job.bid is None:
        return StepRefusal.OTHER_AWARD
    return _NO_AWARD | {
        "attempt": job.lost,
        "refused": (*job.refused, job.bid),
        "retry_at": event.retry_at,
        "reason": event.reason,
    }


def _held(job: Job, event: ev.HoldReceived) -> Changes | StepRefusal:
    """An award of this attempt that was refused once may still come to be held: the issuer
    decides, and there is one hold for each attempt."""
    if event.attempt != job.lost + 1:
        return StepRefusal.OTHER_ATTEMPT
    return _with_award(event) | {"hold": event.hold, "retry_at": None, "reason": ""}


_NO_AWARD: Changes = {"award": None, "bid": None, "executor": None, "node_id": None}
_NO_RESULT: Changes = {
    "hold": None,
    "receipt": None,
    "result": None,
    "anchor": None,
    "draws": (),
    "drawn": (),
    "votes": (),
}


def _asked_again(job: Job) -> Changes:
    """Nodes are asked again: prices, load and who can be reached have changed."""
    return {"round": job.round + 1, "asked": (), "bids": (), "declines": (), "refused": ()}


def _received(job: Job, event: ev.ReceiptAccepted) -> Changes | StepRefusal:
    """The receipt that a settlement rests on takes the place of another that came before."""
    if job.receipt == event.receipt:
        return StepRefusal.NO_CHANGE
    result = Result(deterministic=event.deterministic, engine=event.engine)
    return {"receipt": event.receipt, "result": result, "anchor": None}


def _drawn(job: Job, event: ev.VerifiersDrawn) -> Changes | StepRefusal:
    if event.round != len(job.draws) + 1:
        return StepRefusal.WRONG_ROUND
    if set(event.verifiers) & set(job.drawn):
        return StepRefusal.ALREADY_DRAWN
    return {"draws": (*job.draws, event.draw), "drawn": (*job.drawn, *event.verifiers)}


def _attested(job: Job, event: ev.AttestationReceived) -> Changes | StepRefusal:
    if event.signer not in job.drawn:
        return StepRefusal.NOT_A_DRAWN_VERIFIER
    if any(vote.attestation == event.attestation for vote in job.votes):
        return StepRefusal.ALREADY_ATTESTED
    others = [vote for vote in job.votes if vote.verifier != event.signer]
    result = Result(deterministic=event.deterministic, engine=event.engine)
    vote = Vote(attestation=event.attestation, verifier=event.signer, result=result)
    votes = sorted((*others, vote), key=lambda each: each.verifier)
    return {"votes": tuple(votes)}


def _confirmed(job: Job, event: ev.QuorumConfirmed) -> Changes | StepRefusal:
    agreeing = sum(vote.result == job.result for vote in job.votes)
    if agreeing < job.quorum:
        return StepRefusal.NO_QUORUM
    if job.anchor is None:
        return StepRefusal.NOT_ANCHORED
    return {"settlement": event.settlement, "reason": ""}


def _lost(job: Job, event: ev.AttemptLost | ev.LastAttemptLost) -> Changes | StepRefusal:
    if event.attempt != job.attempt:
        return StepRefusal.OTHER_ATTEMPT
    is_last = is_last_attempt(job)
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
    """The attempt is over and gave no receipt that counts."""
    return _NO_AWARD | _NO_RESULT | {"settlement": settlement, "reason": reason}


def _cancelled(job: Job, event: ev.JobCancelled) -> Changes | StepRefusal:
    if job.award is not None and event.answer is None:
        return StepRefusal.AWARDED
    return _NO_AWARD | {"cancel": event.cancel, "reason": event.reason}
