"""Obstacles: why an open job does not go on by itself, and the next step."""

from mesh.core.jobs.job import Phase
from mesh.queries.jobs.view import JobView
from mesh.queries.reader import how_to_supply
from runtime.terminal.errors import CommandError, ExitCode


def next_step(job: JobView) -> str:
    """The command that brings an open job on, or shows what became of one that has ended."""
    if job.is_final:
        return f"meshctl job-status {job.job_id}"
    held_up = obstacle(job, needs_award=True)
    return f"meshctl job-status {job.job_id} --wait" if held_up is None else held_up.hint


def obstacle(job: JobView, *, needs_award: bool) -> CommandError | None:
    """Why an open job does not go on by itself, or None if it does or has ended.

    needs_award: whether waiting for somebody to accept a bid counts.
    """
    if job.phase is not Phase.SUBMITTED or job.awaits_issuer:
        return None
    details: dict[str, object] = {"job_id": job.job_id, "state": job.phase.value}
    again = f"meshctl cancel-job {job.job_id}, then submit it again with demands that a node meets"
    if job.missing:
        cid = job.missing[0]
        what = "module" if cid == job.manifest.body.module else "block"
        return CommandError(
            ExitCode.NOT_FOUND,
            "block-missing",
            f"no node holds the {what} {cid} of job {job.job_id}",
            hint=how_to_supply(cid),
            details={**details, "missing": [str(each) for each in job.missing]},
        )
    if not job.bids:
        reasons = [f"{each.node_id}: {each.reason}: {each.detail}" for each in job.declines]
        return CommandError(
            ExitCode.NO_BIDS,
            "no-bids",
            f"no node bids for job {job.job_id}",
            hint=again,
            details={**details, "reasons": reasons},
        )
    if all(bid.is_expired for bid in job.bids):
        return CommandError(
            ExitCode.NO_BIDS,
            "bids-expired",
            f"all {len(job.bids)} bids for job {job.job_id} have expired",
            hint=f"ask the nodes again: meshctl job-status {job.job_id} --wait",
            details=details,
        )
    if all(bid.score_ppm is None for bid in job.bids):
        return CommandError(
            ExitCode.NO_BIDS,
            "no-awardable-bids",
            f"none of the {len(job.bids)} bids for job {job.job_id} can be accepted now",
            hint=again,
            details={
                **details,
                "reasons": [f"{each.node_id}: {each.refusal}" for each in job.bids],
            },
        )
    if needs_award and not job.awaits_award:
        return CommandError(
            ExitCode.TIMEOUT,
            "award-missing",
            f"job {job.job_id} waits for a bid to be accepted",
            hint=f"meshctl accept-bid --job-id {job.job_id} --node-id {job.bids[0].node_id}",
            details=details,
        )
    return None
