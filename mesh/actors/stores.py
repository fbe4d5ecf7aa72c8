"""The driver's port of a store: turns, the deliveries in them, messages to send, work to do.

Rule: a store holds the rows and blocks of one or many actors. A turn becomes true whole or not at
all; a delivery that raises is taken back alone, and the turn goes on.

    with store.turn(now) as turn:
        with turn.delivery(actor.did) as tx:
            actor.receive(tx, envelope, now)
        local = turn.take_sent()
    # committed: now, and not before, is anything sent to another store, and work begun.
"""

from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.tables import RowReader, Table
from mesh.core.ports.work import Work, WorkId
from mesh.core.records.terms import Priority
from runtime.content.cid import Cid
from runtime.content.did import Did

T = TypeVar("T")

SEND_AGAIN_MS: Final = 1_000
"""After so long a message that is not answered is sent again; each time after twice as long."""
SEND_AGAIN_MS_MAX: Final = 60_000


class Sending(Struct, frozen=True, kw_only=True):
    """A message to one receiver. record, attached: CIDs of blocks of the sender's."""

    sender: Did
    to: Did
    record: Cid
    attached: tuple[Cid, ...]


class OutboxRow(Struct, frozen=True, kw_only=True):
    """A message that is sent again until it is answered. next_at: milliseconds of the monotonic
    clock of that boot. tries: how often it was sent again."""

    actor: Did
    until: str
    to: Did
    record: Cid
    attached: tuple[Cid, ...]
    boot: str
    next_at: int
    tries: int


class WorkRow(Struct, frozen=True, kw_only=True):
    """Work that is not finished. priority, since: of an execution. claimed_by: the process that
    does it, by the name of its claim; None while nobody does."""

    actor: Did
    id: WorkId
    work: Work
    priority: Priority | None
    since: int | None
    claimed_by: str | None


OUTBOX: Final = Table(
    name="outbox",
    row=OutboxRow,
    key=("actor", "until", "to"),
    indexes=(("boot", "next_at"),),
)
WORK: Final = Table(name="work", row=WorkRow, key=("actor", "id"), indexes=(("claimed_by",),))


class View(Protocol):
    """A store at one moment, to be read."""

    def rows(self, actor: Did, table: Table[T]) -> RowReader[T]:
        """The rows of one actor."""
        ...

    def blocks(self, actor: Did) -> BlockReader:
        """The blocks of one actor: to send, and for those who fetch them."""
        ...

    def cids(self, actor: Did) -> tuple[Cid, ...]:
        """The CIDs of the blocks of one actor, in order."""
        ...

    def open_work(self) -> RowReader[WorkRow]:
        """The work of all actors that is not finished."""
        ...

    def unanswered(self) -> RowReader[OutboxRow]:
        """The messages of all actors that are sent again until they are answered."""
        ...

    def total_bytes(self) -> int:
        """Bytes of all blocks together, each counted once however many actors hold it."""
        ...

    def rehearsal(self, actor: Did, now: Now) -> "DeliveryTransaction":
        """What one actor would read and write now: nothing of it is ever stored."""
        ...


class DeliveryTransaction(ActorTransaction, Protocol):
    """All that one actor writes while it takes in one message, tick, result or command."""

    def end_work(self, work: WorkId) -> bool:
        """Work has been done: whether its result is still wanted. If so, it is no longer open, and
        the result is handed to `Actor.finished` within this delivery."""
        ...


class Turn(View, Protocol):
    """One transaction of a store, of one or many deliveries. What is read shows all deliveries
    that have ended."""

    @property
    def now(self) -> Now: ...

    def delivery(self, actor: Did) -> AbstractContextManager[DeliveryTransaction]:
        """Left normally, all that was written in it becomes part of the turn; an exception takes
        it all back (rows, blocks, messages, work) and is passed on. Deliveries do not nest."""
        ...

    def take_sent(self) -> tuple[Sending, ...]:
        """The messages that ended deliveries have put, in order, each given out once. Those with
        `until` are stored besides, unless this turn answers them."""
        ...

    def take_asked(self) -> tuple[WorkRow, ...]:
        """The work that ended deliveries have asked for and that is still open, each given out
        once. It is stored: whoever does it may as well look for it in `open_work`."""
        ...

    def take_cancelled(self) -> tuple[tuple[Did, WorkId], ...]:
        """The work that ended deliveries have taken back, each given out once. Another process that
        does such work finds its row gone."""
        ...

    def claim(self, actor: Did, work: WorkId, claimed_by: str | None) -> bool:
        """Say who does open work, None: nobody any more. Whether it is still open."""
        ...

    def take_due(self) -> tuple[Sending, ...]:
        """The messages to be sent again now, longest due first; each is due again after twice as
        long. Those put before the machine was started are due at once."""
        ...

    def next_due(self) -> Instant | None:
        """When `take_due` will have something, as far as is known now."""
        ...


class Store(Protocol):
    """The rows, blocks, messages and work of one or many actors. Not for several threads."""

    def turn(self, now: Now) -> AbstractContextManager[Turn]:
        """Left normally it is committed, and on the disk where there is one; an exception takes
        everything back. Turns do not nest. Raises CommandError `store-…`, `disk-full`,
        `home-read-only`."""
        ...

    def view(self) -> AbstractContextManager[View]:
        """One moment of the store. Not within a turn. Raises CommandError `store-…`."""
        ...

    def has_changed(self) -> bool:
        """Whether another process may have committed since this was last asked, also where a turn
        has seen it meanwhile. Cheap: for polling."""
        ...

    def close(self) -> None: ...
