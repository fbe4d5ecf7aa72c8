"""The hold of an attempt, what it orders, and records that come before what they follow.

Rule: a hold is kept with all that it rests on. A record that comes too early is kept and taken in
later, so the order of arrival makes no difference.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, MEMBERSHIPS, Incoming, MessageRefusal
from mesh.actors.submitter.delegation.choosing import note_held
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import bidding
from mesh.actors.submitter.market.awarding import note_award, until
from mesh.actors.submitter.reading import has_role, prove
from mesh.actors.submitter.rows import (
    AWARDS,
    EARLY,
    HOLDS,
    TOKENS,
    AwardRow,
    EarlyRow,
    HoldRow,
)
from mesh.actors.submitter.withdrawal import withdraw_from_issuer
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, StepRefusal
from mesh.core.market.terms import check_award, check_hold
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import RowReader
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Attestation, Draw, Hold, Progress, Receipt
from mesh.core.settlement.check import OrderedWork, check_draws
from mesh.core.verification.draw import eligible_block, read_eligible
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import ResourceToken

EARLY_MAX: Final = 1_024
EARLY_OF_A_HOLD_MAX: Final = 192
EARLY_BYTES_MAX: Final = 256 * 1024
"""Of one record with what came with it. It rests on nothing yet: any member can make one up.
What has no room is sent again."""
_SIGNERS: Final[Mapping[type[Any], frozenset[Role]]] = {
    Progress: frozenset({Role.NODE, Role.VERIFIER}),
    Receipt: frozenset({Role.NODE}),
    Hold: frozenset({Role.ISSUER}),
    Draw: frozenset({Role.ISSUER}),
    Attestation: frozenset({Role.VERIFIER}),
    Settlement: frozenset({Role.ISSUER}),
}
ORDERS_KEPT_MAX: Final = 1_024


class Early(Enum):
    """A record that comes before what it follows."""

    EARLY = "early"


Outcome: TypeAlias = MessageRefusal | Early | None


# --- what came early


def park(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, hold: Cid, now: Now
) -> MessageRefusal | None:
    """Keep a record until what it follows is here, as long as there is room."""
    rows, body = tx.rows(EARLY), incoming.record.body
    if not has_role(book, tx, incoming.record, *_SIGNERS[type(body)], at=now.wall):
        return MessageRefusal.WRONG_ROLE
    attached = incoming.attached
    if isinstance(body, Draw):
        # The order that comes with it comes with its hold, too.
        attached = {cid: block for cid, block in attached.items() if cid == body.first}
    if sum(map(len, attached.values())) > EARLY_BYTES_MAX:
        return MessageRefusal.UNKNOWN_SUBJECT
    is_full = rows.count(hold=hold) >= EARLY_OF_A_HOLD_MAX or rows.count() >= EARLY_MAX
    if is_full and rows.get(hold, incoming.record.cid) is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    book.keep(tx, incoming.record)
    for cid, block in attached.items():
        tx.blocks.put(cid, block)
    rows.put(EarlyRow(hold=hold, record=incoming.record.cid, attached=tuple(attached)))
    return None


def parked(book: JobBook, tx: ActorTransaction, hold: Cid) -> list[Incoming]:
    """Take the records of a hold that came early, to be tried again."""
    found: list[Incoming] = []
    if hold not in tx.rows(EARLY).derived(_holds_waited_for):
        return found
    for row in tx.rows(EARLY).select(hold=hold):
        tx.rows(EARLY).delete(row.hold, row.record)
        block = tx.blocks.get(row.record)
        assert block is not None, "it was stored with its row"
        record = book.archive.read(block)
        attached = {cid: data for cid in row.attached if (data := tx.blocks.get(cid)) is not None}
        found.append(Incoming(record=record, attached=attached, sender=record.signer))
    return found


def _holds_waited_for(rows: RowReader[EarlyRow]) -> frozenset[Cid]:
    return frozenset(row.hold for row in rows.select())


# --- the hold


def take_hold(book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now) -> Outcome:
    hold: Signed[Hold] = incoming.record
    given = tx.rows(AWARDS).get(hold.body.award)
    if not has_role(book, tx, hold, Role.ISSUER, at=hold.body.issued_at):
        return MessageRefusal.WRONG_ROLE
    if given is not None and given.owner != book.did:
        tx.outbox.answered(until(given.award))
        book.keep(tx, hold)
        note_held(tx, given.job)
        return None
    job = book.job_of(tx, hold.body.job)
    if job is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if tx.rows(HOLDS).get(hold.cid) is not None:
        return None
    if hold.body.issued_at > now.wall + CLOCK_SKEW_SECONDS:
        return MessageRefusal.FROM_THE_FUTURE
    order = order_from(book, tx, incoming, hold)
    if isinstance(order, MessageRefusal):
        return order
    if _does_not_fit(book, tx, order):
        return MessageRefusal.INCONSISTENT
    other = next(
        (
            row
            for row in tx.rows(HOLDS).select(job_id=job.job_id)
            if row.attempt == hold.body.attempt
        ),
        None,
    )
    if other is not None:
        prove(book, tx, book.archive.get(tx.blocks, Hold, other.hold), hold, now)
        return MessageRefusal.EQUIVOCATION
    return _held(book, tx, job, order, given, now)


def _held(
    book: JobBook,
    tx: ActorTransaction,
    job: Job,
    order: OrderedWork,
    given: AwardRow | None,
    now: Now,
) -> Outcome:
    hold, award, bid = order.hold, order.award, order.bid
    after = book.record(
        tx,
        job.job_id,
        ev.HoldReceived(
            hold=hold.cid,
            signer=hold.signer,
            award=award.cid,
            bid=bid.cid,
            attempt=hold.body.attempt,
            executor=bid.signer,
            node_id=bid.body.node_id,
        ),
        now,
    )
    if after is StepRefusal.JOB_IS_FINAL:
        withdraw_from_issuer(book, tx, job, "the job has ended")
    if isinstance(after, StepRefusal):
        return MessageRefusal.OVER
    bidding.stop_asking(tx, after)
    for row in tx.rows(AWARDS).select(job_id=job.job_id):
        if row.award != award.cid:
            tx.outbox.answered(until(row.award))
    _keep(book, tx, order)
    book.summarize(tx, after, order.manifest.body.description)
    if given is None:
        _ask_for_end(book, tx, order)
        note_award(tx, award, order.manifest)
    tx.rows(HOLDS).put(
        HoldRow(
            hold=hold.cid,
            job_id=job.job_id,
            attempt=hold.body.attempt,
            executor=bid.signer,
            issuer=hold.signer,
            award=award.cid,
            is_settled=False,
        )
    )
    spend(tx, hold.body.token, hold.body.amount)
    return None


def _ask_for_end(book: JobBook, tx: ActorTransaction, order: OrderedWork) -> None:
    """Repeat the award of a delegate to the issuer, as one's own, until its hold is settled."""
    hold = order.hold
    tx.outbox.put(
        Outgoing(
            to=(hold.signer,),
            record=order.award.cid,
            attached=book.newest_statement(tx, hold.signer),
            until=until(order.award.cid),
        )
    )


