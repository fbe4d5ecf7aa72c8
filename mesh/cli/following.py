"""Bids, awards and waiting: what a job is doing, printed as it happens.

Rule: a ✓ stands only for what was read back and verified just now; ✗ comes with the reason
and an exit code that is not 0.
"""

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from mesh.adapters.sqlite import StoreError
from mesh.cli.describing import (
    bid_rows,
    describe,
    job_to_value,
    local_time,
    outcome_text,
    reputation_text,
)
from mesh.cli.naming import resolve
from mesh.cli.output import Column, Output, field, table
from mesh.cli.session import make_output, open_mesh
from mesh.fields import JobId, NodeId
from mesh.job import Phase
from mesh.local import JobView, LocalMesh
from mesh.local.checking import check_anchored, check_federation
from mesh.local.news import (
    Anchored,
    Attested,
    Awarded,
    BidArrived,
    BidRefused,
    Ended,
    News,
    ReceiptStored,
    StatusChanged,
)
from mesh.local.views import obstacle
from mesh.locks import LockBusy, actor_lock
from runtime.execution import Outcome, OutcomeKind
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import note

CHECK: Final = "✓"
CROSS: Final = "✗"
BID_COLUMNS: Final = (
    Column(title="Node ID", text=field("node_id"), width=16),
    Column(title="Bid", text=field("price"), width=9),
    Column(title="Est. Time", text=lambda row: f"{row['estimated_seconds']}s", width=14),
    Column(title="Reputation", text=reputation_text, width=14),
    Column(title="Location", text=field("location")),
)


class Progress:
    """Prints what a driver tells, in the words of the commands."""

    def __init__(self, out: Output, *, follow: bool = False) -> None:
        self._out = out
        self._follow = follow
        self._has_title = False

    def title(self) -> None:
        """The heading, once."""
        if not self._has_title:
            self._has_title = True
            self._out.line("Job execution progress:")

    def __call__(self, news: News) -> None:
        match news:
            case StatusChanged(phase=Phase.SUBMITTED, reason=reason):
                note(f"attempt lost: {reason}; the job is offered again")
            case StatusChanged(phase=phase):
                self.title()
                self._out.line(f"Status: {phase.value}")
            case ReceiptStored(receipt=receipt):
                self._out.line(f"Receipt CID: {receipt}")
            case BidArrived() if self._follow:
                seconds = news.estimated_seconds
                self._out.line(f"Bid: {news.node_id} {news.price} ({seconds}s, {news.location})")
            case BidRefused() if self._follow:
                self._out.line(f"No bid: {news.node_id} ({news.reason}: {news.detail})")
            case Awarded() if self._follow:
                self._out.line(f"Awarded: {news.node_id} for {news.price}")
            case Attested() if self._follow:
                self._out.line(f"Attestation: {news.verifier} {news.verdict.value}")
            case Anchored() | Ended():
                return
            case _:
                return

    def waiting(self, holder: str) -> None:
        """Another process drives the nodes."""
        note(f"waiting for process {holder or 'unknown'}, which drives the nodes now")


def find_job(mesh: LocalMesh, text: str) -> JobId:
    """The job that part of an id names. Raises CommandError `unknown-job`, `ambiguous-job`."""
    return JobId(resolve(text, mesh.job_ids(), noun="job", where="meshctl list-jobs"))


def interrupted(job_id: JobId, *, auto_award: bool = False) -> CommandError:
    """Ctrl-C while a job was being driven: it is paused, and this continues it."""
    more = " --auto-award" if auto_award else ""
    return CommandError(
        ExitCode.INTERRUPTED,
        "interrupted",
        f"job {job_id} is paused",
        hint=f"meshctl job-status {job_id} --wait{more}",
        details={"job_id": job_id},
    )


