"""The progress of a job: news as it happens, and two checks at the end.

Rule: a ✓ stands only for what was read back and verified just now; ✗ comes with the reason
and an exit code that is not 0.
"""

from mesh.adapters.sqlite.file.errors import StoreError
from mesh.cli.jobs.errors import ended_badly, has_succeeded, interrupted, paused, unfinished
from mesh.cli.output.describing import job_to_value, local_time, outcome_text, verdict_text
from mesh.cli.output.formats import CHECK, CROSS, Output
from mesh.core.fields import JobId
from mesh.core.findings import Finding
from mesh.core.jobs.job import Phase
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.progress_events import (
    Anchored,
    Attested,
    AwardDenied,
    Awarded,
    BidArrived,
    BidRefused,
    Ended,
    ProgressEvent,
    ReceiptStored,
    StatusChanged,
)
from mesh.queries.jobs.tree import child_count
from mesh.queries.jobs.view import JobView, find_job_row
from mesh.queries.upkeep.checks import FederationCheck, check_anchored, check_federation
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import counted, note


class Progress:
    """Prints the news of a driver in the words of the commands."""

    def __init__(self, out: Output, *, follow: bool = False) -> None:
        self._out = out
        self._follow = follow
        self._has_title = False

    def title(self) -> None:
        """The heading, once."""
        if not self._has_title:
            self._has_title = True
            self._out.line("Job execution progress:")

    def __call__(self, news: ProgressEvent) -> None:
        match news:
            case StatusChanged(phase=Phase.SUBMITTED, reason=reason):
                note(f"attempt lost: {reason}; the job is offered again")
            case StatusChanged(phase=phase):
                self.title()
                self._out.line(f"Status: {phase.value}")
            case AwardDenied(reason=reason, retry_at=retry_at):
                later = "" if retry_at is None else f"; next try at {local_time(retry_at)}"
                note(f"the issuer holds nothing for the award: {reason}{later}")
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
                self._out.line(f"Attestation: {news.verifier} {verdict_text(news.verdict)}")
            case Anchored() | Ended():
                return
            case _:
                return


def finish(
    mesh: EmbeddedMesh,
    out: Output,
    job_id: JobId,
    progress: Progress,
    *,
    timeout: float | None,
    auto_award: bool,
    is_new: bool = False,
) -> None:
    """Drive a job to its end, print the two checks, and leave with the right code. is_new: it was
    submitted just now, with `auto_award`."""
    try:
        given_up = mesh.drive(
            [job_id],
            on_event=progress,
            auto_award=auto_award and not is_new,
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
        raise obstacle(job, needs_award=True) or unfinished(job)
    with mesh.read() as reader:
        row = find_job_row(reader, job_id)
        anchored = check_anchored(reader, row) if job.receipt is not None else ()
        federation = check_federation(reader, row)
        children = child_count(reader, row)
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
        if children:
            submitted = counted(children, "job")
            note(f"Its program has submitted {submitted}: meshctl job-tree {job_id}")
    if failure is not None:
        raise failure


def _print_checks(
    out: Output, job: JobView, anchored: tuple[Finding, ...], federation: FederationCheck
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
            f"the receipt of job {job.job_id} does not verify: {findings[0]}",
            hint=f"meshctl verify {job.job_id}",
            details={"job_id": job.job_id, "reasons": [str(each) for each in findings]},
        )
    if has_succeeded(job):
        return None
    return ended_badly(job)
