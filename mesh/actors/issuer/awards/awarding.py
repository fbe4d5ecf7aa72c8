"""Awards: each is answered with the hold of its price, or with the reason why there is none.

Rule: the hold alone orders an attempt, and there is one for each (job, attempt): the first award
that is stored decides. A repeat gets the stored hold; a refusal is not kept.
"""

from collections.abc import Mapping
from typing import Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, Incoming, MessageRefusal
from mesh.actors.issuer.attempts.ending import send_settlement
from mesh.actors.issuer.attempts.orders import concerned, hold_word, named_by_hold, order_of
from mesh.actors.issuer.attempts.pursuit import pursue
from mesh.actors.issuer.awards.ladder import (
    Case,
    attempt_of,
    eligible_for,
    quorum_of,
    read_case,
    refuse_award,
)
from mesh.actors.issuer.awards.parents import note_job
from mesh.actors.issuer.awards.spending import payer_of, policies_for
from mesh.actors.issuer.core import IssuerCore, moment_of
from mesh.actors.issuer.evidence import is_contradicted
from mesh.actors.issuer.rows import HEADS
from mesh.core.ids import hold_id
from mesh.core.market.terms import max_seconds_of
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import Award
from mesh.core.records.work import Hold
from mesh.core.settlement.attempt import Attempt
from mesh.core.settlement.payments import pot_of
from mesh.core.settlement.refusals import AwardRefusal, Refusal
from mesh.core.verification.draw import commitment_of, eligible_block, secret_of
from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.tokens.ledger import LedgerRefusal, Refused
from runtime.tokens.transfers import PlaceHold, TokenShare


