"""The award: the context that an attempt gets, and the request to the issuer to hold its price.

Rule: one award is open at a time; the issuer's Hold decides, and until it has answered the job
stays Submitted.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import MessageRefusal
from mesh.actors.submitter.effects.state import register, state_of
from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import bidding
from mesh.actors.submitter.rows import (
    AWARDS,
    CREDENTIALS,
    REVOKED,
    STATEMENTS,
    TOKENS,
    AwardRow,
    CredentialRow,
    RevocationRow,
)
from mesh.actors.submitter.statements import policies_in_force, statement_of, usage_under
from mesh.core.fields import NodeId
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, Offer, Phase
from mesh.core.market import credentials
from mesh.core.market.contexts import fuel_of
from mesh.core.market.ranking import BidRefusal, Candidate, bid_refusal, rank
from mesh.core.market.terms import Surroundings, check_award, context_for
from mesh.core.ports.messages import ORDER_BYTES_MAX, Outgoing
from mesh.core.ports.tables import RowReader
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid, Credential
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Answer
from mesh.core.settlement.refusals import AwardRefusal as Refused
from mesh.core.settlement.refusals import Refusal
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.execution.context import ROLES_RECORD, Context
from runtime.host.policy import policies_to_value
from runtime.identity.signed import Signed
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import Usage
from runtime.tokens.token import CHAIN_MAX, ResourceToken, ResourceType

DEPTH_MAX: Final = 16
OTHER_AWARD: Final = Refusal(reason=Refused.OTHER_AWARD_STORED).word


class AwardFault(Enum):
    """Why a bid is not awarded, in the order it is checked."""

    NO_SUCH_JOB = "there is no such job"
    NOT_OPEN = "the job takes no award any more"
    AWAITS_ISSUER = "the job was awarded, and the issuer has not answered"
    CANCEL_ASKED = "the issuer was asked to withdraw the job"
    EXPIRED = "the job has expired"
    NO_SUCH_BID = "the job has no bid of this node"
    BID_NOT_AWARDABLE = "the bid cannot be awarded"
    NOT_THE_DELEGATE = "the job names another delegate, or none"
    STATE_TOO_LARGE = "the token classes of the submitter have too many holders"


class AwardRefusal(Struct, frozen=True, kw_only=True):
    fault: AwardFault
    detail: str = ""
    bid: BidRefusal | None = None


# --- by hand and by score


def accept(
    book: JobBook, tx: ActorTransaction, job: Job | None, node_id: NodeId, now: Now
) -> Job | AwardRefusal:
    """Award the job to a node's bid, or say why not."""
    if job is None:
        return AwardRefusal(fault=AwardFault.NO_SUCH_JOB)
    if job.phase is not Phase.SUBMITTED:
        return AwardRefusal(fault=AwardFault.NOT_OPEN, detail=job.phase.value)
    if job.cancel is not None:
        return AwardRefusal(fault=AwardFault.CANCEL_ASKED)
    offer = next((each for each in job.bids if each.node_id == node_id), None)
    if job.award is not None:
        if offer is not None and job.bid == offer.record:
            return job
        return AwardRefusal(fault=AwardFault.AWAITS_ISSUER, detail=job.node_id or "")
    if now.wall >= job.expires_at:
        return AwardRefusal(fault=AwardFault.EXPIRED)
    if offer is None:
        return AwardRefusal(fault=AwardFault.NO_SUCH_BID)
    return _award(book, tx, job, offer, now)


def award_best(book: JobBook, tx: ActorTransaction, job: Job, now: Now) -> Job:
    """Award the best bid where that is wanted and bidding has ended."""
    if not job.auto_award or not bidding.is_bidding(job) or now.wall >= job.expires_at:
        return job
    if not bidding.has_ended(book, tx, job, now):
        return job
    is_retry = book.is_retry_due(tx, job, now)
    offers = [each for each in job.bids if is_retry or each.record not in job.refused]
    for best in ranked(book, tx, job, offers, now):
        offer = next(each for each in offers if each.record == best)
        after = _award(book, tx, job, offer, now)
        if isinstance(after, Job):
            return after
    return job


def ranked(
    book: JobBook, tx: ActorTransaction, job: Job, offers: Iterable[Offer], now: Now
) -> list[Cid]:
    """The bids that can be awarded, best first; who lost an attempt comes last."""
    manifest = book.manifest(tx, job)
    found = [candidate_of(book, tx, offer, now) for offer in offers]
    order = rank(found, manifest, issuers=issuers(book, tx, now), now=now.wall, avoid=job.lost_by)
    return [each.candidate.bid.cid for each in order]


