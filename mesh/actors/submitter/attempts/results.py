"""Records that follow a hold: progress, receipt, anchor, draws, attestations.

Rule: whether a record fits is checked here, whoever sent it; a second one of its signer for the
same slot is evidence, and changes nothing.
"""

from typing import Any

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.submitter.attempts.holds import Early, Outcome, order_of
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.reading import has_role, prove
from mesh.actors.submitter.rows import (
    ANCHORS,
    HOLDS,
    AnchorRow,
)
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import HELD, Job, Phase
from mesh.core.records.membership import Role
from mesh.core.records.work import (
    Anchor,
    Attestation,
    Draw,
    Progress,
    Receipt,
    Seal,
    WorkPhase,
)
from mesh.core.settlement.check import OrderedWork, check_draws, check_receipt
from mesh.core.verification.anchors import check_anchor
from mesh.core.verification.results import read_result
from mesh.core.verification.verdicts import check_attestation
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.execution.execution import Deterministic
from runtime.identity.signed import RecordError, Signed

# --- what follows a hold


def _open_job(book: JobBook, tx: ActorTransaction, hold: Cid) -> Job | MessageRefusal | Early:
    """The job whose present attempt a record is about."""
    row = tx.rows(HOLDS).get(hold)
    if row is None:
        return Early.EARLY
    job = book.job(tx, row.job_id)
    assert job is not None, "a hold is of a job"
    return job if job.hold == hold and job.phase in HELD else MessageRefusal.OVER


