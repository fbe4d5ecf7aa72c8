"""Events as the records that they name have them.

Rule: an event names its record by CID; all else in it follows from that record.
"""

from typing import TypeVar, assert_never

from mesh.actors.submitter.journal import created
from mesh.core.jobs import events as ev
from mesh.core.jobs.endings import Ended, end_of
from mesh.core.jobs.events import Event, Stored
from mesh.core.jobs.job import Job
from mesh.core.records.jobs import Award, Cancel, JobManifest, Transfer
from mesh.core.records.market import Bid, Decline
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Progress, Receipt
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.identity.signed import Signed

T = TypeVar("T")


class LostRecord(LookupError):
    """A record that an event names and the store does not hold."""


def true_event(store: ActorStore, stored: Stored, job: Job | None) -> Event:
    """An event with the fields that its record leads to. job: before it.

    Raises LostRecord, and ValueError where the record is about something else.
    """
    event = stored.event
    match event:
        case ev.JobCreated():
            return created(_record(store, JobManifest, event.manifest))
        case (
            ev.JobSubmitted()
            | ev.JobRefused()
            | ev.AutoAwardChosen()
            | ev.NodesAsked()
            | ev.BidsLapsed()
            | ev.JobExpired()
        ):
            return event
        case ev.BidReceived() | ev.BidDeclined() | ev.AwardSigned() | ev.AwardRefused():
            return _of_bidding(store, event, stored.at, job)
        case ev.HoldReceived() | ev.ExecutionStarted() | ev.ReceiptAccepted():
            return _of_work(store, event, job)
        case ev.ReceiptAnchored() | ev.VerifiersDrawn() | ev.AttestationReceived():
            return _of_verification(store, event, job)
        case ev.CancelAsked() | ev.CancelRefused() | ev.JobCancelled():
            return _of_withdrawal(store, event, job)
        case (
            ev.QuorumConfirmed()
            | ev.QuorumRefuted()
            | ev.QuorumMissed()
            | ev.AttemptLost()
            | ev.LastAttemptLost()
            | ev.ModuleNotCompiled()
            | ev.AttemptCancelled()
        ):
            return _end(store, event, job)
        case ev.EffectsApplied():
            return _effects(store, event, job)
        case _:
            assert_never(event)


def _record(store: ActorStore, kind: type[T], cid: Cid) -> Signed[T]:
    found = store.get(kind, cid)
    if found is None:
        raise LostRecord(f"the {kind.__name__} {cid} is not in the store")
    return found


