"""Jobs that a driver follows: what has become of each since it was last looked at.

Rule: a job is followed until it has ended with its effects, waits for somebody, or cannot be read.
"""

from collections.abc import Callable, Collection, Iterable

from mesh.actors.submitter.rows import HISTORY, JOBS, PENDING, JobRow
from mesh.core.fields import JobId
from mesh.core.jobs.job import Job, Phase
from mesh.queries.jobs.progress_events import ProgressEvent, progress_events
from mesh.queries.reader import Reader
from runtime.terminal.errors import CommandError

OnProgress = Callable[[ProgressEvent], None]


class Followed:
    """Some jobs of the local submitter. problems: of those that are given up."""

    def __init__(self, job_ids: Iterable[JobId], on_progress: OnProgress | None) -> None:
        self._seen: dict[JobId, Job | None] = dict.fromkeys(job_ids)
        self._on_progress = on_progress
        self._news: list[ProgressEvent] = []
        self.problems: dict[JobId, CommandError] = {}

    def begin(self, reader: Reader, untold: Collection[JobId] = ()) -> None:
        """Look at the jobs as they are: only what follows is told. untold: jobs of which nothing
        was told yet, as they have just been submitted."""
        for job_id in self._seen:
            row = reader.rows(JOBS).get(job_id)
            assert row is not None, "jobs that exist are followed"
            self._seen[job_id] = None if job_id in untold else row.job

    def is_over(self, reader: Reader) -> bool:
        """Whether none of them goes on by itself. Notes what has come to be since, for `tell`."""
        going_on = False
        for job_id, before in self._seen.items():
            if job_id in self.problems:
                continue
            row = reader.rows(JOBS).get(job_id)
            assert row is not None, "it was looked at"
            if before is None or row.job.revision != before.revision:
                self._seen[job_id] = row.job
                self._news += self._since(reader, before, row.job)
            going_on |= goes_on(reader, row)
        return not going_on

    def tell(self) -> None:
        """Tell what was noted, once. Not within a view: who is told may read what he likes."""
        told, self._news = self._news, []
        for each in told:
            assert self._on_progress is not None, "nothing is told to nobody"
            self._on_progress(each)

    def unfinished(self) -> tuple[JobId, ...]:
        return tuple(
            job_id
            for job_id, job in self._seen.items()
            if job is not None and not job.is_final and job_id not in self.problems
        )

    def _since(self, reader: Reader, before: Job | None, after: Job) -> list[ProgressEvent]:
        if self._on_progress is None:
            return []
        rows = reader.rows(HISTORY)
        stored = []
        told = 0 if before is None else before.revision
        for number in range(told + 1, after.revision + 1):
            row = rows.get(after.job_id, number)
            assert row is not None, "a history has no gaps"
            stored.append(row.stored)
        try:
            phase = None if before is None else before.phase
            return list(progress_events(reader, after, phase, stored))
        except CommandError as error:
            self.problems[after.job_id] = error
            return []


def goes_on(reader: Reader, row: JobRow) -> bool:
    """Whether a job goes on without anybody's help."""
    job = row.job
    if job.is_final:
        return reader.rows(PENDING).get(job.manifest) is not None
    if job.phase is not Phase.SUBMITTED or job.award is not None or job.cancel is not None:
        return True
    return row.missing is None and len(job.bids) + len(job.declines) < len(job.asked)
