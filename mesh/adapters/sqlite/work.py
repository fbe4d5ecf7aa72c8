"""Work that transitions have asked for.

Rule: work that is done stays, so that it is not done twice; what a transaction adds and does
is written once, before its commit.
"""

from collections.abc import Sequence
from typing import Any, Final

from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.kept import ROWS_KEPT_MAX
from mesh.core.fields import JobId
from mesh.events import JobKey
from mesh.job import Effect
from mesh.ports import Work
from runtime.content.did import Did

_SELECT: Final = "SELECT id, submitter, job_id, effect, actor, attempt, is_done FROM work"


class SqliteWork:
    """The `WorkQueue` port over `work`."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._pending: dict[JobKey, dict[str, Work]] = {}
        """The open work of each job that was asked about; a job's is known whole or not at all."""
        self._known: dict[str, JobKey] = {}
        """Whose work it is, done or not, of the jobs that were asked about."""
        self._added: dict[str, Work] = {}
        self._done: dict[str, None] = {}

    def flush(self) -> None:
        """Write what was added and done since the last flush."""
        if self._added:
            self._run_many(
                "INSERT INTO work (id, submitter, job_id, effect, actor, attempt, is_done)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_row(work, is_done=work.id in self._done) for work in self._added.values()],
            )
        if self._done:
            self._run_many(
                "UPDATE work SET is_done = 1 WHERE id = ?",
                [(work_id,) for work_id in self._done if work_id not in self._added],
            )
        self._added.clear()
        self._done.clear()
        if len(self._known) > ROWS_KEPT_MAX:
            self.forget()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._pending.clear()
        self._known.clear()
        self._added.clear()
        self._done.clear()

    def put(self, work: Work) -> None:
        pending = self._of(work.job)
        if work.id not in self._known:
            self._known[work.id] = work.job
            self._added[work.id] = work
            pending[work.id] = work

    def done(self, work_id: str) -> None:
        job = self._known.get(work_id)
        if job is None:
            row = self._run(
                "SELECT submitter, job_id FROM work WHERE id = ?", (work_id,)
            ).fetchone()
            if row is None:
                return
            job = JobKey(submitter=Did(row[0]), job_id=JobId(row[1]))
        if self._of(job).pop(work_id, None) is not None:
            self._done[work_id] = None

    def pending(self, job: JobKey | None = None) -> tuple[Work, ...]:
        if job is not None:
            return tuple(self._of(job).values())
        self.flush()
        rows = self._run(f"{_SELECT} WHERE is_done = 0 ORDER BY number")
        return tuple(_work(row[:-1]) for row in rows)

    def _of(self, job: JobKey) -> dict[str, Work]:
        """The job's open work, oldest first."""
        pending = self._pending.get(job)
        if pending is None:
            pending = self._pending[job] = {}
            rows = self._run(
                f"{_SELECT} WHERE job_id = ? AND submitter = ? ORDER BY number",
                (job.job_id, job.submitter),
            )
            for *row, is_done in rows:
                work = _work(row)
                self._known[work.id] = job
                if not is_done:
                    pending[work.id] = work
        return pending


def _row(work: Work, *, is_done: bool) -> tuple[str, str, str, str, str, int, int]:
    key = work.job
    effect = work.effect.value
    return (work.id, key.submitter, key.job_id, effect, work.actor, work.attempt, int(is_done))


def _work(row: Sequence[Any]) -> Work:
    work_id, submitter, job_id, effect, actor, attempt = row
    return Work(
        id=work_id,
        job=JobKey(submitter=Did(submitter), job_id=JobId(job_id)),
        effect=Effect(effect),
        actor=Did(actor),
        attempt=attempt,
    )
