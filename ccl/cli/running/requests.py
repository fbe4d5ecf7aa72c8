"""What a program asked for, as requests to the mesh under the local identity."""

from collections.abc import Iterable, Mapping
from typing import Any

from ccl.cli.boundary import CommandError, ExitCode
from mesh.local.submitting import DEFAULT_ENTRY, JobRequest
from mesh.records import Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.content.typed import ShapeError, from_value, to_value
from runtime.effects import Effect, SubmitJob
from runtime.tokens.token import ResourceType


def requests_of(effects: Iterable[Effect], source: Cid | None) -> tuple[JobRequest, ...]:
    """The submissions among the effects, in order. Raises CommandError for one the mesh has
    no form for. source: CID of the CCL source that asked."""
    return tuple(_request(effect, source) for effect in effects if isinstance(effect, SubmitJob))


def spending(requests: Iterable[JobRequest]) -> dict[str, int]:
    """The most that the requests can cost, in units by resource type."""
    total: dict[str, int] = {}
    for request in requests:
        ceiling = request.resource_amount if request.budget is None else request.budget
        name = request.resource_type.value
        total[name] = total.get(name, 0) + ceiling
    return total


def _request(effect: SubmitJob, source: Cid | None) -> JobRequest:
    required = dict(effect.requirements)
    if effect.max_seconds is not None:
        required["max_seconds"] = effect.max_seconds
    return JobRequest(
        module=effect.wasm_cid,
        resource_amount=effect.resource_amount,
        description=effect.description,
        resource_type=ResourceType(effect.resource_type),
        budget=effect.budget,
        priority=Priority(effect.priority),
        entry=effect.entry or DEFAULT_ENTRY,
        arguments=effect.arguments,
        input=effect.input,
        ccl=source,
        requirements=_overlaid(Requirements, Requirements(), required),
        trust=_overlaid(Trust, Trust(), effect.trust),
    )


def _overlaid(kind: type[Any], defaults: Any, given: Mapping[str, Any]) -> Any:
    """The record of `kind` with the fields that the program gave. Raises CommandError."""
    try:
        return from_value(kind, {**to_value(defaults), **given})
    except (ShapeError, ValueError) as error:
        raise CommandError(
            "submission-refused",
            f"the submission's {kind.__name__.lower()} cannot be used: {error}",
            hint="correct them in the charter or in the call of submit_job",
            exit_code=ExitCode.FINDINGS,
        ) from None
