"""Attempts of a node: from the Hold, which alone orders work, to the Receipt or the end.

Rule: a hold is executed once at most, and only where all of it counts; whatever was signed for it
is sent again, never signed again.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import EXECUTIONS, Ended, Lost, Outcome, begin, sign_of_life
from mesh.actors.faults import accuse_if_contradicted
from mesh.actors.node.bidding import (
    RESTORED_TEXT,
    commit_usage,
    learn,
    promised_speed,
    release_usage,
)
from mesh.actors.node.chain import is_restored, note_anchors
from mesh.actors.node.core import NodeCore
from mesh.actors.node.delivery import deliver, seal, send_again
from mesh.actors.node.rows import ATTEMPTS, OFFERS, AttemptPhase, AttemptRow
from mesh.actors.orders import Order, against_order, keep_order, read_order
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.ports.work import WorkFault
from mesh.core.records.work import GaveUp, GaveUpGround, Hold, WorkPhase
from runtime.content.shapes import cut
from runtime.identity.signed import Signed

_GROUNDS = {
    WorkFault.MACHINE: GaveUpGround.MACHINE,
    WorkFault.MODULE: GaveUpGround.MODULE,
    WorkFault.WALL_CLOCK: GaveUpGround.WALL_CLOCK,
    WorkFault.MISSING: GaveUpGround.BLOCKS,
}


def take_hold(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    hold: Signed[Hold] = incoming.record
    if hold.body.executor != node.did:
        return MessageRefusal.NOT_ADDRESSED
    note_anchors(node, tx, incoming, now)
    known = tx.rows(ATTEMPTS).get(hold.cid)
    if known is not None:
        _repeat(node, tx, known, now)
        return None
    if others := tx.rows(ATTEMPTS).select(id=hold.body.id, limit=1):
        accuse_if_contradicted(node, tx, Hold, others[0].hold, hold, now)
        return MessageRefusal.EQUIVOCATION
    order = read_order(node, tx, incoming, hold, now)
    if isinstance(order, MessageRefusal):
        return order
    if order.bid.signer != node.did:
        return MessageRefusal.NOT_ADDRESSED
    row = _row_of(order)
    keep_order(node, tx, incoming, order)
    reason = _against(node, tx, order)
    if reason is not None:
        give_up(node, tx, row, GaveUpGround.HOLD_REFUSED, reason, now)
        return MessageRefusal.INCONSISTENT
    tx.rows(ATTEMPTS).put(row)
    commit_usage(node, tx, row.submitter, row.resource_type, row.units, now)
    owners = (order.manifest.signer, order.award.signer)
    begin(
        node,
        tx,
        order,
        executing=WorkPhase.RUNNING,
        owners=tuple(dict.fromkeys(owners)),
        fuel_per_second=promised_speed(node, tx),
        now=now,
    )
    return None


def finish(node: NodeCore, tx: ActorTransaction, outcome: Outcome, now: Now) -> None:
    """Take in how an execution ended."""
    row = tx.rows(ATTEMPTS).get(outcome.row.hold)
    assert row is not None and row.phase is AttemptPhase.WORKING, "who ends it cancels the work"
    match outcome:
        case Ended():
            learn(node, tx, outcome.execution)
            if is_restored(tx):
                give_up(node, tx, row, GaveUpGround.MACHINE, RESTORED_TEXT, now)
                return
            found = replace(row, result=outcome.row.result)
            if row.is_sealed:
                seal(node, tx, found)
            else:
                deliver(node, tx, found)
        case Lost():
            give_up(node, tx, row, _GROUNDS[outcome.fault], outcome.detail, now)


def give_up(
    node: NodeCore, tx: ActorTransaction, row: AttemptRow, ground: GaveUpGround, why: str, now: Now
) -> None:
    """End an attempt without a receipt, and say so until its issuer has settled it."""
    record = node.sign(tx, GaveUp(hold=row.hold, ground=ground, detail=cut(why, REASON_BYTES_MAX)))
    after = replace(row, phase=AttemptPhase.GAVE_UP, gave_up=record.cid, ground=ground)
    tx.rows(ATTEMPTS).put(after)
    send_again(tx, after)


def release(tx: ActorTransaction, row: AttemptRow) -> None:
    """An attempt that was not paid does not count under the node's policy."""
    if row.ground is not GaveUpGround.HOLD_REFUSED:
        release_usage(tx, row.submitter, row.resource_type, row.units)


def _row_of(order: Order) -> AttemptRow:
    return AttemptRow(
        hold=order.hold.cid,
        id=order.hold.body.id,
        job=order.manifest.cid,
        issuer=order.hold.signer,
        submitter=order.manifest.signer,
        is_sealed=order.members.genesis.body.sealed,
        fuel_limit=order.award.body.fuel_limit,
        resource_type=order.manifest.body.resource_type,
        units=order.bid.body.units,
        phase=AttemptPhase.WORKING,
    )


def _against(node: NodeCore, tx: ActorTransaction, order: Order) -> str | None:
    """Why the node does not work for an order that is readable and its own."""
    findings = against_order(order)
    if findings:
        return str(findings[0])
    hold, bid = order.hold, order.bid
    if is_restored(tx):
        return RESTORED_TEXT
    if hold.signer not in node.accepted_issuers(tx, hold.body.issued_at):
        return "holds of this issuer are not taken here"
    offer = tx.rows(OFFERS).get(order.manifest.cid)
    if offer is None or offer.bid != bid.cid:
        return "the bid is not one that is good here"
    if hold.body.issued_at >= bid.body.expires_at:
        return "the bid had expired"
    if order.context.engine != node.machine.engine.text:
        return "the engine here is another one by now"
    return None


def _repeat(node: NodeCore, tx: ActorTransaction, row: AttemptRow, now: Now) -> None:
    """The issuer has not heard the answer to a hold."""
    if row.phase is AttemptPhase.WORKING:
        execution = tx.rows(EXECUTIONS).get(row.hold)
        if execution is not None and execution.is_open:
            sign_of_life(node, tx, execution, now)
    else:
        send_again(tx, row)