def _about(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise ValueError(f"it is about {what} {found}, expected {expected}")


def _of_bidding(
    store: ActorStore,
    event: ev.BidReceived | ev.BidDeclined | ev.AwardSigned | ev.AwardRefused,
    at: int,
    job: Job | None,
) -> Event:
    manifest = None if job is None else job.manifest
    match event:
        case ev.BidReceived():
            bid = _record(store, Bid, event.bid)
            _about(bid.body.job, manifest, "job")
            return ev.BidReceived(
                bid=bid.cid,
                signer=bid.signer,
                node_id=bid.body.node_id,
                expires_at=bid.body.expires_at,
            )
        case ev.BidDeclined():
            decline = _record(store, Decline, event.decline)
            _about(decline.body.job, manifest, "job")
            return ev.BidDeclined(
                decline=decline.cid, signer=decline.signer, node_id=decline.body.node_id
            )
        case ev.AwardSigned():
            award = _record(store, Award, event.award)
            bid = _record(store, Bid, award.body.bid)
            _about(award.body.job, manifest, "job")
            return ev.AwardSigned(
                award=award.cid,
                signer=award.signer,
                bid=bid.cid,
                attempt=award.body.attempt,
                executor=bid.signer,
                node_id=bid.body.node_id,
            )
        case ev.AwardRefused():
            answer = _record(store, Answer, event.answer)
            wait = answer.body.retry_after
            return ev.AwardRefused(
                award=answer.body.request,
                answer=answer.cid,
                signer=answer.signer,
                code=answer.body.reason or "refused",
                reason=answer.body.detail or answer.body.reason,
                retry_at=None if wait is None else at + wait,
            )
        case _:
            assert_never(event)


def _of_work(
    store: ActorStore,
    event: ev.HoldReceived | ev.ExecutionStarted | ev.ReceiptAccepted,
    job: Job | None,
) -> Event:
    match event:
        case ev.HoldReceived():
            hold = _record(store, Hold, event.hold)
            bid = _record(store, Bid, hold.body.bid)
            _about(hold.body.job, None if job is None else job.manifest, "job")
            return ev.HoldReceived(
                hold=hold.cid,
                signer=hold.signer,
                award=hold.body.award,
                bid=bid.cid,
                attempt=hold.body.attempt,
                executor=bid.signer,
                node_id=bid.body.node_id,
            )
        case ev.ExecutionStarted():
            progress = _record(store, Progress, event.progress)
            _about(progress.body.hold, _hold(job), "hold")
            return ev.ExecutionStarted(progress=progress.cid, signer=progress.signer)
        case ev.ReceiptAccepted():
            receipt = _record(store, Receipt, event.receipt)
            _about(receipt.body.hold, _hold(job), "hold")
            return ev.ReceiptAccepted(
                receipt=receipt.cid,
                signer=receipt.signer,
                deterministic=receipt.body.deterministic,
                engine=receipt.body.engine.text,
            )
        case _:
            assert_never(event)


def _of_verification(
    store: ActorStore,
    event: ev.ReceiptAnchored | ev.VerifiersDrawn | ev.AttestationReceived,
    job: Job | None,
) -> Event:
    match event:
        case ev.ReceiptAnchored():
            anchor = _record(store, Anchor, event.anchor)
            _about(anchor.body.receipt, None if job is None else job.receipt, "receipt")
            return ev.ReceiptAnchored(anchor=anchor.cid, signer=anchor.signer)
        case ev.VerifiersDrawn():
            draw = _record(store, Draw, event.draw)
            _about(draw.body.hold, _hold(job), "hold")
            return ev.VerifiersDrawn(
                draw=draw.cid,
                signer=draw.signer,
                round=draw.body.round,
                verifiers=draw.body.verifiers,
            )
        case ev.AttestationReceived():
            attestation = _record(store, Attestation, event.attestation)
            _about(attestation.body.hold, _hold(job), "hold")
            return ev.AttestationReceived(
                attestation=attestation.cid,
                signer=attestation.signer,
                deterministic=attestation.body.deterministic,
                engine=attestation.body.engine.text,
            )
        case _:
            assert_never(event)


def _of_withdrawal(
    store: ActorStore,
    event: ev.CancelAsked | ev.CancelRefused | ev.JobCancelled,
    job: Job | None,
) -> Event:
    if isinstance(event, ev.CancelRefused):
        refused = _record(store, Answer, event.answer)
        _about(refused.body.request, None if job is None else job.cancel, "request")
        return ev.CancelRefused(
            answer=refused.cid, signer=refused.signer, reason=refused.body.detail
        )
    cancel = _record(store, Cancel, event.cancel)
    _about(cancel.body.job, None if job is None else job.manifest, "job")
    if isinstance(event, ev.CancelAsked):
        return ev.CancelAsked(cancel=cancel.cid, signer=cancel.signer, reason=cancel.body.reason)
    if event.answer is not None:
        answer = _record(store, Answer, event.answer)
        _about(answer.body.request, cancel.cid, "request")
    return ev.JobCancelled(
        cancel=cancel.cid,
        signer=cancel.signer,
        answer=event.answer,
        reason=cancel.body.reason,
    )


def _end(store: ActorStore, event: Ended, job: Job | None) -> Event:
    settlement = _record(store, Settlement, event.settlement)
    _about(settlement.body.hold, _hold(job), "hold")
    hold = _record(store, Hold, settlement.body.hold)
    return end_of(settlement, attempt=hold.body.attempt)


def _effects(store: ActorStore, event: ev.EffectsApplied, job: Job | None) -> Event:
    if event.transfer is not None:
        transfer = _record(store, Transfer, event.transfer)
        _about(transfer.body.cause, None if job is None else job.manifest, "cause")
    return event


def _hold(job: Job | None) -> Cid | None:
    return None if job is None else job.hold
