"""The ladder of an award: everything that speaks against it, in a fixed order.

Rule: reading and checking only; what the ledger decides comes after. A contradiction of the
submitter that is found on the way is kept as evidence.
"""

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import CLOCK_SKEW_SECONDS, Incoming
from mesh.actors.issuer.awards.parents import Parents, is_cancelled, parents_of, refuse_child
from mesh.actors.issuer.awards.spending import chain_of, refuse_chain
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.evidence import accuse, keep_both
from mesh.actors.issuer.presence import engines_present
from mesh.actors.issuer.rows import ATTEMPTS, JOBS
from mesh.core.ids import hold_id
from mesh.core.market.terms import check_award
from mesh.core.ports.messages import ORDER_BYTES_MAX
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Role
from mesh.core.settlement.attempt import Attempt
from mesh.core.settlement.payments import another_attempt
from mesh.core.settlement.refusals import RETRY_SECONDS, AwardRefusal, Refusal
from mesh.core.verification.draw import Interests, eligible
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import ResourceToken


class Case(Struct, frozen=True, kw_only=True):
    """An award and all that it rests on. parents: None where one is missing."""

    award: Signed[Award]
    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    context: Context
    context_block: bytes
    chain: tuple[Signed[ResourceToken], ...]
    parents: Parents | None


def attempt_of(tx: ActorTransaction, job: Cid, attempt: int) -> Attempt | None:
    """The attempt of a number at a job, None before its award is stored."""
    found = tx.rows(ATTEMPTS).select(id=hold_id(job, attempt))
    return found[0] if found else None


def read_case(issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming) -> Case | None:
    """The award with all that it rests on, None where something is missing or unreadable."""
    award: Signed[Award] = incoming.record
    block = incoming.attached.get(award.body.context)
    try:
        manifest = issuer.resting_on(tx, incoming, JobManifest, award.body.job)
        bid = issuer.resting_on(tx, incoming, Bid, award.body.bid)
        chain = chain_of(issuer, tx, incoming, manifest.body.resource_token)
        if block is None:
            return None
        context = Context.from_block(block)
    except (RecordError, CodecError):
        return None
    return Case(
        award=award,
        manifest=manifest,
        bid=bid,
        context=context,
        context_block=block,
        chain=chain,
        parents=parents_of(issuer, tx, incoming, manifest),
    )


