"""A job as a user asks for it, before it has a token, times or a signature."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct, field

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from mesh.core.fields import JobId
from mesh.core.records.terms import Children, Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.typed import from_value, to_value
from runtime.execution.effects import SubmitJob
from runtime.tokens.token import ResourceType

T = TypeVar("T")

DEFAULT_ENTRY: Final = "run"


class JobRequest(Struct, frozen=True, kw_only=True):
    """What a user asks for. budget: highest price, the amount itself by default.

    arguments: DAG-CBOR list. scope: of the token that pays; tokens of a scope pay for nothing
    else. token: which token pays, the first that covers it by default. job_id: makes a repeat
    harmless; a new one by default. children: what the program may submit itself.
    """

    module: Cid
    resource_amount: int
    description: str = ""
    resource_type: ResourceType = ResourceType.COMPUTE
    budget: int | None = None
    priority: Priority = Priority.MEDIUM
    entry: str = DEFAULT_ENTRY
    arguments: bytes | None = None
    input: Cid | None = None
    ccl: Cid | None = None
    scope: str = ""
    requirements: Requirements = field(default_factory=Requirements)
    trust: Trust = field(default_factory=Trust)
    engine: str | None = None
    award_delegate: Did | None = None
    children: Children | None = None
    token: Cid | None = None
    job_id: JobId | None = None


class MalformedSubmission(ValueError):
    """A submission of a program that has no form as a request."""


def request_of(effect: SubmitJob, source: Cid | None) -> JobRequest:
    """The request that a program's submission stands for. source: CID of the CCL source that
    submits. Raises MalformedSubmission."""
    required = dict(effect.requirements)
    if effect.max_seconds is not None:
        required["max_seconds"] = effect.max_seconds
    try:
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
    except MalformedSubmission:
        raise
    except ValueError as error:
        raise MalformedSubmission(f"the submission cannot be used: {error}") from None


def with_majority(trust: Mapping[str, Any]) -> Mapping[str, Any]:
    """The terms of trust, with the smallest majority of the verifiers where no quorum is given."""
    verifiers = trust.get("verifiers", VERIFIERS_DEFAULT)
    if "quorum" in trust or not isinstance(verifiers, int):
        return trust
    if QUORUM_DEFAULT <= verifiers < 2 * QUORUM_DEFAULT:
        return trust
    return {**trust, "quorum": verifiers // 2 + 1}


def _overlaid(kind: type[T], defaults: T, given: Mapping[str, Any]) -> T:
    """The record of `kind` with the fields of the program. Raises MalformedSubmission."""
    try:
        return from_value(kind, {**to_value(defaults), **given})
    except ValueError as error:
        name = kind.__name__.lower()
        raise MalformedSubmission(f"the submission's {name} cannot be used: {error}") from None
