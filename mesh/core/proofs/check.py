"""Verification of a proof: what its records say, whether executing again agrees, whose word it is.

Rule: what follows from signatures and hashes is checked always; executing again where all that it
takes is here; trust comes from outside, as the CID of a mesh, and never from the file.
"""

from collections.abc import Iterator

from mesh.core.findings import Fault, Finding, differing
from mesh.core.market.terms import CLOCK_SKEW_SECONDS, check_award, check_hold
from mesh.core.proofs.execution import Impossible, Reexecute, Verification, compare, execute_again
from mesh.core.proofs.membership import check_changes
from mesh.core.proofs.parents import check_parents
from mesh.core.proofs.policies import check_policies
from mesh.core.proofs.proof import ELIGIBLE, Proof, unreadable
from mesh.core.proofs.reading import subject_of
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Ground
from mesh.core.settlement.check import (
    OrderedWork,
    SettledRecords,
    check_settlement,
    judgement_of,
)
from mesh.core.verification.draw import read_eligible
from mesh.core.verification.verdicts import Verdict
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.tokens.token import Demand, check_chain

Findings = Iterator[Finding]


def verify_proof(
    proof: Proof, *, mesh: Cid | None, reexecute: Reexecute | None, now: int
) -> Verification:
    """Check a proof.

    mesh: the mesh that the reader trusts, None if none (then founders, issuers and verifiers are
    only the file's own word). reexecute: None to leave the result to the verifiers.
    """
    missing = proof.missing
    findings = [
        *differing("genesis", (Fault.OTHER_MESH, proof.genesis.cid, mesh or proof.genesis.cid)),
        *check_changes(proof.genesis, proof.changes),
        *_check_roles(proof),
        *_check_order(proof),
        *_check_token(proof),
        *check_policies(proof),
        *check_parents(proof),
        *_check_end(proof, now),
        *_check_rivals(proof),
    ]
    again = _compare(proof, reexecute)
    if isinstance(again, Finding):
        findings.append(again)
    return Verification(
        findings=tuple(dict.fromkeys(findings)),
        missing=missing,
        trusted=mesh == proof.genesis.cid,
        executed_again=None if isinstance(again, Impossible) else again is None,
        not_executed=again.reason if isinstance(again, Impossible) else "",
    )


def _check_roles(proof: Proof) -> Findings:
    """Whether each signer had its role at the hold (verifiers: see the eligible list)."""
    members, at = proof.members, proof.hold.body.issued_at
    for subject, did, role in (
        ("manifest", proof.manifest.signer, Role.SUBMITTER),
        ("bid", proof.bid.signer, Role.NODE),
    ):
        if not members.has_role(did, role, at):
            detail = f"{did} is no {role.value}"
            yield Finding(fault=Fault.NOT_A_MEMBER, subject=subject, detail=detail)


def _check_order(proof: Proof) -> Findings:
    """Whether manifest, bid, award, context and hold belong together."""
    genesis = proof.genesis.body
    yield from check_award(
        proof.award, manifest=proof.manifest, bid=proof.bid, context=proof.context
    )
    yield from check_hold(
        proof.hold,
        award=proof.award,
        manifest=proof.manifest,
        bid=proof.bid,
        genesis=genesis,
        issuers=_issuers(proof),
    )
    yield from differing(
        "members", (Fault.NOT_ENDORSED, proof.hold.body.members, proof.members.change.cid)
    )
    if proof.hold.body.issued_at >= proof.bid.body.expires_at + CLOCK_SKEW_SECONDS:
        detail = f"held at {proof.hold.body.issued_at}, good until {proof.bid.body.expires_at}"
        yield Finding(fault=Fault.OVER, subject="bid", detail=detail)


def _issuers(proof: Proof) -> frozenset[Did]:
    """The issuers of the mesh that the submitter accepts; none named means all."""
    accepted = proof.manifest.body.accepted_issuers
    issuers = (
        each.member for each in proof.members.with_role(Role.ISSUER, proof.hold.body.issued_at)
    )
    return frozenset(did for did in issuers if not accepted or did in accepted)


