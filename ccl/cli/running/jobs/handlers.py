"""Handlers of a run: the event and the payload that each gets for a job, and its result."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from ccl.abi.events import JOB_FIELDS
from ccl.cli.running.execution import Run
from ccl.cli.running.jobs.following import Followed
from ccl.cli.running.results.effects_output import effects_to_json
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.runs import RunJob
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError, decode
from runtime.execution.execution import Outcome as ProgramOutcome

PAYLOAD_OUTPUT_BYTES_MAX: Final = 256 * 1024
"""The largest output in a handler's payload; of a larger one it has the CID."""


class Handling(Struct, frozen=True, kw_only=True):
    """The result of a handler for a job. refusal: why nothing of it was applied."""

    job_id: JobId
    event: str
    run: Run
    refusal: str

    def to_json(self) -> dict[str, Any]:
        outcome = self.run.execution.deterministic.outcome
        return {
            "job_id": self.job_id,
            "event": self.event,
            "outcome": outcome.to_value(),
            "value": self.run.value,
            "logs": list(self.run.logs),
            "effects": [] if self.refusal else effects_to_json(self.run.effects),
            "refusal": self.refusal or None,
        }


def is_completed(followed: Followed) -> bool:
    view = followed.view
    is_verified = view.phase is Phase.VERIFIED and not followed.findings
    return is_verified and view.deterministic is not None and view.deterministic.outcome.succeeded


def handler_payload(mesh: EmbeddedMesh, job: RunJob, followed: Followed) -> dict[str, Any]:
    """Gives the record `ctx` of a handler; fields without a value are left out."""
    view = followed.view
    payload: dict[str, Any] = {
        "job_id": job.job_id,
        "handle": job.handle,
        "state": view.phase.value,
        "module": str(view.manifest.body.module),
        "description": view.manifest.body.description,
        "outcome": "none" if view.deterministic is None else view.deterministic.outcome.kind.value,
    }
    if view.award is not None:
        payload |= {"node_id": view.award.node_id, "price": view.award.price}
    if view.receipt is not None:
        payload["receipt"] = str(view.receipt)
    reason = view.reason
    if view.deterministic is not None and not view.deterministic.outcome.succeeded:
        reason = _why(view.deterministic.outcome)
    if reason:
        payload["reason"] = reason
    if followed.output_cid is not None:
        payload["output_cid"] = str(followed.output_cid)
        value = _output_value(mesh, followed.output_cid)
        if value is not None:
            payload["output"] = value
    assert payload.keys() <= set(JOB_FIELDS), "the checker reads the fields from this table"
    return payload


def _why(outcome: ProgramOutcome) -> str:
    """Gives the reason of a job's failure, and its place in the source."""
    where = f" at {outcome.place}" if outcome.place else ""
    return f"{outcome.cause or outcome.kind.value}{where}"


def handler_results(mesh: EmbeddedMesh, jobs: Mapping[JobId, Followed]) -> dict[str, Any]:
    """Gives the outputs of verified jobs by job id, as long as they fit the payload together."""
    found: dict[str, Any] = {}
    left = PAYLOAD_OUTPUT_BYTES_MAX
    for job_id, followed in jobs.items():
        if followed.output_cid is None:
            continue
        left -= len(mesh.get_block(followed.output_cid))
        value = _output_value(mesh, followed.output_cid) if left >= 0 else None
        if value is not None:
            found[job_id] = value
    return found


def _output_value(mesh: EmbeddedMesh, cid: Cid) -> Any:
    """Decodes an output: its value, or text, or bytes; None for one that is too large."""
    data = mesh.get_block(cid)
    if len(data) > PAYLOAD_OUTPUT_BYTES_MAX:
        return None
    if cid.codec is Codec.DAG_CBOR:
        try:
            return decode(data)
        except CodecError:
            return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data
