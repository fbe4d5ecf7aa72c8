"""Users of a simulation: they submit and withdraw jobs, and expect each job to end.

Rule: a user whose command was not acknowledged gives it again, under the same job id.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ccl.abi.host_calls import QUORUM_DEFAULT
from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.rows import JOBS, JobRow
from mesh.core.fields import JobId
from mesh.core.ids import new_job_id
from mesh.core.jobs.job import FINAL, Job, Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.records.jobs import JobManifest
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Settlement
from mesh.core.records.terms import Children, Requirements
from mesh.core.settlement.books import ENTRIES
from runtime.execution.context import FUEL_PER_UNIT
from runtime.tokens.transfers import TransferState
from simulation.checking.invariants import Invariant, check_quorum, check_result, require
from simulation.driving.clocks import START
from simulation.driving.programs import Program, ProgramKind
from simulation.driving.station import Station
from simulation.scenario import JobPlan

if TYPE_CHECKING:
    from simulation.world import World

AGAIN_MS: Final = 500
AMOUNT: Final = 300
"""Units that a job asks for."""
MAX_SECONDS: Final = 15
CHILDREN: Final = 2


def submit(world: "World", job: JobPlan) -> None:
    """Submits a job, and again until that is acknowledged."""
    station = _submitter(world, job)
    programs = _programs(world, job)
    request = _request(world, job, programs[0])

    def command(actor: Submitter, tx: ActorTransaction, now: Now) -> bool:
        for program in programs:
            tx.blocks.put(program.cid, program.block)
        submitted = actor.submit(tx, request, now)
        if not isinstance(submitted, Job):
            raise AssertionError(f"a job of a simulation can be paid: {submitted}")
        actor.auto_award(tx, submitted.job_id, now, is_on=True)
        return True

    if world.command(station, command) is None:
        world.script(world.at + AGAIN_MS, lambda: submit(world, job))


def cancel(world: "World", job: JobPlan) -> None:
    """Withdraws a job, and again until that is acknowledged."""
    job_id = _job_id(world, job)

    def command(actor: Submitter, tx: ActorTransaction, now: Now) -> bool:
        if actor.job(tx, job_id) is not None:
            actor.cancel(tx, job_id, "no longer needed", now)
        return True

    if world.command(_submitter(world, job), command) is None:
        world.script(world.at + AGAIN_MS, lambda: cancel(world, job))


def jobs(world: "World") -> Iterator[tuple[Station, JobRow]]:
    """All jobs that submitters have, with those that programs submitted."""
    for station in world.of_role(Role.SUBMITTER):
        with station.store.view() as view:
            rows = view.rows(station.did, JOBS).select()
        yield from ((station, row) for row in rows)


def is_over(world: "World") -> bool:
    """Whether every job has ended that must, and nothing is held or done for one."""
    return not any(_open_jobs(world)) and not any(_leftovers(world))


def check_end(world: "World") -> None:
    """What must hold of jobs when the time for them is over. Raises Violation."""
    for station, row in _open_jobs(world):
        detail = f"{row.job_id} of {station.name} is {row.phase.value}"
        require(False, Invariant.JOBS_END, detail)
    for leftover in _leftovers(world):
        require(False, Invariant.NOTHING_HELD, leftover)
    _check_verified(world)
    _check_results(world)


def _check_verified(world: "World") -> None:
    """What an honest submitter shows as verified is, also where its issuer is dishonest."""
    for station, row in jobs(world):
        if row.phase is not Phase.VERIFIED or not world.is_honest(station.did):
            continue
        assert row.job.settlement is not None and row.job.hold is not None, "it is settled"
        settlement = world.records.find(row.job.settlement)
        hold = world.records.find(row.job.hold)
        assert settlement is not None and hold is not None, "both were sent"
        check_quorum(world.records, settlement, hold)


def _open_jobs(world: "World") -> Iterator[tuple[Station, JobRow]]:
    """Jobs that have not ended, of honest submitters with honest issuers."""
    for station, row in jobs(world):
        if row.phase in FINAL or not world.is_honest(station.did):
            continue
        with station.store.view() as view:
            block = view.blocks(station.did).get(row.manifest)
        assert block is not None, "a submitter has its manifests"
        manifest = world.archive.read_as(JobManifest, block).body
        if all(world.is_honest(issuer) for issuer in manifest.accepted_issuers):
            yield station, row


def _leftovers(world: "World") -> Iterator[str]:
    """Holds that are open at honest issuers, and work of honest members."""
    submitters = {each.did for each in world.of_role(Role.SUBMITTER)}
    for station in world.stations.values():
        if not world.is_honest(station.did):
            continue
        with station.store.view() as view:
            work = view.open_work().count()
            entries = view.rows(station.did, ENTRIES).select()
        if work and all(map(world.is_honest, _issuers(world))):
            yield f"{station.name} works"
        for entry in entries:
            of_honest = entry.debit_owner in submitters and world.is_honest(entry.debit_owner)
            if entry.state is TransferState.PENDING and of_honest:
                yield f"{station.name} holds {entry.amount}"


def _issuers(world: "World") -> list:  # type: ignore[type-arg]
    return [each.did for each in world.of_role(Role.ISSUER)]


def _check_results(world: "World") -> None:
    """Verified results are true, as long as fewer verifiers than a quorum lie alike."""
    if len(world.plan.agreeing_liars()) >= QUORUM_DEFAULT:
        return
    for settlement in world.records.of(Settlement):
        for station in world.of_role(Role.SUBMITTER):
            with station.store.view() as view:
                blocks = view.blocks(station.did)
                if world.is_honest(settlement.signer) and blocks.has(settlement.cid):
                    check_result(world.records, settlement, blocks)


def _submitter(world: "World", job: JobPlan) -> Station:
    return _numbered(world, job.submitter)


def _numbered(world: "World", number: int) -> Station:
    submitters = world.of_role(Role.SUBMITTER)
    return submitters[number % len(submitters)]


def _job_id(world: "World", job: JobPlan) -> JobId:
    noise = (world.scenario.seed % (1 << 32)).to_bytes(4, "big") + job.number.to_bytes(6, "big")
    return new_job_id(1000 * START + job.at, noise)


def _programs(world: "World", job: JobPlan) -> tuple[Program, ...]:
    """The program of a job, and those that it submits."""
    fuel = min(job.fuel, AMOUNT * FUEL_PER_UNIT // 2)
    if job.program is ProgramKind.SPAWN:
        child = Program(kind=ProgramKind.SUM, number=1_000 + job.number, fuel=1_000_000)
        parent = Program(
            kind=job.program, number=job.number, fuel=fuel, child=child.cid, children=CHILDREN
        )
        return (parent, child)
    payee = world.of_role(Role.NODE)[0].did
    return (Program(kind=job.program, number=job.number, fuel=fuel, to=payee, amount=7),)


def _request(world: "World", job: JobPlan, program: Program) -> JobRequest:
    spawns = job.program is ProgramKind.SPAWN
    return JobRequest(
        module=program.cid,
        resource_amount=AMOUNT,
        description=job.program.value,
        requirements=Requirements(max_seconds=MAX_SECONDS),
        children=Children(depth=1, budget=CHILDREN * AMOUNT) if spawns else None,
        award_delegate=None if job.delegate is None else _numbered(world, job.delegate).did,
        job_id=_job_id(world, job),
    )
