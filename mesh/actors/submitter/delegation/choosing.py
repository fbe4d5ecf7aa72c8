"""Jobs of others that name this submitter as their delegate: it chooses among their bids.

Rule: a bid is offered with its manifest and context, both checked here; of several the best is
awarded, by what this submitter itself has read of the nodes. The issuer's hold decides.
"""

from typing import Final

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.submitter.delegation.rows import (
    OFFERED_BIDS,
    OFFERED_JOBS,
    OfferedBidRow,
    OfferedJobRow,
)
from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import awarding
from mesh.actors.submitter.market.awarding import AwardFault, AwardRefusal
from mesh.actors.submitter.reading import read_credentials_of
from mesh.actors.submitter.rows import AWARDS
from mesh.core.fields import NodeId
from mesh.core.market import credentials
from mesh.core.market.ranking import Candidate, rank
from mesh.core.market.terms import check_context
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import Hold
from mesh.core.settlement.payments import another_attempt
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import ResourceToken

COLLECT_MS: Final = 250
"""The bids of a job are offered at once; so long later the best of them is awarded."""
OFFERED_MAX: Final = 4_096
OFFERED_OF_AN_OWNER_MAX: Final = 1_024
OFFERED_BYTES_MAX: Final = 128 * 1024
"""Of all that comes with one bid. Nobody asks a delegate whether it is one; what has no room is
awarded by its submitter."""


