"""The acceptance of a bid by the submitter.

Rule: nobody pays more than the bid that was accepted: where all bids have expired, a new one is
awarded unless it is dearer.
"""

from typing import TYPE_CHECKING

from mesh.core.fields import JobId, NodeId
from mesh.events import JobKey
from mesh.local import awarding, bidding
from mesh.local.admission import admit_jobs
from mesh.local.news import Awarded

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


def accept_bid(mesh: "LocalMesh", job_id: JobId, node_id: NodeId) -> Awarded:
    """Award the job to a node's bid. Raises CommandError where that cannot be."""
    world = mesh.world
    _admit(mesh, job_id)
    with mesh.store.write() as tx:
        job = mesh.stored_job(tx, job_id)
        most = awarding.price_of(tx, world, job, node_id)
        bidding.renew(tx, world, mesh.content, mesh.sandbox.admission, job, now=mesh.now)
    with mesh.store.write() as tx:
        job = mesh.stored_job(tx, job_id)
        price = awarding.price_of(tx, world, job, node_id)
        if price is None:
            raise awarding.no_such_bid(job, node_id)
        if most is not None and price > most:
            raise awarding.dearer(job, node_id, price, most)
        done = awarding.accept(tx, world, job, node_id, now=mesh.now)
    return Awarded(job_id=job_id, node_id=node_id, price=price, attempt=done.job.attempt)


def _admit(mesh: "LocalMesh", job_id: JobId) -> None:
    """Have a verdict on a job's module. Raises CommandError where there is none."""
    key = JobKey(submitter=mesh.submitter.did, job_id=job_id)
    found = admit_jobs(mesh.store, mesh.reading, mesh.content, mesh.sandbox.admission, (key,))
    for problem in found.values():
        raise problem
