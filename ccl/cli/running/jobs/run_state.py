"""State of a run: its executions, applied once each, and the jobs that follow from them.

Rule: every change is written, with the record of the run, in one transaction; after a crash the
same command continues from that record and repeats nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from ccl.abi.events import JOB_COMPLETED, JOB_FAILED
from ccl.abi.layout import HANDLER_PREFIX
from ccl.cli.running.call_blocks import stored_blocks
from ccl.cli.running.consent import consent
from ccl.cli.running.execution import Call, Run, done_before, execute
from ccl.cli.running.job_requests import submissions_of
from ccl.cli.running.jobs.earlier_runs import EarlierRun, continuing
from ccl.cli.running.jobs.following import Followed, follow_jobs
from ccl.cli.running.jobs.handlers import Handling, handler_payload, handler_results, is_completed
from ccl.cli.running.options import Options
from ccl.cli.running.results.effects_output import effect_lines
from mesh.core.fields import JobId
from mesh.core.jobs.runs import Handled, LocalRun, Origin, RunJob
from mesh.embedded.commands.runs import Outcome, Submission, apply, children_of, keep_run
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid
from runtime.content.codec import encode
from runtime.execution.effects import Effect, SubmitJob
from runtime.terminal.answers.answer import give
from runtime.terminal.errors import CommandError, ExitCode

ATTEMPTS_MAX: Final = 8
"""The most executions of a program whose effects conflict with changes in the meantime."""
DEPTH_MAX: Final = 8
"""The deepest chain of jobs that follow from jobs in one run."""


class RunState(Struct, kw_only=True):
    """earlier: unfinished runs of the program before it was changed. show_failure: shows the error
    of an execution; its exit code."""

    mesh: EmbeddedMesh
    options: Options
    call: Call
    key: Cid
    origin: Origin
    earlier: tuple[EarlierRun, ...]
    show_failure: Callable[[Run], int]
    record: LocalRun | None = None
    followed: dict[JobId, Followed] = field(default_factory=dict)
    handlings: list[Handling] = field(default_factory=list)
    code: int = ExitCode.OK

    # --- the program's own execution

    def begin(self, run: Run, again: Callable[[], Run]) -> Run:
        """Applies the program's effects. again: executes it once more, after conflicting changes;
        returns the execution that was applied, or that failed."""
        for _ in range(ATTEMPTS_MAX):
            if not run.effects:
                return run
            done, spent = self._outcome(run, run.effects, {}, 1, stored_blocks(self.call))
            record = LocalRun(
                origin=self.origin,
                execution=run.execution.deterministic,
                jobs=_jobs(done.submissions, 1),
                spent=spent,
            )
            refusal = apply(self.mesh, self.key, record, done)
            if refusal is None:
                self.record = record
                self._show_effects(run, done.submissions)
                return run
            run = again()
            if not run.execution.deterministic.outcome.succeeded:
                return run
        raise _never_applied(refusal)

    def resume(self, record: LocalRun) -> None:
        """Continues a run that an earlier command has applied; its jobs are left to follow."""
        self.record = record
        for each in record.handled:
            entry = HANDLER_PREFIX + each.event
            run = done_before(self.mesh, self.call.program, entry, each.execution)
            self.handlings.append(
                Handling(job_id=each.job_id, event=each.event, run=run, refusal=each.refusal)
            )
            self.code = max(self.code, ExitCode.FAILED if each.refusal else ExitCode.OK)
        for job in record.jobs:
            phase = self.mesh.job(job.job_id).phase.value
            self.options.remark(f"Continuing the job of an unfinished run, {phase}")
            self.options.remark(f"Job ID: {job.job_id}")

    def _outcome(
        self,
        run: Run,
        effects: tuple[Effect, ...],
        before: Mapping[str, int],
        depth: int,
        blocks: tuple[tuple[Cid, bytes], ...] = (),
    ) -> tuple[Outcome, dict[str, int]]:
        """Gives what is to be applied, and the most that the run can have spent then. depth: of the
        jobs that it submits. Raises CommandError."""
        assert run.context is not None, "it was executed just now"
        submissions = submissions_of(
            self.mesh, effects, self.origin.source, self.call.program, depth
        )
        spent = consent(submissions, effects, before, self.options, self.earlier)
        outcome = Outcome(
            context=run.context,
            execution=run.execution,
            effects=effects,
            submissions=submissions,
            blocks=blocks,
        )
        return outcome, spent

    def _show_effects(self, run: Run, submissions: tuple[Submission, ...]) -> None:
        for line in effect_lines(run.effects):
            self.options.remark(line)
        for each in submissions:
            self.options.remark("Job submitted successfully")
            self.options.remark(f"Job ID: {each.job_id}")

    # --- jobs that follow from it

    def follow(self) -> None:
        """Follows the jobs, those that follow from them, and reacts to each that has ended.

        Raises CommandError at the timeout, on Ctrl-C, and for missing blocks.
        """
        program = self.call.program
        modules = (*program.nested, *program.packed, program.root)
        labels = {each.cid: each.path for each in modules}
        while self.record is not None:
            jobs = [each for each in self.record.jobs if each.job_id not in self.followed]
            if not jobs:
                return
            for each in self._driven([job.job_id for job in jobs], labels):
                self.followed[each.view.job_id] = each
                self.code = max(self.code, each.exit_code)
            for job in jobs:
                if self.followed[job.job_id].view.is_final:
                    self._note_further(job)
                    self._react(job)

    def _driven(self, ids: Sequence[JobId], labels: Mapping[Cid, str]) -> tuple[Followed, ...]:
        """Raises CommandError `timed-out`, `interrupted`, with the command that continues the
        run."""
        try:
            return follow_jobs(
                self.mesh,
                ids,
                labels,
                self.options.remark,
                continuing=self._continuing,
                timeout_seconds=self.options.timeout_seconds,
            )
        except CommandError as error:
            error.hint = f"`{self._continuing}` continues it, with the program's handlers"
            give({"jobs": [each.to_json() for each in self._so_far(ids)]})
            raise

    def _so_far(self, ids: Sequence[JobId]) -> tuple[Followed, ...]:
        """Lists the jobs that have ended in this run, and those that were being followed."""
        going = (
            Followed(view=self.mesh.job(job_id), label="", exit_code=ExitCode.TIMEOUT)
            for job_id in ids
        )
        return (*self.followed.values(), *going)

    @property
    def _continuing(self) -> str:
        """The command that continues this run, whatever becomes of the program's file."""
        return continuing(self.key, self.options.mesh_home)

    @property
    def is_over(self) -> bool:
        return all(each.view.is_final for each in self.followed.values())

    def _note_further(self, job: RunJob) -> None:
        """Takes up the jobs that the job itself has submitted, under the local key."""
        assert self.record is not None, "only a run with a record has jobs"
        known = {each.job_id for each in self.record.jobs}
        further = [each for each in children_of(self.mesh, job.job_id) if each not in known]
        if not further:
            return
        following = tuple(RunJob(job_id=each, handle=0, depth=job.depth + 1) for each in further)
        self.record = replace(self.record, jobs=(*self.record.jobs, *following))
        keep_run(self.mesh, self.key, self.record)
        self.mesh.tell_from_submission(further)
        for each in further:
            self.options.remark(f"Job submitted by job {job.job_id}")
            self.options.remark(f"Job ID: {each}")

    def _react(self, job: RunJob) -> None:
        """Executes the program's handler for a job that has ended, once."""
        assert self.record is not None, "only a run with a record has jobs"
        followed = self.followed[job.job_id]
        event = JOB_COMPLETED if is_completed(followed) else JOB_FAILED
        entry = HANDLER_PREFIX + event
        is_handled = any(each.job_id == job.job_id for each in self.record.handled)
        exports = {export.name: export for export in self.call.program.abi.exports}
        if job.handle == 0 or is_handled or entry not in exports:
            return
        payload = handler_payload(self.mesh, job, followed)
        call = Call(
            program=self.call.program,
            entry=entry,
            arguments=encode([payload]) if exports[entry].parameters else None,
            input=None,
            records=self.call.records,
            limits=self.origin.limits,
            results=handler_results(self.mesh, self.followed),
            seed=self.call.seed,
            occasion=job.job_id,
        )
        self.options.remark("")
        self.options.remark(f"Handler    {event} of job {job.job_id}")
        for _ in range(ATTEMPTS_MAX):
            run = execute(self.mesh, call)
            refusal = self._apply_handler(job, event, run)
            if refusal is None:
                return
        raise _never_applied(refusal)

    def _apply_handler(self, job: RunJob, event: str, run: Run) -> str | None:
        """Applies a handler's effects; gives the reason why it is to be executed again, or None."""
        assert self.record is not None, "only a run with a record has jobs"
        found = run.execution.deterministic
        failure = (
            "" if found.outcome.succeeded else found.outcome.reason or found.outcome.kind.value
        )
        count = sum(isinstance(each, SubmitJob) for each in run.effects)
        if not failure and count and job.depth >= DEPTH_MAX:
            failure = _too_deep(count)
        handled = Handled(job_id=job.job_id, event=event, execution=found, refusal=failure)
        applied = () if failure else run.effects
        done, spent = self._outcome(run, applied, self.record.spent, job.depth + 1)
        record = replace(
            self.record,
            jobs=(*self.record.jobs, *_jobs(done.submissions, job.depth + 1)),
            handled=(*self.record.handled, handled),
            spent=spent,
        )
        refusal = apply(self.mesh, self.key, record, done)
        if refusal is not None:
            return refusal
        self.record = record
        handling = Handling(job_id=job.job_id, event=event, run=run, refusal=failure)
        self.handlings.append(handling)
        for line in run.logs:
            self.options.remark(f"Logged     {line}")
        if not found.outcome.succeeded:
            self.code = max(self.code, self.show_failure(run))
        elif failure:
            self.options.remark(f"Not applied: {failure}")
            self.code = max(self.code, ExitCode.FAILED)
        else:
            self._show_effects(run, done.submissions)
        return None


def _jobs(submissions: tuple[Submission, ...], depth: int) -> tuple[RunJob, ...]:
    return tuple(
        RunJob(job_id=each.job_id, handle=each.position + 1, depth=depth) for each in submissions
    )


def _too_deep(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'} would follow from jobs over {DEPTH_MAX} deep"


def _never_applied(reason: str | None) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "effects-refused",
        f"the program's effects cannot be applied: {reason}",
        hint=f"nothing was applied after {ATTEMPTS_MAX} executions; run it again later",
    )
