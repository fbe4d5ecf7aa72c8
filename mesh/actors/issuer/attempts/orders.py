"""Orders: the records that an attempt rests on, read from the issuer's own store.

Rule: what a row names was verified and stored before; it is read once a process.
"""

from typing import Final

from mesh.actors.actor import ActorTransaction
from mesh.actors.issuer.core import IssuerCore
from mesh.core.records.archive import MissingRecord
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.work import Attestation, Hold, Receipt
from mesh.core.settlement.attempt import Attempt
from mesh.core.settlement.check import OrderedWork
from mesh.core.settlement.decisions import NO_JUDGEMENT
from mesh.core.verification.draw import read_eligible
from mesh.core.verification.verdicts import Judgement, judge
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import Context

ORDERS_KEPT_MAX: Final = 1_024


def order_of(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt) -> OrderedWork:
    """The records of an attempt up to its hold."""
    known = issuer.orders.get(attempt.hold)
    if known is None:
        known = _read(issuer, tx, attempt)
        if len(issuer.orders) >= ORDERS_KEPT_MAX:
            issuer.orders.clear()
        issuer.orders[attempt.hold] = known
    return known


def _read(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt) -> OrderedWork:
    archive, blocks = issuer.archive, tx.blocks
    award = archive.get(blocks, Award, attempt.award)
    hold = archive.get(blocks, Hold, attempt.hold)
    return OrderedWork(
        manifest=archive.get(blocks, JobManifest, attempt.job),
        bid=archive.get(blocks, Bid, attempt.bid),
        award=award,
        hold=hold,
        context=Context.from_block(_block(tx, award.body.context)),
        members=issuer.members_at(tx, hold.body.members),
        listed=read_eligible(_block(tx, hold.body.eligible)),
    )


def named_by_hold(order: OrderedWork) -> tuple[Cid, ...]:
    """The blocks that go with a Hold or a Draw."""
    return (
        order.award.cid,
        order.manifest.cid,
        order.bid.cid,
        order.award.body.context,
        order.hold.body.eligible,
    )


def judgement_of(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt) -> Judgement:
    """What the stored attestations say of the executor's result."""
    if attempt.result is None or not attempt.votes:
        return NO_JUDGEMENT
    return judge(
        issuer.archive.get(tx.blocks, Receipt, attempt.result.receipt),
        [issuer.archive.get(tx.blocks, Attestation, vote.attestation) for vote in attempt.votes],
        drawn=frozenset(each.verifier for each in attempt.drawn),
        quorum=attempt.quorum,
    )


def concerned(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt) -> tuple[Did, ...]:
    """Who submitted and awarded: the submitter first, nobody twice."""
    award = issuer.archive.get(tx.blocks, Award, attempt.award)
    return tuple(dict.fromkeys((attempt.submitter, award.signer)))


def _block(tx: ActorTransaction, cid: Cid) -> bytes:
    data = tx.blocks.get(cid)
    if data is None:
        raise MissingRecord("block", cid)
    return data


def hold_word(hold: Cid) -> str:
    """Until when a Hold is sent again to its executor."""
    return f"hold/{hold}"


def draw_word(hold: Cid, number: int) -> str:
    """Until when a Draw is sent again to its verifiers."""
    return f"draw/{hold}/{number}"


def opening_word(hold: Cid) -> str:
    """Until when an Opening is sent again to those who sealed."""
    return f"opening/{hold}"