def refuse_award(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> Refusal | None:
    """The ladder, but for what the ledger decides."""
    return (
        _refuse_order(issuer, tx, case, now)
        or _refuse_terms(issuer, tx, case, now)
        or _refuse_delegation(issuer, tx, case, now)
        or _refuse_pay(issuer, tx, case, now)
    )


def _refuse_order(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> Refusal | None:
    """Whose award it is, and whether its attempt is due."""
    manifest, award = case.manifest, case.award
    if not issuer.members(tx).has_role(manifest.signer, Role.SUBMITTER, now.wall):
        return Refusal(reason=AwardRefusal.NOT_A_SUBMITTER)
    if award.signer not in (manifest.signer, manifest.body.award_delegate):
        return Refusal(reason=AwardRefusal.NOT_THE_SUBMITTERS)
    known = tx.rows(JOBS).select(submitter=manifest.signer, job_id=manifest.body.job_id)
    for row in known:
        if row.manifest != manifest.cid:
            accuse(issuer, tx, row.manifest, manifest, now)
            return Refusal(reason=AwardRefusal.JOB_ID_TAKEN, detail=str(row.manifest))
    stored = attempt_of(tx, manifest.cid, award.body.attempt)
    if stored is not None:
        keep_both(issuer, tx, stored.award, award)
        return Refusal(reason=AwardRefusal.OTHER_AWARD_STORED, detail=str(stored.award))
    number = award.body.attempt
    if number > 1:
        before = attempt_of(tx, manifest.cid, number - 1)
        if before is None or before.ground is None:
            return Refusal(reason=AwardRefusal.ATTEMPT_NOT_DUE)
        if not another_attempt(before.ground, before.attempt):
            return Refusal(reason=AwardRefusal.ATTEMPT_NOT_DUE, detail=before.ground.value)
    if is_cancelled(tx, (manifest,)):
        return Refusal(reason=AwardRefusal.CANCELLED)
    if is_cancelled(tx, case.parents or ()):
        return Refusal(reason=AwardRefusal.TREE_CANCELLED)
    return None


def _refuse_terms(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> Refusal | None:
    """What is awarded, and to whom."""
    wanted, offer = case.manifest.body, case.bid.body
    if now.wall >= wanted.expires_at:
        return Refusal(reason=AwardRefusal.EXPIRED)
    if wanted.created_at > now.wall + CLOCK_SKEW_SECONDS:
        ahead = wanted.created_at - now.wall
        return Refusal(reason=AwardRefusal.FROM_THE_FUTURE, detail=f"{ahead} s", retry_after=ahead)
    if offer.units > wanted.resource_amount:
        detail = f"{offer.units}, at most {wanted.resource_amount}"
        return Refusal(reason=AwardRefusal.UNITS_OVER_AMOUNT, detail=detail)
    if offer.price > wanted.budget:
        detail = f"{offer.price}, at most {wanted.budget}"
        return Refusal(reason=AwardRefusal.PRICE_OVER_BUDGET, detail=detail)
    if offer.price < 1:
        return Refusal(reason=AwardRefusal.NO_PRICE)
    if now.wall >= offer.expires_at:
        return Refusal(reason=AwardRefusal.BID_EXPIRED)
    if not issuer.members(tx).has_role(case.bid.signer, Role.NODE, now.wall):
        return Refusal(reason=AwardRefusal.NOT_A_NODE)
    manifests = (case.manifest, *(case.parents or ()))
    size = len(case.context_block) + sum(len(e.block) for e in (case.bid, *manifests))
    if size > ORDER_BYTES_MAX:
        detail = f"{size} bytes, at most {ORDER_BYTES_MAX}"
        return Refusal(reason=AwardRefusal.TOO_LARGE, detail=detail)
    findings = check_award(case.award, manifest=case.manifest, bid=case.bid, context=case.context)
    if findings:
        detail = "; ".join(map(str, findings))
        return Refusal(reason=AwardRefusal.TERMS_DIFFER, detail=detail)
    return None


def _refuse_delegation(
    issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now
) -> Refusal | None:
    """Whether the jobs that it descends from allow it."""
    manifest, parent = case.manifest, case.manifest.body.parent
    if case.parents is None:
        return Refusal(reason=AwardRefusal.PARENT_MISSING)
    if parent is None:
        return None
    for row in tx.rows(JOBS).select(parent=parent.cause, position=parent.position):
        if row.manifest != manifest.cid:
            if row.submitter == manifest.signer:
                accuse(issuer, tx, row.manifest, manifest, now)
            return Refusal(reason=AwardRefusal.POSITION_TAKEN, detail=str(row.manifest))
    return refuse_child(tx, manifest, case.parents, case.bid.body.price)


def _refuse_pay(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> Refusal | None:
    """Who pays, and whether it can be verified."""
    refusal = refuse_chain(issuer, tx, case.manifest, case.chain, case.bid.body.price, now)
    if refusal is not None:
        return refusal
    genesis, trust = issuer.members(tx).genesis.body, case.manifest.body.trust
    if trust.verifiers < genesis.quorum:
        detail = f"{trust.verifiers}, the quorum is {genesis.quorum}"
        return Refusal(reason=AwardRefusal.VERIFIERS_UNDER_QUORUM, detail=detail)
    quorum = quorum_of(issuer, tx, case)
    found = len(eligible_for(issuer, tx, case, now))
    if found < quorum:
        detail = f"{found}, the quorum is {quorum}"
        return Refusal(
            reason=AwardRefusal.VERIFIERS_TOO_FEW, detail=detail, retry_after=RETRY_SECONDS
        )
    return None


def quorum_of(issuer: IssuerCore, tx: ActorTransaction, case: Case) -> int:
    """The quorum of its manifest, at least the mesh's."""
    return max(case.manifest.body.trust.quorum, issuer.members(tx).genesis.body.quorum)


def eligible_for(issuer: IssuerCore, tx: ActorTransaction, case: Case, now: Now) -> tuple[Did, ...]:
    """The verifiers who may be drawn for it."""
    interests = Interests(
        executor=case.bid.signer,
        submitter=case.manifest.signer,
        executor_verifiers=case.manifest.body.trust.executor_verifiers,
        submitter_verifiers=case.bid.body.submitter_verifiers,
    )
    return eligible(
        issuer.members(tx),
        engines_present(issuer, tx, now),
        interests,
        engine=case.context.engine,
        at=now.wall,
    )
