"""The port of an actor's work: executions and fetches that a driver carries out for it.

Rule: work is asked for in a transaction and begins after its commit; its result comes back through
`Actor.finished`, once, in a later transaction. Work that was cancelled gives no result.
"""

from enum import Enum
from typing import NewType, Protocol, TypeAlias

from msgspec import Struct

from mesh.core.records.terms import Priority
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.execution import Execution

WorkId = NewType("WorkId", str)
"""Unique within an actor, and the same for a repeat."""


class Fetch(Struct, frozen=True, kw_only=True):
    """Bring all blocks that an execution takes into the actor's own block store.

    What these are follows from the three (`mesh.core.verification.inputs`): pieces of a file, the
    state with its values, the register. extra: further blocks. owners: who is asked, in order.
    """

    module: Cid
    context: Cid
    input: Cid | None
    extra: tuple[Cid, ...]
    owners: tuple[Did, ...]


class Execute(Struct, frozen=True, kw_only=True):
    """Execute a module in a context; all blocks are in the actor's own block store.

    max_seconds: wall clock. priority, since (Unix seconds): its place among the work of a machine;
    a rank is gained for each 30 s of waiting.
    """

    module: Cid
    context: Cid
    input: Cid | None
    max_seconds: int
    priority: Priority
    since: int


Work: TypeAlias = Fetch | Execute


class WorkFault(Enum):
    """Why work gave no result. None of these says anything about the program."""

    MACHINE = "machine"
    """Worth another attempt, here or elsewhere."""
    MODULE = "module"
    """The engine cannot compile or execute the module on a machine like this."""
    WALL_CLOCK = "wall-clock"
    MISSING = "missing"
    """A block that no owner gave."""


class Fetched(Struct, frozen=True, kw_only=True):
    """All blocks are in the actor's store."""


class Executed(Struct, frozen=True, kw_only=True):
    """The execution and its blocks, which are not yet in the actor's store. started_at, ended_at:
    Unix seconds."""

    execution: Execution
    started_at: int
    ended_at: int


class Failed(Struct, frozen=True, kw_only=True):
    fault: WorkFault
    detail: str
    missing: tuple[Cid, ...] = ()


WorkResult: TypeAlias = Fetched | Executed | Failed


class WorkQueue(Protocol):
    """The work of one actor that is not finished."""

    def put(self, work_id: WorkId, work: Work) -> None:
        """Ask for work; a repeat of an id that is open is left as it is."""
        ...

    def cancel(self, work_id: WorkId) -> None:
        """Take work back, also while it is done; a repeat is harmless."""
        ...
