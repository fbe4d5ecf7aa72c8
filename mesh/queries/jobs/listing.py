"""The jobs of a listing: those asked for, in order, by the light row of each."""

from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.actors.submitter.rows import SUMMARIES, SummaryRow
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.records.jobs import JobManifest
from mesh.queries.jobs.view import find_job_row
from mesh.queries.reader import Reader


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


def listed(reader: Reader, query: JobQuery) -> tuple[SummaryRow, ...]:
    """The jobs that a query asks for; none of their records is read."""
    wanted = {"phase": query.phases} if query.phases else {}
    since, field = query.since, _FIELDS.get(query.order)
    limit = query.limit if since is None and field is not None else None
    found = reader.rows(SUMMARIES).select(
        order=field or "created_at", descending=True, limit=limit, **wanted
    )
    if since is not None:
        found = tuple(row for row in found if row.created_at >= since)
    if field is None:
        found = tuple(sorted(found, key=lambda row: -_PLACES[row.phase]))
    return tuple(reversed(found[: query.limit]))


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