def _check_token(proof: Proof) -> Findings:
    """Whether the tokens cover the price."""
    manifest, chain = proof.manifest, proof.tokens
    if not chain or chain[-1].body.parent is not None:
        lacking = chain[-1].body.parent if chain else manifest.body.resource_token
        yield Finding(fault=Fault.MISSING, subject="token", detail=str(lacking))
        return
    demand = Demand(
        mesh=proof.genesis.cid,
        holder=manifest.signer,
        resource_type=manifest.body.resource_type,
        scope=manifest.body.scope,
        amount=proof.hold.body.amount,
        issuers=(proof.hold.signer,),
    )
    refusal = check_chain(chain, demand, revoked=(), now=proof.hold.body.issued_at)
    if refusal is not None:
        yield Finding(fault=Fault.TOKEN_INVALID, subject="token", detail=refusal.value)


def _check_end(proof: Proof, now: int) -> Findings:
    """Whether the settlement follows from the records, and says that the job is verified."""
    settlement = proof.settlement
    if settlement is None:
        yield Finding(fault=Fault.MISSING, subject="settlement")
        yield _unconfirmed("there is no settlement")
        return
    listed = _listed(proof)
    if isinstance(listed, Finding):
        yield listed
        yield _unconfirmed("nothing says who could be drawn")
        return
    order = OrderedWork(
        manifest=proof.manifest,
        bid=proof.bid,
        award=proof.award,
        hold=proof.hold,
        context=proof.context,
        members=proof.members,
        listed=listed,
    )
    found = SettledRecords(
        receipt=proof.receipt,
        result=proof.result,
        anchor=proof.anchor,
        draws=proof.draws,
        opening=proof.opening,
        seals=proof.seals,
        attestations=proof.attestations,
        cancel=proof.cancel,
        above=() if proof.origin is None else proof.origin.parents,
    )
    yield from check_settlement(settlement, order, found, now=now)
    yield from _check_sequence(proof)
    if settlement.body.ground is not Ground.VERIFIED:
        detail = f"the hold ended as {settlement.body.ground.value}: {settlement.body.detail}"
        yield Finding(fault=Fault.NO_QUORUM, subject="settlement", detail=detail.rstrip(": "))
    if settlement.body.issued_at > now + CLOCK_SKEW_SECONDS:
        yield Finding(fault=Fault.FROM_THE_FUTURE, subject="settlement")
    ended = None if proof.receipt is None else proof.receipt.body.ended_at
    if ended is not None and settlement.body.issued_at < ended - CLOCK_SKEW_SECONDS:
        detail = f"settled at {settlement.body.issued_at}, executed until {ended}"
        yield Finding(fault=Fault.TIMES_WRONG, subject="settlement", detail=detail)
    if judgement_of(order, found).verdict is not Verdict.CONFIRMED:
        yield _unconfirmed(f"{order.quorum} of equal results are needed")


def _unconfirmed(detail: str) -> Finding:
    return Finding(fault=Fault.NO_QUORUM, subject="attestations", detail=detail)


def _listed(proof: Proof) -> tuple[Did, ...] | Finding:
    """The verifiers who could be drawn."""
    cid = proof.hold.body.eligible
    block = proof.data.get(cid)
    if block is None:
        return Finding(fault=Fault.MISSING, subject=ELIGIBLE, detail=str(cid))
    try:
        return read_eligible(block)
    except CodecError as error:
        return unreadable(ELIGIBLE, str(error))


def _check_sequence(proof: Proof) -> Findings:
    if (
        proof.anchor is not None
        and proof.anchor.body.sequence > 1
        and not proof.anchor.body.parents
    ):
        yield Finding(fault=Fault.WRONG_PARENT, subject="anchor")


def _check_rivals(proof: Proof) -> Findings:
    for each in proof.rivals:
        subject = subject_of(type(each.body))
        yield Finding(fault=Fault.EQUIVOCATION, subject=subject, detail=str(each.cid))


def _compare(proof: Proof, reexecute: Reexecute | None) -> Finding | Impossible | None:
    claimed = proof.result
    if claimed is None:
        return Impossible(reason="there is no result to compare")
    manifest = proof.manifest.body
    own = execute_again(
        manifest.module,
        proof.context,
        manifest.input,
        data=proof.data,
        missing=proof.missing,
        reexecute=reexecute,
    )
    return compare(own, claimed, "receipt")
