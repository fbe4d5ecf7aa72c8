"""Withdrawal of jobs: at once where nobody else has them, else by a request to the issuer.

Rule: with a hold open, only its issuer ends the attempt; a job is withdrawn with all that its
program has submitted.
"""

from enum import Enum

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import MessageRefusal
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import bidding
from mesh.actors.submitter.rows import JOBS
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import HELD, Job, Phase
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import Cancel
from mesh.core.records.settlement import Answer
from mesh.core.settlement.refusals import AwardRefusal, Refusal
from runtime.content.cid import Cid
from runtime.content.shapes import cut
from runtime.identity.signed import Signed


class CancelFault(Enum):
    """Why a job is not withdrawn."""

    NO_SUCH_JOB = "there is no such job"
    ENDED = "the job has ended, and all that it has submitted"


class CancelRefusal(Struct, frozen=True, kw_only=True):
    fault: CancelFault
    phase: Phase | None = None


def cancel(
    book: JobBook, tx: ActorTransaction, job: Job | None, reason: str, now: Now
) -> Job | CancelRefusal:
    """Withdraw a job and what its program has submitted; a repeat is harmless."""
    if job is None:
        return CancelRefusal(fault=CancelFault.NO_SUCH_JOB)
    reason = cut(reason, REASON_BYTES_MAX)
    found = _open_descendants(tx, job.manifest)
    for each in found:
        _cancel_one(book, tx, each, reason, now)
    if not job.is_final:
        return _cancel_one(book, tx, job, reason, now)
    if not found:
        return CancelRefusal(fault=CancelFault.ENDED, phase=job.phase)
    withdraw_from_issuer(book, tx, job, reason)
    return job


def end_withdrawn(book: JobBook, tx: ActorTransaction, job: Job, refused: Answer, now: Now) -> Job:
    """End a job of which the issuer says that it, or one that it descends from, was withdrawn: no
    award of it is ever held."""
    if job.is_final or refused.reason not in _WITHDRAWN:
        return job
    return _cancel_one(book, tx, job, refused.detail, now)


_WITHDRAWN = frozenset(
    Refusal(reason=each).word for each in (AwardRefusal.CANCELLED, AwardRefusal.TREE_CANCELLED)
)


def _open_descendants(tx: ActorTransaction, manifest: Cid) -> list[Job]:
    found: list[Job] = []
    waiting = [manifest]
    while waiting:
        for row in tx.rows(JOBS).select(cause=waiting.pop()):
            waiting.append(row.manifest)
            if not row.job.is_final:
                found.append(row.job)
    return found


def _cancel_one(book: JobBook, tx: ActorTransaction, job: Job, reason: str, now: Now) -> Job:
    if job.cancel is not None:
        return job
    signed = book.sign(tx, Cancel(job=job.manifest, reason=reason))
    bidding.stop_asking(tx, job)
    is_known = _is_known_elsewhere(book, tx, job)
    if is_known:
        _send(book, tx, job, signed.cid)
    if job.phase in HELD or job.award is not None:
        asked = ev.CancelAsked(cancel=signed.cid, signer=book.did, reason=reason)
        return book.must_record(tx, job, asked, now)
    event = ev.JobCancelled(cancel=signed.cid, signer=book.did, answer=None, reason=reason)
    return book.must_record(tx, job, event, now)


def _is_known_elsewhere(book: JobBook, tx: ActorTransaction, job: Job) -> bool:
    """Whether the issuer may have to do with the job, now or by somebody else's award."""
    body = book.manifest(tx, job).body
    return (
        job.award is not None
        or bool(job.lost_by)
        or bool(job.refused)
        or job.round > 1
        or body.award_delegate is not None
        or body.children is not None
    )


def withdraw_from_issuer(book: JobBook, tx: ActorTransaction, job: Job, reason: str) -> None:
    """Ask the issuer to hold nothing more for a job that has ended here, nor for its tree."""
    cancel_cid = job.cancel
    if cancel_cid is None:
        cancel_cid = book.sign(tx, Cancel(job=job.manifest, reason=reason)).cid
    _send(book, tx, job, cancel_cid)


def _send(book: JobBook, tx: ActorTransaction, job: Job, cancel_cid: Cid) -> None:
    body = book.manifest(tx, job).body
    tx.outbox.put(
        Outgoing(
            to=body.accepted_issuers[:1],
            record=cancel_cid,
            attached=(job.manifest, *book.newest_statement(tx, body.accepted_issuers[0])),
            until=until(job.manifest),
        )
    )


def until(manifest: Cid) -> str:
    return f"cancel/{manifest}"


def take_answer(
    book: JobBook,
    tx: ActorTransaction,
    answer: Signed[Answer],
    asked: Signed[Cancel],
    now: Now,
) -> MessageRefusal | None:
    """The issuer's answer to a request to withdraw a job."""
    job = book.job_of(tx, asked.body.job)
    if job is None or asked.signer != book.did:
        return MessageRefusal.UNKNOWN_SUBJECT
    if answer.signer not in book.manifest(tx, job).body.accepted_issuers:
        return MessageRefusal.WRONG_ROLE
    if job.is_final or job.cancel != asked.cid:
        tx.outbox.answered(until(job.manifest))
        return None
    if answer.body.retry_after is not None:
        return None  # it is sent again
    book.keep(tx, answer)
    if not answer.body.accepted:
        tx.outbox.answered(until(job.manifest))
        refused = ev.CancelRefused(
            answer=answer.cid, signer=answer.signer, reason=answer.body.detail
        )
        book.must_record(tx, job, refused, now)
        return None
    if job.phase in HELD:
        return None  # the settlement of the hold is on its way; it is asked for again till then
    tx.outbox.answered(until(job.manifest))
    event = ev.JobCancelled(
        cancel=asked.cid,
        signer=book.did,
        answer=answer.cid,
        reason=asked.body.reason,
    )
    book.must_record(tx, job, event, now)
    return None
