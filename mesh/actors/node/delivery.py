"""Deliveries of a node: the Seal of a result, its Receipt and Anchor.

Rule: in a sealed mesh the Receipt is signed when the Opening lists the node's own seal.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import EXECUTIONS
from mesh.actors.faults import accuse_if_contradicted
from mesh.actors.node.chain import append, is_restored, previous_receipt
from mesh.actors.node.core import NodeCore
from mesh.actors.node.rows import ATTEMPTS, AttemptPhase, AttemptRow
from mesh.actors.orders import stored_order
from mesh.actors.workers import draws_opened, sign_seal
from mesh.core.ports.messages import Outgoing
from mesh.core.records.work import ROUNDS_MAX, Draw, Opening, Receipt
from mesh.core.verification.receipts import usage_of
from mesh.core.verification.results import read_result
from runtime.identity.signed import Signed


def seal(node: NodeCore, tx: ActorTransaction, row: AttemptRow) -> None:
    """Fix a result that others may not read yet."""
    assert row.result is not None, "a result is sealed"
    nonce, record = sign_seal(node, tx, row.hold, row.result)
    after = replace(row, phase=AttemptPhase.SEALED, nonce=nonce, seal=record.cid)
    tx.rows(ATTEMPTS).put(after)
    send_again(tx, after)


def deliver(node: NodeCore, tx: ActorTransaction, row: AttemptRow) -> None:
    """Sign the receipt of a result, and its anchor, as the next of this node's chain."""
    assert row.result is not None, "a result is delivered"
    order = stored_order(node, tx, row.hold)
    execution = tx.rows(EXECUTIONS).get(row.hold)
    block = tx.blocks.get(row.result)
    assert execution is not None and execution.metrics is not None and block is not None
    receipt = node.sign(
        tx,
        Receipt(
            job=row.job,
            award=order.award.cid,
            hold=row.hold,
            context=order.award.body.context,
            module=order.manifest.body.module,
            node_id=order.bid.body.node_id,
            engine=order.bid.body.engine,
            deterministic=row.result,
            nonce=row.nonce,
            metrics=execution.metrics,
            usage=usage_of(read_result(block), order.bid.body),
            started_at=execution.started_at,
            ended_at=execution.ended_at,
            previous=previous_receipt(tx),
        ),
    )
    anchor = append(node, tx, receipt.cid)
    after = replace(row, phase=AttemptPhase.DELIVERED, receipt=receipt.cid, anchor=anchor.cid)
    tx.rows(ATTEMPTS).put(after)
    send_again(tx, after)


def send_again(tx: ActorTransaction, row: AttemptRow) -> None:
    """Send what was signed for an attempt, until its issuer answers."""
    match row.phase:
        case AttemptPhase.SEALED:
            assert row.seal is not None
            until = f"seal/{row.hold}"
            tx.outbox.put(
                Outgoing(to=(row.issuer,), record=row.seal, attached=(row.hold,), until=until)
            )
        case AttemptPhase.DELIVERED:
            assert row.receipt is not None and row.anchor is not None and row.result is not None
            hearers = (row.issuer,) if row.is_sealed else (row.issuer, row.submitter)
            shown = (row.hold,) if row.opening is None else (row.hold, row.opening)
            tx.outbox.put(
                Outgoing(
                    to=tuple(dict.fromkeys(hearers)),
                    record=row.receipt,
                    attached=(row.anchor, row.result, *shown),
                    until=f"end/{row.hold}",
                )
            )
        case AttemptPhase.GAVE_UP:
            assert row.gave_up is not None
            until = f"end/{row.hold}"
            tx.outbox.put(
                Outgoing(to=(row.issuer,), record=row.gave_up, attached=(row.hold,), until=until)
            )
        case AttemptPhase.ENDED:
            # An issuer that goes on with what it has settled is an old copy of itself.
            if row.settlement is not None:
                tx.outbox.put(
                    Outgoing(to=(row.issuer,), record=row.settlement, attached=(row.hold,))
                )
        case AttemptPhase.WORKING:
            pass


def take_draw(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """The verifiers of an attempt of this node's own: they were drawn by its first record."""
    draw: Signed[Draw] = incoming.record
    row = tx.rows(ATTEMPTS).get(draw.body.hold)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if draw.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    for known in row.draws:
        accuse_if_contradicted(node, tx, Draw, known, draw, now)
    if draw.body.first != (row.seal if row.is_sealed else row.receipt):
        return MessageRefusal.INCONSISTENT
    if draw.cid not in row.draws and len(row.draws) < ROUNDS_MAX:
        node.keep(tx, draw)
        tx.rows(ATTEMPTS).put(replace(row, draws=(*row.draws, draw.cid)))
    return None


def take_opening(
    node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """All whose seals count reveal their results."""
    opening: Signed[Opening] = incoming.record
    row = tx.rows(ATTEMPTS).get(opening.body.hold)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if opening.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    if row.opening is not None:
        accuse_if_contradicted(node, tx, Opening, row.opening, opening, now)
    if row.phase is AttemptPhase.DELIVERED and row.is_sealed:
        send_again(tx, row)
        return None
    if row.phase is not AttemptPhase.SEALED:
        return MessageRefusal.OVER
    assert row.seal is not None, "it is sealed"
    draws = draws_opened(node, tx, incoming, first=row.seal, own=row.seal)
    if isinstance(draws, MessageRefusal):
        return draws
    if is_restored(tx):
        return MessageRefusal.OVER
    node.keep(tx, opening, *draws)
    tx.outbox.answered(f"seal/{row.hold}")
    deliver(node, tx, replace(row, opening=opening.cid))
    return None
