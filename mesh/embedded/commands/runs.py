"""Programs run on this machine under the local identity: their effects applied once.

Rule: effects, jobs and the record of the run are one turn, which is one transaction of the home's
file. Where units are to move first, the turn hands the Transfer to the issuer, which is a member of
this home, and takes in its Answer, before it submits the jobs and keeps the record; whatever is
refused takes all of it back, in the rows of all members. A process that is killed at any moment
has therefore left all or nothing, and the record says which: it stays until the results were shown,
and the same command goes on from it.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction, View
from mesh.actors.submitter.effects.application import Awaiting
from mesh.actors.submitter.market.awarding import AwardRefusal
from mesh.actors.submitter.rows import EFFECTS, PENDING, RUNS, EffectsPhase
from mesh.actors.submitter.submission import SubmissionRefusal
from mesh.core.fields import JobId
from mesh.core.jobs.effects import EffectRefusal
from mesh.core.jobs.request import JobRequest
from mesh.core.jobs.runs import LocalRun
from mesh.core.jobs.submitting_calls import submitting_calls
from mesh.core.market.terms import Surroundings
from mesh.core.records.terms import CHILDREN_DEPTH_MAX, Children
from mesh.embedded.commands.refusals import submission_refused
from mesh.home.locks import LockBusy, passing_lock
from mesh.queries.accounts.owner_view import snapshot_of
from mesh.queries.jobs.view import find_job_row
from mesh.queries.reader import missing_block
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX, encode
from runtime.content.typed import from_value, to_value
from runtime.execution.context import Context
from runtime.execution.effects import Effect
from runtime.execution.execution import Execution
from runtime.execution.state import MissingBlock, Snapshot, surrounding_blocks
from runtime.sandbox.request import Request
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesh.embedded.driving.turns import OpenTurn
    from mesh.embedded.mesh import EmbeddedMesh

NONCE_BYTES: Final = 16


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


class World(Struct, frozen=True, kw_only=True):
    """What a program executed now may see of its owner's. state: of the root. blocks: those of it
    that are not stored."""

    around: Surroundings
    state: Snapshot
    blocks: Mapping[Cid, bytes]


# --- records of runs


@contextmanager
def only_this_run(
    mesh: "EmbeddedMesh", key: Cid, on_wait: "Callable[[str], None]"
) -> Iterator[None]:
    """While it is held, the same command waits in every other process."""
    name = f"run-{key.digest.hex()[:32]}"
    with ExitStack() as stack:
        try:
            stack.enter_context(passing_lock(mesh.home, name, wait=False))
        except LockBusy as busy:
            on_wait(busy.holder)
            stack.enter_context(passing_lock(mesh.home, name, wait=True))
        yield


def unfinished_run(mesh: "EmbeddedMesh", key: Cid) -> LocalRun | None:
    """The run whose results were not shown yet, if there is one."""
    with mesh.read() as reader:
        row = reader.rows(RUNS).get(key)
    return None if row is None else from_value(LocalRun, row.run)


def unfinished_runs(mesh: "EmbeddedMesh") -> dict[Cid, LocalRun]:
    """All runs whose results were not shown yet, by their keys, the oldest first."""
    with mesh.read() as reader:
        found = {row.key: from_value(LocalRun, row.run) for row in reader.rows(RUNS).select()}
    return dict(sorted(found.items(), key=lambda each: _begun(each[1])))


def _begun(run: LocalRun) -> tuple[int, str]:
    """Ids of jobs are made in the order of time, and order runs of the same second."""
    return run.origin.started_at, "".join(job.job_id for job in run.jobs[:1])


def keep_run(mesh: "EmbeddedMesh", key: Cid, run: LocalRun) -> None:
    """Note what a run has come to, where nothing else is to be written."""
    mesh.command(lambda tx, now: mesh.submitter.keep_run(tx, key, to_value(run), now))


def finish_run(mesh: "EmbeddedMesh", key: Cid) -> None:
    """The results were shown: the same command now begins anew."""
    mesh.command(lambda tx, now: mesh.submitter.end_run(tx, key))


# --- what a program sees


def world_now(mesh: "EmbeddedMesh") -> World:
    """What a program executed now may see. Nothing is written.

    Raises CommandError `register-too-large`, `block-missing`, `state-malformed`.
    """
    submitter, now = mesh.submitter, mesh.clock()
    with mesh.read() as reader:
        tx = reader.view.rehearsal(submitter.did, now)
        around = submitter.surroundings(tx, now)
        if isinstance(around, AwardRefusal):
            raise CommandError(
                ExitCode.FAILED,
                "register-too-large",
                f"the token classes of {submitter.did} have too many holders: {around.detail}",
                hint="burn the units of holders that have left, or issue in another name",
            )
        blocks = {}
        if around.tokens is not None and not reader.blocks.has(around.tokens):
            register = tx.blocks.get(around.tokens)
            assert register is not None, "the rehearsal has made it"
            blocks[around.tokens] = register
        state = snapshot_of(reader, around.state_root)
        return World(around=around, state=state, blocks=blocks)


def request_for(
    mesh: "EmbeddedMesh", context: Context, world: World, module: tuple[Cid, bytes]
) -> Request:
    """The execution of a module in a context, with the state that it names and no input.

    Raises CommandError `block-missing`, `block-tampered`.
    """

    def fetch(cid: Cid) -> bytes | None:
        return world.blocks[cid] if cid in world.blocks else reader.blocks.get(cid)

    with mesh.read() as reader:
        try:
            blocks = surrounding_blocks(context, fetch)
        except MissingBlock as missing:
            raise missing_block(missing.cid, missing.what) from None
    return Request(module=module[1], module_cid=module[0], context=context, blocks=blocks)


# --- what it may submit


def delegating(
    mesh: "EmbeddedMesh", request: JobRequest, depth: int, given: Mapping[Cid, bytes]
) -> JobRequest:
    """The request, with a delegation if its program can submit jobs: each further generation may
    cost as much as the job itself. depth: of the job in its run, from 1. given: blocks that will
    be stored with it; of a module that is nowhere nothing is known, and it delegates nothing."""
    module = given.get(request.module)
    if module is None and request.module.codec is Codec.RAW and mesh.has_block(request.module):
        module = mesh.get_block(request.module)
    if module is None or not submitting_calls(module):
        return request
    generations = max(1, CHILDREN_DEPTH_MAX + 1 - depth)
    budget = min(INTEGER_MAX, generations * ceiling_of(request))
    return replace(request, children=Children(depth=generations, budget=budget))


def ceiling_of(request: JobRequest) -> int:
    """The highest price of the job itself."""
    return request.resource_amount if request.budget is None else request.budget


def children_of(mesh: "EmbeddedMesh", job_id: JobId) -> tuple[JobId, ...]:
    """The jobs that a verified job's program has submitted, once its effects are applied."""
    with mesh.read() as reader:
        effects = find_job_row(reader, job_id).job.effects
    return () if effects is None else effects.children


