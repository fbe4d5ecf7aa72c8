"""Programs run on this machine under the local identity: their effects applied once.

Rule: what an execution asked for and the record of the run are written in one transaction. The
record stays until the results were shown, so that the same command goes on with what was done,
whatever has happened to the process in between.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Struct

from mesh.adapters.sqlite import SqliteTransaction
from mesh.award import Surroundings
from mesh.core.fields import JobId, JobIdField
from mesh.core.ids import followed_job_id, run_effect_id
from mesh.effects import NEEDS_SUBMITTER, carry_out
from mesh.local import submitting
from mesh.local.awarding import surroundings
from mesh.local.owned import standing_of, surrounding, write_effects
from mesh.local.request import JobRequest
from mesh.locks import LockBusy, passing_lock
from runtime.content.cid import Cid
from runtime.content.shapes import Omitted
from runtime.content.typed import from_value, to_value
from runtime.execution.context import MEMORY_BYTES, Context, Limits
from runtime.execution.effects import Effect, SubmitJob, effects_from_block
from runtime.execution.execution import Deterministic, Execution
from runtime.sandbox.request import Request

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

OnWait = Callable[[str], None]
RUN_NONCE_BYTES: Final = 16


class RunJob(Struct, frozen=True, kw_only=True):
    """A job that a run has submitted.

    handle: what `submit_job` gave the program, 0 for a job that another job asked for. depth:
    1 for those of the program's own execution, one more for those that follow from them.
    """

    job_id: JobIdField
    handle: int
    depth: int


class Handled(Struct, frozen=True, kw_only=True):
    """A handler was executed for a job, once. refusal: why its effects were not applied."""

    job_id: JobIdField
    event: str
    execution: Deterministic
    refusal: str = ""


class PackedModule(Struct, frozen=True, kw_only=True):
    """A module that travels with a program, and the path it was compiled from."""

    path: str
    cid: Cid


class Origin(Struct, frozen=True, kw_only=True):
    """What a run executes, besides the call that its key names. All of it is in the block store.

    file: the program's absolute path, or `-`. fuel, memory_bytes: ceilings of each local execution.
    started_at: seconds since 1970.
    """

    file: str
    source: Cid
    packed: tuple[PackedModule, ...]
    fuel: int
    memory_bytes: Annotated[int, Omitted()] = MEMORY_BYTES
    started_at: int

    @property
    def limits(self) -> Limits:
        return Limits(fuel=self.fuel, memory_bytes=self.memory_bytes)


class LocalRun(Struct, frozen=True, kw_only=True):
    """What a run has come to. spent: the most its jobs may cost and what it moved, in units."""

    origin: Origin
    execution: Deterministic
    jobs: tuple[RunJob, ...] = ()
    handled: tuple[Handled, ...] = ()
    spent: Mapping[str, int]


class Submission(Struct, frozen=True, kw_only=True):
    """One submission among the effects of an execution, by its position, with its job's id."""

    position: int
    request: JobRequest
    job_id: JobId


class Outcome(Struct, frozen=True, kw_only=True):
    """An execution of the run, about to be applied. blocks: modules, sources and inputs."""

    context: Context
    execution: Execution
    effects: tuple[Effect, ...]
    submissions: tuple[Submission, ...]
    blocks: tuple[tuple[Cid, bytes], ...]


@contextmanager
def only_this_run(mesh: "LocalMesh", key: Cid, on_wait: OnWait) -> Iterator[None]:
    """While it is held, the same command waits in every other process."""
    name = f"run-{key.digest.hex()[:32]}"
    with ExitStack() as stack:
        try:
            stack.enter_context(passing_lock(mesh.home, name, wait=False))
        except LockBusy as busy:
            on_wait(busy.holder)
            stack.enter_context(passing_lock(mesh.home, name, wait=True))
        yield


def unfinished_run(mesh: "LocalMesh", key: Cid) -> LocalRun | None:
    """The run whose results were not shown yet, if there is one."""
    with mesh.store.read() as tx:
        value = tx.runs.get(key)
    return None if value is None else from_value(LocalRun, value)


