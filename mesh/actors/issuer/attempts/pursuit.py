"""The pursuit of an attempt: it draws, opens and settles, as its records and the time ask for.

Rule: after each record that is stored about an attempt, and when its time has come, all that is due
is done; then it waits for the next moment in which time decides. Silence counts in a tick alone,
when all that was sent has been taken in: one record says nothing of those still on the way.
"""

from typing import assert_never

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.issuer.attempts.ending import settle
from mesh.actors.issuer.attempts.orders import (
    concerned,
    draw_word,
    judgement_of,
    named_by_hold,
    opening_word,
    order_of,
)
from mesh.actors.issuer.core import IssuerCore, moment_of
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.ports.messages import Outgoing
from mesh.core.records.work import Draw, Opening
from mesh.core.settlement.attempt import (
    Attempt,
    DrawWidened,
    Event,
    Result,
    ResultFixed,
    SealOf,
    SealsOpened,
    StepRefusal,
    step,
)
from mesh.core.settlement.decisions import (
    Decision,
    End,
    Open,
    Wait,
    Widen,
    decide,
    have_enough_spoken,
)
from mesh.core.verification.draw import Lottery, drawn, secret_of
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


def pursue(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, now: Now, *, in_tick: bool = False
) -> None:
    """Do all that is due of an attempt, and store it. in_tick: whether silence counts."""
    clock = issuer.clock(tx, now)
    if not in_tick:
        clock = replace(clock, leases_from=now.monotonic)
    while True:
        judgement = judgement_of(issuer, tx, attempt)
        if attempt.enough_at is None and have_enough_spoken(attempt, judgement):
            attempt = replace(attempt, enough_at=clock.now)
        decision = decide(attempt, judgement, clock=clock)
        match decision:
            case None:
                return
            case Wait(until=until):
                if not in_tick:
                    until = _next_look(decide(attempt, judgement, clock=issuer.clock(tx, now)), now)
                tx.rows(ATTEMPTS).put(replace(attempt, due_at=until))
                return
            case Widen():
                attempt = _widen(issuer, tx, attempt, now)
            case Open():
                attempt = _open(issuer, tx, attempt, now)
            case End(ground=ground, agreeing=agreeing):
                attempt = settle(issuer, tx, attempt, ground, now, agreeing=agreeing)
            case _:
                assert_never(decision)


def _next_look(decision: Decision | None, now: Now) -> int:
    """When a tick is due: at once where silence may decide."""
    return decision.until if isinstance(decision, Wait) else now.monotonic


def fix_result(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, first: SealOf | Result, now: Now
) -> Attempt | StepRefusal:
    """The attempt after the executor's first record, by which its verifiers are drawn."""
    cid = first.seal if isinstance(first, SealOf) else first.receipt
    event = ResultFixed(
        first=cid,
        seal=first if isinstance(first, SealOf) else None,
        result=first if isinstance(first, Result) else None,
        draw=cid,
        verifiers=(),
        at=moment_of(now),
    )
    # The draw is signed only for a record that counts: the event is tried before with an empty one.
    if isinstance(refusal := step(attempt, event), StepRefusal):
        return refusal
    draw = _draw(issuer, tx, attempt, cid)
    after = _stepped(attempt, replace(event, draw=draw.cid, verifiers=draw.body.verifiers))
    _send_draw(issuer, tx, after, draw)
    return after


def _widen(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, now: Now) -> Attempt:
    assert attempt.first is not None, "a draw is widened after the first"
    draw = _draw(issuer, tx, attempt, attempt.first)
    event = DrawWidened(draw=draw.cid, verifiers=draw.body.verifiers, at=moment_of(now))
    after = _stepped(attempt, event)
    _send_draw(issuer, tx, after, draw)
    return after


def _draw(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, first: Cid) -> Signed[Draw]:
    order = order_of(issuer, tx, attempt)
    secret = secret_of(issuer.draw_seed, attempt.id)
    verifiers = drawn(
        order.listed,
        order.members,
        Lottery(secret=secret, award=attempt.award, first=first),
        wanted=attempt.verifiers,
        round_number=attempt.round + 1,
    )
    return issuer.sign(
        tx,
        Draw(
            hold=attempt.hold,
            first=first,
            secret=secret,
            verifiers=verifiers,
            round=attempt.round + 1,
        ),
    )


def _send_draw(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, draw: Signed[Draw]
) -> None:
    order = order_of(issuer, tx, attempt)
    attached = (attempt.hold, *named_by_hold(order), *attempt.draws[:-1])
    if attempt.is_sealed:
        attached = (*attached, draw.body.first)
    verifiers = draw.body.verifiers
    tx.outbox.put(
        Outgoing(
            to=verifiers,
            record=draw.cid,
            attached=attached,
            until=draw_word(attempt.hold, draw.body.round),
        )
    )
    informed = dict.fromkeys((attempt.executor, *concerned(issuer, tx, attempt)))
    others = tuple(each for each in informed if each not in verifiers)
    tx.outbox.put(Outgoing(to=others, record=draw.cid, attached=attached))


def _open(issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, now: Now) -> Attempt:
    first, *others = attempt.seals
    listed = (first, *sorted(others, key=lambda each: each.signer))
    seals = tuple(each.seal for each in listed)
    opening = issuer.sign(tx, Opening(hold=attempt.hold, draws=attempt.draws, seals=seals))
    signers = tuple(each.signer for each in listed)
    after = _stepped(attempt, SealsOpened(opening=opening.cid, signers=signers, at=moment_of(now)))
    revealed = {vote.verifier for vote in attempt.votes}
    if attempt.result is not None:
        revealed.add(attempt.executor)
    tx.outbox.put(
        Outgoing(
            to=tuple(each for each in signers if each not in revealed),
            record=opening.cid,
            attached=(*attempt.draws, *seals),
            until=opening_word(attempt.hold),
        )
    )
    return after


def _stepped(attempt: Attempt, event: Event) -> Attempt:
    after = step(attempt, event)
    assert isinstance(after, Attempt), "what is decided is in the table"
    return after
