"""Host calls: one function for each entry of the table in `ccl.abi.host_calls`.

A function gets the invocation and the decoded parameters: text for TEXT, bytes for BYTES, int for
INTEGER. It returns bytes or None for a BUFFER, a number for an INTEGER, and for a STATUS or HANDLE
a number above 0, or a text: the reason of the refusal.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ccl.abi.fuel import RUN_PRICES
from ccl.abi.host_calls import HOST_CALLS, REFUSAL_BYTES_MAX
from runtime.content.codec import CodecError
from runtime.execution.effects import AnchorData, RecordUsage
from runtime.host.dag_calls import DAG_CALLS
from runtime.host.invocation import Invocation
from runtime.host.manifest import RefusedError, decoded, metered_resource, positive, submission
from runtime.host.policy import Policies, permitted, rules_more
from runtime.host.state.calls import STATE_CALLS
from runtime.host.stop import trap
from runtime.host.tokens.calls import TOKEN_CALLS

ANCHOR_BYTES_MAX: Final = 65_536
_RANDOM_MASK: Final = (1 << 63) - 1

Answered: TypeAlias = int | str | bytes | None
Implementation: TypeAlias = Callable[..., Answered]


def _submit(invocation: Invocation, fields: Mapping[str, Any]) -> int | str:
    try:
        job = submission(fields, invocation.meter)
    except RefusedError as refusal:
        return refusal.explained(invocation.meter)
    granted = _authorized(invocation, job.resource_type, job.committed_units, job.scope or "")
    if isinstance(granted, str):
        return granted
    reason = invocation.append_effect(job)
    if reason is not None:
        return reason
    invocation.commit(job.resource_type, job.committed_units, granted)
    return len(invocation.effects)


def _authorized(invocation: Invocation, kind: str, amount: int, scope: str = "") -> Policies | str:
    """Gives the policies as they are after the amount was used within a scope, or a reason."""
    available = invocation.available_units(kind)
    if available < amount:
        return f"{kind}: {amount} units asked for, {max(available, 0)} available"
    try:
        policies = invocation.policies(kind)
    except ValueError as error:
        return f"{kind}: the policy in the context cannot be read: {error}"
    invocation.meter.charge(RUN_PRICES["policy"].item * rules_more(policies))
    context = invocation.context
    granted = permitted(
        policies, scope=scope, subject=context.caller, amount=amount, now=context.now
    )
    return f"{kind}: {granted}" if isinstance(granted, str) else granted


def submit_job(
    invocation: Invocation,
    wasm_cid: str,
    description: str,
    kind: str,
    amount: int,
    priority: str,
) -> int | str:
    return _submit(
        invocation,
        {
            "wasm_cid": wasm_cid,
            "description": description,
            "resource_type": kind,
            "resource_amount": amount,
            "priority": priority,
        },
    )


def submit_manifest(invocation: Invocation, manifest: bytes) -> int | str:
    try:
        fields = decoded(manifest, invocation.meter)
    except RefusedError as refusal:
        return str(refusal)
    return _submit(invocation, fields)


def check_resource_authorization(invocation: Invocation, kind: str, amount: int) -> int | str:
    try:
        granted = _authorized(invocation, metered_resource(kind), positive("amount", amount))
    except RefusedError as refusal:
        return refusal.explained(invocation.meter)
    return granted if isinstance(granted, str) else 1


def record_resource_usage(invocation: Invocation, kind: str, amount: int) -> None:
    try:
        effect = RecordUsage(
            resource_type=metered_resource(kind), amount=positive("amount", amount)
        )
    except RefusedError as refusal:
        text = refusal.explained(invocation.meter)
        raise trap(f"host_record_resource_usage: {text}") from None
    reason = invocation.append_effect(effect)
    if reason is not None:
        raise trap(f"host_record_resource_usage: {reason}")


def anchor_to_dag(invocation: Invocation, data: str) -> int | str:
    size = len(data.encode("utf-8"))
    if size > ANCHOR_BYTES_MAX:
        return f"{size} bytes, at most {ANCHOR_BYTES_MAX} are anchored"
    reason = invocation.append_effect(AnchorData(data=data))
    return 1 if reason is None else reason


def log_message(invocation: Invocation, text: str) -> None:
    invocation.log_line(text)


def last_refusal(invocation: Invocation) -> bytes | None:
    if invocation.refusal is None:
        return None
    reason = invocation.refusal.encode("utf-8")
    if len(reason) <= REFUSAL_BYTES_MAX:
        return reason
    mark = "…".encode()
    kept = reason[: REFUSAL_BYTES_MAX - len(mark)].decode("utf-8", "ignore")
    return kept.encode("utf-8") + mark


def read_input(invocation: Invocation) -> bytes | None:
    return invocation.input


def input_cid(invocation: Invocation) -> bytes | None:
    cid = invocation.context.input
    return None if cid is None else str(cid).encode("ascii")


def write_output(invocation: Invocation, data: bytes) -> int | str:
    reason = invocation.replace_output(data)
    return 1 if reason is None else reason


def get_caller(invocation: Invocation) -> bytes:
    return invocation.context.caller.encode("utf-8")


def get_current_time(invocation: Invocation) -> int:
    return invocation.context.now


def random(invocation: Invocation) -> int:
    return int.from_bytes(invocation.random.take(8), "little") & _RANDOM_MASK


def get_context(invocation: Invocation, name: str) -> bytes | None:
    return invocation.record(name)


def get_token_balance(invocation: Invocation, kind: str) -> int:
    return max(invocation.available_units(kind), 0)


def begin_section(invocation: Invocation, kind: str, label: bytes) -> None:
    _canonical(invocation, "host_begin_section", label)
    invocation.charter_entry(["begin", kind, label], len(kind) + len(label))


def set_property(invocation: Invocation, key: str, value: bytes) -> None:
    _canonical(invocation, "host_set_property", value)
    invocation.charter_entry(["set", key, value], len(key) + len(value))


def end_section(invocation: Invocation) -> None:
    invocation.charter_entry(["end"], 0)


def leave_undecided(invocation: Invocation, condition: str, missing: str, place: str) -> None:
    size = len(condition) + len(missing) + len(place)
    invocation.charter_entry(["undecided", condition, missing, place], size)


def _canonical(invocation: Invocation, call: str, value: bytes) -> None:
    try:
        invocation.meter.decode(value)
    except CodecError as error:
        raise trap(f"{call}: the value is not canonical DAG-CBOR", str(error)) from None


IMPLEMENTATIONS: Final[Mapping[str, Implementation]] = {
    "host_submit_job": submit_job,
    "host_submit_manifest": submit_manifest,
    "host_check_resource_authorization": check_resource_authorization,
    "host_record_resource_usage": record_resource_usage,
    "host_anchor_to_dag": anchor_to_dag,
    "host_log_message": log_message,
    "host_last_refusal": last_refusal,
    "host_read_input": read_input,
    "host_input_cid": input_cid,
    "host_write_output": write_output,
    "host_get_caller": get_caller,
    "host_get_current_time": get_current_time,
    "host_random": random,
    "host_get_context": get_context,
    "host_get_token_balance": get_token_balance,
    **STATE_CALLS,
    **TOKEN_CALLS,
    **DAG_CALLS,
    "host_begin_section": begin_section,
    "host_set_property": set_property,
    "host_end_section": end_section,
    "host_leave_undecided": leave_undecided,
}

assert IMPLEMENTATIONS.keys() == HOST_CALLS.keys(), "each host call has one implementation"
