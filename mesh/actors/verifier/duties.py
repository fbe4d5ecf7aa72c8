"""Duties of a verifier: from the Draw to the Attestation.

Rule: it works only where the draw follows from the hold and the secret that the hold commits to,
for each hold once; whatever was signed for it is sent again, never signed again.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.executions import EXECUTIONS, Ended, Lost, Outcome, begin, sign_of_life
from mesh.actors.faults import accuse_if_contradicted
from mesh.actors.orders import Order, against_order, keep_order, read_order, stored_order
from mesh.actors.verifier.rows import (
    DUTIES,
    OBSERVATIONS,
    DutyPhase,
    DutyRow,
    ObservationRow,
)
from mesh.actors.workers import Worker, draws_opened, sign_seal
from mesh.core.ports.messages import Outgoing
from mesh.core.records.work import Attestation, Draw, Hold, Opening, Seal, WorkPhase
from mesh.core.settlement.check import check_draws
from runtime.content.cid import Cid
from runtime.identity.signed import RecordError, Signed


def take_draw(
    verifier: Worker, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    draw: Signed[Draw] = incoming.record
    if verifier.did not in draw.body.verifiers:
        return MessageRefusal.NOT_ADDRESSED
    known = tx.rows(DUTIES).get(draw.body.hold)
    if known is not None:
        if draw.signer != known.issuer:
            return MessageRefusal.WRONG_ROLE
        accuse_if_contradicted(verifier, tx, Draw, known.draw, draw, now)
        _repeat(verifier, tx, known, now)
        return None
    try:
        hold = verifier.resting_on(tx, incoming, Hold, draw.body.hold)
    except RecordError:
        return MessageRefusal.INCOMPLETE
    if draw.signer != hold.signer:
        return MessageRefusal.WRONG_ROLE
    order = read_order(verifier, tx, incoming, hold, now)
    if isinstance(order, MessageRefusal):
        return order
    try:
        refusal = _against(verifier, tx, incoming, order, draw)
    except RecordError:
        return MessageRefusal.INCOMPLETE
    if refusal is not None:
        return refusal
    keep_order(verifier, tx, incoming, order)
    verifier.keep(tx, draw)
    _work(verifier, tx, order, draw, now)
    return None


def finish(verifier: Worker, tx: ActorTransaction, outcome: Outcome, now: Now) -> None:
    """Take in how an execution ended; the observation is stored before anything is said of it."""
    row = tx.rows(DUTIES).get(outcome.row.hold)
    assert row is not None and row.phase is DutyPhase.WORKING, "who ends it cancels the work"
    match outcome:
        case Ended():
            assert outcome.row.result is not None, "it gave a result"
            observation = ObservationRow(
                hold=row.hold, deterministic=outcome.row.result, observed_at=now.wall
            )
            tx.rows(OBSERVATIONS).put(observation)
            if row.is_sealed:
                _seal(verifier, tx, row, observation)
            else:
                _attest(verifier, tx, row)
        case Lost():
            why = f"{outcome.fault.value}: {outcome.detail}"
            tx.rows(DUTIES).put(replace(row, phase=DutyPhase.SILENT, why_silent=why))


def take_opening(
    verifier: Worker, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """All whose seals count reveal their results."""
    opening: Signed[Opening] = incoming.record
    row = tx.rows(DUTIES).get(opening.body.hold)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if opening.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    if row.opening is not None:
        accuse_if_contradicted(verifier, tx, Opening, row.opening, opening, now)
    if row.phase is DutyPhase.ATTESTED and row.is_sealed:
        send_again(tx, row)
        return None
    if row.phase is not DutyPhase.SEALED:
        return MessageRefusal.OVER
    assert row.seal is not None, "it is sealed"
    draws = draws_opened(verifier, tx, incoming, first=row.first, own=row.seal)
    if isinstance(draws, MessageRefusal):
        return draws
    verifier.keep(tx, opening)
    tx.outbox.answered(f"seal/{row.hold}")
    _attest(verifier, tx, replace(row, opening=opening.cid))
    return None


def send_again(tx: ActorTransaction, row: DutyRow) -> None:
    """Send what was signed for a hold, until its issuer answers."""
    if row.phase is DutyPhase.SEALED:
        assert row.seal is not None
        until = f"seal/{row.hold}"
        tx.outbox.put(
            Outgoing(to=(row.issuer,), record=row.seal, attached=_shown(row), until=until)
        )
    elif row.phase is DutyPhase.ATTESTED:
        observation = tx.rows(OBSERVATIONS).get(row.hold)
        assert row.attestation is not None and observation is not None
        hearers = (row.issuer,) if row.is_sealed else (row.issuer, row.submitter)
        tx.outbox.put(
            Outgoing(
                to=tuple(dict.fromkeys(hearers)),
                record=row.attestation,
                attached=(observation.deterministic, *_shown(row)),
                until=f"end/{row.hold}",
            )
        )
    elif row.phase is DutyPhase.ENDED and row.settlement is not None:
        # An issuer that goes on with what it has settled is an old copy of itself.
        tx.outbox.put(Outgoing(to=(row.issuer,), record=row.settlement, attached=_shown(row)))


def _shown(row: DutyRow) -> tuple[Cid, ...]:
    """The issuer's own records of a hold, by which it learns that its store is an old copy."""
    shown = (row.hold, row.draw)
    return shown if row.opening is None else (*shown, row.opening)


