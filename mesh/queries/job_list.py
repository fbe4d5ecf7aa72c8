"""The jobs of a listing: those asked for, in order, each read only if it is shown."""

from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.actors.submitter.rows import JOBS, JobRow
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.records.jobs import JobManifest
from mesh.queries.job_view import JobView, find_job_row, job_view
from mesh.queries.reader import Reader
from runtime.terminal.errors import CommandError


class Order(Enum):
    """By what jobs are listed, the last one last."""

    SUBMITTED = "submitted"
    CHANGED = "changed"
    STATE = "state"


_FIELDS: Final = {Order.SUBMITTED: "created_at", Order.CHANGED: "changed_at"}
_PLACES: Final = {phase: place for place, phase in enumerate(Phase)}
"""States are listed in the order of a job's life."""


class JobQuery(Struct, frozen=True, kw_only=True):
    """phases: empty for all. since: submitted then or later, Unix seconds. limit: the last so
    many of the order."""

    phases: frozenset[Phase] = frozenset()
    since: int | None = None
    order: Order = Order.SUBMITTED
    limit: int | None = None


class UnreadableJob(Struct, frozen=True, kw_only=True):
    """A job of which a record is missing, or is not what it was."""

    job_id: JobId
    phase: Phase
    problem: CommandError


def listed(reader: Reader, query: JobQuery) -> tuple[JobView | UnreadableJob, ...]:
    """The jobs that a query asks for; one that cannot be read says why."""
    return tuple(_look(reader, row) for row in _rows(reader, query))


def _rows(reader: Reader, query: JobQuery) -> tuple[JobRow, ...]:
    wanted = {"phase": query.phases} if query.phases else {}
    since, field = query.since, _FIELDS.get(query.order)
    limit = query.limit if since is None and field is not None else None
    found = reader.rows(JOBS).select(
        order=field or "created_at", descending=True, limit=limit, **wanted
    )
    if since is not None:
        found = tuple(row for row in found if row.created_at >= since)
    if field is None:
        found = tuple(sorted(found, key=lambda row: -_PLACES[row.phase]))
    return tuple(reversed(found[: query.limit]))


def _look(reader: Reader, row: JobRow) -> JobView | UnreadableJob:
    try:
        return job_view(reader, row)
    except CommandError as problem:
        return UnreadableJob(job_id=row.job_id, phase=row.phase, problem=problem)


def request_again(reader: Reader, job_id: JobId) -> JobRequest:
    """The request of a job, for a new job with a token chosen anew. Raises CommandError."""
    job = find_job_row(reader, job_id).job
    body = reader.record(JobManifest, job.manifest).body
    same = {
        name: getattr(body, name)
        for name in JobRequest.__struct_fields__
        if name not in ("token", "job_id")
    }
    return JobRequest(**same)
