"""The actor: a sans-io state machine that receives records and decides what is its own to decide.

Rule: all that it reads and writes goes through its transaction: its own rows, its own blocks, its
outbox, its work. It opens no file, reads no clock, and shares nothing with another actor.
"""

from typing import NewType, Protocol, TypeVar

from msgspec import Struct

from mesh.core.ports.blocks import Blocks
from mesh.core.ports.messages import Envelope, Outbox
from mesh.core.ports.tables import Rows, Table
from mesh.core.ports.work import WorkId, WorkQueue, WorkResult
from runtime.content.did import Did

T = TypeVar("T")

Instant = NewType("Instant", int)
"""Milliseconds of the monotonic clock of one boot."""


class Now(Struct, frozen=True, kw_only=True):
    """The clocks at one moment. wall: Unix seconds. boot: changes with each start of the machine,
    with which monotonic milliseconds begin anew."""

    wall: int
    monotonic: Instant
    boot: str

    def after(self, milliseconds: int) -> Instant:
        return Instant(self.monotonic + milliseconds)

    def at(self, wall: int) -> Instant:
        """When the wall clock will show a time, if nobody sets it."""
        return Instant(self.monotonic + 1000 * max(0, wall - self.wall))


class ActorTransaction(Protocol):
    """Everything that one actor reads and writes together."""

    @property
    def actor(self) -> Did: ...
    @property
    def blocks(self) -> Blocks: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def work(self) -> WorkQueue: ...

    def rows(self, table: Table[T]) -> Rows[T]: ...


class Actor(Protocol):
    """One key in one role."""

    @property
    def did(self) -> Did: ...

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        """Take in a message. What is refused is counted by its reason and changes nothing."""
        ...

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        """Decide what time has decided; the next deadline, None if there is none."""
        ...

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        """Take in the result of work that it asked for."""
        ...
