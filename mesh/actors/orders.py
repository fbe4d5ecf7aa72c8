"""An order to work: a Hold with the records that it rests on, read and checked by its receiver.

Rule: a receiver takes nobody's word for it; what does not fit together orders nothing.
"""

from typing import Final, TypeAlias

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, MEMBERSHIPS, BaseActor, Incoming, MessageRefusal
from mesh.core.findings import Finding
from mesh.core.market.terms import check_award, check_hold
from mesh.core.membership.members import Members
from mesh.core.ports.blocks import BlockError
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Role
from mesh.core.records.work import Hold
from mesh.core.settlement.check import OrderedWork
from mesh.core.verification.draw import check_eligible, read_eligible
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed

MEMBERS_STALE_SECONDS: Final = 600
"""Whoever has known a change of the members so long refuses holds that were issued below it."""

Order: TypeAlias = OrderedWork


def read_order(
    actor: BaseActor, tx: ActorTransaction, incoming: Incoming, hold: Signed[Hold], now: Now
) -> Order | MessageRefusal:
    """The order that a hold gives, with what is attached to it or stored; or why it cannot be read
    yet. Whether it counts, `against_order` says."""
    members = _members_of(actor, tx, hold)
    if isinstance(members, MessageRefusal):
        return members
    if not members.has_role(hold.signer, Role.ISSUER, hold.body.issued_at):
        return MessageRefusal.WRONG_ROLE
    if not _is_issuer_still(actor, tx, hold.signer, now):
        return MessageRefusal.OVER
    if hold.body.issued_at > now.wall + CLOCK_SKEW_SECONDS:
        return MessageRefusal.FROM_THE_FUTURE
    try:
        award = actor.resting_on(tx, incoming, Award, hold.body.award)
        context = Context.from_block(_block(tx, incoming, award.body.context))
        return OrderedWork(
            manifest=actor.resting_on(tx, incoming, JobManifest, hold.body.job),
            bid=actor.resting_on(tx, incoming, Bid, hold.body.bid),
            award=award,
            hold=hold,
            context=context,
            members=members,
            listed=read_eligible(_block(tx, incoming, hold.body.eligible)),
        )
    except (RecordError, CodecError, BlockError, LookupError):
        return MessageRefusal.INCOMPLETE


def against_order(order: Order) -> tuple[Finding, ...]:
    """What speaks against an order, whoever receives it."""
    issued_at = order.hold.body.issued_at
    issuers = [each.member for each in order.members.with_role(Role.ISSUER, issued_at)]
    return (
        *check_award(order.award, manifest=order.manifest, bid=order.bid, context=order.context),
        *check_hold(
            order.hold,
            award=order.award,
            manifest=order.manifest,
            bid=order.bid,
            genesis=order.members.genesis.body,
            issuers=order.manifest.body.accepted_issuers or issuers,
        ),
        *check_eligible(order.listed, order.members, order.interests, at=issued_at),
    )


def keep_order(actor: BaseActor, tx: ActorTransaction, incoming: Incoming, order: Order) -> None:
    """Store the records of an order, its context and the list of those who may be drawn."""
    actor.keep(tx, order.manifest, order.bid, order.award, order.hold)
    for cid in (order.award.body.context, order.hold.body.eligible):
        tx.blocks.put(cid, _block(tx, incoming, cid))


def stored_order(actor: BaseActor, tx: ActorTransaction, hold: Cid) -> Order:
    """An order that was kept."""
    signed = actor.archive.get(tx.blocks, Hold, hold)
    award = actor.archive.get(tx.blocks, Award, signed.body.award)
    context, listed = (tx.blocks.get(cid) for cid in (award.body.context, signed.body.eligible))
    assert context is not None and listed is not None, "they are kept with the order"
    return OrderedWork(
        manifest=actor.archive.get(tx.blocks, JobManifest, signed.body.job),
        bid=actor.archive.get(tx.blocks, Bid, signed.body.bid),
        award=award,
        hold=signed,
        context=Context.from_block(context),
        members=actor.members_at(tx, signed.body.members),
        listed=read_eligible(listed),
    )


def _is_issuer_still(actor: BaseActor, tx: ActorTransaction, signer: Did, now: Now) -> bool:
    """Whether a signer is an issuer by what is known here, or was one MEMBERS_STALE_SECONDS ago. A
    former issuer could date holds back for ever."""
    (newest,) = tx.rows(MEMBERSHIPS).select(descending=True, limit=1)
    since = now.wall - MEMBERS_STALE_SECONDS
    if newest.known_at > since:
        return True
    return actor.members(tx).has_role(signer, Role.ISSUER, since)


def _members_of(
    actor: BaseActor, tx: ActorTransaction, hold: Signed[Hold]
) -> Members | MessageRefusal:
    """The members that a hold names; it is sent again, until they are known here."""
    changes = tx.rows(MEMBERSHIPS).select()
    named = next((each for each in changes if each.change == hold.body.members), None)
    if named is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    following = next((each for each in changes if each.sequence == named.sequence + 1), None)
    known_for = MEMBERS_STALE_SECONDS
    if following is not None and hold.body.issued_at >= following.known_at + known_for:
        return MessageRefusal.OVER
    return actor.members_at(tx, named.change)


def _block(tx: ActorTransaction, incoming: Incoming, cid: Cid) -> bytes:
    block = incoming.attached.get(cid)
    if block is None:
        block = tx.blocks.get(cid)
    if block is None:
        raise LookupError(cid)
    return block
