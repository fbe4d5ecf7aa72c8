"""The jobs a program submitted, followed on the embedded mesh until they have ended.

Lines appear as things come to be. A ✓ is printed only for what was checked just then: the
anchor and the attestations are read back from the store and verified.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ccl.abi.sections import Abi
from ccl.cli.boundary import ExitCode
from ccl.cli.running.program import typed_output
from ccl.cli.show import table_lines
from ccl.wasm.binary import ModuleError
from ccl.wasm.inspect import inspect_module
from mesh.job import Phase
from mesh.local import JobRequest, JobView, LocalMesh
from mesh.local.news import Awarded, BidArrived, BidRefused, News, StatusChanged
from mesh.local.views import obstacle
from mesh.records import JobId
from runtime.content.cid import Cid

Say = Callable[[str], None]
BID_HEADER: Final = ("Node ID", "Bid", "Est. Time", "Reputation", "Location")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A job as far as it came. output: JSON, decoded from the block `output_cid`.

    findings: why the receipt does not verify; empty if it does or there is none.
    problem: why an unfinished job does not go on, with its next step.
    """

    view: JobView
    label: str
    findings: tuple[str, ...]
    output_cid: Cid | None
    output: Any
    problem: str
    exit_code: int

    def to_json(self) -> dict[str, Any]:
        view = self.view
        verified = view.phase is Phase.VERIFIED and not self.findings
        return {
            "id": view.job_id,
            "state": view.phase.value,
            "module": str(view.manifest.body.module),
            "node": None if view.award is None else view.award.node_id,
            "price": None if view.award is None else view.award.price,
            "receipt": None if view.receipt is None else str(view.receipt),
            "verification": {
                "verified": verified,
                "confirmed": view.confirmed,
                "verifiers": view.drawn,
                "keys": "local",
                "findings": list(self.findings),
            },
            "output_cid": None if self.output_cid is None else str(self.output_cid),
            "output": self.output,
            "missing": [str(cid) for cid in view.missing],
            "problem": self.problem or None,
        }


@dataclass(slots=True)
class _Told:
    """What was printed already: each job's bids are one table."""

    say: Say
    several: bool
    bids: dict[JobId, list[BidArrived]] = field(default_factory=dict)
    refusals: list[BidRefused] = field(default_factory=list)

    def __call__(self, news: News) -> None:
        match news:
            case BidArrived():
                self.bids.setdefault(news.job_id, []).append(news)
            case BidRefused():
                self.say(f"{news.node_id} does not bid: {news.reason}: {news.detail}")
            case Awarded():
                self._table(news.job_id)
                self.say(f"Awarded to {news.node_id} for {news.price} tokens")
                self.say("\nJob execution progress:")
            case StatusChanged():
                self.say(f"{self._mark(news.job_id)}Status: {news.phase.value}")
            case _:
                pass

    def _mark(self, job_id: JobId) -> str:
        return f"{job_id[-8:]}  " if self.several else ""

    def _table(self, job_id: JobId) -> None:
        rows = [
            (
                bid.node_id,
                str(bid.price),
                f"{bid.estimated_seconds}s",
                str(bid.reputation.score),
                bid.location,
            )
            for bid in self.bids.pop(job_id, ())
        ]
        self.say("")
        for line in table_lines(BID_HEADER, rows):
            self.say(line)


def follow_jobs(
    mesh: LocalMesh,
    requests: Sequence[JobRequest],
    labels: Mapping[Cid, str],
    say: Say,
    *,
    timeout_seconds: float | None,
) -> tuple[Followed, ...]:
    """Submit all the requests, or none, and drive the jobs until they end or must wait.

    Raises MeshProblem where the mesh refuses, at the timeout, and for missing blocks.
    """
    ids = mesh.submit_all(requests)
    for job_id in ids:
        say("Job submitted successfully")
        say(f"Job ID: {job_id}")
    told = _Told(say=say, several=len(ids) > 1)
    problems = mesh.drive(ids, on_event=told, auto_award=True, timeout=timeout_seconds)
    followed = []
    for job_id in ids:
        given_up = problems.get(job_id)
        reason = "" if given_up is None else f"{given_up.message}; next: {given_up.hint}"
        followed.append(_ended(mesh, job_id, labels, say, reason))
    return tuple(followed)


def _ended(
    mesh: LocalMesh, job_id: JobId, labels: Mapping[Cid, str], say: Say, reason: str
) -> Followed:
    view = mesh.job(job_id)
    module = view.manifest.body.module
    label = labels.get(module, f"job {job_id}")
    findings: tuple[str, ...] = ()
    output_cid, output, exit_code = None, None, int(ExitCode.OK)
    if view.receipt is not None:
        say(f"Receipt CID: {view.receipt}")
        findings = tuple(map(str, mesh.verify(job_id, reexecute=False)))
        mark = "✗" if findings or view.anchor is None else "✓"
        say(f"Receipt anchored to DAG {mark}")
        score = f"({view.confirmed}/{view.drawn}, local keys)"
        verified = view.phase is Phase.VERIFIED and not findings
        say(f"Receipt verified by federation {'✓' if verified else '✗'} {score}")
        for finding in findings:
            say(f"  {finding}")
        if verified and view.output is not None:
            output_cid = view.output
            data = mesh.get_block(output_cid)
            output = typed_output(output_cid, data, _abi(mesh, module), view.manifest.body.entry)
        if not verified:
            exit_code = ExitCode.VERIFICATION
        elif view.deterministic is not None and not view.deterministic.outcome.succeeded:
            outcome = view.deterministic.outcome
            say(f"The job {outcome.kind.value}: {outcome.reason} {outcome.detail}".rstrip())
            exit_code = ExitCode.FINDINGS
    elif view.is_final:
        say(f"Status: {view.phase.value}: {view.reason}")
        exit_code = ExitCode.FINDINGS
    else:
        waits_for = obstacle(view, needs_award=True)
        reason = reason or (
            "" if waits_for is None else f"{waits_for.message}; next: {waits_for.hint}"
        )
        say(f"Status: {view.phase.value}")
        say(f"  {reason}")
        # A job whose module nobody holds yet is accepted and waits: that is no failure.
        exit_code = (
            ExitCode.OK
            if view.missing
            else int(ExitCode.FINDINGS if waits_for is None else waits_for.kind.value)
        )
    return Followed(
        view=view,
        label=label,
        findings=findings,
        output_cid=output_cid,
        output=output,
        problem=reason,
        exit_code=exit_code,
    )


def _abi(mesh: LocalMesh, module: Cid) -> Abi | None:
    """The types of a module's exports, None for one that is not compiled CCL."""
    try:
        return inspect_module(mesh.get_block(module)).abi
    except ModuleError:
        return None
