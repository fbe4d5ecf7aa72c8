"""Host calls of tests: one function for each entry of the table in `ccl.abi.test_calls`.

They change the context for the rest of this execution, and keep the records of the test for its
runner. A module that has them is refused outside a rehearsal before it starts.
"""

from collections.abc import Mapping
from typing import Any, Final

from ccl.abi.test_calls import TEST_CALLS
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX, encode
from runtime.content.did import parse_did
from runtime.execution.context import ROLES_RECORD
from runtime.execution.effects import effect_to_value
from runtime.execution.rehearsal import Comparison, Expectation, Rehearsal
from runtime.host.calls import Implementation
from runtime.host.fuel_meter import FuelMeter
from runtime.host.invocation import Invocation
from runtime.host.manifest import RefusedError, resource_type
from runtime.host.stop import trap

_EFFECT_ITEMS: Final = 8


def _rehearsal(invocation: Invocation) -> Rehearsal:
    assert invocation.rehearsal is not None, "the machine refuses the module otherwise"
    return invocation.rehearsal


def enter(invocation: Invocation, place: str, reason: str) -> int:
    rehearsal = _rehearsal(invocation)
    rehearsal.reached += 1
    if rehearsal.reached != rehearsal.enter:
        return 0
    rehearsal.entered = Expectation(place=place, reason=reason)
    return 1


def compare(invocation: Invocation, kind: str, left: bytes, right: bytes) -> None:
    _rehearsal(invocation).compared = Comparison(kind=kind, left=left, right=right)


def caller(invocation: Invocation, did: str) -> None:
    roles = _rehearsal(invocation).roles.get(did, [])
    records = {**invocation.context.records, ROLES_RECORD: list(roles)}
    invocation.change_context(caller=parse_did(did), records=records)


def time(invocation: Invocation, seconds: int) -> None:
    if not 0 <= seconds <= INTEGER_MAX:
        raise trap("a time is not before 1970")
    invocation.change_context(now=seconds)


def advance(invocation: Invocation, seconds: int) -> None:
    time(invocation, invocation.context.now + seconds)


def role(invocation: Invocation, name: str) -> None:
    held = _rehearsal(invocation).roles.setdefault(invocation.context.caller, [])
    if name not in held:
        held.append(name)
    records = {**invocation.context.records, ROLES_RECORD: list(held)}
    invocation.change_context(records=records)


def input_(invocation: Invocation, text: str) -> None:
    data = text.encode("utf-8")
    invocation.change_context(input=cid_of(data, Codec.RAW))
    invocation.input = data


def balance(invocation: Invocation, kind: str, units: int) -> None:
    try:
        named = resource_type(kind)
    except RefusedError as refusal:
        raise trap(f"with_balance: {refusal}") from None
    if units < 0:
        raise trap("with_balance: a balance is not negative")
    invocation.change_context(balances={**invocation.context.balances, named: units})


def effects(invocation: Invocation, kind: str) -> bytes:
    meter = invocation.meter
    meter.charge_items(_EFFECT_ITEMS * len(invocation.effects))
    listed = (effect_to_value(effect) for effect in invocation.effects)
    return encode([_readable(fields, meter) for name, fields in listed if name == kind])


def _readable(value: Any, meter: FuelMeter) -> Any:
    """Converts a value to the form that programs read: links are texts, and encoded values are
    values."""
    match value:
        case Cid():
            return str(value)
        case bytes():
            return meter.decode(value)
        case Mapping():
            return {key: _readable(each, meter) for key, each in value.items()}
        case _:
            return value


def log(invocation: Invocation) -> bytes:
    invocation.meter.charge_items(len(invocation.log))
    return encode(list(invocation.log))


TEST_IMPLEMENTATIONS: Final[Mapping[str, Implementation]] = {
    "test_enter": enter,
    "test_compare": compare,
    "test_caller": caller,
    "test_time": time,
    "test_advance": advance,
    "test_role": role,
    "test_input": input_,
    "test_balance": balance,
    "test_effects": effects,
    "test_log": log,
}

assert TEST_IMPLEMENTATIONS.keys() == TEST_CALLS.keys(), "each call of tests has one implementation"
