"""Checks of a proof of version 1: what its records say, and whether executing again agrees.

Rule: what follows from signatures and hashes is checked always; executing again where all that
it takes is here; trust comes from outside, as the CID of a mesh, and never from the file.
"""

from mesh.core.findings import Fault, Finding, differing
from mesh.core.proofs.execution import Impossible, Reexecute, Verification, compare, execute_again
from mesh.core.proofs.version1.attestations import check_attestation, quorum_of
from mesh.core.proofs.version1.proof import Proof
from mesh.core.proofs.version1.receipts import CLOCK_SKEW_SECONDS, verify_receipt
from mesh.core.proofs.version1.records import HoldEnd, Settlement, Verdict
from mesh.core.proofs.version1.terms import check_terms
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.execution.effects import AnchorData, Effect, PutBlock, WriteState, effects_from_block
from runtime.tokens.token import Demand, check_chain


def verify_proof(
    proof: Proof, *, mesh: Cid | None, reexecute: Reexecute | None, now: int
) -> Verification:
    """Check a proof.

    mesh: the mesh that the reader trusts, None if he knows none (then issuers and federation
    are only the file's own word). reexecute: None to leave the result to the verifiers.
    """
    findings = list(
        differing("genesis", (Fault.OTHER_MESH, proof.genesis.cid, mesh or proof.genesis.cid))
    )
    findings += _check_terms(proof)
    findings += verify_receipt(
        proof.receipt,
        manifest=proof.manifest,
        bid=proof.bid,
        award=proof.award,
        context=proof.context,
        now=now,
    )
    findings += _check_anchor(proof)
    findings += _check_votes(proof)
    findings += _check_settlement(proof, now)
    findings += _check_rivals(proof)
    missing = proof.missing
    again = compare(
        execute_again(
            proof.manifest.body.module,
            proof.context,
            proof.manifest.body.input,
            data=proof.data,
            missing=missing,
            reexecute=reexecute,
        ),
        proof.receipt.body.deterministic,
        "receipt",
    )
    if isinstance(again, Finding):
        findings.append(again)
    return Verification(
        findings=tuple(dict.fromkeys(findings)),
        missing=missing,
        trusted=mesh == proof.genesis.cid,
        executed_again=None if isinstance(again, Impossible) else again is None,
        not_executed=again.reason if isinstance(again, Impossible) else "",
    )


def _check_terms(proof: Proof) -> tuple[Finding, ...]:
    """Whether the award's parts belong together, within what the submitter allowed."""
    manifest, bid, hold = proof.manifest.body, proof.bid.body, proof.hold.body
    findings = check_terms(
        proof.award,
        manifest=proof.manifest,
        bid=proof.bid,
        hold=proof.hold,
        context=proof.context,
        issuers=proof.genesis.body.issuers,
    )
    findings += differing(
        "hold",
        (Fault.OTHER_TOKEN, hold.token, manifest.resource_token),
        (Fault.AMOUNT_WRONG, hold.amount, bid.price),
    )
    if bid.price > manifest.budget or bid.units > manifest.resource_amount:
        detail = (
            f"{bid.units} units for {bid.price}, allowed are {manifest.resource_amount} "
            f"for {manifest.budget}"
        )
        findings += (Finding(fault=Fault.OVER_BUDGET, subject="bid", detail=detail),)
    return findings + _check_token(proof)


def _check_token(proof: Proof) -> tuple[Finding, ...]:
    """Whether the tokens cover the budget, where the proof has them all."""
    manifest = proof.manifest
    chain = proof.token_chain
    if not chain or chain[-1].body.parent is not None:
        return ()
    demand = Demand(
        mesh=proof.genesis.cid,
        holder=manifest.signer,
        resource_type=manifest.body.resource_type,
        scope=manifest.body.scope,
        amount=manifest.body.budget,
        issuers=(proof.hold.signer,),
    )
    # The manifest may be dated ahead of the clock that admitted it.
    admitted_at = manifest.body.created_at - CLOCK_SKEW_SECONDS
    refusal = check_chain(chain, demand, revoked=(), now=admitted_at)
    if refusal is None:
        return ()
    return (Finding(fault=Fault.TOKEN_INVALID, subject="token", detail=refusal.value),)


def _check_anchor(proof: Proof) -> tuple[Finding, ...]:
    if proof.anchor is None:
        return (Finding(fault=Fault.MISSING, subject="anchor"),)
    body = proof.anchor.body
    findings = differing(
        "anchor",
        (Fault.OTHER_RECEIPT, body.receipt, proof.receipt.cid),
        (Fault.NOT_THE_EXECUTORS, proof.anchor.signer, proof.bid.signer),
    )
    if body.sequence > 1 and not body.parents:
        findings += (Finding(fault=Fault.WRONG_PARENT, subject="anchor"),)
    return findings


