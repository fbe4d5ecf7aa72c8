"""Bids for a job: shown, and one of them accepted.

Rule: one process accepts a bid for a job at a time; repeating the command continues the job.
"""

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from mesh.cli.arguments.naming import find_job, resolve
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.jobs.errors import interrupted
from mesh.cli.jobs.progress import Progress, finish
from mesh.cli.output.describing import bid_rows, reputation_text
from mesh.cli.output.formats import Column, Output, field
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Phase
from mesh.core.records.membership import Role
from mesh.embedded.mesh import EmbeddedMesh
from mesh.home.locks import LockBusy, actor_lock
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.view import JobView
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import note

BID_COLUMNS: Final = (
    Column(title="Node ID", text=field("node_id"), width=16),
    Column(title="Bid", text=field("price"), width=9),
    Column(title="Est. Time", text=lambda row: f"{row['estimated_seconds']}s", width=14),
    Column(title="Reputation", text=reputation_text, width=14),
    Column(title="Location", text=field("location")),
)


def show_bids(text: str, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """`get-bids`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        job = mesh.job(find_job(mesh, text))
    rows = bid_rows(job)
    if not rows:
        raise _why_no_bids(job)
    out.rows("bids", rows, BID_COLUMNS, quiet="node_id", empty="")
    held_up = obstacle(job, needs_award=False)
    if held_up is not None:
        note(f"{held_up.message}; {held_up.hint}")
    for decline in job.declines:
        note(f"no bid: {decline.node_id}: {decline.reason}: {decline.detail}")


def _why_no_bids(job: JobView) -> CommandError:
    held_up = obstacle(job, needs_award=False)
    if held_up is None:
        return CommandError(
            ExitCode.NO_BIDS,
            "no-bids",
            f"job {job.job_id} is {job.phase.value} and has no bids",
            hint=f"meshctl job-status {job.job_id}",
        )
    if held_up.code == "no-bids" and not job.declines:
        held_up.hint = f"no node was asked yet: meshctl job-status {job.job_id} --wait"
    return held_up


def accept(
    text: str,
    node: str,
    *,
    timeout: float | None,
    output: str | None,
    quiet: bool,
    home: Path | None,
) -> None:
    """`accept-bid`: award, then follow until the receipt is verified."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh, ExitStack() as stack:
        job_id = find_job(mesh, text)
        try:
            stack.enter_context(actor_lock(mesh.home, f"job-{job_id}", wait=False))
        except LockBusy as busy:
            raise CommandError(
                ExitCode.FAILED,
                "job-busy",
                f"process {busy.holder or 'unknown'} is accepting a bid for job {job_id} now",
                hint=f"meshctl job-status {job_id}",
            ) from None
        stack.callback(_remove_lock, mesh, job_id)
        node_id = _node_of(mesh, node)
        job = mesh.job(job_id)
        is_resumed = job.award is not None and job.award.node_id == node_id
        before = job.phase
        if not is_resumed:
            mesh.accept(job_id, node_id)
            job = mesh.job(job_id)
        again = f" already; job {job_id} is {before.value}" if is_resumed else " successfully"
        try:
            out.line(f"Bid accepted{again}")
            out.line("")
            progress = Progress(out)
            progress.title()
            out.line(f"Status: {Phase.ASSIGNED.value}")
            _catch_up(out, job)
            finish(mesh, out, job_id, progress, timeout=timeout, auto_award=False)
        except KeyboardInterrupt:
            raise interrupted(job_id) from None


def _remove_lock(mesh: EmbeddedMesh, job_id: JobId) -> None:
    with suppress(OSError):
        (mesh.home.locks / f"job-{job_id}.lock").unlink()


def _catch_up(out: Output, job: JobView) -> None:
    """The lines of what came to be before this command follows the job."""
    passed = {
        Phase.RUNNING: (Phase.RUNNING,),
        Phase.COMPLETED: (Phase.RUNNING, Phase.COMPLETED),
        Phase.VERIFIED: (Phase.RUNNING, Phase.COMPLETED),
        Phase.DISPUTED: (Phase.RUNNING, Phase.COMPLETED),
    }.get(job.phase, ())
    for phase in passed:
        out.line(f"Status: {phase.value}")
    if job.receipt is not None:
        out.line(f"Receipt CID: {job.receipt}")


def _node_of(mesh: EmbeddedMesh, text: str) -> NodeId:
    names = [each.name for each in mesh.members.with_role(Role.NODE, mesh.now)]
    return NodeId(resolve(text, names, noun="node", where="meshctl list-nodes"))
