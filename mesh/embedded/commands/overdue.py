"""Decisions of time while nobody drove a home.

Rule: any command settles it before it shows anything, and nothing is executed for it.
"""

from typing import TYPE_CHECKING

from mesh.actors.actor import Now
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.actors.submitter.rows import JOBS, TIMERS, JobRow
from mesh.core.jobs.job import FINAL, Phase
from mesh.core.settlement.attempt import OPEN_PHASES
from mesh.queries.reader import Reader

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh


def settle_overdue(mesh: "EmbeddedMesh") -> tuple[JobRow, ...]:
    """Decide what is overdue; the jobs of the local submitter that have moved on by it.

    Raises CommandError as a command that writes does.
    """
    if mesh.store.is_read_only:
        return ()
    now = mesh.clock()
    with mesh.read() as reader:
        if not _is_overdue(reader, mesh, now):
            return ()
        before = _open_jobs(reader)
    mesh.settle()
    with mesh.read() as reader:
        after = [reader.rows(JOBS).get(job_id) for job_id in before]
    return tuple(row for row in after if row is not None and row.phase is not before[row.job_id])


def _is_overdue(reader: Reader, mesh: "EmbeddedMesh", now: Now) -> bool:
    """Whether an attempt or a job has ended by its time. Bids that have lapsed are asked for again
    by who waits for them."""
    attempts = reader.view.rows(mesh.identities.issuer, ATTEMPTS)
    if attempts.due("due_at", now.monotonic, phase=OPEN_PHASES):
        return True
    waiting = (
        reader.rows(JOBS).get(row.job_id) for row in reader.rows(TIMERS).due("due_at", now.wall)
    )
    return any(row is not None and row.job.expires_at <= now.wall for row in waiting)


def _open_jobs(reader: Reader) -> dict[str, Phase]:
    open_phases = frozenset(Phase) - FINAL
    return {row.job_id: row.phase for row in reader.rows(JOBS).select(phase=open_phases)}