def paused(error: CommandError, job_id: JobId, *, auto_award: bool = False) -> CommandError:
    """The error that stopped a job on its way, and what continues it; not a second job."""
    more = " --auto-award" if auto_award else ""
    return CommandError(
        error.exit_code,
        error.code,
        f"job {job_id} is paused: {error.message}",
        hint=f"mend that, then: meshctl job-status {job_id} --wait{more}",
        details={**error.details, "job_id": job_id},
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
        if not is_resumed:
            mesh.accept(job_id, node_id)
        again = f" already; job {job_id} is {job.phase.value}" if is_resumed else " successfully"
        out.line(f"Bid accepted{again}")
        out.line("")
        progress = Progress(out)
        progress.title()
        out.line(f"Status: {Phase.ASSIGNED.value}")
        if is_resumed:
            _catch_up(out, job)
        finish(mesh, out, job_id, progress, timeout=timeout, auto_award=False)


def _remove_lock(mesh: LocalMesh, job_id: JobId) -> None:
    with suppress(OSError):
        (mesh.home.locks / f"job-{job_id}.lock").unlink()


def _catch_up(out: Output, job: JobView) -> None:
    """The lines of what an interrupted command had already done."""
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


def _node_of(mesh: LocalMesh, text: str) -> NodeId:
    names = [member.node_id for member in mesh.members.nodes]
    return NodeId(resolve(text, names, noun="node", where="meshctl list-nodes"))


def finish(
    mesh: LocalMesh,
    out: Output,
    job_id: JobId,
    progress: Progress,
    *,
    timeout: float | None,
    auto_award: bool,
) -> None:
    """Drive a job to its end, print the two checks, and leave with the right code."""
    try:
        given_up = mesh.drive(
            [job_id],
            on_event=progress,
            on_wait=progress.waiting,
            auto_award=auto_award,
            timeout=timeout,
        )
    except KeyboardInterrupt:
        raise interrupted(job_id, auto_award=auto_award) from None
    except StoreError as error:
        if mesh.store.is_read_only:
            # Nothing was begun.
            raise
        raise paused(error, job_id, auto_award=auto_award) from None
    if job_id in given_up:
        raise given_up[job_id]
    job = mesh.job(job_id)
    if not job.is_final:
        raise obstacle(job, needs_award=True) or _unfinished(job)
    anchored = check_anchored(mesh, job_id) if job.receipt is not None else ()
    federation = check_federation(mesh, job_id)
    failure = _print_checks(out, job, anchored, federation)
    value = job_to_value(job)
    value["checked"] = {
        "anchored": job.receipt is not None and not anchored,
        "verified": not federation.findings,
        "confirmed": federation.confirmed,
        "drawn": federation.drawn,
        "findings": [str(each) for each in (*anchored, *federation.findings)],
    }
    out.record(value, lines=(), quiet=str(job.receipt or job.phase.value))
    if failure is None and not (out.quiet or out.for_machines):
        note(outcome_text(job))
    if failure is not None:
        raise failure


def _print_checks(
    out: Output, job: JobView, anchored: tuple[Any, ...], federation: Any
) -> CommandError | None:
    if job.receipt is None:
        return ended_badly(job)
    if anchored:
        out.line(f"Receipt anchored to DAG {CROSS} ({anchored[0]})")
    else:
        out.line(f"Receipt anchored to DAG {CHECK}")
    score = f"({federation.confirmed}/{federation.drawn}, local keys)"
    findings = (*anchored, *federation.findings)
    if federation.findings:
        out.line(f"Receipt verified by federation {CROSS} {score}: {federation.findings[0]}")
    else:
        out.line(f"Receipt verified by federation {CHECK} {score}")
    if findings:
        return CommandError(
            ExitCode.VERIFICATION,
            "not-verified",
            f"the receipt of job {job.job_id} does not stand: {findings[0]}",
            hint=f"meshctl verify {job.job_id}",
            details={"job_id": job.job_id, "reasons": [str(each) for each in findings]},
        )
    if _succeeded(job):
        return None
    return ended_badly(job)


def has_failed(job: JobView) -> bool:
    """Whether it is verified that the program failed."""
    return job.phase is Phase.VERIFIED and not _succeeded(job)


def _succeeded(job: JobView) -> bool:
    return (
        job.phase is Phase.VERIFIED
        and job.deterministic is not None
        and job.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    )


def ended_badly(job: JobView) -> CommandError:
    """A job that ended without a result, or whose program failed (verified as it may be)."""
    if job.deterministic is not None and job.phase is Phase.VERIFIED:
        outcome = job.deterministic.outcome
        return CommandError(
            ExitCode.FAILED,
            f"program-{outcome.kind.value}",
            f"the program of job {job.job_id} {describe(outcome, job.trace)}",
            hint=_after(job, outcome),
            details={"job_id": job.job_id, "outcome": outcome.to_value()},
        )
    return CommandError(
        ExitCode.FAILED,
        f"job-{job.phase.value.lower()}",
        f"job {job.job_id} is {job.phase.value}" + (f": {job.reason}" if job.reason else ""),
        hint=f"meshctl job-status {job.job_id}",
        details={"job_id": job.job_id, "state": job.phase.value},
    )


def _after(job: JobView, outcome: Outcome) -> str:
    """What helps a program that did not succeed."""
    if outcome.kind is OutcomeKind.OUT_OF_FUEL:
        amount = job.manifest.body.resource_amount
        return f"submit it again with a larger --resource-amount than {amount}"
    return f"meshctl logs {job.job_id}"


def _unfinished(job: JobView) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "job-unfinished",
        f"job {job.job_id} is {job.phase.value} and waits for its verifiers",
        hint=f"meshctl job-status {job.job_id} --wait",
        details={"job_id": job.job_id, "state": job.phase.value},
    )


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
        rows.append(("Next", held_up.hint))
    elif not job.is_final:
        rows.append(("Next", f"meshctl job-status {job.job_id} --wait"))
    items = [{"name": f"{name}:" if name else "", "value": value} for name, value in rows]
    lines = table(
        items,
        (Column(title="", text=field("name"), width=15), Column(title="", text=field("value"))),
    )
    return lines[1:]
