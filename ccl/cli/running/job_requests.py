"""Submissions of a program, as requests to the mesh under the local identity."""

from collections.abc import Iterable, Mapping
from typing import Any

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from mesh.local import LocalMesh
from mesh.local.request import DEFAULT_ENTRY, JobRequest
from mesh.local.runs import Submission
from mesh.records import Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.content.shapes import ShapeError
from runtime.content.typed import from_value, to_value
from runtime.execution.effects import Effect, SubmitJob
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import ResourceType


def submissions_of(
    mesh: LocalMesh, effects: Iterable[Effect], source: Cid | None
) -> tuple[Submission, ...]:
    """Lists the submissions among the effects, each under a new id. Raises CommandError for one
    without a form in the mesh. source: CID of the CCL source that submits."""
    return tuple(
        Submission(position=position, request=request_of(effect, source), job_id=mesh.new_job_id())
        for position, effect in enumerate(effects)
        if isinstance(effect, SubmitJob)
    )


def request_of(effect: SubmitJob, source: Cid | None) -> JobRequest:
    """Raises CommandError."""
    required = dict(effect.requirements)
    if effect.max_seconds is not None:
        required["max_seconds"] = effect.max_seconds
    return JobRequest(
        module=effect.wasm_cid,
        resource_amount=effect.resource_amount,
        description=effect.description,
        resource_type=ResourceType(effect.resource_type),
        budget=effect.budget,
        scope=effect.scope or "",
        priority=Priority(effect.priority),
        entry=effect.entry or DEFAULT_ENTRY,
        arguments=effect.arguments,
        input=effect.input,
        ccl=source,
        requirements=_overlaid(Requirements, Requirements(), required),
        trust=_overlaid(Trust, Trust(), with_majority(effect.trust)),
    )


def with_majority(trust: Mapping[str, Any]) -> Mapping[str, Any]:
    """Completes the terms of trust with the smallest majority of the verifiers where no quorum is
    given."""
    verifiers = trust.get("verifiers", VERIFIERS_DEFAULT)
    if "quorum" in trust or QUORUM_DEFAULT <= verifiers < 2 * QUORUM_DEFAULT:
        return trust
    return {**trust, "quorum": verifiers // 2 + 1}


def _overlaid(kind: type[Any], defaults: Any, given: Mapping[str, Any]) -> Any:
    """Makes the record of `kind` with the fields of the program. Raises CommandError."""
    try:
        return from_value(kind, {**to_value(defaults), **given})
    except (ShapeError, ValueError) as error:
        raise CommandError(
            ExitCode.FAILED,
            "submission-refused",
            f"the submission's {kind.__name__.lower()} cannot be used: {error}",
            hint="correct them in the charter or in the call of submit_job",
        ) from None