def take_offer(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """A bid for another's job, from the submitter that lets this one award it."""
    bid: Signed[Bid] = incoming.record
    if tx.rows(OFFERED_BIDS).get(bid.cid) is not None:
        return None
    try:
        manifest = book.resting_on(tx, incoming, JobManifest, bid.body.job)
    except RecordError:
        return MessageRefusal.UNKNOWN_SUBJECT
    members = book.members(tx)
    if manifest.body.award_delegate != book.did or manifest.signer == book.did:
        return MessageRefusal.NOT_ADDRESSED
    if not members.has_role(manifest.signer, Role.SUBMITTER, now.wall):
        return MessageRefusal.NOT_A_MEMBER
    if not members.has_role(bid.signer, Role.NODE, now.wall):
        return MessageRefusal.WRONG_ROLE
    if now.wall >= min(manifest.body.expires_at, bid.body.expires_at):
        return MessageRefusal.OVER
    context = _context_in(incoming, manifest, bid)
    issuers = manifest.body.accepted_issuers[:1]
    is_held = any(members.has_role(each, Role.ISSUER, now.wall) for each in issuers)
    if context is None or not is_held:
        return MessageRefusal.INCONSISTENT
    if sum(map(len, incoming.attached.values())) > OFFERED_BYTES_MAX:
        return MessageRefusal.TOO_LARGE
    if _is_full(tx, manifest.signer):
        _forget_expired(book, tx, now)
        if _is_full(tx, manifest.signer):
            return MessageRefusal.OVER
    _keep(book, tx, incoming, manifest, context, now)
    lost = _lost(book, incoming, manifest)
    attempt = 1 + max((each.body.attempt for each in lost), default=0)
    tx.rows(OFFERED_BIDS).put(
        OfferedBidRow(
            bid=bid.cid,
            manifest=manifest.cid,
            owner=manifest.signer,
            node_id=bid.body.node_id,
            attempt=attempt,
            context=context.cid,
        )
    )
    known = tx.rows(OFFERED_JOBS).get(manifest.cid)
    if known is None or known.attempt < attempt:
        tx.rows(OFFERED_JOBS).put(
            OfferedJobRow(
                manifest=manifest.cid,
                attempt=attempt,
                lost_by=tuple(each.body.executor for each in lost),
                award_at=now.after(COLLECT_MS),
                boot=now.boot,
            )
        )
    return None


def _is_full(tx: ActorTransaction, owner: Did) -> bool:
    rows = tx.rows(OFFERED_BIDS)
    return rows.count() >= OFFERED_MAX or rows.count(owner=owner) >= OFFERED_OF_AN_OWNER_MAX


def _forget_expired(book: JobBook, tx: ActorTransaction, now: Now) -> None:
    """Forget bids that nobody can award any more."""
    for row in tx.rows(OFFERED_BIDS).select():
        manifest = book.archive.get(tx.blocks, JobManifest, row.manifest).body
        bid = book.archive.get(tx.blocks, Bid, row.bid).body
        if now.wall >= min(manifest.expires_at, bid.expires_at):
            tx.rows(OFFERED_BIDS).delete(row.bid)


def accept(
    book: JobBook, tx: ActorTransaction, manifest: Cid, node_id: NodeId, now: Now
) -> Signed[Award] | AwardRefusal:
    """Award another's job to a node's bid, by hand."""
    job = tx.rows(OFFERED_JOBS).get(manifest)
    if job is None:
        return AwardRefusal(fault=AwardFault.NOT_THE_DELEGATE)
    rows = tx.rows(OFFERED_BIDS).select(manifest=manifest)
    row = next((e for e in rows if (e.node_id, e.attempt) == (node_id, job.attempt)), None)
    if row is None:
        return AwardRefusal(fault=AwardFault.NO_SUCH_BID)
    return _award(book, tx, job, row, now)


def tick(book: JobBook, tx: ActorTransaction, now: Now) -> Instant | None:
    """Award the jobs whose bids are here; when the next is due."""
    rows = tx.rows(OFFERED_JOBS)
    for job in rows.select():
        if job.award_at is not None and (job.boot != now.boot or job.award_at <= now.monotonic):
            award_best(book, tx, job, now)
    due = [row.award_at for row in rows.select() if row.award_at is not None]
    return Instant(min(due)) if due else None


def award_best(book: JobBook, tx: ActorTransaction, job: OfferedJobRow, now: Now) -> None:
    """Award the best bid that was not refused; nothing where there is none."""
    tx.rows(OFFERED_JOBS).put(replace(job, award_at=None))
    manifest = book.archive.get(tx.blocks, JobManifest, job.manifest)
    rows = {
        row.bid: row
        for row in tx.rows(OFFERED_BIDS).select(manifest=job.manifest)
        if row.attempt == job.attempt and not row.is_refused
    }
    found = [_candidate(book, tx, row, now) for row in rows.values()]
    issuers = awarding.issuers(book, tx, now)
    for each in rank(found, manifest, issuers=issuers, now=now.wall, avoid=job.lost_by):
        row = rows[each.candidate.bid.cid]
        if isinstance(_award(book, tx, job, row, now), Signed):
            return


def note_refused(book: JobBook, tx: ActorTransaction, answer: Answer, now: Now) -> None:
    """The issuer holds nothing for an award: the next best bid is tried, unless another award was
    first."""
    for row in tx.rows(OFFERED_BIDS).select(award=answer.request):
        if answer.reason == awarding.OTHER_AWARD:
            note_held(tx, row.manifest)
            continue
        tx.rows(OFFERED_BIDS).put(replace(row, is_refused=True))
        job = tx.rows(OFFERED_JOBS).get(row.manifest)
        if job is not None and job.attempt == row.attempt:
            award_best(book, tx, job, now)


def is_of_another(book: JobBook, tx: ActorTransaction, incoming: Incoming, hold: Cid) -> bool:
    """Whether a record is about a hold for another's job, which this submitter has awarded: what
    becomes of it is its submitter's affair."""
    block = incoming.attached.get(hold) or tx.blocks.get(hold)
    try:
        record = None if block is None else book.archive.read_as(Hold, block)
    except RecordError:
        return False
    row = None if record is None else tx.rows(AWARDS).get(record.body.award)
    return row is not None and row.owner != book.did


def note_held(tx: ActorTransaction, manifest: Cid) -> None:
    """Nothing more is to be awarded of a job's attempt; its bids are forgotten."""
    for row in tx.rows(OFFERED_BIDS).select(manifest=manifest):
        tx.rows(OFFERED_BIDS).delete(row.bid)


def _award(
    book: JobBook, tx: ActorTransaction, job: OfferedJobRow, row: OfferedBidRow, now: Now
) -> Signed[Award] | AwardRefusal:
    manifest = book.archive.get(tx.blocks, JobManifest, job.manifest)
    if now.wall >= manifest.body.expires_at:
        return AwardRefusal(fault=AwardFault.EXPIRED)
    context = book.context(tx.blocks, row.context)
    assert context is not None, "it was stored with its bid"
    candidate = _candidate(book, tx, row, now)
    signed = awarding.sign_award(book, tx, manifest, candidate, context, row.attempt, now)
    if isinstance(signed, Signed):
        tx.rows(OFFERED_JOBS).put(replace(job, award_at=None))
        tx.rows(OFFERED_BIDS).put(replace(row, award=signed.cid))
    return signed


def _candidate(book: JobBook, tx: ActorTransaction, row: OfferedBidRow, now: Now) -> Candidate:
    bid = book.archive.get(tx.blocks, Bid, row.bid)
    held = awarding.credentials_of(book, tx, bid.signer, now)
    counted = [each for each in held if each.cid in bid.body.credentials]
    return Candidate(
        bid=bid,
        reputation=reputation_of(tx, bid.signer).score,
        credentials=credentials.shown(counted),
    )


def _context_in(
    incoming: Incoming, manifest: Signed[JobManifest], bid: Signed[Bid]
) -> Context | None:
    """The attached context of an attempt on this bid's terms."""
    for block in incoming.attached.values():
        try:
            context = Context.from_block(block)
        except CodecError:
            continue
        if not check_context(context, manifest, bid.body):
            return context
    return None


def _keep(
    book: JobBook,
    tx: ActorTransaction,
    incoming: Incoming,
    manifest: Signed[JobManifest],
    context: Context,
    now: Now,
) -> None:
    book.keep(tx, incoming.record, manifest)
    book.put_context(tx, context)
    read_credentials_of(book, tx, incoming, incoming.record.signer, now)
    for block in incoming.attached.values():
        for kind in (ResourceToken, JobManifest):
            try:
                book.keep(tx, book.archive.read_as(kind, block))
            except RecordError:
                continue


def _lost(book: JobBook, incoming: Incoming, manifest: Signed[JobManifest]) -> list[Signed[Hold]]:
    """The holds of the attempts whose settlements are attached, and allow another."""
    found = []
    for block in incoming.attached.values():
        try:
            settled = book.archive.read_as(Settlement, block)
            hold = book.archive.read_as(Hold, incoming.attached.get(settled.body.hold, b""))
        except RecordError:
            continue
        is_lost = another_attempt(settled.body.ground, hold.body.attempt)
        if hold.body.job == manifest.cid and hold.signer == settled.signer and is_lost:
            found.append(hold)
    return found
