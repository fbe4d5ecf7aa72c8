"""Jobs, bids and outcomes as words and as plain values for machines."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ccl.abi.text.times import rfc3339, shown_time
from mesh.core.jobs.effects import EffectFault
from mesh.core.verification.verdicts import Verdict
from mesh.queries.jobs.view import JobView
from runtime.content.cid import Cid
from runtime.execution.execution import Outcome, OutcomeKind
from runtime.module.backtrace import LIBRARY_PREFIX, backtrace_places, calls_to

CALLS_SHOWN_MAX: Final = 4

_WORDS = {
    OutcomeKind.SUCCEEDED: "succeeded",
    OutcomeKind.TRAPPED: "trapped",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.OUT_OF_FUEL: "ran out of fuel",
    OutcomeKind.LIMIT: "passed a limit",
    OutcomeKind.REJECTED: "was rejected",
}


def local_time(seconds: int) -> str:
    """A moment in UTC, to the second."""
    written = rfc3339(seconds)
    return shown_time(seconds) if written is None else f"{written[:10]} {written[11:19]} UTC"


def describe(outcome: Outcome, trace: Sequence[str] = ()) -> str:
    """An outcome in one line: what, why, where, by which article. trace: the places from its trap
    outwards."""
    text = _WORDS[outcome.kind]
    text += f": {outcome.explanation}" if outcome.explanation else ""
    text += f" at {_where(outcome.place, trace)}" if outcome.place else ""
    return text + (f" ({outcome.article})" if outcome.article else "")


def describe_result(
    outcome: Outcome, frames: tuple[int, ...], blocks: Mapping[Cid, bytes], module: Cid
) -> str:
    """An outcome, with the calls that its module names where that is among the blocks."""
    code = blocks.get(module) if frames else None
    return describe(
        outcome, () if code is None else backtrace_places(outcome, calls_to(code, frames))
    )


def _where(place: str, trace: Sequence[str]) -> str:
    """The innermost place of the program's own, and how it was come to."""
    own = next((n for n, each in enumerate(trace) if not each.startswith(LIBRARY_PREFIX)), None)
    if own is None:
        return place
    inside = f" in {place}" if own else ""
    calls = "".join(f", called from {each}" for each in trace[own + 1 : own + 1 + CALLS_SHOWN_MAX])
    return f"{trace[own]}{inside}{calls}"


def outcome_text(job: JobView) -> str:
    """What follows the progress of a job that ended well."""
    if job.not_applied:
        step = step_after_conflict(job)
        then = "" if step is None else f"; on the state as it is now: {step}"
        return f"Not applied: {'; '.join(job.not_applied)}{then}"
    if job.output is None:
        return f"No output. Logs: meshctl logs {job.job_id}"
    return f"Show the output: meshctl results {job.job_id}"


def step_after_conflict(job: JobView) -> str | None:
    """The command that executes a job again whose state another one has changed meanwhile."""
    if EffectFault.STATE_MOVED.value in job.not_applied:
        return f"meshctl rerun {job.job_id} --wait"
    return None


def verdict_text(verdict: Verdict | None) -> str:
    """What an attestation says; inconclusive where another engine gave it."""
    return "inconclusive" if verdict is None else verdict.value


def reputation_text(row: Mapping[str, Any]) -> str:
    return f"{row['reputation']}" if row["has_evidence"] else f"{row['reputation']} (no evidence)"


def bid_rows(job: JobView) -> list[dict[str, Any]]:
    """The bids for machines and for the table."""
    return [
        {
            "node_id": bid.node_id,
            "price": bid.price,
            "units": bid.units,
            "estimated_seconds": bid.estimated_seconds,
            "reputation": bid.reputation.score,
            "has_evidence": bid.reputation.is_evident,
            "location": bid.location,
            "expires_at": bid.expires_at,
            "is_expired": bid.is_expired,
            "score_ppm": bid.score_ppm,
        }
        for bid in job.bids
    ]


def job_to_value(job: JobView) -> dict[str, Any]:
    """A job for machines: CIDs as text, times as Unix seconds."""
    body = job.manifest.body
    value: dict[str, Any] = {
        "job_id": job.job_id,
        "state": job.phase.value,
        "description": body.description,
        "reason": job.reason,
        "manifest": str(job.manifest.cid),
        "module": str(body.module),
        "input": _text(body.input),
        "entry": body.entry,
        "resource_type": body.resource_type.value,
        "resource_amount": body.resource_amount,
        "budget": body.budget,
        "priority": body.priority.value,
        "submitted_at": job.submitted_at,
        "changed_at": job.changed_at,
        "missing": [str(cid) for cid in job.missing],
        "bids": bid_rows(job),
        "declines": [
            {"node_id": each.node_id, "reason": each.reason, "detail": each.detail}
            for each in job.declines
        ],
        "award": None,
        "receipt": _text(job.receipt),
        "anchor": _text(job.anchor),
        "attestations": [
            {
                "verifier": each.verifier,
                "verdict": verdict_text(each.verdict),
                "cid": str(each.cid),
            }
            for each in job.attestations
        ],
        "output": _text(job.output),
        "outcome": None,
        "trace": [],
        "fuel_used": None,
        "metrics": None,
        "settlement": None if job.settlement is None else str(job.settlement.cid),
        "not_applied": list(job.not_applied),
    }
    if job.award is not None:
        value["award"] = {
            "node_id": job.award.node_id,
            "price": job.award.price,
            "attempt": job.award.attempt,
            "fuel_limit": job.award.fuel_limit,
            "ends_at": job.award.ends_at,
        }
    if job.deterministic is not None:
        value["outcome"] = job.deterministic.outcome.to_value()
        value["trace"] = list(job.trace)
        value["fuel_used"] = job.deterministic.fuel_used
    if job.metrics is not None:
        value["metrics"] = {
            "wall_ms": job.metrics.wall_ms,
            "memory_peak_bytes": job.metrics.memory_peak_bytes,
            "host_calls": job.metrics.host_calls,
        }
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)
