"""The audit of nodes: attempts against holds and what was signed for them, chains without gaps."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.executions import EXECUTIONS, ExecutionState
from mesh.actors.node.endings import complaint_about
from mesh.actors.node.rows import (
    ATTEMPTS,
    CHAIN,
    HEADS,
    NUMBER,
    OFFERS,
    RESTORED,
    SETTINGS,
    USAGES,
    AttemptPhase,
    AttemptRow,
    ChainRow,
    HeadRow,
    OfferRow,
    UsageRow,
)
from mesh.core.records.market import Bid
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import (
    Anchor,
    Draw,
    GaveUp,
    GaveUpGround,
    Hold,
    Receipt,
    Seal,
    WorkPhase,
)
from mesh.core.settlement.check import OrderedWork
from mesh.core.verification.seals import opens
from mesh.queries.audit.compare import compare, extra, undecided
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.machines.executions import WORKING, Ordered, check_executions
from mesh.queries.audit.machines.openings import shown_opening
from mesh.queries.audit.machines.profiles import check_profile
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.settled import lost, order_of
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.policy import AllowAll, Usage
from runtime.tokens.token import ResourceType


class Signature(Struct, frozen=True, kw_only=True):
    """What a node has signed for a hold, and how the hold ended for it."""

    seal: Signed[Seal] | None
    receipt: Signed[Receipt] | None
    anchor: Signed[Anchor] | None
    gave_up: Signed[GaveUp] | None
    settlement: Signed[Settlement] | None
    refusal: Signed[Answer] | None


def check_node(store: ActorStore) -> Iterator[Finding]:
    settings = store.row(SETTINGS, NUMBER)
    yield from check_profile(store, settings, SETTINGS)
    attempts: list[AttemptRow] = []
    executions: list[Ordered] = []
    for hold in store.all(Hold):
        if hold.body.executor != store.did:
            continue
        order = order_of(store, hold)
        if order is None:
            yield lost(store, f"hold {hold.cid}", "a block that it rests on")
            attempts += (row for row in store.rows(ATTEMPTS) if row.hold == hold.cid)
            continue
        signed = _signed(store, hold)
        yield from _check_nonce(store, hold, signed)
        row = _attempt(store, order, signed)
        attempts.append(row)
        is_pruned = row.phase is AttemptPhase.ENDED and not store.row(EXECUTIONS, hold.cid)
        if row.ground is not GaveUpGround.HOLD_REFUSED and not is_pruned:
            executions.append(_execution(order, row, signed))
    yield from compare(
        store, ATTEMPTS, attempts, lambda row: f"{store.name}: attempt of hold {row.hold}"
    )
    yield from check_executions(store, executions)
    yield from compare(store, OFFERS, _offers(store), lambda row: f"{store.name}: bid {row.bid}")
    yield from _check_chain(store)
    yield from _check_heads(store)
    yield from _check_usages(store, attempts)


# --- attempts


def _signed(store: ActorStore, hold: Signed[Hold]) -> Signature:
    def own(kind: type[Any]) -> Signed[Any] | None:
        found = store.about(kind, hold.cid)
        return next((each for each in found if each.signer == store.did), None)

    receipt: Signed[Receipt] | None = own(Receipt)
    anchors = [] if receipt is None else store.about(Anchor, receipt.cid, "receipt")
    seal, gave_up = own(Seal), own(GaveUp)
    ends = store.about(Settlement, hold.cid)
    requests = [each.cid for each in (seal, receipt, gave_up) if each is not None]
    answers = [each for cid in requests for each in store.about(Answer, cid, "request")]
    return Signature(
        seal=seal,
        receipt=receipt,
        anchor=next((each for each in anchors if each.signer == store.did), None),
        gave_up=gave_up,
        settlement=next((each for each in ends if each.signer == hold.signer), None),
        refusal=next((each for each in answers if each.signer == hold.signer), None),
    )


def _phase(signed: Signature) -> AttemptPhase:
    if signed.settlement is not None or signed.refusal is not None:
        return AttemptPhase.ENDED
    if signed.gave_up is not None:
        return AttemptPhase.GAVE_UP
    if signed.receipt is not None:
        return AttemptPhase.DELIVERED
    return AttemptPhase.WORKING if signed.seal is None else AttemptPhase.SEALED


def _attempt(store: ActorStore, order: OrderedWork, signed: Signature) -> AttemptRow:
    hold, manifest = order.hold, order.manifest
    stored = store.row(ATTEMPTS, hold.cid)
    execution = store.row(EXECUTIONS, hold.cid)
    phase = _phase(signed)
    result = nonce = None
    if signed.receipt is not None:
        result, nonce = signed.receipt.body.deterministic, signed.receipt.body.nonce
    elif signed.seal is not None:
        result = None if stored is None else stored.result
        result = result if execution is None else execution.result
        nonce = None if stored is None else stored.nonce
    row = AttemptRow(
        hold=hold.cid,
        id=hold.body.id,
        job=manifest.cid,
        issuer=hold.signer,
        submitter=manifest.signer,
        is_sealed=order.members.genesis.body.sealed,
        fuel_limit=order.award.body.fuel_limit,
        resource_type=manifest.body.resource_type,
        units=order.bid.body.units,
        phase=phase,
        result=result,
        nonce=nonce,
        seal=_cid(signed.seal),
        receipt=_cid(signed.receipt),
        anchor=_cid(signed.anchor),
        gave_up=_cid(signed.gave_up),
        ground=None if signed.gave_up is None else signed.gave_up.body.ground,
        draws=() if stored is None else _draws(store, hold, stored),
        opening=None if stored is None else shown_opening(store, hold, stored.opening),
    )
    return _ended(store, order, signed, row, stored)


def _draws(store: ActorStore, hold: Signed[Hold], stored: AttemptRow) -> tuple[Cid, ...]:
    """Of the draws that it was shown, those that speak of the hold: which of them came by
    themselves, and not with an opening, no record says."""
    made = {each.cid for each in store.about(Draw, hold.cid) if each.signer == hold.signer}
    return tuple(cid for cid in dict.fromkeys(stored.draws) if cid in made)


def _ended(
    store: ActorStore,
    order: OrderedWork,
    signed: Signature,
    row: AttemptRow,
    stored: AttemptRow | None,
) -> AttemptRow:
    if row.phase is not AttemptPhase.ENDED:
        return row
    ended_at = None if stored is None else stored.ended_at
    settlement = signed.settlement
    if settlement is None:
        assert signed.refusal is not None, "an attempt ends by a settlement or an answer"
        answer = signed.refusal.body
        complaint, paid = answer.detail or answer.reason, 0
    else:
        body = settlement.body
        paid = sum(each.amount for each in body.payments if each.to == store.did)
        complaint = complaint_about(body, row, order.hold.body, paid)
    return replace(
        row,
        settlement=_cid(settlement),
        paid=paid,
        complaint=complaint,
        ended_at=store.home.now if ended_at is None else ended_at,
    )


def _check_nonce(store: ActorStore, hold: Signed[Hold], signed: Signature) -> Iterator[Finding]:
    """A seal that is not opened yet: its nonce is in no record."""
    row = store.row(ATTEMPTS, hold.cid)
    if row is None or signed.seal is None or signed.receipt is not None or row.result is None:
        return
    if not opens(signed.seal, row.result, row.nonce):
        text = f"{store.name}: attempt of hold {hold.cid}: its nonce does not open its seal"
        yield undecided(store, ATTEMPTS, row, text, Kind.ROW_DIFFERS)


def _execution(order: OrderedWork, row: AttemptRow, signed: Signature) -> Ordered:
    done, failed, cancelled = (
        ExecutionState.DONE,
        ExecutionState.FAILED,
        ExecutionState.CANCELLED,
    )
    states: tuple[ExecutionState, ...] = (done,)
    if row.phase is AttemptPhase.WORKING:
        states = WORKING
    elif row.gave_up is not None:
        states = (failed, done)
    elif row.result is None:
        states = (cancelled, failed)
    owners = (order.manifest.signer, order.award.signer)
    return Ordered(
        order=order,
        executing=WorkPhase.RUNNING,
        owners=tuple(dict.fromkeys(owners)),
        states=states,
        result=row.result,
        receipt=signed.receipt,
    )


def _cid(record: Signed[Any] | None) -> Cid | None:
    return None if record is None else record.cid


# --- bids, chains, usage


def _offers(store: ActorStore) -> Iterator[OfferRow]:
    """The newest bid for each job, until it expires; an expired one is forgotten some time."""
    newest: dict[Cid, Signed[Bid]] = {}
    for bid in store.own(Bid):
        known = newest.get(bid.body.job)
        if known is None or known.body.expires_at < bid.body.expires_at:
            newest[bid.body.job] = bid
    stored = {row.job for row in store.rows(OFFERS)}
    for job, bid in newest.items():
        if job in stored or bid.body.expires_at > store.home.now:
            yield OfferRow(job=job, bid=bid.cid, expires_at=bid.body.expires_at)


def _check_chain(store: ActorStore) -> Iterator[Finding]:
    """Anchors from 1 on, each after the one before it, as their receipts are."""
    chain = sorted(store.own(Anchor), key=lambda each: each.body.sequence)
    before: Signed[Anchor] | None = None
    for number, anchor in enumerate(chain, 1):
        if anchor.body.sequence != number:
            yield _broken(store, f"number {number} is missing")
            break
        if before is not None:
            receipt = store.get(Receipt, anchor.body.receipt)
            if anchor.body.parents[:1] != (before.cid,):
                yield _broken(store, f"number {number} does not continue the chain")
            if receipt is None or receipt.body.previous != before.body.receipt:
                yield _broken(store, f"the receipt of number {number} does not continue the chain")
        before = anchor
    rows = []
    if chain:
        end = chain[-1]
        rows.append(
            ChainRow(
                number=NUMBER,
                sequence=end.body.sequence,
                anchor=end.cid,
                receipt=end.body.receipt,
            )
        )
    yield from compare(store, CHAIN, rows, lambda _: f"anchors of {store.name}: the end")
    for row in store.rows(RESTORED):
        shown = store.home.find(Anchor, row.shown)
        if store.get(Anchor, row.shown) is not None or shown is None or shown.signer != store.did:
            yield extra(store, RESTORED, row, f"{store.name}: sign of an old copy")


def _broken(store: ActorStore, text: str) -> Finding:
    return Finding(
        kind=Kind.CHAIN,
        actor=store.did,
        subject=f"anchors of {store.name}",
        text=f"anchors of {store.name}: {text}",
    )


def _check_heads(store: ActorStore) -> Iterator[Finding]:
    """Ends of others' chains, as far as anyone here has them."""
    expected = []
    for row in store.rows(HEADS):
        anchor = store.home.find(Anchor, row.anchor)
        if anchor is None or anchor.signer != row.member:
            anchor = _anchor_at(store, row.member, row.sequence)
        if anchor is not None:
            expected.append(
                HeadRow(member=row.member, sequence=anchor.body.sequence, anchor=anchor.cid)
            )
    yield from compare(
        store,
        HEADS,
        expected,
        lambda row: f"{store.name}: end of the chain of {store.home.members.name(row.member)}",
    )


