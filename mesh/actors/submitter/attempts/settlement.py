"""The settlement of an attempt: checked by all that it rests on, then taken in as one.

Rule: the first settlement of a hold that is accepted stays; another of its issuer is a fault, and
then neither says anything of the members that took part.
"""

from typing import Any

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, Incoming, MessageRefusal
from mesh.actors.faults import accuse_if_wrong
from mesh.actors.submitter import withdrawal
from mesh.actors.submitter.attempts.holds import Early, Outcome, order_of, spend, take_hold
from mesh.actors.submitter.attempts.results import (
    accept_anchor,
    accept_attestation,
    accept_draw,
    accept_receipt,
    keep_attached,
    result_in,
)
from mesh.actors.submitter.evidence import note_evidence, void_evidence
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import awarding
from mesh.actors.submitter.reading import note_fault, prove
from mesh.actors.submitter.rows import (
    AWARDS,
    HOLDS,
    SETTLED,
    EvidenceRow,
    HoldRow,
    SettledRow,
)
from mesh.core.jobs.endings import end_of
from mesh.core.jobs.job import HELD, Job, StepRefusal
from mesh.core.market.reputation import evidence_of
from mesh.core.records.jobs import Cancel, JobManifest
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.check import (
    OrderedWork,
    SettledRecords,
    above_withdrawn,
    check_settlement,
)
from runtime.content.cid import Cid
from runtime.identity.signed import RecordError, Signed


