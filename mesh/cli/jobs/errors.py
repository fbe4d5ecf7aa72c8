"""Errors of jobs: paused on the way, unfinished, or ended without a verified result."""

from mesh.cli.output.describing import describe
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.queries.jobs.view import JobView
from runtime.execution.execution import Outcome, OutcomeKind
from runtime.terminal.errors import CommandError, ExitCode


def interrupted(job_id: JobId, *, auto_award: bool = False) -> CommandError:
    """Ctrl-C while a job was being driven: it is paused, and this continues it."""
    more = " --auto-award" if auto_award else ""
    return CommandError(
        ExitCode.INTERRUPTED,
        "interrupted",
        f"job {job_id} is paused",
        hint=f"meshctl job-status {job_id} --wait{more}",
        details={"job_id": job_id},
    )


def paused(error: CommandError, job_id: JobId, *, auto_award: bool = False) -> CommandError:
    """The error that stopped a job on its way, and what continues it; not a second job."""
    more = " --auto-award" if auto_award else ""
    return CommandError(
        error.exit_code,
        error.code,
        f"job {job_id} is paused: {error.message}",
        hint=f"mend that, then: meshctl job-status {job_id} --wait{more}",
        details={**error.details, "job_id": job_id},
    )


def has_failed(job: JobView) -> bool:
    """Whether it is verified that the program failed."""
    return job.phase is Phase.VERIFIED and not has_succeeded(job)


def has_succeeded(job: JobView) -> bool:
    """Whether it is verified that the program succeeded."""
    return (
        job.phase is Phase.VERIFIED
        and job.deterministic is not None
        and job.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    )


def ended_badly(job: JobView) -> CommandError:
    """A job that ended without a result, or whose program failed (verified as it may be)."""
    if job.deterministic is not None and job.phase is Phase.VERIFIED:
        outcome = job.deterministic.outcome
        return CommandError(
            ExitCode.FAILED,
            f"program-{outcome.kind.value}",
            f"the program of job {job.job_id} {describe(outcome, job.trace)}",
            hint=_after(job, outcome),
            details={"job_id": job.job_id, "outcome": outcome.to_value()},
        )
    return CommandError(
        ExitCode.FAILED,
        f"job-{job.phase.value.lower()}",
        f"job {job.job_id} is {job.phase.value}" + (f": {job.reason}" if job.reason else ""),
        hint=f"meshctl job-status {job.job_id}",
        details={"job_id": job.job_id, "state": job.phase.value},
    )


def _after(job: JobView, outcome: Outcome) -> str:
    """What helps a program that did not succeed."""
    if outcome.kind is OutcomeKind.OUT_OF_FUEL:
        amount = job.manifest.body.resource_amount
        return f"submit it again with a larger --resource-amount than {amount}"
    return f"meshctl logs {job.job_id}"


def unfinished(job: JobView) -> CommandError:
    """A job that has a receipt, and not enough attestations yet."""
    return CommandError(
        ExitCode.FAILED,
        "job-unfinished",
        f"job {job.job_id} is {job.phase.value} and waits for its verifiers",
        hint=f"meshctl job-status {job.job_id} --wait",
        details={"job_id": job.job_id, "state": job.phase.value},
    )
