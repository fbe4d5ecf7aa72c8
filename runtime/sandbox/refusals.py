"""Refusals of requests: blocks that are not those of the context, and sizes over the limits.

Rule: nothing here starts or calls a process.
"""

from typing import Final

from runtime.content.codec import CodecError
from runtime.execution.context import MEMORY_BYTES_MAX
from runtime.execution.state import (
    SNAPSHOT_BYTES_MAX,
    STATE_BYTES_MAX,
    TOKENS_BYTES_MAX,
    MissingBlock,
    surrounding_blocks,
)
from runtime.sandbox.engine import engine_text
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.request import Fault, FaultReason, Request

SURROUNDING_BYTES_MAX: Final = STATE_BYTES_MAX + SNAPSHOT_BYTES_MAX + TOKENS_BYTES_MAX


def refusal(request: Request, limits: SandboxLimits) -> Fault | None:
    """Gives the reason why no process takes the request, or None."""
    context = request.context
    if context.engine != engine_text():
        text = f"it needs {context.engine}, this is {engine_text()}"
        return Fault(reason=FaultReason.WRONG_ENGINE, text=text)
    if not request.module_cid.matches(request.module):
        return Fault(reason=FaultReason.WRONG_BLOCK, text=f"module {request.module_cid}")
    if (context.input is None) != (request.input is None):
        return Fault(reason=FaultReason.WRONG_BLOCK, text="input given or named, not both")
    if context.input is not None and not context.input.matches(request.input or b""):
        return Fault(reason=FaultReason.WRONG_BLOCK, text=f"input {context.input}")
    wrong = _wrong_surroundings(request)
    if wrong is not None:
        return Fault(reason=FaultReason.WRONG_BLOCK, text=wrong)
    for name, given, most in (
        ("memory_bytes", context.limits.memory_bytes, MEMORY_BYTES_MAX),
        ("output_bytes", context.limits.output_bytes, limits.output_bytes),
        ("input_bytes", len(request.input or b""), limits.input_bytes),
        ("state_bytes", sum(map(len, request.blocks.values())), SURROUNDING_BYTES_MAX),
    ):
        if given > most:
            text = f"{name} {given}, at most {most}"
            return Fault(reason=FaultReason.OVER_CAPACITY, text=text)
    return None


def _wrong_surroundings(request: Request) -> str | None:
    """Finds missing or wrong blocks among those that the context names."""
    for cid, data in request.blocks.items():
        if not cid.matches(data):
            return str(cid)
    try:
        surrounding_blocks(request.context, request.blocks.get)
    except MissingBlock as missing:
        return str(missing)
    except CodecError as error:
        return f"state {request.context.state_root}: {error}"
    return None
