"""The end of an attempt: its settlement, the payments in the ledger, and who learns of it.

Rule: a hold ends once, by one settlement, signed in the transaction that pays; whoever comes later
gets that settlement again.
"""

from collections.abc import Collection

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.issuer.attempts.orders import concerned, draw_word, hold_word, opening_word
from mesh.actors.issuer.awards.parents import give_back
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import ATTEMPTS, REVOCATIONS
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.settlement import Ground, Payment, Revocation, Settlement
from mesh.core.records.work import Hold
from mesh.core.settlement.attempt import Attempt, Settled, step
from mesh.core.settlement.check import above_withdrawn
from mesh.core.settlement.clock import elapsed_ms
from mesh.core.settlement.payments import payments_of
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.tokens.transfers import Payment as LedgerPayment
from runtime.tokens.transfers import PostHold, Transfer, VoidHold


def settle(
    issuer: IssuerCore,
    tx: ActorTransaction,
    attempt: Attempt,
    ground: Ground,
    now: Now,
    *,
    agreeing: Collection[Did] = (),
    cancel: Cid | None = None,
    detail: str = "",
) -> Attempt:
    """The attempt after its end: paid, stored, and sent to all who took part."""
    payments = _payments(issuer, tx, attempt, ground, agreeing)
    held = issuer.books(tx).transfer(attempt.id)
    assert held is not None, "an open attempt has a hold"
    _pay(issuer, tx, attempt, payments, now)
    refunded = attempt.amount - sum(each.amount for each in payments)
    hold = issuer.archive.get(tx.blocks, Hold, attempt.hold)
    result = attempt.result
    settlement = issuer.sign(
        tx,
        Settlement(
            hold=attempt.hold,
            ground=ground,
            receipt=None if result is None else result.receipt,
            anchor=None if result is None else result.anchor,
            draws=attempt.draws,
            opening=attempt.opening,
            # By verifier: who came first, of those who open at one moment, says nothing.
            attestations=tuple(
                vote.attestation for vote in sorted(attempt.votes, key=lambda each: each.verifier)
            ),
            cancel=cancel,
            payments=payments,
            refunded=refunded,
            detail=cut(detail, REASON_BYTES_MAX),
            issued_at=max(now.wall, hold.body.issued_at, _after_revocation(issuer, tx, held)),
        ),
    )
    give_back(tx, attempt.job, refunded)
    after = step(attempt, Settled(ground=ground, settlement=settlement.cid))
    assert isinstance(after, Attempt), "every open phase may be settled"
    after = replace(after, due_at=None)
    tx.rows(ATTEMPTS).put(after)
    issuer.orders.pop(attempt.hold, None)
    _stop_sending(tx, after)
    _announce(issuer, tx, after, now)
    _inform(issuer, tx, after, (held.debit.owner, *(each.to for each in payments)), now)
    return after


def send_settlement(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, to: Did, now: Now
) -> None:
    """Send the settlement of an ended attempt again."""
    assert attempt.settlement is not None, "the attempt has ended"
    attached = _named(issuer, tx, attempt)
    if to in concerned(issuer, tx, attempt):
        attached = (*attached, *issuer.stated(tx, to, now))
    tx.outbox.put(Outgoing(to=(to,), record=attempt.settlement, attached=attached))


def _payments(
    issuer: IssuerCore,
    tx: ActorTransaction,
    attempt: Attempt,
    ground: Ground,
    agreeing: Collection[Did],
) -> tuple[Payment, ...]:
    first, last = attempt.running_first, attempt.running_last
    return payments_of(
        ground,
        amount=attempt.amount,
        pot=attempt.pot,
        executor=attempt.executor,
        agreeing=agreeing,
        drawn=len(attempt.drawn),
        running_ms=0 if first is None or last is None else elapsed_ms(first, last),
        work_seconds=issuer.archive.get(tx.blocks, Bid, attempt.bid).body.work_seconds,
    )


def _pay(
    issuer: IssuerCore,
    tx: ActorTransaction,
    attempt: Attempt,
    payments: tuple[Payment, ...],
    now: Now,
) -> None:
    """Pay what is owed of a hold, and return the rest."""
    paid = tuple(LedgerPayment(owner=each.to, amount=each.amount) for each in payments)
    end = PostHold(id=attempt.id, payments=paid) if paid else VoidHold(id=attempt.id)
    refused = issuer.books(tx).carry_out(end, now=now.wall)
    assert refused is None, "an open hold pays up to its amount, and may be given back"


def _stop_sending(tx: ActorTransaction, attempt: Attempt) -> None:
    tx.outbox.answered(hold_word(attempt.hold))
    if attempt.opening is not None:
        tx.outbox.answered(opening_word(attempt.hold))
    for number in range(1, attempt.round + 1):
        tx.outbox.answered(draw_word(attempt.hold, number))


def _announce(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, now: Now) -> None:
    submitting = concerned(issuer, tx, attempt)
    working = dict.fromkeys((attempt.executor, *(each.verifier for each in attempt.drawn)))
    for each in submitting:
        send_settlement(issuer, tx, attempt, each, now)
    others = tuple(each for each in working if each not in submitting)
    assert attempt.settlement is not None, "the attempt has ended"
    if others:
        named = _named(issuer, tx, attempt)
        tx.outbox.put(Outgoing(to=others, record=attempt.settlement, attached=named))


def _after_revocation(issuer: IssuerCore, tx: ActorTransaction, held: Transfer) -> int:
    """The first second after the issuer took back the token that pays, 0 where it did not: what was
    left of it then follows from what had ended by that time."""
    row = tx.rows(REVOCATIONS).get(held.tokens[-1])
    if row is None:
        return 0
    return 1 + issuer.archive.get(tx.blocks, Revocation, row.revocation).body.revoked_at


def _inform(
    issuer: IssuerCore,
    tx: ActorTransaction,
    attempt: Attempt,
    owners: Collection[Did],
    now: Now,
) -> None:
    """Payer and payees learn what they have, where the settlement does not say it to them."""
    submitting = concerned(issuer, tx, attempt)
    issuer.inform(tx, (each for each in owners if each not in submitting), now)


def _named(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt) -> tuple[Cid, ...]:
    """The blocks that a settlement rests on: records, results, seals; each once."""
    assert attempt.settlement is not None, "the attempt has ended"
    body = issuer.archive.get(tx.blocks, Settlement, attempt.settlement).body
    results = [vote.deterministic for vote in attempt.votes]
    if attempt.result is not None:
        results.append(attempt.result.deterministic)
    found = (
        body.hold,
        body.receipt,
        body.anchor,
        *body.draws,
        body.opening,
        *body.attestations,
        body.cancel,
        *_above_withdrawn(issuer, tx, attempt, body.cancel),
        *(each.seal for each in attempt.seals),
        *results,
    )
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _above_withdrawn(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, cancel: Cid | None
) -> tuple[Cid, ...]:
    """The manifests by which an attempt's job descends from the one that was withdrawn."""
    archive, blocks = issuer.archive, tx.blocks
    above = above_withdrawn(
        archive.get(blocks, JobManifest, attempt.job),
        None if cancel is None else archive.get(blocks, Cancel, cancel),
        lambda cid: archive.get(blocks, JobManifest, cid),
    )
    return tuple(each.cid for each in above)
