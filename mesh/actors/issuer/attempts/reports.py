"""Reports of work: signs of life, seals, receipts, attestations, and giving up.

Rule: what is stored first decides. Whoever reports about a hold that has ended gets its settlement;
a result that came too late is refused with it.
"""

from typing import Any, TypeAlias

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.attempts.ending import send_settlement, settle
from mesh.actors.issuer.attempts.orders import draw_word, hold_word, opening_word, order_of
from mesh.actors.issuer.attempts.pursuit import fix_result, pursue
from mesh.actors.issuer.core import IssuerCore, moment_of
from mesh.actors.issuer.evidence import is_contradicted
from mesh.actors.issuer.rows import ATTEMPTS, HEADS, HeadRow
from mesh.core.records.work import (
    Anchor,
    Attestation,
    GaveUp,
    Progress,
    Receipt,
    Seal,
)
from mesh.core.settlement.attempt import (
    Attempt,
    AttemptPhase,
    Attested,
    Heard,
    Result,
    Revealed,
    SealOf,
    SignOfLife,
    StepRefusal,
    VerifierSealed,
    Vote,
    step,
)
from mesh.core.settlement.check import check_receipt
from mesh.core.settlement.payments import GROUND_OF_GIVING_UP
from mesh.core.settlement.refusals import SEND_AGAIN, Refusal, RequestRefusal
from mesh.core.verification.anchors import check_anchor
from mesh.core.verification.results import read_result
from mesh.core.verification.seals import opens
from mesh.core.verification.verdicts import check_attestation
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed

Answered: TypeAlias = MessageRefusal | None