def take_progress(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    progress: Signed[Progress] = incoming.record
    job = _open_job(book, tx, progress.body.hold)
    if not isinstance(job, Job):
        return job
    if progress.signer != job.executor:
        is_drawn = progress.signer in job.drawn
        return None if is_drawn else MessageRefusal.NOT_ADDRESSED
    if job.phase is Phase.ASSIGNED and progress.body.phase is WorkPhase.RUNNING:
        book.keep(tx, progress)
        event = ev.ExecutionStarted(progress=progress.cid, signer=progress.signer)
        book.must_record(tx, job, event, now)
    return None


def take_receipt(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    """A receipt that its executor shows by itself: in an unsealed mesh, with its anchor."""
    receipt: Signed[Receipt] = incoming.record
    if book.members(tx).genesis.body.sealed:
        return MessageRefusal.NOT_ADDRESSED
    job = _open_job(book, tx, receipt.body.hold)
    if not isinstance(job, Job):
        return job
    if receipt.signer != job.executor:
        return MessageRefusal.NOT_ADDRESSED
    if job.receipt is None:
        accepted = accept_receipt(book, tx, job, incoming, now)
        if isinstance(accepted, MessageRefusal):
            return accepted
        job = accepted
    elif job.receipt != receipt.cid:
        prove(book, tx, book.archive.get(tx.blocks, Receipt, job.receipt), receipt, now)
        return MessageRefusal.EQUIVOCATION
    anchor = _anchor_of(book, incoming, receipt)
    if job.anchor is None and anchor is not None:
        accept_anchor(book, tx, job, anchor, now)
    return None


def accept_receipt(
    book: JobBook, tx: ActorTransaction, job: Job, incoming: Incoming, now: Now
) -> Job | MessageRefusal:
    """Take in a receipt with the block of its result."""
    receipt: Signed[Receipt] = incoming.record
    result = result_in(tx, incoming, receipt.body.deterministic)
    if result is None:
        return MessageRefusal.INCOMPLETE
    order = order_of(book, tx, receipt.body.hold)
    if check_receipt(order, receipt, result, now=now.wall):
        return MessageRefusal.INCONSISTENT
    book.keep(tx, receipt)
    keep_attached(tx, incoming, receipt.body.deterministic)
    event = ev.ReceiptAccepted(
        receipt=receipt.cid,
        signer=receipt.signer,
        deterministic=receipt.body.deterministic,
        engine=receipt.body.engine.text,
    )
    return book.must_record(tx, job, event, now)


def result_in(tx: ActorTransaction, incoming: Incoming, cid: Cid) -> Deterministic | None:
    """A result whose block came with a record or is here, None where it cannot be read."""
    block = incoming.attached.get(cid) or tx.blocks.get(cid)
    try:
        return None if block is None else read_result(block)
    except CodecError:
        return None


def keep_attached(tx: ActorTransaction, incoming: Incoming, cid: Cid) -> None:
    block = incoming.attached.get(cid)
    if block is not None:
        tx.blocks.put(cid, block)


def _anchor_of(
    book: JobBook, incoming: Incoming, receipt: Signed[Receipt]
) -> Signed[Anchor] | None:
    """The anchor that came with a receipt."""
    for anchor in book.archive.records(Anchor, incoming.attached.values()):
        if not check_anchor(anchor, receipt=receipt.cid, executor=receipt.signer):
            return anchor
    return None


def accept_anchor(
    book: JobBook, tx: ActorTransaction, job: Job, anchor: Signed[Anchor], now: Now
) -> Job:
    """Take in the anchor of the job's receipt. Another one for its place in the chain is a fault of
    the executor's, not of the job."""
    rows = tx.rows(ANCHORS)
    before = rows.get(anchor.signer, anchor.body.sequence)
    book.keep(tx, anchor)
    if before is None:
        rows.put(AnchorRow(member=anchor.signer, sequence=anchor.body.sequence, anchor=anchor.cid))
    elif before.anchor != anchor.cid:
        prove(book, tx, book.archive.get(tx.blocks, Anchor, before.anchor), anchor, now)
    event = ev.ReceiptAnchored(anchor=anchor.cid, signer=anchor.signer)
    return book.must_record(tx, job, event, now)


# --- draws and attestations


def take_draw(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    draw: Signed[Draw] = incoming.record
    job = _open_job(book, tx, draw.body.hold)
    if not isinstance(job, Job):
        return job
    if draw.cid in job.draws:
        return None
    order = order_of(book, tx, draw.body.hold)
    if draw.signer != order.hold.signer:
        return MessageRefusal.WRONG_ROLE
    known = [book.archive.get(tx.blocks, Draw, cid) for cid in job.draws]
    if draw.body.round <= len(known):
        prove(book, tx, known[draw.body.round - 1], draw, now)
        return MessageRefusal.EQUIVOCATION
    first = _first_of(book, tx, incoming, job, order, draw.body.first)
    if first is None or draw.body.round > len(known) + 1:
        return Early.EARLY
    if check_draws(order, (*known, draw), first):
        return MessageRefusal.INCONSISTENT
    book.keep(tx, draw, first)
    accept_draw(book, tx, job, draw, now)
    return None


def _first_of(
    book: JobBook,
    tx: ActorTransaction,
    incoming: Incoming,
    job: Job,
    order: OrderedWork,
    first: Cid,
) -> Signed[Any] | None:
    """The executor's first record, which the draw names: its Receipt, or its Seal."""
    if not order.members.genesis.body.sealed:
        return None if job.receipt is None else book.archive.get(tx.blocks, Receipt, job.receipt)
    try:
        seal = book.resting_on(tx, incoming, Seal, first)
    except RecordError:
        return None
    is_its = seal.signer == order.hold.body.executor and seal.body.hold == order.hold.cid
    return seal if is_its else None


def accept_draw(book: JobBook, tx: ActorTransaction, job: Job, draw: Signed[Draw], now: Now) -> Job:
    event = ev.VerifiersDrawn(
        draw=draw.cid,
        signer=draw.signer,
        round=draw.body.round,
        verifiers=draw.body.verifiers,
    )
    return book.must_record(tx, job, event, now)


def take_attestation(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    """An attestation that its verifier shows by itself: in an unsealed mesh."""
    attestation: Signed[Attestation] = incoming.record
    if book.members(tx).genesis.body.sealed:
        return MessageRefusal.NOT_ADDRESSED
    if not has_role(book, tx, attestation, Role.VERIFIER, at=now.wall):
        return MessageRefusal.WRONG_ROLE
    job = _open_job(book, tx, attestation.body.hold)
    if not isinstance(job, Job):
        return job
    before = next((vote for vote in job.votes if vote.verifier == attestation.signer), None)
    if before is not None:
        if before.attestation == attestation.cid:
            return None
        known = book.archive.get(tx.blocks, Attestation, before.attestation)
        prove(book, tx, known, attestation, now)
        return MessageRefusal.EQUIVOCATION
    if attestation.signer not in job.drawn:
        return Early.EARLY
    assert job.hold is not None, "the job's attempt is open"
    if check_attestation(attestation, hold=job.hold, drawn=job.drawn, seal=None):
        return MessageRefusal.INCONSISTENT
    if result_in(tx, incoming, attestation.body.deterministic) is None:
        return MessageRefusal.INCOMPLETE
    keep_attached(tx, incoming, attestation.body.deterministic)
    accept_attestation(book, tx, job, attestation, now)
    return None


def accept_attestation(
    book: JobBook, tx: ActorTransaction, job: Job, attestation: Signed[Attestation], now: Now
) -> Job:
    book.keep(tx, attestation)
    event = ev.AttestationReceived(
        attestation=attestation.cid,
        signer=attestation.signer,
        deterministic=attestation.body.deterministic,
        engine=attestation.body.engine.text,
    )
    return book.must_record(tx, job, event, now)
