"""Jobs that are handed over: their submitter offers the bids to the delegate that awards them.

Rule: the submitter writes the contexts, since they show what is its own; the delegate only chooses.
A delegate that stays silent delays a job, and does not end it: then the submitter chooses.
"""

from typing import Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter.delegation.rows import HANDED_OVER, HandedOverRow
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import awarding, bidding
from mesh.actors.submitter.market.awarding import AwardRefusal
from mesh.actors.submitter.rows import HOLDS, SETTLED
from mesh.core.jobs.job import Job
from mesh.core.market.terms import Surroundings, context_for
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

OFFERS_MAX: Final = 16
OWN_AWARD_MS: Final = 10_000
"""After so long without a hold the submitter awards by itself."""


def award(book: JobBook, tx: ActorTransaction, job: Job, now: Now) -> Job:
    """Award the best bid where that is wanted, or have it awarded by the job's delegate."""
    delegate = book.manifest(tx, job).body.award_delegate
    is_wanted = job.auto_award and bidding.is_bidding(job) and now.wall < job.expires_at
    if delegate is None or delegate == book.did or not is_wanted:
        return awarding.award_best(book, tx, job, now)
    row = tx.rows(HANDED_OVER).get(job.manifest)
    if row is None or row.round != job.round:
        return _hand_over(book, tx, job, delegate, now)
    if row.boot == now.boot and now.monotonic < row.own_at:
        book.ask_later(tx, job, now, row.own_at - now.monotonic)
        return job
    return awarding.award_best(book, tx, job, now)


def _hand_over(book: JobBook, tx: ActorTransaction, job: Job, delegate: Did, now: Now) -> Job:
    if not bidding.has_ended(book, tx, job, now):
        return job
    around = awarding.surroundings(book, tx, now)
    if isinstance(around, AwardRefusal):
        return awarding.award_best(book, tx, job, now)
    manifest = book.manifest(tx, job)
    for bid in awarding.ranked(book, tx, job, job.bids, now)[:OFFERS_MAX]:
        _offer(book, tx, job, manifest, bid, around, delegate)
    own_at = now.after(OWN_AWARD_MS)
    tx.rows(HANDED_OVER).put(
        HandedOverRow(manifest=job.manifest, round=job.round, own_at=own_at, boot=now.boot)
    )
    book.ask_later(tx, job, now, OWN_AWARD_MS)
    return job


def _offer(
    book: JobBook,
    tx: ActorTransaction,
    job: Job,
    manifest: Signed[JobManifest],
    cid: Cid,
    around: Surroundings,
    delegate: Did,
) -> None:
    bid = book.archive.get(tx.blocks, Bid, cid)
    context = context_for(manifest, bid.body, surroundings=around, allowed=book.settings.allowed)
    shown = (each for each in bid.body.credentials if tx.blocks.has(each))
    tx.outbox.put(
        Outgoing(
            to=(delegate,),
            record=cid,
            attached=(
                manifest.cid,
                book.put_context(tx, context),
                *awarding.tokens_of(book, tx, manifest.body),
                *awarding.ancestors_of(book, tx, manifest.body),
                *_lost_attempts(tx, job),
                *shown,
            ),
            until=bidding.offer_word(cid),
        )
    )


def _lost_attempts(tx: ActorTransaction, job: Job) -> tuple[Cid, ...]:
    """The holds of the attempts that were lost, and their settlements: they say which attempt is
    next, and who lost one."""
    found: list[Cid] = []
    for row in tx.rows(HOLDS).select(job_id=job.job_id):
        settled = tx.rows(SETTLED).get(row.hold) if row.is_settled else None
        if settled is not None:
            found += (settled.hold, settled.settlement)
    return tuple(found)
