"""Waits of an open job: those that end by themselves, at a time that its submitter has noted.

Rule: whether a job goes on is read from its rows; the clocks that its timers are of are its
submitter's.
"""

from mesh.actors.submitter.delegation.rows import HANDED_OVER
from mesh.actors.submitter.rows import PENDING, TIMERS, JobRow, TimerRow
from mesh.core.jobs.job import Job, Phase
from mesh.core.records.membership import Role
from mesh.queries.reader import Reader


def goes_on(reader: Reader, row: JobRow) -> bool:
    """Whether a job goes on without anybody's help."""
    job = row.job
    if job.is_final:
        return reader.rows(PENDING).get(job.manifest) is not None
    if job.phase is not Phase.SUBMITTED or job.award is not None or job.cancel is not None:
        return True
    if row.missing is not None:
        return False
    has_answers = len(job.bids) + len(job.declines) == len(job.asked)
    return not has_answers or awaits_nodes(reader, job) or awaits_award(reader, job)


def awaits_nodes(reader: Reader, job: Job) -> bool:
    """Whether further nodes are asked, since none of those that were bids."""
    nodes = reader.members.with_role(Role.NODE, reader.now)
    return not job.bids and len(job.asked) < len(nodes) and _timer(reader, job).ask_at is not None


def awaits_award(reader: Reader, job: Job) -> bool:
    """Whether its submitter awards a bid later: after a refusal that says when to try again, or
    where the job's delegate has awarded none by then."""
    if not job.auto_award or job.phase is not Phase.SUBMITTED:
        return False
    timer, handed = _timer(reader, job), reader.rows(HANDED_OVER).get(job.manifest)
    is_handed_over = handed is not None and handed.round == job.round
    return timer.retry_at is not None or (is_handed_over and timer.ask_at is not None)


def _timer(reader: Reader, job: Job) -> TimerRow:
    return reader.rows(TIMERS).get(job.job_id) or TimerRow(job_id=job.job_id)