def take_progress(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> Answered:
    """Renew the lease of an executor or verifier."""
    progress: Signed[Progress] = incoming.record
    attempt = tx.rows(ATTEMPTS).get(progress.body.hold)
    if attempt is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if not _takes_part(attempt, progress.signer):
        return MessageRefusal.NOT_ADDRESSED
    if not attempt.is_open:
        send_settlement(issuer, tx, attempt, progress.signer, now)
        return None
    sign = SignOfLife(signer=progress.signer, sequence=progress.body.sequence, at=moment_of(now))
    after = step(attempt, Heard(sign=sign, phase=progress.body.phase))
    if isinstance(after, StepRefusal):
        return MessageRefusal.OVER
    _heard_of(tx, attempt, progress.signer)
    pursue(issuer, tx, after, now)
    return None


def take_giving_up(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> Answered:
    """End an attempt whose executor has no result."""
    gave_up: Signed[GaveUp] = incoming.record
    attempt = tx.rows(ATTEMPTS).get(gave_up.body.hold)
    if attempt is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if gave_up.signer != attempt.executor:
        return MessageRefusal.NOT_ADDRESSED
    if not attempt.is_open:
        send_settlement(issuer, tx, attempt, gave_up.signer, now)
        return None
    if attempt.phase is not AttemptPhase.HELD:
        _refuse(issuer, tx, incoming, RequestRefusal.RESULT_FIXED, now)
        return None
    issuer.keep(tx, gave_up)
    ground = GROUND_OF_GIVING_UP[gave_up.body.ground]
    settle(issuer, tx, attempt, ground, now, detail=gave_up.body.detail)
    return None


def take_seal(issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now) -> Answered:
    """Store a sealed result: the executor's, by which verifiers are drawn, or a verifier's."""
    seal: Signed[Seal] = incoming.record
    attempt = _due(issuer, tx, incoming, seal.body.hold, now)
    if not isinstance(attempt, Attempt):
        return attempt
    entry = SealOf(signer=seal.signer, seal=seal.cid)
    after: Attempt | StepRefusal
    if seal.signer == attempt.executor:
        after = fix_result(issuer, tx, attempt, entry, now)
    else:
        after = step(attempt, VerifierSealed(seal=entry))
    return _take_step(issuer, tx, incoming, attempt, after, now)


def take_receipt(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> Answered:
    """Store the executor's result: by it verifiers are drawn, or its seal is opened."""
    receipt: Signed[Receipt] = incoming.record
    attempt = _due(issuer, tx, incoming, receipt.body.hold, now)
    if not isinstance(attempt, Attempt):
        return attempt
    anchor = _anchor_of(issuer, incoming, receipt)
    result = _result(incoming, receipt.body.deterministic)
    if anchor is None or result is None:
        issuer.answer(tx, receipt.signer, receipt.cid, now, refusal=SEND_AGAIN)
        return None
    # Only what is due takes a slot: else one receipt would fill as many as its signer has anchors.
    is_due = attempt.result is None and attempt.phase is (
        AttemptPhase.OPENED if attempt.is_sealed else AttemptPhase.HELD
    )
    if is_contradicted(issuer, tx, anchor, now, takes_slot=is_due):
        _refuse(issuer, tx, incoming, RequestRefusal.RECORD_WRONG, now, "its anchor")
        return MessageRefusal.EQUIVOCATION
    if not is_due:
        refused = StepRefusal.NOT_IN_THIS_PHASE
        return _take_step(issuer, tx, incoming, attempt, refused, now)
    if detail := _against_receipt(issuer, tx, attempt, receipt, anchor, result, now):
        _refuse(issuer, tx, incoming, RequestRefusal.RECORD_WRONG, now, detail)
        return None
    tx.blocks.put(receipt.body.deterministic, incoming.attached[receipt.body.deterministic])
    _note_head(issuer, tx, anchor)
    entry = Result(
        receipt=receipt.cid,
        anchor=anchor.cid,
        deterministic=receipt.body.deterministic,
        engine=receipt.body.engine,
    )
    after: Attempt | StepRefusal
    if attempt.is_sealed:
        after = step(attempt, Revealed(result=entry))
    else:
        after = fix_result(issuer, tx, attempt, entry, now)
    return _take_step(issuer, tx, incoming, attempt, after, now)


def take_attestation(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> Answered:
    """Store a verifier's result."""
    attestation: Signed[Attestation] = incoming.record
    body = attestation.body
    attempt = _due(issuer, tx, incoming, body.hold, now)
    if not isinstance(attempt, Attempt):
        return attempt
    if _result(incoming, body.deterministic) is None:
        issuer.answer(tx, attestation.signer, attestation.cid, now, refusal=SEND_AGAIN)
        return None
    seal = _seal_of(issuer, tx, attempt, attestation.signer)
    drawn = [each.verifier for each in attempt.drawn]
    findings = check_attestation(attestation, hold=attempt.hold, drawn=drawn, seal=seal)
    if findings:
        detail = "; ".join(map(str, findings))
        _refuse(issuer, tx, incoming, RequestRefusal.RECORD_WRONG, now, detail)
        return None
    tx.blocks.put(body.deterministic, incoming.attached[body.deterministic])
    vote = Vote(
        verifier=attestation.signer,
        attestation=attestation.cid,
        deterministic=body.deterministic,
        engine=body.engine,
    )
    return _take_step(issuer, tx, incoming, attempt, step(attempt, Attested(vote=vote)), now)


def _due(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, hold: Cid, now: Now
) -> Attempt | Answered:
    """The open attempt that a result is about, if it is its signer's to report; a contradiction is
    made known, a late result is answered."""
    record: Signed[Any] = incoming.record
    attempt = tx.rows(ATTEMPTS).get(hold)
    if attempt is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if not _takes_part(attempt, record.signer):
        return MessageRefusal.NOT_ADDRESSED
    if is_contradicted(issuer, tx, record, now):
        return MessageRefusal.EQUIVOCATION
    if attempt.is_open:
        return attempt
    send_settlement(issuer, tx, attempt, record.signer, now)
    if record.cid in _counted(attempt):
        return None
    if not isinstance(record.body, Receipt):
        return MessageRefusal.OVER
    refusal = Refusal(reason=RequestRefusal.HOLD_SETTLED)
    issuer.answer(
        tx, record.signer, record.cid, now, refusal=refusal, settlement=attempt.settlement
    )
    return MessageRefusal.OVER


def _take_step(
    issuer: IssuerCore,
    tx: ActorTransaction,
    incoming: Incoming,
    attempt: Attempt,
    after: Attempt | StepRefusal,
    now: Now,
) -> Answered:
    """Store what a result made of an attempt, and do what is due; a repeat changes nothing."""
    if isinstance(after, Attempt):
        _heard_of(tx, attempt, incoming.record.signer)
        _revealed(tx, after, incoming.record)
        pursue(issuer, tx, after, now)
        return None
    if incoming.record.cid in _counted(attempt):
        return None
    _refuse(issuer, tx, incoming, RequestRefusal.NOT_DUE, now, after.value)
    return None


def _heard_of(tx: ActorTransaction, attempt: Attempt, signer: Did) -> None:
    """The order to work has arrived: it is not sent again."""
    if signer == attempt.executor:
        tx.outbox.answered(hold_word(attempt.hold), signer)
    else:
        for number in range(1, attempt.round + 1):
            tx.outbox.answered(draw_word(attempt.hold, number), signer)


def _revealed(tx: ActorTransaction, attempt: Attempt, record: Signed[Any]) -> None:
    if attempt.opening is not None and isinstance(record.body, Receipt | Attestation):
        tx.outbox.answered(opening_word(attempt.hold), record.signer)


def _against_receipt(
    issuer: IssuerCore,
    tx: ActorTransaction,
    attempt: Attempt,
    receipt: Signed[Receipt],
    anchor: Signed[Anchor],
    result: Deterministic,
    now: Now,
) -> str:
    """What speaks against a receipt with its anchor, as text; nothing where it counts."""
    order = order_of(issuer, tx, attempt)
    # A clock that was set back makes nobody's receipt one of the future.
    at = max(now.wall, order.hold.body.issued_at)
    findings = check_receipt(order, receipt, result, now=at)
    findings += check_anchor(anchor, receipt=receipt.cid, executor=attempt.executor)
    if findings:
        return "; ".join(map(str, findings))
    if not attempt.is_sealed:
        return ""
    seal = _seal_of(issuer, tx, attempt, attempt.executor)
    if seal is None or not opens(seal, receipt.body.deterministic, receipt.body.nonce):
        return "it does not open its signer's seal"
    return ""


def _seal_of(
    issuer: IssuerCore, tx: ActorTransaction, attempt: Attempt, signer: Did
) -> Signed[Seal] | None:
    found = next((each.seal for each in attempt.seals if each.signer == signer), None)
    return None if found is None else issuer.archive.get(tx.blocks, Seal, found)


def _note_head(issuer: IssuerCore, tx: ActorTransaction, anchor: Signed[Anchor]) -> None:
    """Keep the end of an executor's chain, to show it with its next hold."""
    known = tx.rows(HEADS).get(anchor.signer)
    if known is None or anchor.body.sequence > known.sequence:
        issuer.keep(tx, anchor)
        tx.rows(HEADS).put(
            HeadRow(executor=anchor.signer, sequence=anchor.body.sequence, anchor=anchor.cid)
        )


def _anchor_of(
    issuer: IssuerCore, incoming: Incoming, receipt: Signed[Receipt]
) -> Signed[Anchor] | None:
    for found in issuer.archive.records(Anchor, incoming.attached.values()):
        if (found.signer, found.body.receipt) == (receipt.signer, receipt.cid):
            return found
    return None


def _result(incoming: Incoming, cid: Cid) -> Deterministic | None:
    block = incoming.attached.get(cid)
    if block is None:
        return None
    try:
        return read_result(block)
    except CodecError:
        return None


def _takes_part(attempt: Attempt, did: Did) -> bool:
    return did == attempt.executor or any(each.verifier == did for each in attempt.drawn)


def _counted(attempt: Attempt) -> frozenset[Cid]:
    """The records of results that are stored of an attempt."""
    records = {each.seal for each in attempt.seals}
    records |= {vote.attestation for vote in attempt.votes}
    if attempt.result is not None:
        records.add(attempt.result.receipt)
    return frozenset(records)


def _refuse(
    issuer: IssuerCore,
    tx: ActorTransaction,
    incoming: Incoming,
    reason: RequestRefusal,
    now: Now,
    detail: str = "",
) -> None:
    record = incoming.record
    refusal = Refusal(reason=reason, detail=detail)
    issuer.answer(tx, record.signer, record.cid, now, refusal=refusal)
