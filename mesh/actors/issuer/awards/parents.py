"""Parents of a job: what delegates it, and how much of that its tree has taken.

Rule: a child counts against every job that it descends from. A job's tree is withdrawn with it.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction
from mesh.actors.base import Incoming
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import ATTEMPTS, CANCELS, JOBS, JobRow
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Ground
from mesh.core.records.terms import CHILDREN_DEPTH_MAX
from mesh.core.settlement.refusals import AwardRefusal, Refusal
from runtime.content.cid import Cid
from runtime.identity.signed import RecordError, Signed

Parents = Sequence[Signed[JobManifest]]
"""The manifests that a job descends from, the nearest first."""


def parents_of(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, manifest: Signed[JobManifest]
) -> Parents | None:
    """The manifests that a job descends from, None where one is missing or is another one."""
    found: list[Signed[JobManifest]] = []
    job = manifest
    while (parent := job.body.parent) is not None and len(found) < CHILDREN_DEPTH_MAX:
        try:
            job = issuer.resting_on(tx, incoming, JobManifest, parent.cause)
        except RecordError:
            return None
        if parent.depth != 1 + (0 if job.body.parent is None else job.body.parent.depth):
            return None
        found.append(job)
    return found if job.body.parent is None else None


def refuse_child(
    tx: ActorTransaction, manifest: Signed[JobManifest], parents: Parents, price: int
) -> Refusal | None:
    """Why the parents of a child do not delegate it at this price, or None."""
    jobs = tx.rows(JOBS)
    nearest = parents[0]
    if manifest.signer not in (nearest.signer, nearest.body.award_delegate):
        return Refusal(reason=AwardRefusal.PARENT_OF_ANOTHER)
    if not any(
        each.ground is Ground.VERIFIED for each in tx.rows(ATTEMPTS).select(job=nearest.cid)
    ):
        return Refusal(reason=AwardRefusal.PARENT_NOT_VERIFIED)
    for distance, each in enumerate(parents, 1):
        delegated = each.body.children
        if delegated is None or distance > delegated.depth:
            return Refusal(reason=AwardRefusal.NOT_DELEGATED, detail=str(each.cid))
    for each in parents:
        row = jobs.get(each.cid)
        used = 0 if row is None else row.delegated
        delegated = each.body.children
        assert delegated is not None, "it was checked above"
        if used + price > delegated.budget:
            detail = f"{each.cid} has {max(0, delegated.budget - used)} left, the price is {price}"
            return Refusal(reason=AwardRefusal.OVER_DELEGATION, detail=detail)
    return None


def is_cancelled(tx: ActorTransaction, jobs: Sequence[Signed[JobManifest]]) -> bool:
    """Whether one of these was withdrawn."""
    cancels = tx.rows(CANCELS)
    return any(cancels.get(each.cid) is not None for each in jobs)


def note_job(
    tx: ActorTransaction, manifest: Signed[JobManifest], parents: Parents, held: int
) -> None:
    """Keep a job whose price is held, and count it against those that it descends from."""
    jobs = tx.rows(JOBS)
    parent = manifest.body.parent
    if jobs.get(manifest.cid) is None:
        jobs.put(
            JobRow(
                manifest=manifest.cid,
                submitter=manifest.signer,
                job_id=manifest.body.job_id,
                root=parents[-1].cid if parents else manifest.cid,
                parent=None if parent is None else parent.cause,
                position=None if parent is None else parent.position,
            )
        )
    for row in _ancestors(tx, manifest.cid):
        jobs.put(replace(row, delegated=row.delegated + held))


def give_back(tx: ActorTransaction, job: Cid, refunded: int) -> None:
    """What returns of a hold may be delegated again."""
    if refunded:
        jobs = tx.rows(JOBS)
        for row in _ancestors(tx, job):
            jobs.put(replace(row, delegated=row.delegated - refunded))


def _ancestors(tx: ActorTransaction, job: Cid) -> Iterator[JobRow]:
    jobs = tx.rows(JOBS)
    row = jobs.get(job)
    while row is not None and row.parent is not None:
        row = jobs.get(row.parent)
        assert row is not None, "a child is held after its parent has ended here"
        yield row


def descends_from(tx: ActorTransaction, row: JobRow, ancestor: Cid) -> bool:
    """Whether a job is another one, or descends from it."""
    return row.manifest == ancestor or any(
        each.manifest == ancestor for each in _ancestors(tx, row.manifest)
    )