# --- applying


def apply(mesh: "EmbeddedMesh", key: Cid, run: LocalRun, done: Outcome) -> str | None:
    """Carry out an execution's effects, submit its jobs and keep the record of the run: all of
    it, or nothing and why: then the world has changed, and the program is to be executed again.

    Raises CommandError where the mesh refuses a submission; then nothing is written either.
    """
    mesh.check((each.request for each in done.submissions), done.blocks)
    if done.submissions:
        mesh.measure()  # nodes are asked within the turn, and bid by the speed of this machine
    application = _Application(mesh, key, run, done)
    try:
        mesh.commands(application.steps)
    except _Refused as refused:
        return str(refused)
    mesh.tell_from_submission(each.job_id for each in done.submissions)
    return None


class _Refused(Exception):
    """The effects are not carried out, for this reason: takes the turn back."""


class _Application:
    """The steps of one application. cause: no other application has had it."""

    def __init__(self, mesh: "EmbeddedMesh", key: Cid, run: LocalRun, done: Outcome) -> None:
        self._submitter = mesh.submitter
        self._key = key
        self._run = run
        self._done = done
        self._cause_block = encode([key, mesh.entropy(NONCE_BYTES)])
        self._cause = cid_of(self._cause_block, Codec.DAG_CBOR)

    def steps(self, opened: "OpenTurn") -> None:
        """Raises _Refused, CommandError."""
        me = self._submitter.did
        opened.converse(self._is_free)
        if opened.command(me, self._carry_out):
            opened.converse(self._is_answered)
            opened.command(me, self._take_outcome)
        opened.command(me, self._submit_and_keep)

    def _is_free(self, view: View) -> bool:
        """Whether no transfer of other effects awaits its answer, behind which these would wait."""
        pending = view.rows(self._submitter.did, PENDING)
        return not pending.count(phase=EffectsPhase.TRANSFERRING)

    def _carry_out(self, tx: DeliveryTransaction, now: Now) -> bool:
        """Whether units are to move first."""
        done = self._done
        for cid, data in (*done.blocks, *done.execution.blocks.items()):
            tx.blocks.put(cid, data)
        tx.blocks.put(self._cause, self._cause_block)
        outcome = self._submitter.apply_effects(
            tx, self._cause, done.effects, done.context.state_root, now
        )
        if isinstance(outcome, EffectRefusal):
            raise _Refused(str(outcome))
        return isinstance(outcome, Awaiting)

    def _is_answered(self, view: View) -> bool:
        return view.rows(self._submitter.did, EFFECTS).get(self._cause) is not None

    def _take_outcome(self, tx: DeliveryTransaction, _: Now) -> None:
        outcome = self._submitter.outcome_of(tx, self._cause)
        if outcome is None:
            raise CommandError(
                ExitCode.FAILED,
                "transfer-unanswered",
                "the issuer does not answer the program's transfer of units",
                hint="nothing was applied; `meshctl doctor` says what is wrong with the issuer",
            )
        if outcome.reason:
            raise _Refused(outcome.reason)

    def _submit_and_keep(self, tx: DeliveryTransaction, now: Now) -> None:
        """Raises CommandError where a job is refused."""
        for each in self._done.submissions:
            request = replace(each.request, job_id=each.job_id)
            job = self._submitter.submit(tx, request, now)
            if isinstance(job, SubmissionRefusal):
                raise submission_refused(job, request, self._submitter.did)
        self._submitter.keep_run(tx, self._key, to_value(self._run), now)