def unfinished_runs(mesh: "LocalMesh") -> dict[Cid, LocalRun]:
    """All runs whose results were not shown yet, by their keys, the oldest first."""
    with mesh.store.read() as tx:
        found = {key: from_value(LocalRun, value) for key, value in tx.runs.all()}
    return dict(sorted(found.items(), key=lambda each: _begun(each[1])))


def _begun(run: LocalRun) -> tuple[int, str]:
    """Ids of jobs are made in the order of time, and order runs of the same second."""
    return run.origin.started_at, "".join(job.job_id for job in run.jobs[:1])


def finish_run(mesh: "LocalMesh", key: Cid) -> None:
    """The results were shown: the same command now begins anew."""
    with mesh.store.write() as tx:
        tx.runs.remove(key)


def world_now(mesh: "LocalMesh") -> Surroundings:
    """What a program executed now may see of the world."""
    with mesh.store.read() as tx:
        return surroundings(tx, mesh.reading, now=mesh.now)


def request_for(
    mesh: "LocalMesh", context: Context, around: Surroundings, module: tuple[Cid, bytes]
) -> Request:
    """The execution of a module in a context, with the state that it names and no input.

    Raises CommandError `block-missing`, `state-malformed`.
    """
    with mesh.store.read() as tx:
        blocks = surrounding(tx, context, around.blocks)
    return Request(module=module[1], module_cid=module[0], context=context, blocks=blocks)


def apply(mesh: "LocalMesh", key: Cid, run: LocalRun, done: Outcome) -> str | None:
    """Carry out an execution's effects, submit its jobs and keep the record of the run: all of
    it, or nothing and why: then the world has changed, and the program is to be executed again.

    Raises CommandError where the mesh refuses a submission; then nothing is written either.
    """
    mesh.check((each.request for each in done.submissions), done.blocks)
    owner = mesh.submitter.did
    nonce = mesh.entropy(RUN_NONCE_BYTES)
    with mesh.store.write() as tx:
        carried = carry_out(
            done.effects,
            ran_on=done.context.state_root,
            standing=standing_of(tx, mesh.reading, owner),
            ids=partial(run_effect_id, nonce),
            now=mesh.now,
        )
        refusal = next((p.reason for p in carried.pending if p.reason != NEEDS_SUBMITTER), None)
        if refusal is not None:
            return refusal
        for cid, data in (*done.blocks, *done.execution.blocks.items()):
            tx.blocks.put(cid, data)
        write_effects(tx, owner, carried)
        submit(tx, mesh, done.submissions)
        tx.runs.put(key, to_value(run))
    return None


def follow_on(
    mesh: "LocalMesh", key: Cid, run: LocalRun, submissions: Iterable[Submission]
) -> None:
    """Submit what a verified job asked for, and keep that in the run's record."""
    submissions = tuple(submissions)
    mesh.check(each.request for each in submissions)
    with mesh.store.write() as tx:
        submit(tx, mesh, submissions)
        tx.runs.put(key, to_value(run))


def submit(tx: SqliteTransaction, mesh: "LocalMesh", wanted: Iterable[Submission]) -> None:
    for each in wanted:
        submitting.submit(tx, mesh.reading, each.request, each.job_id, now=mesh.now)


class Asked(Struct, frozen=True, kw_only=True):
    """A submission that a verified job asked for. job_id: the same whoever computes it."""

    position: int
    effect: SubmitJob
    job_id: JobId


def asked_by(mesh: "LocalMesh", job_id: JobId) -> tuple[Asked, ...]:
    """What a job's settlement left to its submitter, whose key is here."""
    view = mesh.job(job_id)
    found = view.deterministic
    if view.settlement is None or found is None or found.effects is None:
        return ()
    settlement = view.settlement.body
    left = {each.position for each in settlement.pending if each.reason == NEEDS_SUBMITTER}
    effects = effects_from_block(mesh.get_block(found.effects)) if left else ()
    return tuple(
        Asked(
            position=position,
            effect=effect,
            job_id=followed_job_id(view.manifest.cid, position, settlement.settled_at),
        )
        for position, effect in enumerate(effects)
        if position in left and isinstance(effect, SubmitJob)
    )
