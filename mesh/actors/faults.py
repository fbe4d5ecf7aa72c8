"""Accusations of workers: what an issuer has signed for others to see less than for them.

Rule: a fault is made known to all members once, with its evidence; the word of the accuser counts
for nothing.
"""

from typing import Any, Final

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor, Incoming
from mesh.core.membership.equivocation import contradict, fault_of
from mesh.core.ports.blocks import BlockError
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import Table
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.settlements import accusation, settled_from
from mesh.core.records.membership import Fault
from mesh.core.records.settlement import Settlement
from runtime.content.cid import Cid
from runtime.identity.signed import RecordError, Signed


class AccusationRow(Struct, frozen=True, kw_only=True):
    """A Fault that was sent. evidence: CIDs of what it names, as text."""

    evidence: str
    fault: Cid
    sent_at: int


ACCUSATIONS: Final = Table(name="accusations", row=AccusationRow, key=("evidence",))


def accuse_if_contradicted(
    actor: BaseActor,
    tx: ActorTransaction,
    kind: type[Any],
    known: Cid,
    other: Signed[Any],
    now: Now,
) -> None:
    """Make known that a record contradicts one that is stored here, where it does."""
    try:
        first = actor.archive.find(tx.blocks, kind, known)
    except (RecordError, BlockError):
        return
    if first is None or not contradict(first, other):
        return
    if any(str(known) in row.evidence for row in tx.rows(ACCUSATIONS).select()):
        return
    actor.keep(tx, other)
    body = fault_of(first, other)
    accuse(actor, tx, body, body.evidence, now)


def accuse_if_wrong(
    actor: BaseActor,
    tx: ActorTransaction,
    settlement: Signed[Settlement],
    incoming: Incoming,
    now: Now,
) -> Signed[Fault] | None:
    """Make known that a settlement does not follow from the records that it names, where all of
    them are here; the fault, None where it follows or was made known before."""

    def fetch(cid: Cid) -> bytes | None:
        return incoming.attached.get(cid) or tx.blocks.get(cid)

    try:
        settled = settled_from(settlement, actor.members(tx).genesis, fetch, actor.archive.read_as)
    except (ProofError, BlockError):
        return None
    body = accusation(settled)
    if body is None:
        return None
    for cid in settled.blocks:
        block = fetch(cid)
        assert block is not None, "it was fetched just now"
        tx.blocks.put(cid, block)
    actor.keep(tx, settlement)
    return accuse(actor, tx, body, (settlement.cid, *settled.blocks), now)


def accuse(
    actor: BaseActor, tx: ActorTransaction, body: Fault, attached: tuple[Cid, ...], now: Now
) -> Signed[Fault] | None:
    """Sign a fault and send it to all members; a repeat does nothing."""
    rows = tx.rows(ACCUSATIONS)
    evidence = " ".join(sorted(map(str, body.evidence)))
    if rows.get(evidence) is not None:
        return None
    fault = actor.sign(tx, body)
    rows.put(AccusationRow(evidence=evidence, fault=fault.cid, sent_at=now.wall))
    listed = actor.members(tx).change.body.members
    others = tuple(dict.fromkeys(each.member for each in listed if each.member != actor.did))
    tx.outbox.put(Outgoing(to=others, record=fault.cid, attached=attached))
    return fault
