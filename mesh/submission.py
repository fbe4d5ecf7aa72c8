"""Submission: what a manifest must fulfil before it is published.

Whether somebody holds the module is not asked: a job without its module waits for it.
"""

from collections.abc import Collection
from enum import Enum
from typing import Final, assert_never

from msgspec import Struct

from mesh.records import JobManifest
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.choice import shares_of
from runtime.tokens.draws import left_of_chain
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import Allowed, Denied, Usage
from runtime.tokens.token import Demand, TokenChain, TokenRefusal, check_chain
from runtime.tokens.transfers import TokenUse

CLOCK_SKEW_SECONDS: Final = 300


class SubmissionFault(Enum):
    """Why a manifest is not accepted, in the order it is checked."""

    FROM_THE_FUTURE = "created_at lies more than 300 s ahead of this clock"
    TOO_OLD = "created_at lies more than 300 s back: sign the job again"
    EXPIRED = "the job has expired"
    VERIFIERS_TOO_FEW = "it asks for a larger quorum than the mesh has federation nodes"
    TOKEN = "the resource token does not pay for it"
    TOKEN_EXHAUSTED = "the resource token has too little left"
    BALANCE_TOO_LOW = "the account has too little available"
    POLICY = "the issuer's policy denies it"


class SubmissionRefusal(Struct, frozen=True, kw_only=True):
    """token and denial say more where the fault is TOKEN or POLICY; available: units left."""

    fault: SubmissionFault
    detail: str = ""
    token: TokenRefusal | None = None
    denial: Denied | None = None
    available: int | None = None


class Purse(Struct, frozen=True, kw_only=True):
    """What pays, as the issuer's ledger has it.

    chain: the job's token and its parents, leaf first. uses: in the same order. available:
    of the chain's root holder. policy and usage: the issuer's for the submitter.
    """

    chain: TokenChain
    uses: tuple[TokenUse, ...]
    available: int
    policy: PolicyInForce | None
    usage: Usage


def check_submission(
    manifest: Signed[JobManifest],
    purse: Purse,
    *,
    issuers: Collection[Did],
    federation: Collection[Did],
    revoked: Collection[Cid],
    now: int,
    is_fresh: bool = True,
) -> SubmissionRefusal | None:
    """Why the manifest is not published, or None. The highest price (budget) must be covered.

    issuers, federation: the mesh's, from its genesis record. is_fresh: the clock is compared
    only when a manifest first arrives, not when an interrupted submission goes on.
    """
    body = manifest.body
    if is_fresh and body.created_at > now + CLOCK_SKEW_SECONDS:
        return SubmissionRefusal(fault=SubmissionFault.FROM_THE_FUTURE)
    if is_fresh and body.created_at < now - CLOCK_SKEW_SECONDS:
        return SubmissionRefusal(fault=SubmissionFault.TOO_OLD)
    if now >= body.expires_at:
        return SubmissionRefusal(fault=SubmissionFault.EXPIRED)
    if body.trust.quorum > len(federation):
        detail = f"{body.trust.quorum}, the mesh has {len(federation)}"
        return SubmissionRefusal(fault=SubmissionFault.VERIFIERS_TOO_FEW, detail=detail)
    demand = Demand(
        mesh=_mesh(manifest),
        holder=manifest.signer,
        resource_type=body.resource_type,
        scope=body.scope,
        amount=body.budget,
        issuers=issuers,
    )
    refusal = check_chain(purse.chain, demand, revoked=revoked, now=now)
    if refusal is not None:
        return SubmissionRefusal(fault=SubmissionFault.TOKEN, detail=refusal.value, token=refusal)
    left = left_of_chain(shares_of(purse.chain), purse.uses)
    if left < body.budget:
        return SubmissionRefusal(
            fault=SubmissionFault.TOKEN_EXHAUSTED,
            detail=f"{left} left, the budget is {body.budget}",
            available=left,
        )
    if purse.available < body.budget:
        return SubmissionRefusal(
            fault=SubmissionFault.BALANCE_TOO_LOW,
            detail=f"{purse.available} available, the budget is {body.budget}",
            available=purse.available,
        )
    return _check_policy(manifest, purse, now)


def _check_policy(
    manifest: Signed[JobManifest], purse: Purse, now: int
) -> SubmissionRefusal | None:
    if purse.policy is None:
        return None
    answer = evaluate(
        purse.policy.rule,
        subject=manifest.signer,
        amount=manifest.body.budget,
        usage=purse.usage,
        now=now,
    )
    match answer:
        case Allowed():
            return None
        case Denied(reason=reason):
            return SubmissionRefusal(
                fault=SubmissionFault.POLICY, detail=reason.value, denial=answer
            )
        case _:
            assert_never(answer)


def _mesh(manifest: Signed[JobManifest]) -> Cid:
    assert manifest.mesh is not None, "only a genesis record names no mesh"
    return manifest.mesh