def _check_votes(proof: Proof) -> tuple[Finding, ...]:
    """Whether a quorum confirms, of attestations that the settlement stands on."""
    settlement = proof.settlement
    findings: list[Finding] = []
    voices: dict[str, Cid] = {}
    confirming: set[str] = set()
    for each in {each.cid: each for each in proof.attestations}.values():
        subject = f"attestation of {each.signer}"
        against = check_attestation(
            each, receipt=proof.receipt, drawn=proof.genesis.body.federation
        )
        if each.signer == proof.receipt.signer:
            detail = "it is the executor"
            against += (Finding(fault=Fault.NOT_A_VERIFIERS, subject=subject, detail=detail),)
        if voices.get(each.signer, each.cid) != each.cid:
            detail = f"{voices[each.signer]} and {each.cid}"
            against += (Finding(fault=Fault.EQUIVOCATION, subject=subject, detail=detail),)
        findings += against
        if against:
            confirming.discard(each.signer)
            continue
        voices[each.signer] = each.cid
        counts = settlement is None or each.cid in settlement.body.attestations
        if counts and each.body.verdict is Verdict.CONFIRMED:
            confirming.add(each.signer)
    needed = quorum_of(proof.manifest.body.trust.quorum, len(voices))
    if len(confirming) < needed:
        detail = f"{len(confirming)} confirm, {needed} are needed"
        findings.append(Finding(fault=Fault.NO_QUORUM, subject="attestations", detail=detail))
    return tuple(findings)


def _check_settlement(proof: Proof, now: int) -> tuple[Finding, ...]:
    if proof.settlement is None:
        return (Finding(fault=Fault.MISSING, subject="settlement"),)
    body = proof.settlement.body
    findings = differing(
        "settlement",
        (Fault.OTHER_JOB, body.job, proof.manifest.cid),
        (Fault.OTHER_HOLD, body.hold, proof.award.body.hold),
        (Fault.OTHER_RECEIPT, body.receipt, proof.receipt.cid),
        (Fault.NOT_AN_ISSUERS, proof.settlement.signer, proof.hold.signer),
    )
    here = {each.cid for each in proof.attestations}
    findings += tuple(
        Finding(fault=Fault.MISSING, subject="attestations", detail=str(cid))
        for cid in body.attestations
        if cid not in here
    )
    if body.end is not HoldEnd.POSTED:
        detail = f"the hold was {body.end.value}: {body.reason}"
        findings += (Finding(fault=Fault.NO_QUORUM, subject="settlement", detail=detail),)
    elif body.settled_at >= proof.hold.body.expires_at:
        detail = f"settled at {body.settled_at}, held until {proof.hold.body.expires_at}"
        findings += (Finding(fault=Fault.OVER, subject="settlement", detail=detail),)
    if body.settled_at < proof.receipt.body.ended_at - CLOCK_SKEW_SECONDS:
        detail = f"settled at {body.settled_at}, executed until {proof.receipt.body.ended_at}"
        findings += (Finding(fault=Fault.TIMES_WRONG, subject="settlement", detail=detail),)
    if body.settled_at > now + CLOCK_SKEW_SECONDS:
        findings += (Finding(fault=Fault.FROM_THE_FUTURE, subject="settlement"),)
    return findings + _check_applied(proof, body)


def _check_applied(proof: Proof, body: Settlement) -> tuple[Finding, ...]:
    """Whether each effect was carried out, or left, once; none where there are none."""
    places = [each.position for each in body.applied] + [each.position for each in body.pending]
    effects = _effects(proof)
    if effects is None:
        is_right = len(places) == len(set(places))
        detail = f"positions {places}"
    else:
        left = {number: _record_of(effect) for number, effect in enumerate(effects)}
        wrong = [each.position for each in body.applied if left.get(each.position) != each.record]
        is_right = not wrong and len(places) == len(set(places)) and set(places) <= left.keys()
        detail = f"positions {places} of {len(left)}"
    if is_right:
        return ()
    return (Finding(fault=Fault.EFFECTS_WRONG, subject="settlement", detail=detail),)


def _effects(proof: Proof) -> tuple[Effect, ...] | None:
    """The effects of the result; None where there is no block of them."""
    cid = proof.receipt.body.deterministic.effects
    if cid is None:
        return ()
    block = proof.data.get(cid)
    if block is None:
        return None
    try:
        return effects_from_block(block)
    except CodecError:
        # Executing again gives the block that it ought to be.
        return None


def _check_rivals(proof: Proof) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            fault=Fault.EQUIVOCATION,
            subject=type(each.body).__name__.lower(),
            detail=str(each.cid),
        )
        for each in proof.rivals
    )


def _record_of(effect: Effect) -> Cid | None:
    """The block that an effect leaves when it is carried out, if it leaves one."""
    match effect:
        case AnchorData(data=data):
            return cid_of(data.encode(), Codec.RAW)
        case WriteState(value=cid) | PutBlock(cid=cid):
            return cid
        case _:
            return None