def _work(
    verifier: Worker, tx: ActorTransaction, order: Order, draw: Signed[Draw], now: Now
) -> None:
    hold, submitter = order.hold, order.manifest.signer
    tx.rows(DUTIES).put(
        DutyRow(
            hold=hold.cid,
            issuer=hold.signer,
            submitter=submitter,
            executor=hold.body.executor,
            draw=draw.cid,
            first=draw.body.first,
            is_sealed=order.members.genesis.body.sealed,
            phase=DutyPhase.WORKING,
        )
    )
    begin(
        verifier,
        tx,
        order,
        executing=WorkPhase.VERIFYING,
        owners=(hold.body.executor, submitter),
        fuel_per_second=0,
        now=now,
    )


def _against(
    verifier: Worker,
    tx: ActorTransaction,
    incoming: Incoming,
    order: Order,
    draw: Signed[Draw],
) -> MessageRefusal | None:
    """Why a draw asks for nothing here. Raises RecordError where it cannot be checked yet."""
    if against_order(order):
        return MessageRefusal.INCONSISTENT
    first = None
    if order.members.genesis.body.sealed:
        first = verifier.resting_on(tx, incoming, Seal, draw.body.first)
        if first.signer != order.hold.body.executor or first.body.hold != order.hold.cid:
            return MessageRefusal.INCONSISTENT
    draws: tuple[Signed[Draw], ...] = (draw,)
    if draw.body.round > 1:
        draws = (*_earlier(verifier, incoming, draw), draw)
    if len(draws) != draw.body.round or any(each.body.first != draw.body.first for each in draws):
        return MessageRefusal.INCONSISTENT
    if check_draws(order, draws, first):
        return MessageRefusal.INCONSISTENT
    if order.context.engine != verifier.machine.engine.text:
        return MessageRefusal.INCONSISTENT
    return None


def _earlier(verifier: Worker, incoming: Incoming, draw: Signed[Draw]) -> tuple[Signed[Draw], ...]:
    """The attached draws of the same hold before this one."""
    found = [
        each
        for each in verifier.archive.records(Draw, incoming.attached.values())
        if each.body.hold == draw.body.hold and each.body.round < draw.body.round
    ]
    return tuple(sorted(found, key=lambda each: each.body.round))


def _seal(
    verifier: Worker, tx: ActorTransaction, row: DutyRow, observation: ObservationRow
) -> None:
    nonce, seal = sign_seal(verifier, tx, row.hold, observation.deterministic)
    after = replace(row, phase=DutyPhase.SEALED, nonce=nonce, seal=seal.cid)
    tx.rows(DUTIES).put(after)
    send_again(tx, after)


def _attest(verifier: Worker, tx: ActorTransaction, row: DutyRow) -> None:
    observation = tx.rows(OBSERVATIONS).get(row.hold)
    assert observation is not None, "a verifier attests what it has stored"
    hold = verifier.archive.get(tx.blocks, Hold, row.hold)
    order = stored_order(verifier, tx, hold.cid)
    attestation = verifier.sign(
        tx,
        Attestation(
            hold=row.hold,
            deterministic=observation.deterministic,
            engine=order.bid.body.engine,
            nonce=row.nonce,
        ),
    )
    after = replace(row, phase=DutyPhase.ATTESTED, attestation=attestation.cid)
    tx.rows(DUTIES).put(after)
    send_again(tx, after)


def _repeat(verifier: Worker, tx: ActorTransaction, row: DutyRow, now: Now) -> None:
    """The issuer has not heard the answer to a draw."""
    if row.phase is DutyPhase.WORKING:
        execution = tx.rows(EXECUTIONS).get(row.hold)
        if execution is not None and execution.is_open:
            sign_of_life(verifier, tx, execution, now)
    else:
        send_again(tx, row)