def candidate_of(book: JobBook, tx: ActorTransaction, offer: Offer, now: Now) -> Candidate:
    """A bid with what this submitter has read of the bidder."""
    bid = book.archive.get(tx.blocks, Bid, offer.record)
    held = credentials_of(book, tx, offer.bidder, now)
    counted = [each for each in held if each.cid in bid.body.credentials]
    return Candidate(
        bid=bid,
        reputation=reputation_of(tx, offer.bidder).score,
        credentials=credentials.shown(counted),
    )


def credentials_of(
    book: JobBook, tx: ActorTransaction, subject: Did, now: Now
) -> tuple[Signed[Credential], ...]:
    """The credentials of a member that are in force, as far as they were read here."""
    rows = tx.rows(CREDENTIALS).derived(_by_subject).get(subject, ())
    found = [book.archive.get(tx.blocks, Credential, row.credential) for row in rows]
    revoked = tx.rows(REVOKED).derived(_targets)
    return credentials.in_force(found, subject=subject, revoked=revoked, at=now.wall)


def _roles_of(book: JobBook, tx: ActorTransaction, now: Now) -> list[str]:
    """The names that issuers have given this submitter, by the rows alone: there may be many."""
    givers = issuers(book, tx, now)
    revoked = tx.rows(REVOKED).derived(_targets)
    rows = tx.rows(CREDENTIALS).derived(_by_subject).get(book.did, ())
    names = {
        row.name
        for row in rows
        if now.wall < row.expires_at and row.issuer in givers and row.credential not in revoked
    }
    return sorted(names)


def _by_subject(rows: RowReader[CredentialRow]) -> dict[Did, list[CredentialRow]]:
    found: dict[Did, list[CredentialRow]] = {}
    for row in rows.select():
        found.setdefault(row.subject, []).append(row)
    return found


def _targets(rows: RowReader[RevocationRow]) -> frozenset[Cid]:
    return frozenset(row.target for row in rows.select())


def issuers(book: JobBook, tx: ActorTransaction, now: Now) -> frozenset[Did]:
    found = book.members(tx).with_role(Role.ISSUER, now.wall)
    return frozenset(each.member for each in found)


# --- the award itself


def _award(
    book: JobBook, tx: ActorTransaction, job: Job, offer: Offer, now: Now
) -> Job | AwardRefusal:
    manifest = book.manifest(tx, job)
    candidate = candidate_of(book, tx, offer, now)
    around = surroundings(book, tx, now)
    if isinstance(around, AwardRefusal):
        return around
    body, allowed = candidate.bid.body, book.settings.allowed
    context = context_for(manifest, body, surroundings=around, allowed=allowed)
    given = sign_award(book, tx, manifest, candidate, context, job.lost + 1, now)
    if isinstance(given, AwardRefusal):
        return given
    event = ev.AwardSigned(
        award=given.cid,
        signer=book.did,
        bid=offer.record,
        attempt=job.lost + 1,
        executor=offer.bidder,
        node_id=offer.node_id,
    )
    after = book.must_record(tx, job, event, now)
    bidding.stop_asking(tx, job)
    return after


def sign_award(
    book: JobBook,
    tx: ActorTransaction,
    manifest: Signed[JobManifest],
    candidate: Candidate,
    context: Context,
    attempt: int,
    now: Now,
) -> Signed[Award] | AwardRefusal:
    """Sign an award and send it to the issuer, until it is settled or refused."""
    bid = candidate.bid
    against = bid_refusal(candidate, manifest, issuers=issuers(book, tx, now), now=now.wall)
    if against is not None:
        fault = AwardFault.BID_NOT_AWARDABLE
        return AwardRefusal(fault=fault, detail=str(against), bid=against)
    context_cid, ancestors = book.put_context(tx, context), ancestors_of(book, tx, manifest.body)
    size = sum(tx.blocks.size(e) or 0 for e in (manifest.cid, bid.cid, context_cid, *ancestors))
    if size > ORDER_BYTES_MAX:
        detail = f"the job has {size} bytes with its context and parents, at most {ORDER_BYTES_MAX}"
        return AwardRefusal(fault=AwardFault.BID_NOT_AWARDABLE, detail=detail)
    award = book.sign(
        tx,
        Award(
            job=manifest.cid,
            bid=bid.cid,
            attempt=attempt,
            context=context_cid,
            fuel_limit=fuel_of(bid.body.units),
        ),
    )
    findings = check_award(award, manifest=manifest, bid=bid, context=context)
    assert not findings, f"an award of one's own fits: {findings[0]}"
    note_award(tx, award, manifest)
    tx.outbox.put(
        Outgoing(
            to=manifest.body.accepted_issuers[:1],
            record=award.cid,
            attached=(
                manifest.cid,
                bid.cid,
                award.body.context,
                *tokens_of(book, tx, manifest.body),
                *ancestors,
                *book.newest_statement(tx, manifest.body.accepted_issuers[0]),
            ),
            until=until(award.cid),
        )
    )
    return award


