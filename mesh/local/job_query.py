"""The jobs of a listing: those asked for, in order, each read only if it is shown."""

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.job import Phase
from mesh.local.request import JobRequest
from mesh.local.views import JobView, UnreadableJob, view
from mesh.records import JobManifest
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.core.fields import JobId
    from mesh.local.mesh import LocalMesh


class Order(Enum):
    """By what jobs are listed, the last one last."""

    SUBMITTED = "submitted"
    CHANGED = "changed"
    STATE = "state"


class JobQuery(Struct, frozen=True, kw_only=True):
    """phases: empty for all. since: submitted then or later, Unix seconds. limit: the last so
    many of the order."""

    phases: frozenset[Phase] = frozenset()
    since: int | None = None
    order: Order = Order.SUBMITTED
    limit: int | None = None


def listed(mesh: "LocalMesh", query: JobQuery) -> tuple[JobView | UnreadableJob, ...]:
    """The local submitter's jobs that a query asks for; one that cannot be read says why."""
    found: list[JobView | UnreadableJob] = []
    with mesh.store.read() as tx:
        jobs = tx.jobs.listed(
            mesh.submitter.did,
            phases=query.phases,
            since=query.since,
            order=query.order.value,
            limit=query.limit,
        )
        for job in jobs:
            try:
                found.append(view(tx, mesh.reading, mesh.content, job, now=mesh.now))
            except CommandError as problem:
                found.append(UnreadableJob(job_id=job.key.job_id, phase=job.phase, problem=problem))
    return tuple(found)


def request_again(mesh: "LocalMesh", job_id: "JobId") -> JobRequest:
    """The request of a job, for a new job with a token chosen anew. Raises CommandError."""
    with mesh.store.read() as tx:
        job = mesh.stored_job(tx, job_id)
        body = mesh.reading.archive.get(tx, JobManifest, job.manifest).body
    return JobRequest(
        module=body.module,
        resource_amount=body.resource_amount,
        description=body.description,
        resource_type=body.resource_type,
        budget=body.budget,
        priority=body.priority,
        entry=body.entry,
        arguments=body.arguments,
        input=body.input,
        ccl=body.ccl,
        scope=body.scope,
        requirements=body.requirements,
        trust=body.trust,
    )