def take_award(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Answer an award with its hold, or with the reason why there is none."""
    award: Signed[Award] = incoming.record
    if issuer.members(tx).member(award.signer) is None:
        return MessageRefusal.NOT_A_MEMBER
    stored = attempt_of(tx, award.body.job, award.body.attempt)
    if stored is not None and stored.award == award.cid:
        _repeat(issuer, tx, stored, now)
        return None
    case = read_case(issuer, tx, incoming)
    refusal = (
        Refusal(reason=AwardRefusal.INCOMPLETE)
        if case is None
        else refuse_award(issuer, tx, case, now) or _hold(issuer, tx, case, now)
    )
    if refusal is not None:
        issuer.answer(tx, award.signer, award.cid, now, refusal=refusal)
    if (
        stored is not None
        and refusal is not None
        and refusal.reason is AwardRefusal.OTHER_AWARD_STORED
    ):
        # Submitter and delegate may both award; whoever lost learns what is held.
        _repeat(issuer, tx, stored, now)
    return None


def _repeat(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, now: Now) -> None:
    """Send a stored hold again to submitter and delegate, and its settlement."""
    named = named_by_hold(order_of(issuer, tx, attempt))
    for each in concerned(issuer, tx, attempt):
        stated = issuer.stated(tx, each, now)
        tx.outbox.put(Outgoing(to=(each,), record=attempt.hold, attached=(*named, *stated)))
        if not attempt.is_open:
            send_settlement(issuer, tx, attempt, each, now)


OF_THE_LEDGER: Final[Mapping[LedgerRefusal, AwardRefusal]] = {
    LedgerRefusal.TOKEN_EXHAUSTED: AwardRefusal.TOKEN_EXHAUSTED,
    LedgerRefusal.BALANCE_TOO_LOW: AwardRefusal.BALANCE_TOO_LOW,
    LedgerRefusal.DENIED_BY_POLICY: AwardRefusal.POLICY,
    LedgerRefusal.LEDGER_FULL: AwardRefusal.LEDGER_FULL,
}


def _hold(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> Refusal | None:
    """Set the price aside, and order the work; or what the ledger has against it."""
    wanted = case.manifest.body
    place = PlaceHold(
        id=hold_id(case.manifest.cid, case.award.body.attempt),
        debit=issuer.books(tx).key(wanted.resource_type, payer_of(tx, case.chain[-1])),
        amount=case.bid.body.price,
        subject=case.manifest.signer,
        tokens=tuple(TokenShare(token=link.cid, amount=link.body.amount) for link in case.chain),
        policies=policies_for(issuer, tx, wanted.resource_type, wanted.scope),
    )
    refused = issuer.books(tx).carry_out(place, now=now.wall)
    if refused is not None:
        return _refusal_of(refused)
    _store_hold(issuer, tx, case, now)
    return None


def _refusal_of(refused: Refused) -> Refusal:
    denial = refused.denial
    if denial is None:
        detail = "" if refused.available is None else f"{refused.available} available"
        return Refusal(reason=OF_THE_LEDGER[refused.reason], detail=detail)
    detail = f"{denial.reason.value}; {denial.available} allowed now"
    return Refusal(
        reason=AwardRefusal.POLICY, detail=detail, retry_after=denial.retry_after_seconds
    )


def _store_hold(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> None:
    issuer.keep(tx, case.award, case.bid, *case.chain, *(case.parents or ()))
    tx.blocks.put(case.award.body.context, case.context_block)
    contradicted = is_contradicted(issuer, tx, case.manifest, now)
    assert not contradicted, "the ladder lets no second manifest of a job or position through"
    listed = eligible_for(issuer, tx, case, now)
    eligible_cid, block = eligible_block(listed)
    tx.blocks.put(eligible_cid, block)
    hold = issuer.sign(tx, _terms(issuer, tx, case, eligible_cid, now))
    note_job(tx, case.manifest, case.parents or (), hold.body.amount)
    _order(issuer, tx, case, hold, now)
    attempt = _attempt(issuer, tx, case, hold, len(listed), now)
    pursue(issuer, tx, attempt, now)


def _terms(
    issuer: IssuerCore, tx: ActorTransaction, case: Case, eligible_cid: Cid, now: Now
) -> Hold:
    members = issuer.members(tx)
    award, price = case.award, case.bid.body.price
    id_ = hold_id(case.manifest.cid, award.body.attempt)
    return Hold(
        id=id_,
        award=award.cid,
        job=case.manifest.cid,
        bid=case.bid.cid,
        executor=case.bid.signer,
        attempt=award.body.attempt,
        token=case.manifest.body.resource_token,
        amount=price,
        pot=pot_of(price, members.genesis.body.verify_ppm),
        lease_ms=issuer.lease_ms,
        max_seconds=max_seconds_of(case.manifest.body, case.bid.body, issuer.lease_ms),
        members=members.change.cid,
        eligible=eligible_cid,
        draw_commitment=commitment_of(secret_of(issuer.draw_seed, id_)),
        issued_at=max(now.wall, case.manifest.body.created_at - CLOCK_SKEW_SECONDS),
    )


def _order(
    issuer: IssuerCore, tx: ActorTransaction, case: Case, hold: Signed[Hold], now: Now
) -> None:
    """Send the hold to its executor until that one works, and to who awarded once."""
    attached = (
        case.award.cid,
        case.manifest.cid,
        case.bid.cid,
        case.award.body.context,
        hold.body.eligible,
    )
    head = tx.rows(HEADS).get(hold.body.executor)
    tx.outbox.put(
        Outgoing(
            to=(hold.body.executor,),
            record=hold.cid,
            attached=attached if head is None else (*attached, head.anchor),
            until=hold_word(hold.cid),
        )
    )
    submitting = dict.fromkeys((case.manifest.signer, case.award.signer))
    for each in submitting:
        stated = issuer.stated(tx, each, now)
        tx.outbox.put(Outgoing(to=(each,), record=hold.cid, attached=(*attached, *stated)))
    payer = payer_of(tx, case.chain[-1])
    issuer.inform(tx, {payer} - submitting.keys(), now)


def _attempt(
    issuer: IssuerCore,
    tx: ActorTransaction,
    case: Case,
    hold: Signed[Hold],
    eligible_count: int,
    now: Now,
) -> Attempt:
    body = hold.body
    return Attempt(
        hold=hold.cid,
        id=body.id,
        award=body.award,
        job=body.job,
        bid=body.bid,
        submitter=case.manifest.signer,
        executor=body.executor,
        attempt=body.attempt,
        is_sealed=issuer.members(tx).genesis.body.sealed,
        quorum=quorum_of(issuer, tx, case),
        verifiers=case.manifest.body.trust.verifiers,
        eligible_count=eligible_count,
        amount=body.amount,
        pot=body.pot,
        lease_ms=body.lease_ms,
        max_seconds=body.max_seconds,
        work_seconds=case.bid.body.work_seconds,
        held_at=moment_of(now),
    )
