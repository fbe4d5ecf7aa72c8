"""The bids of a job and the load of nodes, as the store has them: nothing is asked or awarded."""

from collections.abc import Iterable

from mesh.adapters.sqlite import SqliteTransaction
from mesh.job import Job, Phase
from mesh.local.archive import Archive
from mesh.local.world import World
from mesh.market import Candidate
from mesh.records import Award, Bid
from mesh.reputation import reputation
from runtime.content.cid import Cid
from runtime.content.did import Did

BUSY = frozenset({Phase.ASSIGNED, Phase.RUNNING})


def candidates(tx: SqliteTransaction, world: World, job: Job) -> tuple[Candidate, ...]:
    """The job's bids, each with what the store's own evidence says of the bidder."""
    return tuple(candidate_of(tx, world, offer.record, offer.bidder) for offer in job.bids)


def candidate_of(tx: SqliteTransaction, world: World, bid: Cid, bidder: Did) -> Candidate:
    """One bid with its bidder's reputation."""
    return Candidate(
        bid=world.archive.get(tx, Bid, bid), reputation=reputation(tx.evidence.tally(bidder))
    )


def awarded_work(
    tx: SqliteTransaction, archive: Archive, node: Did, busy: Iterable[Job]
) -> tuple[int, int]:
    """How many jobs a node was awarded and has not done, and the fuel they may burn."""
    awards = [job.award for job in busy if job.executor == node and job.award is not None]
    return len(awards), sum(archive.get(tx, Award, cid).body.fuel_limit for cid in awards)
