"""Jobs that a driver follows: what has become of each since it was last looked at.

Rule: a job is followed until it has ended with its effects, waits for somebody, cannot be read, or
does not go on since an actor could not take something in.
"""

import time
from collections.abc import Callable, Collection, Iterable
from typing import Final, assert_never

from mesh.actors.submitter.rows import HISTORY, HOLDS, JOBS, JobRow
from mesh.core.fields import JobId
from mesh.core.jobs.job import Job
from mesh.embedded.commands.refusals import stalled
from mesh.embedded.driving.set_aside import Event, SetAsideRow, set_aside_rows
from mesh.queries.jobs.progress_events import ProgressEvent, progress_events
from mesh.queries.jobs.waiting import goes_on
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.codec import decode
from runtime.terminal.errors import CommandError

OnProgress = Callable[[ProgressEvent], None]

STALLED_SECONDS: Final = 5.0
"""So long nothing becomes of a job that was hit by something set aside: longer than a lease, and
than the first time that a request is sent again."""


class Followed:
    """Some jobs of the local submitter. problems: of those that are given up."""

    def __init__(self, job_ids: Iterable[JobId], on_progress: OnProgress | None) -> None:
        self._seen: dict[JobId, Job | None] = dict.fromkeys(job_ids)
        self._moved_at = dict.fromkeys(self._seen, time.monotonic())
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
        kept = set_aside_rows(reader.view)
        for job_id, before in self._seen.items():
            if job_id in self.problems:
                continue
            row = reader.rows(JOBS).get(job_id)
            assert row is not None, "it was looked at"
            if before is None or row.job.revision != before.revision:
                self._seen[job_id] = row.job
                self._moved_at[job_id] = time.monotonic()
                self._news += self._since(reader, before, row.job)
            going_on |= goes_on(reader, row) and not self._is_stalled(reader, row, kept)
        return not going_on

    def _is_stalled(self, reader: Reader, row: JobRow, kept: Iterable[SetAsideRow]) -> bool:
        """Whether a job has long stood still, with no execution under way for it, since something
        was set aside that is of it, or a tick, which is of all."""
        if time.monotonic() - self._moved_at[row.job_id] < STALLED_SECONDS:
            return False
        named = _names(reader, row.job)
        hit = next((each for each in kept if _is_of(reader, row, named, each)), None)
        if hit is None or row.job.retry_at is not None:
            return False
        hold = str(row.hold)
        if any(hold in each.id for each in reader.view.open_work().select()):
            return False
        self.problems[row.job_id] = stalled(row.job_id, reader.members.name(hit.concerns), hit)
        return True

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


def _names(reader: Reader, job: Job) -> frozenset[Cid]:
    """The records by which others name a job or one of its attempts."""
    attempts = reader.rows(HOLDS).select(job_id=job.job_id)
    named = (job.manifest, job.award, job.cancel, *(each.hold for each in attempts))
    return frozenset(each for each in named if each is not None)


def _is_of(reader: Reader, row: JobRow, named: frozenset[Cid], hit: SetAsideRow) -> bool:
    """Whether what was set aside is of a job."""
    match hit.event:
        case Event.TICK:
            return hit.at >= row.created_at
        case Event.FINISHED:
            return any(str(each) in (hit.work or "") for each in named)
        case Event.RECEIVE:
            assert hit.sender is not None and hit.record is not None, "it is a message"
            block = reader.view.blocks(hit.sender).get(hit.record)
            linked = () if block is None else decode(block).values()
            found = {hit.record, *hit.attached, *(each for each in linked if type(each) is Cid)}
            return not named.isdisjoint(found)
        case _:
            assert_never(hit.event)
