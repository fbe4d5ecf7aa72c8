"""`meshctl logs --follow`: the end of a job, which its log comes with.

Rule: a program's log is part of its result. Nobody has a line of it before the execution has ended,
or verifiers could copy it, and a killed execution would have shown what no receipt names.
"""

from mesh.cli.jobs.errors import interrupted, unfinished
from mesh.core.fields import JobId
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.progress_events import Ended, ProgressEvent, StatusChanged
from mesh.queries.jobs.view import find_job_row, job_view
from runtime.terminal.streams import note


def await_log(mesh: EmbeddedMesh, job_id: JobId, *, timeout: float | None, quiet: bool) -> None:
    """Drive a job until it has ended, and say on stderr how far it is.

    timeout: seconds. Raises CommandError where it does not end by itself, and for Ctrl-C, which
    pauses it.
    """
    with mesh.read() as reader:
        if find_job_row(reader, job_id).job.is_final:
            return

    def say(event: ProgressEvent) -> None:
        if isinstance(event, StatusChanged | Ended) and not quiet:
            note(f"{job_id}: {event.phase.value}")

    try:
        given_up = mesh.drive([job_id], on_event=say, timeout=timeout)
    except KeyboardInterrupt:
        raise interrupted(job_id) from None
    if job_id in given_up:
        raise given_up[job_id]
    with mesh.read() as reader:
        job = job_view(reader, find_job_row(reader, job_id))
    if not job.is_final:
        raise obstacle(job, needs_award=True) or unfinished(job)
