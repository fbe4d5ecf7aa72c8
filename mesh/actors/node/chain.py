"""The chain of a node: its receipts and anchors, one after the other, and others' ends.

Rule: a node whose store is an old copy signs nothing more, since it would sign a number twice; it
learns that from others, who show it anchors of its own that it does not have.
"""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming
from mesh.actors.node.core import NodeCore
from mesh.actors.node.rows import CHAIN, HEADS, NUMBER, RESTORED, ChainRow, HeadRow, RestoredRow
from mesh.core.records.membership import Role
from mesh.core.records.work import Anchor
from mesh.core.verification.anchors import OTHER_HEADS_MAX, Head, next_anchor
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


def previous_receipt(tx: ActorTransaction) -> Cid | None:
    row = tx.rows(CHAIN).get(NUMBER)
    return None if row is None else row.receipt


def append(node: NodeCore, tx: ActorTransaction, receipt: Cid) -> Signed[Anchor]:
    """Sign the next anchor, and store it as the chain's end."""
    row = tx.rows(CHAIN).get(NUMBER)
    head = None if row is None else Head(sequence=row.sequence, anchor=row.anchor)
    seen = tx.rows(HEADS).select(order="sequence", descending=True, limit=OTHER_HEADS_MAX)
    others = [(each.member, Head(sequence=each.sequence, anchor=each.anchor)) for each in seen]
    anchor = node.sign(tx, next_anchor(receipt, head, others, node.did))
    tx.rows(CHAIN).put(
        ChainRow(number=NUMBER, sequence=anchor.body.sequence, anchor=anchor.cid, receipt=receipt)
    )
    return anchor


def is_restored(tx: ActorTransaction) -> bool:
    return tx.rows(RESTORED).get(NUMBER) is not None


def note_anchors(node: NodeCore, tx: ActorTransaction, incoming: Incoming, now: Now) -> None:
    """Take in the anchors that are attached to a message."""
    for anchor in node.archive.records(Anchor, incoming.attached.values()):
        note_anchor(node, tx, anchor, now)


def note_anchor(node: NodeCore, tx: ActorTransaction, anchor: Signed[Anchor], now: Now) -> None:
    if anchor.signer == node.did:
        _note_own(tx, anchor, now)
        return
    if not node.members(tx).has_role(anchor.signer, Role.NODE, now.wall):
        return
    known = tx.rows(HEADS).get(anchor.signer)
    if known is None or anchor.body.sequence > known.sequence:
        tx.rows(HEADS).put(
            HeadRow(member=anchor.signer, sequence=anchor.body.sequence, anchor=anchor.cid)
        )


def _note_own(tx: ActorTransaction, anchor: Signed[Anchor], now: Now) -> None:
    """Every anchor that was sent was stored first: one that is not here was lost with the store."""
    if tx.blocks.has(anchor.cid) or is_restored(tx):
        return
    row = tx.rows(CHAIN).get(NUMBER)
    tx.rows(RESTORED).put(
        RestoredRow(
            number=NUMBER,
            shown=anchor.cid,
            sequence=anchor.body.sequence,
            known_sequence=0 if row is None else row.sequence,
            seen_at=now.wall,
        )
    )
