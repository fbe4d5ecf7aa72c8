"""Bidding: which nodes are asked for a job, what they answer, and when that ends.

Rule: 32 nodes are asked at first and 64 more after each 250 ms without a bid, so that the messages
of a job do not grow with the mesh. Bidding ends when all who were asked have answered, or at the
end of a round with a bid.
"""

from collections.abc import Iterable
from typing import Final

from blake3 import blake3

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.presence import seen_within
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.reading import read_credentials
from mesh.actors.submitter.rows import PROFILES
from mesh.actors.submitter.submission import missing_block
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, Phase, StepRefusal, has_lapsed, takes_answers
from mesh.core.market.capabilities import first_unsatisfied
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid, Decline, NodeProfile
from mesh.core.records.membership import Role
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

FIRST_ASKED: Final = 32
THEN_ASKED: Final = 64
ROUND_MS: Final = 250
SHUFFLE_BYTES: Final = 32


def is_bidding(job: Job) -> bool:
    """Whether the job looks for a node."""
    return job.phase is Phase.SUBMITTED and job.award is None and job.cancel is None


def ask(book: JobBook, tx: ActorTransaction, job: Job, now: Now) -> Job:
    """Ask nodes, at first or when a round has ended without a bid; the job after that."""
    if not is_bidding(job) or now.wall >= job.expires_at or not takes_answers(job, now.wall):
        return job
    manifest = book.manifest(tx, job)
    missing = missing_block(tx, manifest.body)
    book.note_missing(tx, job, missing)
    if missing is not None:
        book.ask_later(tx, job, now, ROUND_MS)
        return job
    chosen = _chosen(book, tx, job, manifest.body, now)
    if not chosen:
        book.ask_later(tx, job, now, None)
        return job
    job = book.must_record(tx, job, ev.NodesAsked(round=job.round, nodes=chosen), now)
    tx.outbox.put(Outgoing(to=chosen, record=job.manifest, until=_until(job)))
    book.ask_later(tx, job, now, ROUND_MS)
    return job


def _until(job: Job) -> str:
    return f"bid/{job.manifest}"


def stop_asking(tx: ActorTransaction, job: Job) -> None:
    """Nodes, and a delegate, are asked no more."""
    tx.outbox.answered(_until(job))
    for offer in job.bids:
        tx.outbox.answered(offer_word(offer.record))


def offer_word(bid: Cid) -> str:
    """Until when a bid is offered to the delegate again."""
    return f"offer/{bid}"


def look(book: JobBook, tx: ActorTransaction, job: Job, now: Now) -> Job:
    """What a moment of time asks for: the block that was missing, further nodes, a new round."""
    if has_lapsed(job, now.wall):
        stop_asking(tx, job)
        return ask(book, tx, book.must_record(tx, job, ev.BidsLapsed(), now), now)
    asks_at = book.asks_at(tx, job, now)
    if asks_at is None or asks_at > now.monotonic or not is_bidding(job):
        return job
    if job.bids:
        book.ask_later(tx, job, now, None)
        return job
    return ask(book, tx, job, now)


def has_ended(book: JobBook, tx: ActorTransaction, job: Job, now: Now) -> bool:
    """Whether there is a bid, and nobody else is waited for."""
    if not job.bids:
        return False
    if len(job.bids) + len(job.declines) == len(job.asked):
        return True
    asks_at = book.asks_at(tx, job, now)
    return asks_at is None or asks_at <= now.monotonic


# --- whom to ask


