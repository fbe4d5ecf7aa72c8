"""Problems that several steps tell: time that ran out, a job that others have moved on."""

from collections.abc import Sequence

from mesh.core.fields import JobId
from mesh.job import Job
from mesh.journal import Recorded
from runtime.terminal.errors import CommandError, ExitCode


def timed_out(job_ids: Sequence[JobId]) -> CommandError:
    """The time that the caller gave is over for these jobs; nothing is lost."""
    assert job_ids, "somebody waited for them"
    name = f"job {job_ids[0]}" if len(job_ids) == 1 else f"{len(job_ids)} jobs"
    return CommandError(
        ExitCode.TIMEOUT,
        "timed-out",
        f"the time to wait for {name} is over; the next command that waits continues there",
        hint="; ".join(f"meshctl job-status {job_id} --wait" for job_id in job_ids[:3]),
        details={"job_ids": list(job_ids)},
    )


def recorded(answer: object, job: Job) -> Recorded:
    """The recorded step. Raises CommandError `job-moved-on` where the job refuses it."""
    if isinstance(answer, Recorded):
        return answer
    raise CommandError(
        ExitCode.FAILED,
        "job-moved-on",
        f"job {job.key.job_id}: {getattr(answer, 'value', answer)}",
        hint=f"meshctl job-status {job.key.job_id}",
    )