def _anchor_at(store: ActorStore, member: Did, sequence: int) -> Signed[Anchor] | None:
    for each in store.home.actors.values():
        for anchor in each.all(Anchor):
            if (anchor.signer, anchor.body.sequence) == (member, sequence):
                return anchor
    return None


def _check_usages(store: ActorStore, attempts: list[AttemptRow]) -> Iterator[Finding]:
    """What each submitter has committed: attempts that are open, or were paid."""
    settings = store.row(SETTINGS, NUMBER)
    committed: Counter[tuple[Did, ResourceType]] = Counter()
    for row in attempts:
        if row.ground is not GaveUpGround.HOLD_REFUSED:
            is_released = row.phase is AttemptPhase.ENDED and not row.paid
            committed[row.submitter, row.resource_type] += 0 if is_released else row.units
    expected = []
    for (submitter, resource), units in committed.items():
        policies = {} if settings is None else settings.settings.policies
        stored = store.row(USAGES, submitter, resource)
        if not isinstance(policies.get(resource.value, AllowAll()), AllowAll):
            # What a policy of its own has denied is in no record.
            expected += [] if stored is None else [stored]
            continue
        buckets = () if stored is None else stored.usage.buckets
        usage = Usage(committed=units, buckets=buckets)
        expected.append(UsageRow(submitter=submitter, resource_type=resource, usage=usage))
    yield from compare(
        store, USAGES, expected, lambda row: f"{store.name}: usage of {row.submitter}"
    )
