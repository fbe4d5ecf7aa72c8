"""Withdrawals of jobs: a tombstone for later awards, and the end of an attempt that works.

Rule: a stored result is settled, not withdrawn. A cancelled attempt is paid by the clock. With a
job its whole tree is withdrawn.
"""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.attempts.ending import send_settlement, settle
from mesh.actors.issuer.awards.parents import descends_from
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import ANSWERS, ATTEMPTS, CANCELS, JOBS, AnswerRow, CancelRow
from mesh.core.records.jobs import Cancel, JobManifest
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Ground
from mesh.core.settlement.attempt import OPEN_PHASES, Attempt, AttemptPhase
from mesh.core.settlement.payments import another_attempt
from mesh.core.settlement.refusals import SEND_AGAIN, Refusal, RequestRefusal
from runtime.content.cid import Cid
from runtime.identity.signed import RecordError, Signed


def take_cancel(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Answer a withdrawal: with a settlement where it ends an attempt."""
    cancel: Signed[Cancel] = incoming.record
    if not issuer.members(tx).has_role(cancel.signer, Role.SUBMITTER, now.wall):
        return MessageRefusal.NOT_A_MEMBER
    try:
        manifest = issuer.resting_on(tx, incoming, JobManifest, cancel.body.job)
    except RecordError:
        issuer.answer(tx, cancel.signer, cancel.cid, now, refusal=SEND_AGAIN)
        return None
    answered = tx.rows(ANSWERS).get(cancel.cid)
    newest = _newest(tx, manifest.cid)
    if answered is not None:
        _repeat(issuer, tx, answered, newest, cancel, now)
        return None
    refused = _refuse(cancel, manifest, newest)
    if refused is not None:
        settlement = None if newest is None else newest.settlement
        issuer.answer(tx, cancel.signer, cancel.cid, now, refusal=refused, settlement=settlement)
        return None
    _withdraw(issuer, tx, cancel, manifest, now)
    return None


def _newest(tx: ActorTransaction, job: Cid) -> Attempt | None:
    found = tx.rows(ATTEMPTS).select(job=job)
    return max(found, key=lambda each: each.attempt, default=None)


def _refuse(
    cancel: Signed[Cancel], manifest: Signed[JobManifest], newest: Attempt | None
) -> Refusal | None:
    if cancel.signer != manifest.signer:
        return Refusal(reason=RequestRefusal.NOT_ITS_SIGNERS)
    if newest is None or newest.phase is AttemptPhase.HELD:
        return None
    if newest.ground is None:
        return Refusal(reason=RequestRefusal.RESULT_FIXED)
    if another_attempt(newest.ground, newest.attempt):
        return None
    if newest.ground is Ground.VERIFIED and manifest.body.children is not None:
        return None
    return Refusal(reason=RequestRefusal.ENDED, detail=newest.ground.value)


def _withdraw(
    issuer: IssuerCore,
    tx: ActorTransaction,
    cancel: Signed[Cancel],
    manifest: Signed[JobManifest],
    now: Now,
) -> None:
    # Of a job that was never awarded the tombstone is enough: its manifest may be large.
    issuer.keep(tx, cancel)
    if tx.rows(CANCELS).get(manifest.cid) is None:
        tx.rows(CANCELS).put(CancelRow(job=manifest.cid, cancel=cancel.cid))
    own = None
    for attempt in _working(tx, manifest.cid):
        ended = settle(
            issuer,
            tx,
            attempt,
            Ground.CANCELLED,
            now,
            cancel=cancel.cid,
            detail=cancel.body.reason,
        )
        if attempt.job == manifest.cid:
            own = ended.settlement
    answer = issuer.answer(tx, cancel.signer, cancel.cid, now, settlement=own)
    tx.rows(ANSWERS).put(AnswerRow(request=cancel.cid, answer=answer.cid))


def _working(tx: ActorTransaction, job: Cid) -> tuple[Attempt, ...]:
    """The attempts without a result of a job and of those that descend from it."""
    row = tx.rows(JOBS).get(job)
    if row is None:
        return ()
    attempts = tx.rows(ATTEMPTS)
    tree = tx.rows(JOBS).select(root=row.root)
    return tuple(
        attempt
        for each in tree
        if descends_from(tx, each, job)
        for attempt in attempts.select(job=each.manifest, phase=OPEN_PHASES)
        if attempt.phase is AttemptPhase.HELD
    )


def _repeat(
    issuer: IssuerCore,
    tx: ActorTransaction,
    answered: AnswerRow,
    newest: Attempt | None,
    cancel: Signed[Cancel],
    now: Now,
) -> None:
    issuer.answer_again(tx, cancel.signer, answered.answer, now)
    if newest is not None and not newest.is_open:
        send_settlement(issuer, tx, newest, cancel.signer, now)
