"""The difference between two states of a job, as news."""

from mesh.adapters.sqlite import SqliteTransaction
from mesh.job import Job, Phase, count
from mesh.local.news import (
    Anchored,
    Attested,
    Awarded,
    BidArrived,
    BidRefused,
    Ended,
    News,
    ReceiptStored,
    StatusChanged,
)
from mesh.local.world import World
from mesh.records import Bid, Decline, Verdict
from mesh.reputation import reputation

_ON_THE_WAY = frozenset({Phase.SUBMITTED, Phase.ASSIGNED, Phase.RUNNING, Phase.COMPLETED})


def told(tx: SqliteTransaction, world: World, before: Job, after: Job) -> list[News]:
    """The news of one step, in the order in which they came to be."""
    job_id = after.key.job_id
    news: list[News] = []
    news += (_bid(tx, world, after, n) for n in range(len(before.bids), len(after.bids)))
    news += (
        _decline(tx, world, after, n) for n in range(len(before.declines), len(after.declines))
    )
    if after.attempt > before.attempt and after.award is not None:
        offer = next(offer for offer in after.bids if offer.bidder == after.executor)
        price = world.archive.get(tx, Bid, offer.record).body.price
        news.append(
            Awarded(job_id=job_id, node_id=offer.node_id, price=price, attempt=after.attempt)
        )
    if after.phase is not before.phase and after.phase in _ON_THE_WAY:
        reason = after.reason if after.phase is Phase.SUBMITTED else ""
        news.append(StatusChanged(job_id=job_id, phase=after.phase, reason=reason))
    if after.receipt is not None and before.receipt is None:
        news.append(ReceiptStored(job_id=job_id, receipt=after.receipt))
    if after.anchor is not None and before.anchor is None:
        news.append(Anchored(job_id=job_id, anchor=after.anchor))
    for vote in after.votes[len(before.votes) :]:
        name = world.members.name_of(vote.verifier)
        news.append(Attested(job_id=job_id, verifier=name, verdict=vote.verdict))
    if after.is_final and not before.is_final:
        news.append(
            Ended(
                job_id=job_id,
                phase=after.phase,
                confirmed=count(after, Verdict.CONFIRMED),
                drawn=len(after.drawn),
                reason=after.reason,
            )
        )
    return news


def _bid(tx: SqliteTransaction, world: World, job: Job, number: int) -> BidArrived:
    offer = job.bids[number]
    bid = world.archive.get(tx, Bid, offer.record).body
    return BidArrived(
        job_id=job.key.job_id,
        node_id=bid.node_id,
        price=bid.price,
        estimated_seconds=bid.estimated_seconds,
        reputation=reputation(tx.evidence.tally(offer.bidder)),
        location=bid.location,
    )


def _decline(tx: SqliteTransaction, world: World, job: Job, number: int) -> BidRefused:
    decline = world.archive.get(tx, Decline, job.declines[number].record).body
    return BidRefused(
        job_id=job.key.job_id,
        node_id=decline.node_id,
        reason=decline.reason.value,
        detail=decline.detail,
    )
