"""Orders and settlements, put together again from one actor's records, and checked anew."""

from collections.abc import Iterator
from functools import partial
from typing import TypeVar

from mesh.core.findings import Finding as RecordFinding
from mesh.core.market.terms import check_award, check_hold
from mesh.core.membership.members import Members
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Genesis, Membership, Role
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.check import (
    OrderedWork,
    SettledRecords,
    above_withdrawn,
    check_settlement,
)
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.identity.signed import Signed

T = TypeVar("T")


def order_of(store: ActorStore, hold: Signed[Hold]) -> OrderedWork | None:
    """What a hold orders, None where a part of it is missing here."""
    award = store.get(Award, hold.body.award)
    manifest = store.get(JobManifest, hold.body.job)
    bid = store.get(Bid, hold.body.bid)
    listed = store.eligible(hold.body.eligible)
    context = None if award is None else store.context(award.body.context)
    members = members_at(store, hold.body.members)
    if award is None or manifest is None or bid is None:
        return None
    if listed is None or context is None or members is None:
        return None
    return OrderedWork(
        manifest=manifest,
        bid=bid,
        award=award,
        hold=hold,
        context=context,
        members=members,
        listed=listed,
    )


def members_at(store: ActorStore, change: Cid) -> Members | None:
    """The members from a change on."""
    genesis = store.get(Genesis, store.home.members.mesh)
    signed = store.get(Membership, change)
    if genesis is None or signed is None:
        return None
    return Members(genesis=genesis, change=signed)


def settled_records(
    store: ActorStore, settlement: Settlement, order: OrderedWork
) -> SettledRecords | None:
    """The records that a settlement names, None where one is missing here."""
    receipt = store.get(Receipt, settlement.receipt)
    opening = store.get(Opening, settlement.opening)
    seals = _all(store, Seal, () if opening is None else opening.body.seals)
    draws = _all(store, Draw, settlement.draws)
    attestations = _all(store, Attestation, settlement.attestations)
    cancel = store.get(Cancel, settlement.cancel)
    anchor = store.get(Anchor, settlement.anchor)
    named = (
        (receipt, settlement.receipt),
        (opening, settlement.opening),
        (cancel, settlement.cancel),
        (anchor, settlement.anchor),
    )
    if any(found is None and cid is not None for found, cid in named):
        return None
    if seals is None or draws is None or attestations is None:
        return None
    try:
        above = above_withdrawn(order.manifest, cancel, partial(_manifest, store))
    except LookupError:
        return None
    return SettledRecords(
        receipt=receipt,
        result=None if receipt is None else store.result(receipt.body.deterministic),
        anchor=anchor,
        draws=draws,
        opening=opening,
        seals=seals,
        attestations=attestations,
        cancel=cancel,
        above=above,
    )


def against_hold(store: ActorStore, order: OrderedWork) -> Iterator[Finding]:
    """What speaks against a hold as the order of its award."""
    issued_at = order.hold.body.issued_at
    issuers = [each.member for each in order.members.with_role(Role.ISSUER, issued_at)]
    found = check_award(
        order.award, manifest=order.manifest, bid=order.bid, context=order.context
    ) + check_hold(
        order.hold,
        award=order.award,
        manifest=order.manifest,
        bid=order.bid,
        genesis=order.members.genesis.body,
        issuers=issuers,
    )
    yield from unfit(store, f"hold {order.hold.cid}", found)


def against_settlement(
    store: ActorStore, settlement: Signed[Settlement], order: OrderedWork
) -> Iterator[Finding]:
    """What speaks against a settlement as the end of its hold."""
    subject = f"settlement {settlement.cid}"
    found = settled_records(store, settlement.body, order)
    if found is None:
        yield lost(store, subject, "a record that it names")
        return
    now = max(store.home.now, settlement.body.issued_at)
    yield from unfit(store, subject, check_settlement(settlement, order, found, now=now))


def unfit(store: ActorStore, subject: str, found: tuple[RecordFinding, ...]) -> Iterator[Finding]:
    for each in found:
        yield Finding(
            kind=Kind.RECORD_UNFIT,
            actor=store.did,
            subject=subject,
            text=f"{store.name}: {subject}: {each}",
        )


def lost(store: ActorStore, subject: str, what: str) -> Finding:
    """A record that rows or other records name, and that is not here."""
    return Finding(
        kind=Kind.RECORD_MISSING,
        actor=store.did,
        subject=subject,
        text=f"{store.name}: {subject}: {what} is not in the store",
    )


def _manifest(store: ActorStore, cid: Cid) -> Signed[JobManifest]:
    found = store.get(JobManifest, cid)
    if found is None:
        raise LookupError(cid)
    return found


def _all(store: ActorStore, kind: type[T], cids: tuple[Cid, ...]) -> tuple[Signed[T], ...] | None:
    found = [store.get(kind, cid) for cid in cids]
    kept = tuple(each for each in found if each is not None)
    return kept if len(kept) == len(found) else None
