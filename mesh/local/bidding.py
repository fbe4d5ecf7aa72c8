"""Nodes answer a published job, each from its own profile, settings, load and speed.

Rule: a node that cannot get the module says nothing yet; every other node bids or says why not.
"""

from collections.abc import Iterable

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.fields import MICRO
from mesh.job import Effect, Job, StepRefusal, has_lapsed, takes_answers
from mesh.journal import Recorded, record
from mesh.local.admission import FIT, Fitness, fitness_of
from mesh.local.candidates import BUSY, awarded_work
from mesh.local.content import Content
from mesh.local.members import Member, node_settings, profile_of
from mesh.local.problems import recorded
from mesh.local.speed import pace_of
from mesh.local.world import World
from mesh.market import Enquiry, NodeState, appraise
from mesh.records import Bid, Decline, JobManifest
from runtime.identity.signed import Signed, sign
from runtime.sandbox.admission import Admission
from runtime.tokens.policy import AllowAll, Usage


def gather(
    tx: SqliteTransaction,
    world: World,
    content: Content,
    admission: Admission,
    job: Job,
    *,
    now: int,
) -> tuple[Recorded, ...]:
    """The answers of all nodes that have not answered yet; none while a block is missing, or
    before there is a verdict on the module (`mesh.local.admission.admit_jobs`)."""
    answered = {offer.bidder for offer in (*job.bids, *job.declines)}
    asked = [member for member in world.members.nodes if member.did not in answered]
    asked = asked[: max(0, world.config.bids_per_job - len(answered))]
    if not asked or not takes_answers(job, now):
        return ()
    manifest = world.archive.get(tx, JobManifest, job.manifest)
    if content.missing(tx, manifest.body):
        return ()
    fitness = fitness_of(admission, content.module(tx, manifest.body.module), manifest.body)
    if fitness is None:
        return ()
    busy = tx.jobs.in_phases(BUSY)
    found: list[Recorded] = []
    for member in asked:
        state = node_state(tx, world, member, manifest, busy)
        enquiry = enquiry_of(world, manifest, fitness)
        answer = _answer(tx, world, member, state, enquiry, job, now)
        if isinstance(answer, Recorded):
            found.append(answer)
    for work in tx.work.pending(job.key):
        if work.effect is Effect.REQUEST_BIDS:
            tx.work.done(work.id)
    return tuple(found)


def renew(
    tx: SqliteTransaction,
    world: World,
    content: Content,
    admission: Admission,
    job: Job,
    *,
    now: int,
) -> Job:
    """The job, with new bids if all that it had have expired."""
    if not has_lapsed(job, now):
        return job
    asked = recorded(record(tx, job.key, ev.BidsLapsed(), now), job).job
    answers = gather(tx, world, content, admission, asked, now=now)
    return answers[-1].job if answers else asked


def node_state(
    tx: SqliteTransaction,
    world: World,
    member: Member,
    manifest: Signed[JobManifest],
    busy: Iterable[Job],
) -> NodeState:
    """What a node knows of itself now.

    Its speed: what its executions have shown of this machine, times the share it promises.
    """
    profile = profile_of(tx, world.archive, member.node_id).body
    settings = node_settings(tx, member.node_id)
    taken, queued_fuel = awarded_work(tx, world.archive, member.did, busy)
    pace = pace_of(tx, world.engine, member.node_id, world.fuel_per_second)
    policy = tx.ledger.policy(member.did, manifest.body.resource_type)
    return NodeState(
        did=member.did,
        node_id=member.node_id,
        location=profile.location,
        capabilities=frozenset(profile.capabilities),
        memory_bytes=profile.memory_bytes,
        cpu_cores=profile.cpu_cores,
        storage_bytes=profile.storage_bytes,
        rates=profile.rates,
        surcharge_ppm=profile.surcharge_ppm,
        fuel_per_second=pace.fuel_per_second * profile.share_ppm // MICRO,
        queued_fuel=queued_fuel,
        running=taken,
        running_max=settings.running_max,
        engine=world.engine.text,
        accepted_issuers=frozenset(world.members.genesis.body.issuers),
        credentials={},
        policy=AllowAll() if policy is None else policy.rule,
        usage=Usage(),
    )


def enquiry_of(world: World, manifest: Signed[JobManifest], fitness: Fitness = FIT) -> Enquiry:
    """The job as every node of this mesh sees it.

    Nothing must be fetched: all nodes read the one store of this machine.
    """
    return Enquiry(
        manifest=manifest,
        issuer=world.members.issuer.did,
        credential_issuers=frozenset(world.members.genesis.body.issuers),
        bound_units=None,
        missing_bytes=0,
        unfit=fitness.obstacle,
    )


def _answer(
    tx: SqliteTransaction,
    world: World,
    member: Member,
    state: NodeState,
    enquiry: Enquiry,
    job: Job,
    now: int,
) -> object:
    body = appraise(state, enquiry, now)
    event: ev.Event
    match body:
        case Bid():
            bid = sign(body, mesh=world.members.mesh, key=member.key)
            world.archive.put(tx, bid)
            event = ev.BidReceived(
                bid=bid.cid,
                bidder=member.did,
                node_id=member.node_id,
                expires_at=body.expires_at,
            )
        case Decline():
            decline = sign(body, mesh=world.members.mesh, key=member.key)
            world.archive.put(tx, decline)
            event = ev.BidDeclined(decline=decline.cid, bidder=member.did, node_id=member.node_id)
    answer = record(tx, job.key, event, now)
    assert isinstance(answer, Recorded) or answer is StepRefusal.TOO_MANY_BIDS, str(answer)
    return answer
