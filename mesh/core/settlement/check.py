"""Checks of a settlement against the records that it rests on, by whoever did not sign it.

Rule: everything that does not depend on the issuer's own clock is computed again; what does (a
lease that lapsed, the time that a cancelled attempt ran) is bounded.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from mesh.core.findings import Fault, Finding, differing
from mesh.core.membership.members import Members
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.payments import payments_of
from mesh.core.verification.anchors import check_anchor
from mesh.core.verification.draw import (
    Interests,
    Lottery,
    check_eligible,
    drawn,
    eligible_block,
    is_committed,
)
from mesh.core.verification.receipts import verify_receipt
from mesh.core.verification.seals import opens
from mesh.core.verification.verdicts import Judgement, Verdict, check_attestation, judge
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed

Findings: TypeAlias = tuple[Finding, ...]


class OrderedWork(Struct, frozen=True, kw_only=True):
    """The records of an attempt up to its hold, and those who could be drawn for it.

    members: those of `Hold.members`. listed: of the block that `Hold.eligible` names.
    """

    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    award: Signed[Award]
    hold: Signed[Hold]
    context: Context
    members: Members
    listed: tuple[Did, ...]

    @property
    def quorum(self) -> int:
        return max(self.manifest.body.trust.quorum, self.members.genesis.body.quorum)

    @property
    def interests(self) -> Interests:
        return Interests(
            executor=self.hold.body.executor,
            submitter=self.manifest.signer,
            executor_verifiers=self.manifest.body.trust.executor_verifiers,
            submitter_verifiers=self.bid.body.submitter_verifiers,
        )


class SettledRecords(Struct, frozen=True, kw_only=True):
    """The records that a settlement names, and the seals that its opening lists. result: of the
    block that the receipt names. above: as `above_withdrawn` gives them."""

    receipt: Signed[Receipt] | None = None
    result: Deterministic | None = None
    anchor: Signed[Anchor] | None = None
    draws: tuple[Signed[Draw], ...] = ()
    opening: Signed[Opening] | None = None
    seals: tuple[Signed[Seal], ...] = ()
    attestations: tuple[Signed[Attestation], ...] = ()
    cancel: Signed[Cancel] | None = None
    above: tuple[Signed[JobManifest], ...] = ()

    @property
    def drawn(self) -> tuple[Did, ...]:
        return tuple(did for draw in self.draws for did in draw.body.verifiers)

    def seal_of(self, signer: Did) -> Signed[Seal] | None:
        return next((each for each in self.seals if each.signer == signer), None)


def above_withdrawn(
    job: Signed[JobManifest],
    cancel: Signed[Cancel] | None,
    read: Callable[[Cid], Signed[JobManifest]],
) -> tuple[Signed[JobManifest], ...]:
    """The manifests from a job's parent up to the job that a Cancel withdraws with its tree; none
    where it withdraws the job itself. Raises what `read` raises."""
    found: list[Signed[JobManifest]] = []
    while cancel is not None and cancel.body.job != job.cid and job.body.parent is not None:
        job = read(job.body.parent.cause)
        found.append(job)
    return tuple(found)


def check_settlement(
    settlement: Signed[Settlement], order: OrderedWork, found: SettledRecords, *, now: int
) -> Findings:
    """What speaks against a settlement as the end of a hold. Whether hold, award, bid, manifest
    and context belong together, `mesh.core.market.terms` says."""
    return (
        *_check_names(settlement, order, found),
        *_check_work(order, found, now),
        *check_draws(order, found.draws, _first_of(order, found)),
        *_check_opening(order, found),
        *_check_attestations(order, found),
        *_check_ground(settlement.body, order, found),
        *_check_payments(settlement.body, order, found),
    )


def judgement_of(order: OrderedWork, found: SettledRecords) -> Judgement:
    """What the attestations say of the receipt, nothing without one."""
    if found.receipt is None:
        return Judgement(verdict=None)
    counted = found.attestations
    if order.members.genesis.body.sealed:
        counted = tuple(each for each in counted if _is_opened(found, each.signer))
    return judge(found.receipt, counted, drawn=found.drawn, quorum=order.quorum)


def _is_opened(found: SettledRecords, signer: Did) -> bool:
    seal = found.seal_of(signer)
    return found.opening is not None and seal is not None and seal.cid in found.opening.body.seals


def check_receipt(
    order: OrderedWork, receipt: Signed[Receipt], result: Deterministic, *, now: int
) -> Findings:
    """What speaks against a receipt for this hold. result: of the block that the receipt names."""
    return verify_receipt(
        receipt,
        result=result,
        manifest=order.manifest,
        bid=order.bid,
        award=order.award,
        hold=order.hold,
        context=order.context,
        now=now,
    )


def check_draws(
    order: OrderedWork, draws: tuple[Signed[Draw], ...], first: Signed[Receipt | Seal] | None
) -> Findings:
    """What speaks against the draws of a hold, in their order. first: the executor's first record,
    None where it is not known yet."""
    hold = order.hold
    findings = differing(
        "eligible list", (Fault.DRAW_WRONG, hold.body.eligible, eligible_block(order.listed)[0])
    )
    findings += check_eligible(order.listed, order.members, order.interests, at=hold.body.issued_at)
    for number, draw in enumerate(draws, 1):
        body = draw.body
        findings += differing(
            "draw",
            (Fault.NOT_AN_ISSUERS, draw.signer, hold.signer),
            (Fault.OTHER_HOLD, body.hold, hold.cid),
            (Fault.WRONG_SEQUENCE, body.round, number),
            (Fault.OTHER_RECEIPT, body.first, body.first if first is None else first.cid),
        )
        if not is_committed(body.secret, hold.body.draw_commitment):
            detail = "the secret is not the one that the hold commits to"
            findings += (Finding(fault=Fault.DRAW_WRONG, subject="draw", detail=detail),)
        lottery = Lottery(secret=body.secret, award=order.award.cid, first=body.first)
        wanted = order.manifest.body.trust.verifiers
        expected = drawn(
            order.listed, order.members, lottery, wanted=wanted, round_number=body.round
        )
        if body.verifiers != expected:
            findings += (Finding(fault=Fault.DRAW_WRONG, subject="draw"),)
    return findings


def _first_of(order: OrderedWork, found: SettledRecords) -> Signed[Receipt | Seal] | None:
    if order.members.genesis.body.sealed:
        return found.seal_of(order.hold.body.executor)
    return found.receipt


def _check_names(
    settlement: Signed[Settlement], order: OrderedWork, found: SettledRecords
) -> Findings:
    body = settlement.body
    findings = differing(
        "settlement",
        (Fault.NOT_AN_ISSUERS, settlement.signer, order.hold.signer),
        (Fault.OTHER_HOLD, body.hold, order.hold.cid),
    )
    findings += differing(
        "settlement",
        *(
            (Fault.MISSING, _cid(given), named)
            for given, named in (
                (found.receipt, body.receipt),
                (found.anchor, body.anchor),
                (found.opening, body.opening),
                (found.cancel, body.cancel),
            )
        ),
        (Fault.MISSING, tuple(each.cid for each in found.draws), body.draws),
        (Fault.MISSING, tuple(each.cid for each in found.attestations), body.attestations),
    )
    if body.issued_at < order.hold.body.issued_at:
        detail = f"at {body.issued_at}, the hold at {order.hold.body.issued_at}"
        findings += (Finding(fault=Fault.TIMES_WRONG, subject="settlement", detail=detail),)
    return findings


def _cid(record: Signed[object] | None) -> object:
    return None if record is None else record.cid


def _check_work(order: OrderedWork, found: SettledRecords, now: int) -> Findings:
    receipt, anchor = found.receipt, found.anchor
    if receipt is None:
        if anchor is None:
            return ()
        return (Finding(fault=Fault.OTHER_RECEIPT, subject="anchor", detail="there is none"),)
    if found.result is None:
        detail = str(receipt.body.deterministic)
        return (Finding(fault=Fault.MISSING, subject="result", detail=detail),)
    findings = check_receipt(order, receipt, found.result, now=now)
    if order.members.genesis.body.sealed:
        seal = found.seal_of(receipt.signer)
        if seal is None or not opens(seal, receipt.body.deterministic, receipt.body.nonce):
            findings += (Finding(fault=Fault.RESULT_DIFFERS, subject="receipt", detail="its seal"),)
    if anchor is not None:
        findings += check_anchor(anchor, receipt=receipt.cid, executor=order.hold.body.executor)
    return findings


def _check_opening(order: OrderedWork, found: SettledRecords) -> Findings:
    opening, hold = found.opening, order.hold
    if opening is None:
        return ()
    findings = differing(
        "opening",
        (Fault.NOT_AN_ISSUERS, opening.signer, hold.signer),
        (Fault.OTHER_HOLD, opening.body.hold, hold.cid),
    )
    made = tuple(each.cid for each in found.draws)
    findings += differing(
        "opening", (Fault.DRAW_WRONG, opening.body.draws, made[: len(opening.body.draws)])
    )
    signers = [each.signer for each in found.seals]
    if not set(opening.body.seals) <= {each.cid for each in found.seals}:
        findings += (Finding(fault=Fault.MISSING, subject="seals"),)
    for seal in found.seals:
        findings += differing("seal", (Fault.OTHER_HOLD, seal.body.hold, hold.cid))
        if seal.signer not in (hold.body.executor, *found.drawn):
            findings += (Finding(fault=Fault.NOT_A_VERIFIERS, subject="seal", detail=seal.signer),)
    if len(set(signers)) < len(signers):
        findings += (Finding(fault=Fault.EQUIVOCATION, subject="seals"),)
    return findings


def _check_attestations(order: OrderedWork, found: SettledRecords) -> Findings:
    findings: Findings = ()
    is_sealed = order.members.genesis.body.sealed
    for each in found.attestations:
        seal = found.seal_of(each.signer) if is_sealed else None
        findings += check_attestation(each, hold=order.hold.cid, drawn=found.drawn, seal=seal)
        if is_sealed and seal is None:
            detail = f"the seal of {each.signer}"
            findings += (Finding(fault=Fault.MISSING, subject="attestation", detail=detail),)
    signers = [each.signer for each in found.attestations]
    if len(set(signers)) < len(signers):
        findings += (Finding(fault=Fault.EQUIVOCATION, subject="attestations"),)
    return findings


def _check_ground(body: Settlement, order: OrderedWork, found: SettledRecords) -> Findings:
    reason = _against_ground(body.ground, order, found)
    if reason is None:
        return ()
    detail = f"{body.ground.value}: {reason}"
    return (Finding(fault=Fault.GROUND_WRONG, subject="settlement", detail=detail),)


def _against_ground(ground: Ground, order: OrderedWork, found: SettledRecords) -> str | None:
    verdict = judgement_of(order, found).verdict
    match ground:
        case Ground.VERIFIED:
            if verdict is not Verdict.CONFIRMED:
                return "no quorum confirms the receipt"
            return None if found.anchor is not None else "the receipt is not anchored"
        case Ground.REFUTED:
            return None if verdict is Verdict.REFUTED else "no quorum refutes the receipt"
        case Ground.NO_QUORUM:
            if found.receipt is None and not _too_few_sealed(order, found):
                return "there is no receipt"
            return None if verdict is None else "a quorum decides"
        case Ground.CANCELLED:
            cancel, tree = found.cancel, (order.manifest, *found.above)
            signers = [each.signer for each in tree if cancel and cancel.body.job == each.cid]
            if cancel is None or not signers:
                return "no cancellation of the job, or of one that it descends from"
            if cancel.signer not in signers:
                return "another member cancelled it"
            return None if found.receipt is None else "a receipt was there first"
        case Ground.UNOPENED:
            is_sealed = order.members.genesis.body.sealed
            if not is_sealed or found.opening is None:
                return "nothing was to be opened"
            return None if found.receipt is None else "the receipt opens the seal"
        case Ground.GAVE_UP | Ground.UNCOMPILED | Ground.SILENT | Ground.WALL_CLOCK:
            return None if found.receipt is None else "there is a receipt"


def _too_few_sealed(order: OrderedWork, found: SettledRecords) -> bool:
    """Whether verifiers were drawn in a sealed mesh, and nothing was ever to be opened."""
    is_sealed = order.members.genesis.body.sealed
    return is_sealed and bool(found.draws) and found.opening is None


_BY_THE_RECORDS = frozenset(
    {Ground.VERIFIED, Ground.REFUTED, Ground.NO_QUORUM, Ground.GAVE_UP, Ground.UNCOMPILED}
)
"""Grounds whose payments follow from the records alone."""


def _check_payments(body: Settlement, order: OrderedWork, found: SettledRecords) -> Findings:
    hold = order.hold.body
    paid = sum(each.amount for each in body.payments)
    findings = differing("settlement", (Fault.PAYMENTS_WRONG, body.refunded, hold.amount - paid))
    if body.refunded < 0:
        findings += (Finding(fault=Fault.PAYMENTS_WRONG, subject="settlement", detail="over"),)
    if body.ground in _BY_THE_RECORDS:
        expected = payments_of(
            body.ground,
            amount=hold.amount,
            pot=hold.pot,
            executor=hold.executor,
            agreeing=judgement_of(order, found).agreeing,
            drawn=len(found.drawn),
            running_ms=0,
            work_seconds=order.bid.body.work_seconds,
        )
        return findings + differing("settlement", (Fault.PAYMENTS_WRONG, body.payments, expected))
    opened = {each.signer for each in found.attestations}
    share = hold.pot // max(1, len(found.drawn))
    price = hold.amount - hold.pot if body.ground is Ground.CANCELLED else 0
    most = dict.fromkeys(opened if body.ground is not Ground.CANCELLED else (), share)
    most[hold.executor] = most.get(hold.executor, 0) + price
    names = [each.to for each in body.payments]
    if len(set(names)) < len(names) or any(
        each.amount > most.get(each.to, 0) for each in body.payments
    ):
        findings += (Finding(fault=Fault.PAYMENTS_WRONG, subject="settlement"),)
    return findings
