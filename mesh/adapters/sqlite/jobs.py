"""Histories of jobs.

Rule: within a transaction jobs live in memory and are written once, before the commit; what
is kept in memory between transactions is dropped when another process has written.
"""

from typing import Final

from mesh.adapters.sqlite.connection import Database
from mesh.core.fields import JobId
from mesh.events import JobKey, Stored, event_from_value, event_to_value
from mesh.job import Job, Phase
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.content.typed import from_value, to_value

JOBS_KEPT_MAX: Final = 4096
NOT_NUMBERED: Final = 1 << 62
"""Where a job stands among the others before it is written: last."""

_ORDERS: Final = {
    "submitted": "number",
    "changed": "(SELECT MAX(at) FROM job_events WHERE job = jobs.number)",
    "state": "CASE phase "
    + " ".join(f"WHEN '{phase.value}' THEN {rank}" for rank, phase in enumerate(Phase))
    + " END",
}
"""What a listing is ordered by."""


class SqliteJobs:
    """The `Jobs` port over `jobs` and `job_events`."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._kept: dict[JobKey, Job] = {}
        self._missing: set[JobKey] = set()
        self._numbers: dict[JobKey, int] = {}
        self._changed: dict[JobKey, list[Stored]] = {}

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._kept.clear()
        self._missing.clear()
        self._numbers.clear()
        self._changed.clear()

    def flush(self) -> None:
        """Write what changed since the last flush."""
        for key, events in self._changed.items():
            number = self._write_job(self._kept[key])
            self._run_many(
                "INSERT INTO job_events VALUES (?, ?, ?, ?)",
                [(number, s.number, s.at, encode(event_to_value(s.event))) for s in events],
            )
        self._changed.clear()
        if len(self._kept) + len(self._missing) > JOBS_KEPT_MAX:
            self.forget()

    def _write_job(self, job: Job) -> int:
        row = (job.phase.value, job.revision, job.deadline, encode(to_value(job)))
        number = self._numbers.get(job.key)
        if number is not None:
            self._run(
                "UPDATE jobs SET phase = ?, revision = ?, deadline = ?, job = ? WHERE number = ?",
                (*row, number),
            )
            return number
        cursor = self._run(
            "INSERT INTO jobs (submitter, job_id, phase, revision, deadline, job)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (job.key.submitter, job.key.job_id, *row),
        )
        assert cursor.lastrowid is not None
        self._numbers[job.key] = cursor.lastrowid
        return cursor.lastrowid

    def get(self, key: JobKey) -> Job | None:
        job = self._kept.get(key)
        if job is not None:
            return job
        if key in self._missing:
            return None
        row = self._run(
            "SELECT number, job FROM jobs WHERE job_id = ? AND submitter = ?",
            (key.job_id, key.submitter),
        ).fetchone()
        if row is None:
            self._missing.add(key)
            return None
        return self._keep(row[0], row[1])

    def _keep(self, number: int, encoded: bytes) -> Job:
        job = from_value(Job, decode(encoded))
        self._numbers[job.key] = number
        return self._kept.setdefault(job.key, job)

    def append(self, job: Job, stored: Stored) -> bool:
        before = self.get(job.key)
        if stored.number != (0 if before is None else before.revision) + 1:
            return False
        self._kept[job.key] = job
        self._missing.discard(job.key)
        self._changed.setdefault(job.key, []).append(stored)
        return True

    def history(self, key: JobKey, after: int = 0) -> tuple[Stored, ...]:
        self.flush()
        rows = self._run(
            "SELECT e.number, e.at, e.event FROM job_events e JOIN jobs j ON e.job = j.number"
            " WHERE j.job_id = ? AND j.submitter = ? AND e.number > ? ORDER BY e.number",
            (key.job_id, key.submitter, after),
        )
        return tuple(
            Stored(number=number, at=at, event=event_from_value(decode(event)))
            for number, at, event in rows
        )

    def by_job_id(self, job_id: JobId) -> tuple[Job, ...]:
        return self._select("WHERE job_id = ? ORDER BY number", (job_id,))

    def in_phases(self, phases: frozenset[Phase]) -> tuple[Job, ...]:
        marks = ", ".join("?" * len(phases))
        names = tuple(phase.value for phase in phases)
        # Asked for each job of a turn: what is not written yet is laid over what is stored.
        stored = self._rows(f"WHERE phase IN ({marks}) ORDER BY number", names)
        found = [job for job in stored if job.key not in self._changed]
        changed = (self._kept[key] for key in self._changed)
        found += (job for job in changed if job.phase in phases)
        return tuple(sorted(found, key=lambda job: self._numbers.get(job.key, NOT_NUMBERED)))

    def due(self, now: int) -> tuple[Job, ...]:
        return self._select("WHERE deadline <= ? ORDER BY deadline, number", (now,))

    def ids(self) -> tuple[JobKey, ...]:
        """The keys of all jobs, oldest first."""
        self.flush()
        rows = self._run("SELECT submitter, job_id FROM jobs ORDER BY number")
        return tuple(JobKey(submitter=Did(did), job_id=JobId(text)) for did, text in rows)

    def listed(
        self,
        submitter: Did,
        *,
        phases: frozenset[Phase],
        since: int | None,
        order: str,
        limit: int | None,
    ) -> tuple[Job, ...]:
        """A submitter's jobs of these phases (all where empty), the last `limit` of the order."""
        asked = sorted(phase.value for phase in phases or Phase)
        marks = ", ".join("?" * len(asked))
        where = (
            f"WHERE submitter = ? AND phase IN ({marks})"
            " AND (? IS NULL OR ? <= (SELECT MIN(at) FROM job_events WHERE job = jobs.number))"
            f" ORDER BY {_ORDERS[order]} DESC, number DESC LIMIT ?"
        )
        most = -1 if limit is None else limit
        return self._select(where, (submitter, *asked, since, since, most))[::-1]

    def _select(self, where: str, values: tuple[str | int | None, ...]) -> tuple[Job, ...]:
        self.flush()
        return self._rows(where, values)

    def _rows(self, where: str, values: tuple[str | int | None, ...]) -> tuple[Job, ...]:
        rows = self._run(f"SELECT submitter, job_id, number, job FROM jobs {where}", values)
        found = []
        for submitter, job_id, number, encoded in rows.fetchall():
            key = JobKey(submitter=Did(submitter), job_id=JobId(job_id))
            found.append(self._kept.get(key) or self._keep(number, encoded))
        return tuple(found)
