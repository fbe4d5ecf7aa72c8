"""Endings of a verifier's duties: a Settlement, or an Answer to what it has sent.

Rule: every receipt that was executed again is kept, with this verifier's own verdict.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import cancel
from mesh.actors.faults import accuse_if_contradicted, accuse_if_wrong
from mesh.actors.verifier.rows import (
    DUTIES,
    OBSERVATIONS,
    VERIFIED_RECEIPTS,
    DutyPhase,
    DutyRow,
    VerifiedReceiptRow,
)
from mesh.actors.workers import Worker, settlement_answered
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import Receipt
from mesh.core.verification.verdicts import Verdict
from runtime.identity.signed import RecordError, Signed


def take_settlement(
    verifier: Worker, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    settlement: Signed[Settlement] = incoming.record
    row = tx.rows(DUTIES).get(settlement.body.hold)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    return _end(verifier, tx, incoming, row, settlement, now)


def take_answer(
    verifier: Worker, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """The issuer's answer to a Seal or Attestation; with a settlement, that one decides."""
    answer: Signed[Answer] = incoming.record
    request, rows = answer.body.request, tx.rows(DUTIES)
    found = rows.select(seal=request, limit=1) or rows.select(attestation=request, limit=1)
    if not found:
        return MessageRefusal.UNKNOWN_SUBJECT
    row = found[0]
    if answer.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    settled = settlement_answered(verifier, tx, incoming, hold=row.hold)
    if isinstance(settled, MessageRefusal):
        return settled
    if settled is not None:
        return _end(verifier, tx, incoming, row, settled, now)
    if not answer.body.accepted and answer.body.retry_after is None:
        verifier.keep(tx, answer)
        _close(tx, row, now)
    return None


def _end(
    verifier: Worker,
    tx: ActorTransaction,
    incoming: Incoming,
    row: DutyRow,
    settlement: Signed[Settlement],
    now: Now,
) -> MessageRefusal | None:
    if settlement.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    if row.settlement is not None and row.settlement != settlement.cid:
        accuse_if_contradicted(verifier, tx, Settlement, row.settlement, settlement, now)
        return MessageRefusal.EQUIVOCATION
    verifier.keep(tx, settlement)
    paid = sum(each.amount for each in settlement.body.payments if each.to == verifier.did)
    if row.settlement is None and row.attestation is not None and not paid:
        # Who is paid as agreeing need not compute again what it agrees with.
        accuse_if_wrong(verifier, tx, settlement, incoming, now)
    _close(tx, replace(row, settlement=settlement.cid, paid=paid), now)
    receipt = settlement.body.receipt
    if receipt is None or tx.rows(VERIFIED_RECEIPTS).get(receipt) is not None:
        return None
    try:
        signed = verifier.resting_on(tx, incoming, Receipt, receipt)
    except RecordError:
        return MessageRefusal.INCOMPLETE
    if signed.body.hold != row.hold or signed.signer != row.executor:
        return MessageRefusal.INCONSISTENT
    _keep_receipt(verifier, tx, row, signed, incoming)
    return None


def _keep_receipt(
    verifier: Worker,
    tx: ActorTransaction,
    row: DutyRow,
    receipt: Signed[Receipt],
    incoming: Incoming,
) -> None:
    """Keep a receipt that this verifier has an observation of its own for."""
    observation = tx.rows(OBSERVATIONS).get(row.hold)
    if observation is None:
        return
    verifier.keep(tx, receipt)
    result = incoming.attached.get(receipt.body.deterministic)
    if result is not None:
        tx.blocks.put(receipt.body.deterministic, result)
    agrees = receipt.body.deterministic == observation.deterministic
    tx.rows(VERIFIED_RECEIPTS).put(
        VerifiedReceiptRow(
            receipt=receipt.cid,
            hold=row.hold,
            executor=row.executor,
            verdict=Verdict.CONFIRMED if agrees else Verdict.REFUTED,
        )
    )


def _close(tx: ActorTransaction, row: DutyRow, now: Now) -> None:
    if row.phase is not DutyPhase.ENDED:
        cancel(tx, row.hold)
        if row.seal is not None:
            tx.outbox.answered(f"seal/{row.hold}")
        tx.outbox.answered(f"end/{row.hold}")
    ended_at = now.wall if row.ended_at is None else row.ended_at
    tx.rows(DUTIES).put(replace(row, phase=DutyPhase.ENDED, ended_at=ended_at))