def _chosen(
    book: JobBook, tx: ActorTransaction, job: Job, manifest: JobManifest, now: Now
) -> tuple[Did, ...]:
    """The next nodes to ask: at random, those that fit first. Others are asked where few fit, so
    that they say why they do not bid."""
    able: list[Did] = []
    others: list[Did] = []
    asked = frozenset(job.asked)
    members = book.members(tx)
    present = book.settings.presence_seconds
    profiles = {row.node: row for row in tx.rows(PROFILES).select()}
    for member in members.with_role(Role.NODE, now.wall):
        row = profiles.get(member.member)
        if member.member in asked or row is None or not seen_within(row, present, now):
            continue
        profile = book.archive.get(tx.blocks, NodeProfile, row.profile).body
        (able if fits(profile, manifest) else others).append(member.member)
    room = book.settings.bids_per_job - (len(asked) - len(job.declines))
    wanted = min(room, FIRST_ASKED if not asked else THEN_ASKED)
    if wanted <= 0:
        return ()
    chosen = _some(book, able, wanted)
    if not asked and len(chosen) < wanted:
        chosen += _some(book, others, wanted - len(chosen))
    return tuple(sorted(chosen))


def _some(book: JobBook, nodes: list[Did], wanted: int) -> list[Did]:
    """So many of the nodes, at random where there are more."""
    if len(nodes) <= wanted:
        return nodes
    seed = book.entropy(SHUFFLE_BYTES)
    return sorted(nodes, key=lambda did: blake3(did.encode(), key=seed).digest())[:wanted]


def fits(profile: NodeProfile, manifest: JobManifest) -> bool:
    """Whether a node could execute the job, by what it says of itself."""
    needs, trust = manifest.requirements, manifest.trust
    return (
        needs.memory_bytes <= profile.memory_bytes
        and needs.cpu_cores <= profile.cpu_cores
        and needs.storage_bytes <= profile.storage_bytes
        and manifest.resource_type.value in profile.rates
        and first_unsatisfied(profile.capabilities, needs) is None
        and (not trust.locations or profile.location in trust.locations)
        and (manifest.engine is None or profile.engine.text == manifest.engine)
        and _takes_issuers(profile, manifest.accepted_issuers)
    )


def _takes_issuers(profile: NodeProfile, issuers: Iterable[Did]) -> bool:
    return not profile.accepted_issuers or not set(issuers).isdisjoint(profile.accepted_issuers)


# --- what they answer


def take_answer(
    book: JobBook, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | Job:
    """A Bid or Decline: the job with it, or why it changes nothing."""
    answer: Signed[Bid] | Signed[Decline] = incoming.record
    job = book.job_of(tx, answer.body.job)
    if job is None:
        return MessageRefusal.UNKNOWN_SUBJECT
    if not book.members(tx).has_role(answer.signer, Role.NODE, now.wall):
        return MessageRefusal.WRONG_ROLE
    tx.outbox.answered(_until(job), answer.signer)
    if any(offer.record == answer.cid for offer in (*job.bids, *job.declines)):
        return job
    if answer.body.node_id != book.members(tx).name(answer.signer):
        return MessageRefusal.INCONSISTENT
    after = book.record(tx, job.job_id, _event_of(answer), now)
    if isinstance(after, StepRefusal):
        return _AS_REFUSAL.get(after, MessageRefusal.INCONSISTENT)
    book.keep(tx, answer)
    read_credentials(book, tx, incoming, now)
    return after


_AS_REFUSAL: Final = {
    StepRefusal.JOB_IS_FINAL: MessageRefusal.OVER,
    StepRefusal.NOT_IN_THIS_PHASE: MessageRefusal.OVER,
    StepRefusal.BIDDING_CLOSED: MessageRefusal.OVER,
    StepRefusal.BID_EXPIRED: MessageRefusal.OVER,
    StepRefusal.NOT_ASKED: MessageRefusal.NOT_ADDRESSED,
}


def _event_of(answer: Signed[Bid] | Signed[Decline]) -> ev.BidReceived | ev.BidDeclined:
    match answer.body:
        case Bid(node_id=node_id, expires_at=end):
            return ev.BidReceived(
                bid=answer.cid, signer=answer.signer, node_id=node_id, expires_at=end
            )
        case Decline(node_id=node_id):
            return ev.BidDeclined(decline=answer.cid, signer=answer.signer, node_id=node_id)