def order_from(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, hold: Signed[Hold]
) -> OrderedWork | MessageRefusal:
    """What a hold orders, from what came with it and what is here."""
    if not any(row.change == hold.body.members for row in tx.rows(MEMBERSHIPS).select()):
        return MessageRefusal.INCOMPLETE
    try:
        manifest = book.resting_on(tx, incoming, JobManifest, hold.body.job)
        award = book.resting_on(tx, incoming, Award, hold.body.award)
        bid = book.resting_on(tx, incoming, Bid, hold.body.bid)
        context = _context_from(book, tx, incoming, award.body.context)
        listed = incoming.attached.get(hold.body.eligible) or tx.blocks.get(hold.body.eligible)
        if context is None or listed is None:
            return MessageRefusal.INCOMPLETE
        return OrderedWork(
            manifest=manifest,
            bid=bid,
            award=award,
            hold=hold,
            context=context,
            members=book.members_at(tx, hold.body.members),
            listed=read_eligible(listed),
        )
    except (RecordError, CodecError):
        return MessageRefusal.INCOMPLETE


def _context_from(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, cid: Cid
) -> Context | None:
    block = incoming.attached.get(cid)
    if block is None:
        return book.context(tx.blocks, cid)
    return Context.from_block(block)


def _does_not_fit(book: JobBook, tx: ActorTransaction, order: OrderedWork) -> bool:
    token = book.archive.find(tx.blocks, ResourceToken, order.manifest.body.resource_token)
    assert token is not None, "a job of one's own is paid by a token that is here"
    return bool(
        check_award(order.award, manifest=order.manifest, bid=order.bid, context=order.context)
        or check_hold(
            order.hold,
            award=order.award,
            manifest=order.manifest,
            bid=order.bid,
            genesis=order.members.genesis.body,
            issuers=(token.body.issuer,),
        )
        or check_draws(order, (), None)
    )


def _keep(book: JobBook, tx: ActorTransaction, order: OrderedWork) -> None:
    book.keep(tx, order.bid, order.award, order.hold)
    book.put_context(tx, order.context)
    tx.blocks.put(*eligible_block(order.listed))


def spend(tx: ActorTransaction, token: Cid, amount: int) -> None:
    """Note what a hold draws on a token and on those that it descends from; negative: returns."""
    rows = tx.rows(TOKENS)
    leaf = rows.get(token)
    for cid in () if leaf is None else leaf.chain:
        row = rows.get(cid)
        if row is not None:
            rows.put(replace(row, spent=max(0, row.spent + amount)))


def order_of(book: JobBook, tx: ActorTransaction, hold: Cid) -> OrderedWork:
    """What an accepted hold orders; records do not change, so it is put together once."""
    kept = book.orders.get(hold)
    if kept is not None:
        return kept
    record = book.archive.get(tx.blocks, Hold, hold)
    alone = Incoming(record=record, attached={}, sender=record.signer)
    found = order_from(book, tx, alone, record)
    assert isinstance(found, OrderedWork), f"a hold is kept with all that it rests on: {found}"
    if len(book.orders) >= ORDERS_KEPT_MAX:
        book.orders.clear()
    book.orders[hold] = found
    return found