def take_settlement(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    settlement: Signed[Settlement] = incoming.record
    row = _hold_of(book, tx, incoming, now)
    if not isinstance(row, HoldRow):
        return row
    if settlement.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    if settlement.body.issued_at > now.wall + CLOCK_SKEW_SECONDS:
        return MessageRefusal.FROM_THE_FUTURE
    before = tx.rows(SETTLED).get(row.hold)
    if before is not None:
        return (
            None
            if before.settlement == settlement.cid
            else _contradiction(book, tx, before, settlement, now)
        )
    job = book.job(tx, row.job_id)
    assert job is not None, "a hold is of a job"
    if job.hold != row.hold or job.phase not in HELD:
        return MessageRefusal.OVER
    order = order_of(book, tx, row.hold)
    try:
        found = _records_of(book, tx, incoming, order)
    except RecordError:
        return MessageRefusal.INCOMPLETE
    if check_settlement(settlement, order, found, now=now.wall):
        fault = accuse_if_wrong(book, tx, settlement, incoming, now)
        if fault is not None:
            note_fault(tx, fault, now)
        return MessageRefusal.INCONSISTENT
    if draw := _contradicting_draw(book, tx, job, found):
        prove(book, tx, *draw, now)
        return MessageRefusal.EQUIVOCATION
    _accept(book, tx, incoming, job, order, found, now)
    return None


def _hold_of(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> HoldRow | MessageRefusal | Early:
    """The hold that is settled; where it has not come by itself, the one that is attached."""
    cid: Cid = incoming.record.body.hold
    row = tx.rows(HOLDS).get(cid)
    if row is None and cid in incoming.attached:
        try:
            hold = book.archive.read_as(Hold, incoming.attached[cid])
        except RecordError:
            return MessageRefusal.INCOMPLETE
        outcome = take_hold(book, tx, replace(incoming, record=hold), now)
        if outcome is MessageRefusal.INCOMPLETE:
            return Early.EARLY  # the hold itself brings what it rests on
        if outcome is not None:
            return outcome
        row = tx.rows(HOLDS).get(cid)
    return Early.EARLY if row is None else row


def _contradiction(
    book: JobBook, tx: ActorTransaction, before: SettledRow, other: Signed[Settlement], now: Now
) -> MessageRefusal:
    first = book.archive.get(tx.blocks, Settlement, before.settlement)
    prove(book, tx, first, other, now)
    tx.rows(SETTLED).put(replace(before, is_contradicted=True))
    void_evidence(tx, before.hold)
    return MessageRefusal.EQUIVOCATION


def _records_of(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, order: OrderedWork
) -> SettledRecords:
    """The records that a settlement names. Raises RecordError where one is missing."""
    body: Settlement = incoming.record.body

    def optional(kind: type[Any], cid: Cid | None) -> Signed[Any] | None:
        return None if cid is None else book.resting_on(tx, incoming, kind, cid)

    receipt = optional(Receipt, body.receipt)
    opening = optional(Opening, body.opening)
    cancel = optional(Cancel, body.cancel)
    seals = () if opening is None else opening.body.seals
    return SettledRecords(
        receipt=receipt,
        result=None if receipt is None else result_in(tx, incoming, receipt.body.deterministic),
        anchor=optional(Anchor, body.anchor),
        draws=tuple(book.resting_on(tx, incoming, Draw, cid) for cid in body.draws),
        opening=opening,
        seals=tuple(book.resting_on(tx, incoming, Seal, cid) for cid in seals),
        attestations=tuple(
            book.resting_on(tx, incoming, Attestation, cid) for cid in body.attestations
        ),
        cancel=cancel,
        above=above_withdrawn(
            order.manifest, cancel, lambda cid: book.resting_on(tx, incoming, JobManifest, cid)
        ),
    )


def _contradicting_draw(
    book: JobBook, tx: ActorTransaction, job: Job, found: SettledRecords
) -> tuple[Signed[Draw], Signed[Draw]] | None:
    for cid, draw in zip(job.draws, found.draws, strict=False):
        if cid != draw.cid:
            return book.archive.get(tx.blocks, Draw, cid), draw
    return None


def _accept(
    book: JobBook,
    tx: ActorTransaction,
    incoming: Incoming,
    job: Job,
    order: OrderedWork,
    found: SettledRecords,
    now: Now,
) -> None:
    settlement: Signed[Settlement] = incoming.record
    book.keep(tx, settlement, *found.seals, *found.attestations)
    for each in (found.opening, found.cancel):
        if each is not None:
            book.keep(tx, each)
    job = _caught_up(book, tx, incoming, job, found, now)
    ended = book.record(tx, job.job_id, end_of(settlement, attempt=job.attempt), now)
    assert not isinstance(ended, StepRefusal), f"a settlement that was checked ends it: {ended}"
    tx.rows(SETTLED).put(
        SettledRow(
            hold=order.hold.cid,
            settlement=settlement.cid,
            is_contradicted=False,
            issued_at=settlement.body.issued_at,
        )
    )
    held = tx.rows(HOLDS).get(order.hold.cid)
    assert held is not None, "the hold was accepted"
    tx.rows(HOLDS).put(replace(held, is_settled=True))
    spend(tx, order.hold.body.token, -settlement.body.refunded)
    for row in tx.rows(AWARDS).select(job_id=job.job_id):
        tx.outbox.answered(awarding.until(row.award))
    if ended.is_final and job.cancel is not None:
        tx.outbox.answered(withdrawal.until(job.manifest))
    for each_found in evidence_of(settlement.body.ground, order, found):
        note_evidence(
            tx,
            EvidenceRow(
                member=each_found.member,
                hold=order.hold.cid,
                kind=each_found.kind,
                value=each_found.value,
                settlement=settlement.cid,
            ),
        )


def _caught_up(
    book: JobBook,
    tx: ActorTransaction,
    incoming: Incoming,
    job: Job,
    found: SettledRecords,
    now: Now,
) -> Job:
    """The job with what the settlement rests on and had not come before."""
    if found.receipt is not None and job.receipt != found.receipt.cid:
        if job.receipt is not None:
            known = book.archive.get(tx.blocks, Receipt, job.receipt)
            prove(book, tx, known, found.receipt, now)
        shown = replace(incoming, record=found.receipt)
        accepted = accept_receipt(book, tx, job, shown, now)
        assert isinstance(accepted, Job), f"the settlement was checked with it: {accepted}"
        job = accepted
    for draw in found.draws[len(job.draws) :]:
        book.keep(tx, draw)
        job = accept_draw(book, tx, job, draw, now)
    known_votes = {vote.verifier: vote.attestation for vote in job.votes}
    for attestation in found.attestations:
        keep_attached(tx, incoming, attestation.body.deterministic)
        before = known_votes.get(attestation.signer)
        if before == attestation.cid:
            continue
        if before is not None:
            prove(book, tx, book.archive.get(tx.blocks, Attestation, before), attestation, now)
        job = accept_attestation(book, tx, job, attestation, now)
    if found.anchor is not None and job.anchor is None:
        job = accept_anchor(book, tx, job, found.anchor, now)
    return job


def job_of_hold(book: JobBook, tx: ActorTransaction, hold: Cid) -> Job | None:
    """The job that a hold is of, None for a hold that is unknown here."""
    row = tx.rows(HOLDS).get(hold)
    return None if row is None else book.job(tx, row.job_id)
