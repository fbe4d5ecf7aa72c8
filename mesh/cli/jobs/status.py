"""The status of a job: its facts, why it waits, and the next step."""

from pathlib import Path

from mesh.cli.arguments.naming import find_job
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.jobs.progress import Progress, finish
from mesh.cli.output.describing import describe, job_to_value, local_time, step_after_conflict
from mesh.cli.output.formats import Column, field, table
from mesh.queries.jobs.obstacles import next_step, obstacle
from mesh.queries.jobs.view import JobView
from runtime.terminal.errors import CommandError


def status(
    text: str,
    *,
    wait: bool,
    follow: bool,
    auto_award: bool,
    timeout: float | None,
    output: str | None,
    quiet: bool,
    home: Path | None,
) -> None:
    """`job-status`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        job_id = find_job(mesh, text)
        job = mesh.job(job_id)
        if wait and not job.is_final:
            progress = Progress(out, follow=follow)
            finish(mesh, out, job_id, progress, timeout=timeout, auto_award=auto_award)
            return
    held_up = obstacle(job, needs_award=True)
    value = job_to_value(job)
    if held_up is not None:
        value["waiting_for"] = {"code": held_up.code, "message": held_up.message}
        value["next"] = held_up.hint
    out.record(value, lines=_status_lines(job, held_up), quiet=job.phase.value)


def _status_lines(job: JobView, held_up: CommandError | None) -> list[str]:
    body = job.manifest.body
    rows: list[tuple[str, object]] = [
        ("Job ID", job.job_id),
        ("Description", body.description or "-"),
        ("State", job.phase.value + (f" ({job.reason})" if job.reason else "")),
        ("Submitted", local_time(job.submitted_at)),
        ("Module", body.module),
    ]
    if body.input is not None:
        rows.append(("Input", body.input))
    rows.append(("Resources", f"{body.resource_amount} {body.resource_type.value} units"))
    if job.award is not None:
        attempt = f", attempt {job.award.attempt}" if job.award.attempt > 1 else ""
        rows.append(("Awarded", f"{job.award.node_id} for {job.award.price}{attempt}"))
        if job.settlement is not None:
            rows.append(("Paid", f"{job.paid} of it"))
    elif job.bids:
        rows.append(("Bids", len(job.bids)))
    if job.deterministic is not None:
        rows.append(("Outcome", describe(job.deterministic.outcome, job.trace)))
        rows.append(("Output", job.deterministic.output or "none"))
        rows.append(("Receipt", job.receipt))
        rows.append(("Attestations", f"{job.confirmed}/{job.drawn} confirm (local keys)"))
    rows += [("Not applied", reason) for reason in job.not_applied]
    if held_up is not None:
        rows.append(("Waiting", held_up.message))
        rows += [("", reason) for reason in held_up.details.get("reasons", ())]
    step = step_after_conflict(job) if job.is_final else next_step(job)
    if step is not None:
        rows.append(("Next", step))
    items = [{"name": f"{name}:" if name else "", "value": value} for name, value in rows]
    lines = table(
        items,
        (Column(title="", text=field("name"), width=15), Column(title="", text=field("value"))),
    )
    return lines[1:]
