"""Host calls of state, events and the caller."""

from collections.abc import Mapping
from typing import Any, Final

from ccl.abi.limits import NAME_BYTES_MAX
from runtime.content.codec import CodecError
from runtime.execution.effects import DeclareState, Effect, EmitEvent, ForgetState
from runtime.host.invocation import Invocation
from runtime.host.state.store import schema_of
from runtime.host.stop import trap

EVENT_BYTES_MAX: Final = 65_536
ARTICLE_BYTES_MAX: Final = 256
_NAME_SHOWN_MAX: Final = 100


def read_state(invocation: Invocation, home: str, variable: str) -> bytes | None:
    return invocation.state.value(home, variable)


def state_shape(invocation: Invocation, home: str, variable: str) -> bytes | None:
    stored = invocation.state.stored(home, variable)
    return None if stored is None else stored.shape.encode("utf-8")


def state_difference(invocation: Invocation, home: str, schema: str) -> bytes:
    stored, wanted = invocation.state.schema(home, invocation.meter), schema_of(schema)
    if stored == wanted:
        return b"same"
    if not stored:
        return b"nothing"
    gone = min((name for name in stored if name not in wanted), default=None)
    if gone is not None:
        shown = gone[:_NAME_SHOWN_MAX]
        return f"state `{shown}` is stored, this program has none of that name".encode()
    changed = any(stored[name] != wanted[name] for name in stored)
    return b"changed" if changed else b"added"


def declare_state(invocation: Invocation, home: str, schema: str) -> int | str:
    refusal, gone = invocation.state.declare(home, schema, invocation.meter)
    effects: list[Effect] = [DeclareState(home=home, schema=schema)]
    effects += [ForgetState(home=home, variable=each) for each in gone]
    for effect in effects:
        refusal = refusal or invocation.append_effect(effect)
    return 1 if refusal is None else refusal


def read_contract(invocation: Invocation, home: str) -> bytes | None:
    try:
        return invocation.state.contract(home, invocation.meter)
    except CodecError as error:
        raise trap(f"host_read_contract: the state of {home} is no one value", str(error)) from None


def write_state(
    invocation: Invocation, home: str, variable: str, shape: str, value: bytes
) -> int | str:
    state = invocation.state
    found = state.writing(home, variable, shape, value, invocation.meter)
    match found:
        case None:
            return 1
        case str():
            return found
        case _:
            reason = state.refused(found) or invocation.write_effect(found.effect)
            if reason is not None:
                return reason
            state.write(found)
            return 1


def emit(invocation: Invocation, name: str, data: bytes, article: str) -> int | str:
    size = len(name.encode("utf-8"))
    if not 0 < size <= NAME_BYTES_MAX:
        return f"the name of an event has 1 to {NAME_BYTES_MAX} bytes, found {size}"
    if len(article.encode("utf-8")) > ARTICLE_BYTES_MAX:
        return f"the name of an article has at most {ARTICLE_BYTES_MAX} bytes"
    if len(data) > EVENT_BYTES_MAX:
        return f"{name}: {len(data)} bytes, an event has at most {EVENT_BYTES_MAX}"
    try:
        invocation.meter.decode(data)
    except CodecError as error:
        return f"{name}: not canonical DAG-CBOR: {error}"
    reason = invocation.append_effect(EmitEvent(name=name, data=data, article=article))
    return 1 if reason is None else reason


def caller_has_role(invocation: Invocation, role: str) -> int | str:
    if invocation.has_role(role):
        return 1
    return f"the context grants the caller no role {role[:80]!r}"


def get_reputation(invocation: Invocation) -> int:
    return invocation.context.reputation


STATE_CALLS: Final[Mapping[str, Any]] = {
    "host_read_state": read_state,
    "host_state_shape": state_shape,
    "host_state_difference": state_difference,
    "host_declare_state": declare_state,
    "host_read_contract": read_contract,
    "host_write_state": write_state,
    "host_emit": emit,
    "host_caller_has_role": caller_has_role,
    "host_get_reputation": get_reputation,
}
