"""Endings of attempts: a Settlement, or an Answer that refuses what the node has sent.

Rule: the issuer alone ends a hold; the node stops, and notes where it was not paid as it says.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import cancel
from mesh.actors.faults import accuse_if_contradicted, accuse_if_wrong
from mesh.actors.node.attempts import release
from mesh.actors.node.chain import note_anchor, note_anchors
from mesh.actors.node.core import NodeCore
from mesh.actors.node.rows import ATTEMPTS, AttemptPhase, AttemptRow
from mesh.actors.workers import settlement_answered
from mesh.core.records.settlement import Answer, Ground, Settlement
from mesh.core.records.work import Anchor, Hold
from mesh.core.settlement.payments import TERMS, ExecutorPay
from runtime.identity.signed import Signed


def take_settlement(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    settlement: Signed[Settlement] = incoming.record
    note_anchors(node, tx, incoming, now)
    return end(node, tx, incoming, settlement, now)


def end(
    node: NodeCore,
    tx: ActorTransaction,
    incoming: Incoming,
    settlement: Signed[Settlement],
    now: Now,
) -> MessageRefusal | None:
    """End an attempt by the settlement of its hold."""
    row = tx.rows(ATTEMPTS).get(settlement.body.hold)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if settlement.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    if row.settlement is not None:
        if row.settlement == settlement.cid:
            return None
        accuse_if_contradicted(node, tx, Settlement, row.settlement, settlement, now)
        return MessageRefusal.EQUIVOCATION
    node.keep(tx, settlement)
    hold = node.archive.get(tx.blocks, Hold, row.hold)
    paid = sum(each.amount for each in settlement.body.payments if each.to == node.did)
    complaint = complaint_about(settlement.body, row, hold.body, paid)
    if complaint or (row.receipt is not None and paid < hold.body.amount - hold.body.pot):
        # What it was paid as it should be, it need not compute again.
        accuse_if_wrong(node, tx, settlement, incoming, now)
    _close(
        tx,
        replace(
            row,
            settlement=settlement.cid,
            paid=paid,
            complaint=complaint,
        ),
        now,
    )
    return None


def take_answer(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """The issuer's answer to a Seal, Receipt or GaveUp; with a settlement, that one decides."""
    answer: Signed[Answer] = incoming.record
    row = _asked(tx, answer)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if answer.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    settled = settlement_answered(node, tx, incoming, hold=row.hold)
    if isinstance(settled, MessageRefusal):
        return settled
    if settled is not None:
        return end(node, tx, incoming, settled, now)
    if answer.body.accepted or answer.body.retry_after is not None:
        return None
    node.keep(tx, answer)
    _close(tx, replace(row, complaint=answer.body.detail or answer.body.reason), now)
    return None


def take_anchor(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """The end of a member's chain, published."""
    anchor: Signed[Anchor] = incoming.record
    if anchor.signer != node.did and node.members(tx).member(anchor.signer) is None:
        return MessageRefusal.NOT_A_MEMBER
    note_anchor(node, tx, anchor, now)
    return None


def _asked(tx: ActorTransaction, answer: Signed[Answer]) -> AttemptRow | None:
    """The attempt for which a record was sent that is answered."""
    request, rows = answer.body.request, tx.rows(ATTEMPTS)
    found = (
        rows.select(seal=request, limit=1)
        or rows.select(receipt=request, limit=1)
        or rows.select(gave_up=request, limit=1)
    )
    return found[0] if found else None


def _close(tx: ActorTransaction, row: AttemptRow, now: Now) -> None:
    if row.phase is AttemptPhase.ENDED:
        tx.rows(ATTEMPTS).put(row)
        return
    cancel(tx, row.hold)
    if row.seal is not None:
        tx.outbox.answered(f"seal/{row.hold}")
    tx.outbox.answered(f"end/{row.hold}")
    if not row.paid:
        release(tx, row)
    tx.rows(ATTEMPTS).put(replace(row, phase=AttemptPhase.ENDED, ended_at=now.wall))


def complaint_about(body: Settlement, row: AttemptRow, hold: Hold, paid: int) -> str:
    """What is wrong with a settlement, as far as it is this node's own affair."""
    price = hold.amount - hold.pot
    pay = TERMS[body.ground].executor
    if body.receipt is not None and body.receipt != row.receipt:
        return "it names a receipt that is not this node's"
    if pay is ExecutorPay.PRICE and paid != price:
        return f"{paid} were paid, {price} are due"
    if pay is not ExecutorPay.PRICE and paid > price:
        return f"{paid} were paid, at most {price} were to be"
    if body.ground is Ground.GAVE_UP and row.gave_up is None:
        return "this node did not give up"
    return ""
