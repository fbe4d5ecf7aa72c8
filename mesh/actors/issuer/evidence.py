"""Evidence: records that contradict each other, kept for ever, and Faults where they prove one.

Rule: the first record of a signer for a slot is the one that counts; a second one changes nothing
but what all members learn of its signer.
"""

from typing import Any

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import EVIDENCE, SLOTS, EvidenceRow, SlotRow
from mesh.core.membership.equivocation import FAULTS_TOLD_MAX, slots_of
from mesh.core.ports.messages import Outgoing
from mesh.core.records.membership import Fault, FaultGround
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


def is_contradicted(
    issuer: IssuerCore,
    tx: ActorTransaction,
    record: Signed[Any],
    now: Now,
    *,
    takes_slot: bool = True,
) -> bool:
    """Whether its signer has put another record into one of its slots before, which is then made
    known; otherwise the slots are the record's from now on, if it takes them."""
    rows = tx.rows(SLOTS)
    taken = [(slot, rows.get(record.signer, slot)) for slot in slots_of(record)]
    others = [row.record for _, row in taken if row is not None and row.record != record.cid]
    for other in dict.fromkeys(others):
        accuse(issuer, tx, other, record, now)
    if others or not takes_slot:
        return bool(others)
    for slot, row in taken:
        if row is None:
            rows.put(SlotRow(signer=record.signer, slot=slot, record=record.cid))
    issuer.keep(tx, record)
    return False


def accuse(
    issuer: IssuerCore, tx: ActorTransaction, first: Cid, second: Signed[Any], now: Now
) -> None:
    """Make known that two records fill one slot of their signer: of each record once."""
    rows = tx.rows(EVIDENCE)
    told = [each for each in rows.select(signer=second.signer) if each.fault is not None]
    if len(told) >= FAULTS_TOLD_MAX or any(each.first == first for each in told):
        return
    issuer.keep(tx, second)
    evidence = (first, second.cid)
    fault = issuer.sign(
        tx,
        Fault(ground=FaultGround.EQUIVOCATION, accused=second.signer, evidence=evidence),
    )
    rows.put(EvidenceRow(first=first, second=second.cid, signer=second.signer, fault=fault.cid))
    everyone = tuple(
        each.member for each in issuer.members(tx).change.body.members if each.member != issuer.did
    )
    tx.outbox.put(Outgoing(to=everyone, record=fault.cid, attached=evidence))


def keep_both(issuer: IssuerCore, tx: ActorTransaction, first: Cid, second: Signed[Any]) -> None:
    """Keep two records of which only the first counts, where that is nobody's fault; of further
    ones nothing."""
    rows = tx.rows(EVIDENCE)
    if rows.select(first=first, limit=1):
        return
    issuer.keep(tx, second)
    rows.put(EvidenceRow(first=first, second=second.cid, signer=second.signer, fault=None))


def is_evidence(tx: ActorTransaction, record: Cid) -> bool:
    """Whether a record is one of two that contradict each other."""
    rows = tx.rows(EVIDENCE)
    return bool(rows.select(first=record, limit=1) or rows.select(second=record, limit=1))
