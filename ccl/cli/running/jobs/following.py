"""Jobs of a program, followed on the embedded mesh until they have ended.

Lines appear as events occur. A ✓ is printed only for facts that were checked just then: the anchor
and the attestations are read back from the store and verified.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ccl.cli.running.program import bytes_to_json
from ccl.cli.running.results.effects_output import effect_lines, effects_to_json
from mesh.cli.jobs.bids import BID_COLUMNS
from mesh.cli.jobs.errors import interrupted
from mesh.cli.output.describing import bid_rows, describe
from mesh.cli.output.formats import table
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.outputs import output_of
from mesh.queries.jobs.progress_events import Awarded, BidRefused, ProgressEvent, StatusChanged
from mesh.queries.jobs.view import JobView, find_job_row
from mesh.queries.upkeep.checks import check_anchored, check_federation
from runtime.content.cid import Cid
from runtime.execution.effects import Effect, effects_from_block
from runtime.terminal.errors import CommandError, ExitCode

Say = Callable[[str], None]


class Followed(Struct, frozen=True, kw_only=True):
    """The state of a job. output: JSON, decoded from the block `output_cid`. effects: those that
    were applied.

    findings: why the receipt does not verify; empty if it does or there is none. problem: why a job
    without a receipt does not go on, with its next step.
    """

    view: JobView
    label: str
    findings: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    output_cid: Cid | None = None
    output: Any = None
    problem: CommandError | None = None
    exit_code: ExitCode

    def to_json(self) -> dict[str, Any]:
        view = self.view
        return {
            "job_id": view.job_id,
            "state": view.phase.value,
            "module": str(view.manifest.body.module),
            "node_id": None if view.award is None else view.award.node_id,
            "price": None if view.award is None else view.award.price,
            "outcome": None
            if view.deterministic is None
            else view.deterministic.outcome.to_value(),
            "receipt": None if view.receipt is None else str(view.receipt),
            "verification": {
                "verified": view.phase is Phase.VERIFIED and not self.findings,
                "confirmed": view.confirmed,
                "verifiers": view.drawn,
                "custody": "local",
                "findings": list(self.findings),
            },
            "output_cid": None if self.output_cid is None else str(self.output_cid),
            "output": self.output,
            "effects": effects_to_json(self.effects),
            "not_applied": list(view.not_applied),
            "missing": [str(cid) for cid in view.missing],
            "problem": None if self.problem is None else self.problem.message,
            "next": None if self.problem is None else self.problem.hint,
        }


class _Progress(Struct):
    """Prints events of the driver; a job's bids are one table, once one is accepted.

    several: whether lines must name the job.
    """

    mesh: EmbeddedMesh
    say: Say
    several: bool

    def __call__(self, event: ProgressEvent) -> None:
        match event:
            case BidRefused():
                self.say(f"{event.node_id} does not bid: {event.reason}: {event.detail}")
            case Awarded():
                self._table(event.job_id)
                self.say(f"Awarded to {event.node_id} for {event.price} tokens")
                self.say("")
                self.say("Job execution progress:")
            case StatusChanged():
                self.say(f"{self._mark(event.job_id)}Status: {event.phase.value}")
            case _:  # progress is of these only
                pass

    def _mark(self, job_id: JobId) -> str:
        return f"{job_id[-8:]}  " if self.several else ""

    def _table(self, job_id: JobId) -> None:
        self.say("")
        for line in table(bid_rows(self.mesh.job(job_id)), BID_COLUMNS):
            self.say(line)


def follow_jobs(
    mesh: EmbeddedMesh,
    ids: Sequence[JobId],
    labels: Mapping[Cid, str],
    say: Say,
    *,
    continuing: str,
    timeout_seconds: float | None,
) -> tuple[Followed, ...]:
    """Drives the jobs until they end or must wait. continuing: the command that continues them.

    Raises CommandError at the timeout, on Ctrl-C, and for missing blocks.
    """
    progress = _Progress(mesh=mesh, say=say, several=len(ids) > 1)
    try:
        problems = mesh.drive(ids, on_event=progress, auto_award=True, timeout=timeout_seconds)
    except KeyboardInterrupt:
        raise interrupted(ids[0]) from None
    followed = []
    for job_id in ids:
        given_up = problems.get(job_id)
        followed.append(_ended(mesh, job_id, labels, say, continuing, given_up))
    return tuple(followed)


def _ended(
    mesh: EmbeddedMesh,
    job_id: JobId,
    labels: Mapping[Cid, str],
    say: Say,
    continuing: str,
    given_up: CommandError | None,
) -> Followed:
    view = mesh.job(job_id)
    label = labels.get(view.manifest.body.module, f"job {job_id}")
    if view.receipt is None:
        problem = given_up or _no_receipt(view)
        say(f"Status: {view.phase.value}")
        say(f"  = note: {problem.message}")
        say(f"  = help: {problem.hint}")
        if view.missing and not given_up:
            say(f"  = then: {continuing}")
        # A job whose module no node holds yet is accepted and waits, which is no failure.
        code = ExitCode.OK if view.missing and not given_up else problem.exit_code
        return Followed(view=view, label=label, problem=problem, exit_code=code)
    with mesh.read() as reader:
        row = find_job_row(reader, job_id)
        anchor = check_anchored(reader, row)
        federation = check_federation(reader, row)
    say(f"Receipt CID: {view.receipt}")
    say(f"Receipt anchored to DAG {_mark(anchor)}")
    score = f"({federation.confirmed}/{federation.drawn}, local keys)"
    say(f"Receipt verified by federation {_mark(federation.findings)} {score}")
    findings = tuple(map(str, (*anchor, *federation.findings)))
    for finding in findings:
        say(f"  {finding}")
    if findings or view.deterministic is None:
        code = ExitCode.VERIFICATION
        return Followed(view=view, label=label, findings=findings, exit_code=code)
    outcome = view.deterministic.outcome
    if not outcome.succeeded:
        say(f"The program of the job {describe(outcome)}")
        return Followed(view=view, label=label, exit_code=ExitCode.FAILED)
    for reason in view.not_applied:
        say(f"Not applied: {reason}")
    effects = () if view.not_applied else _effects_of(mesh, view)
    for line in effect_lines(effects):
        say(line)
    code = ExitCode.FAILED if view.not_applied else ExitCode.OK
    if view.output is None:
        return Followed(view=view, label=label, effects=effects, exit_code=code)
    with mesh.read() as reader:
        found = output_of(reader, job_id)
    output = found.value if found.is_value else bytes_to_json(found.data)
    return Followed(
        view=view,
        label=label,
        effects=effects,
        output_cid=found.cid,
        output=output,
        exit_code=code,
    )


def _effects_of(mesh: EmbeddedMesh, view: JobView) -> tuple[Effect, ...]:
    """Reads the effects of the job's program. Raises CommandError `block-missing`."""
    cid = None if view.deterministic is None else view.deterministic.effects
    return () if cid is None else effects_from_block(mesh.get_block(cid))


def _mark(findings: Sequence[object]) -> str:
    return "✗" if findings else "✓"


def _no_receipt(view: JobView) -> CommandError:
    """Gives the reason why a job that was driven as far as possible has no receipt."""
    waiting = obstacle(view, needs_award=True)
    if waiting is not None:
        return waiting
    return CommandError(
        ExitCode.FAILED,
        f"job-{view.phase.value.lower()}" if view.is_final else "job-unfinished",
        view.reason or f"the job is {view.phase.value}",
        hint=f"meshctl job-status {view.job_id}",
    )
