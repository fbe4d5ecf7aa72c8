"""Host calls of the DAG: blocks that a program puts, reads and keeps."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.content.cid import Cid, CidError, Codec, cid_of, parse_cid
from runtime.execution.effects import PinBlock, PutBlock, UnpinBlock
from runtime.host.invocation import Invocation


def calculate_cid(invocation: Invocation, data: bytes) -> bytes:
    return _written(cid_of(data, Codec.RAW))


def dag_put(invocation: Invocation, data: bytes) -> bytes | None:
    cid = cid_of(data, Codec.RAW)
    state = invocation.state
    if state.is_pinned(cid):
        return _written(cid)
    effect = PutBlock(cid=cid)
    reason = invocation.effect_refused(effect) or state.put(cid, data)
    if reason is not None:
        invocation.refuse(reason)
        return None
    invocation.add_effect(effect)
    return _written(cid)


def dag_get(invocation: Invocation, text: str) -> bytes | None:
    found = _readable(invocation, text)
    if isinstance(found, str):
        invocation.refuse(found)
        return None
    return found[1]


def dag_pin(invocation: Invocation, text: str) -> int | str:
    found = _readable(invocation, text)
    if isinstance(found, str):
        return found
    cid, data = found
    if invocation.state.is_pinned(cid):
        return 1
    effect = PinBlock(cid=cid)
    reason = invocation.effect_refused(effect) or invocation.state.pin(cid, len(data))
    if reason is not None:
        return reason
    invocation.add_effect(effect)
    return 1


def dag_unpin(invocation: Invocation, text: str) -> int | str:
    cid = _cid(text)
    if isinstance(cid, str):
        return cid
    if not invocation.state.is_pinned(cid):
        return f"{cid} is not pinned"
    reason = invocation.append_effect(UnpinBlock(cid=cid))
    if reason is not None:
        return reason
    invocation.state.unpin(cid)
    return 1


def _readable(invocation: Invocation, text: str) -> tuple[Cid, bytes] | str:
    """Finds a block that the program may read, or the reason why it may not."""
    cid = _cid(text)
    if isinstance(cid, str):
        return cid
    data = invocation.state.block(cid)
    if data is None and cid == invocation.context.input:
        data = invocation.input
    return f"{cid} is not pinned in this context: put it first" if data is None else (cid, data)


def _cid(text: str) -> Cid | str:
    try:
        return parse_cid(text)
    except CidError as error:
        return f"{text[:80]!r} is not a CID: {error.reason}"


def _written(cid: Cid) -> bytes:
    return str(cid).encode("ascii")


DAG_CALLS: Final[Mapping[str, Any]] = {
    "host_calculate_cid": calculate_cid,
    "host_dag_put": dag_put,
    "host_dag_get": dag_get,
    "host_dag_pin": dag_pin,
    "host_dag_unpin": dag_unpin,
}
