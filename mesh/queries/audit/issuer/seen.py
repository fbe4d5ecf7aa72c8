"""The audit of what an issuer has seen of others: presence, chains, slots, contradictions."""

from collections.abc import Iterator
from typing import Any

from mesh.actors.issuer.rows import (
    DRIVEN,
    EVIDENCE,
    HEADS,
    PRESENCE,
    SLOTS,
    EvidenceRow,
    HeadRow,
    PresenceRow,
    SlotRow,
)
from mesh.core.membership.equivocation import slots_of
from mesh.core.records.jobs import Award
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Fault, FaultGround
from mesh.core.records.work import Anchor, Attestation, Receipt, Seal
from mesh.queries.audit.compare import compare, extra
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.issuer.facts import IssuerFacts
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

_OF_RESULTS = (Anchor, Attestation, Receipt, Seal)


def check_seen(facts: IssuerFacts) -> Iterator[Finding]:
    store = facts.store
    yield from compare(
        store,
        PRESENCE,
        _presence(facts),
        lambda row: f"presence of {store.home.members.name(row.member)}",
        kept=("seen_at", "boot"),
    )
    evidence = _evidence(facts)
    yield from compare(store, EVIDENCE, evidence, lambda row: f"evidence {row.first} {row.second}")
    seconds = frozenset(row.second for row in evidence if row.fault is not None)
    yield from compare(
        store, SLOTS, _slots(facts, seconds), lambda row: f"slot {row.slot} of {row.signer}"
    )
    yield from compare(
        store, HEADS, _heads(facts), lambda row: f"end of the chain of {row.executor}"
    )


def check_clock(facts: IssuerFacts) -> Iterator[Finding]:
    """There is one clock of leases."""
    for row in facts.store.rows(DRIVEN):
        if row.number:
            yield extra(facts.store, DRIVEN, row, f"clock {row.number} of leases")


def _presence(facts: IssuerFacts) -> Iterator[PresenceRow]:
    """The newest profile of each member that has sent one."""
    stored = {row.member: row.profile for row in facts.store.rows(PRESENCE)}
    newest: dict[Did, Signed[NodeProfile]] = {}
    for each in facts.store.all(NodeProfile):
        known = newest.get(each.signer)
        sequence = 0 if known is None else known.body.sequence
        is_row = each.body.sequence == sequence and each.cid == stored.get(each.signer)
        if each.body.sequence > sequence or is_row:
            newest[each.signer] = each
    for member, profile in newest.items():
        yield PresenceRow(
            member=member,
            sequence=profile.body.sequence,
            profile=profile.cid,
            engine=profile.body.engine.text,
            seen_at=0,
            boot="",
        )


def _evidence(facts: IssuerFacts) -> list[EvidenceRow]:
    """Each fault that the issuer has made known, and the awards that came second."""
    found = []
    for fault in facts.store.own(Fault):
        if fault.body.ground is FaultGround.EQUIVOCATION and len(fault.body.evidence) == 2:
            first, second = fault.body.evidence
            found.append(
                EvidenceRow(first=first, second=second, signer=fault.body.accused, fault=fault.cid)
            )
    counted = {(each.award.body.job, each.award.body.attempt): each for each in facts.holds}
    held = {each.award.cid for each in facts.holds}
    for award in facts.store.all(Award):
        before = counted.get((award.body.job, award.body.attempt))
        if before is not None and award.cid not in held:
            found.append(
                EvidenceRow(
                    first=before.award.cid, second=award.cid, signer=award.signer, fault=None
                )
            )
    return found


def _slots(facts: IssuerFacts, seconds: frozenset[Cid]) -> Iterator[SlotRow]:
    """The slots of all results that came in, and of jobs that were held."""
    records: dict[Cid, Signed[Any]] = {each.manifest.cid: each.manifest for each in facts.holds}
    for kind in _OF_RESULTS:
        records |= {each.cid: each for each in facts.store.all(kind) if each.cid not in seconds}
    for each in records.values():
        for slot in slots_of(each):
            yield SlotRow(signer=each.signer, slot=slot, record=each.cid)


def _heads(facts: IssuerFacts) -> Iterator[HeadRow]:
    """The newest anchor of each executor that came with a receipt; of those whose receipt came too
    late, that of the row."""
    store = facts.store
    stored = {row.executor: store.get(Anchor, row.anchor) for row in store.rows(HEADS)}
    counted = {each.settlement.body.anchor for each in facts.holds if each.settlement is not None}
    newest: dict[Did, Signed[Anchor]] = {}
    for anchor in store.all(Anchor):
        known = newest.get(anchor.signer)
        if store.get(Receipt, anchor.body.receipt) is None:
            continue
        if known is None or known.body.sequence < anchor.body.sequence:
            newest[anchor.signer] = anchor
    for executor, anchor in newest.items():
        named = stored.get(executor)
        is_late = anchor.cid not in counted and named is not None and named.signer == executor
        head = named if named is not None and is_late else anchor
        yield HeadRow(executor=executor, sequence=head.body.sequence, anchor=head.cid)