def note_award(tx: ActorTransaction, award: Signed[Award], manifest: Signed[JobManifest]) -> None:
    """Note an award that fits its job's manifest."""
    tx.rows(AWARDS).put(
        AwardRow(
            award=award.cid,
            job=award.body.job,
            job_id=manifest.body.job_id,
            owner=manifest.signer,
            bid=award.body.bid,
            attempt=award.body.attempt,
        )
    )


def until(award: Cid) -> str:
    return f"award/{award}"


def tokens_of(book: JobBook, tx: ActorTransaction, manifest: JobManifest) -> tuple[Cid, ...]:
    """The chain that pays, leaf first; a delegate sends what it was shown of it."""
    row = tx.rows(TOKENS).get(manifest.resource_token)
    if row is not None:
        return row.chain
    found: list[Cid] = []
    following: Cid | None = manifest.resource_token
    while following is not None and len(found) <= CHAIN_MAX:
        token = book.archive.find(tx.blocks, ResourceToken, following)
        if token is None:
            break
        found.append(token.cid)
        following = token.body.parent
    return tuple(found)


def ancestors_of(book: JobBook, tx: ActorTransaction, manifest: JobManifest) -> tuple[Cid, ...]:
    """The manifests that a job descends from, the nearest first."""
    found: list[Cid] = []
    parent = manifest.parent
    while parent is not None and len(found) < DEPTH_MAX:
        above = book.archive.find(tx.blocks, JobManifest, parent.cause)
        if above is None:
            break
        found.append(above.cid)
        parent = above.body.parent
    return tuple(found)


def take_answer(
    book: JobBook, tx: ActorTransaction, answer: Signed[Answer], now: Now
) -> Job | MessageRefusal | None:
    """The issuer's answer to an award: only a refusal says something, since a hold says more. The
    job that was refused one. Where another award was first, its hold is waited for."""
    row = tx.rows(AWARDS).get(answer.body.request)
    if row is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    manifest = book.archive.get(tx.blocks, JobManifest, row.job)
    if answer.signer not in manifest.body.accepted_issuers:
        return MessageRefusal.WRONG_ROLE
    if answer.body.accepted:
        return None
    job = book.job_of(tx, row.job)
    if job is None or job.award != row.award or job.hold is not None:
        tx.outbox.answered(until(row.award))
        return None
    if answer.body.reason == OTHER_AWARD:
        return None
    tx.outbox.answered(until(row.award))
    book.keep(tx, answer)
    wait = answer.body.retry_after
    event = ev.AwardRefused(
        award=row.award,
        answer=answer.cid,
        signer=answer.signer,
        code=answer.body.reason or "refused",
        reason=answer.body.detail or answer.body.reason,
        retry_at=None if wait is None else book.time_of(job, now) + wait,
    )
    job = book.must_record(tx, job, event, now)
    if wait is not None:
        book.retry_later(tx, job, now, wait)
    return job


# --- what a job may see


def surroundings(book: JobBook, tx: ActorTransaction, now: Now) -> Surroundings | AwardRefusal:
    """What of the submitter's own a job or program may see, as it is now: balances and policies as
    the issuers' newest statements have them, state and token holders, roles and reputation."""
    tokens = register(book, tx)
    if isinstance(tokens, str):
        return AwardRefusal(fault=AwardFault.STATE_TOO_LARGE, detail=tokens)
    balances = {kind.value: 0 for kind in ResourceType}
    rules: dict[str, list[tuple[PolicyInForce, Usage]]] = {}
    for row in tx.rows(STATEMENTS).select():
        statement = statement_of(book, tx, row.issuer)
        assert statement is not None, "its row is here"
        for name, units in statement.balances.items():
            balances[name] = min(INTEGER_MAX, balances.get(name, 0) + units)
        for policy in policies_in_force(book, tx, row.issuer, statement):
            body = policy.body
            in_force = PolicyInForce(
                cid=policy.cid, scope=body.scope, version=body.edition, rule=body.rule
            )
            usage = usage_under(statement, body)
            rules.setdefault(body.resource_type.value, []).append((in_force, usage))
    roles = _roles_of(book, tx, now)
    return Surroundings(
        balances=balances,
        policies={name: policies_to_value(found) for name, found in rules.items()},
        state_root=state_of(book, tx).root,
        tokens=tokens,
        reputation=reputation_of(tx, book.did).score,
        records={ROLES_RECORD: roles} if roles else {},
    )
