"""Requests to the sandbox, and its answers when this machine could not execute them."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NewType

from msgspec import Struct, field

from runtime.content.cid import Cid
from runtime.execution.context import Context

Ticket = NewType("Ticket", int)
"""Names one submitted request; never used twice by a sandbox."""


class Side(Enum):
    """Whom an execution is for. What one side has executed the other executes elsewhere."""

    EXECUTOR = "executor"
    VERIFIER = "verifier"


class Request(Struct, frozen=True, kw_only=True):
    """Execute the module in the context.

    input: the bytes of the context's input block. blocks: what its state root and its register
    of token holders name (`runtime.execution.state.surrounding_blocks`). wall_seconds: the
    backstop, None for one that follows from the fuel limit. side: executions of one context for
    different sides never share a worker process; None shares with both.
    """

    module: bytes
    module_cid: Cid
    context: Context
    input: bytes | None = None
    blocks: Mapping[Cid, bytes] = field(default_factory=dict)
    wall_seconds: float | None = None
    side: Side | None = None


class FaultReason(Enum):
    """Why there is no result. None of the reasons says anything about the module's behaviour."""

    WRONG_BLOCK = "the bytes are not the block that was named"
    WRONG_ENGINE = "the context names another engine"
    OVER_CAPACITY = "the context allows more than this machine gives"
    COMPILE_BUDGET = "compiling took more time or memory than is allowed"
    NOT_COMPILED = "the engine could not compile the module"
    NOT_EXECUTED = "the engine could not execute the module"
    COMPILER_DIED = "the compiler process died"
    WORKER_DIED = "the worker process died"
    WORKER_UNUSABLE = "a worker process could not be started"
    WALL_CLOCK = "the execution was ended by the wall-clock backstop"
    HOST_LIMIT = "this machine could not provide what the execution needs"
    MISBEHAVED = "the worker's answer could not be read"
    CANCELLED = "the execution was cancelled"
    CLOSED = "the sandbox was closed"


OF_THE_MODULE: Final = frozenset(
    {FaultReason.COMPILE_BUDGET, FaultReason.NOT_COMPILED, FaultReason.NOT_EXECUTED}
)
"""Faults that every machine like this one would have: they count against no attempt and no node."""


class Fault(Struct, frozen=True, kw_only=True):
    """No result, for a reason of this machine, not of the program."""

    reason: FaultReason
    text: str = ""

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.text}" if self.text else self.reason.value
