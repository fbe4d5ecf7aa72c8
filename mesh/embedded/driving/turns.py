"""Turns of an embedded mesh: deliveries in memory until nobody has anything to say, then a commit.

Rule: a message, tick or result that raises is taken back alone, set aside with its exception, and
counts as taken in. Where a turn is cut off, since others wait or it has become too long, the next
one goes on with what is left, in whichever process; nobody is driven by time before all that was
sent has been taken in.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

from msgspec import Struct, field

from mesh.actors.actor import Actor, Now
from mesh.actors.stores import DeliveryTransaction, Sending, Store, Turn, View, WorkRow
from mesh.adapters.sqlite.file.errors import StoreError
from mesh.core.ports.messages import Envelope
from mesh.core.ports.work import Fetch, WorkId, WorkResult
from mesh.embedded.driving.fetching import fetch
from mesh.embedded.driving.set_aside import Event, SetAsideRow, set_aside
from mesh.embedded.driving.undelivered import keep_undelivered, take_undelivered
from runtime.content.did import Did

T = TypeVar("T")

DELIVERIES_MAX: Final = 256
TURN_SECONDS: Final = 0.02
"""While others wait for their turn; while nobody does, a longer one saves commits."""
LONG_DELIVERIES_MAX: Final = 4_096
LONG_TURN_SECONDS: Final = 0.1
DEADLINES_MS: Final = 100
"""So late an actor that was touched may be asked for its next deadline, where turn follows turn."""
RETRY_MS: Final = 1_000
"""After so long an actor whose tick has failed is driven again."""


class Finished(Struct, frozen=True, kw_only=True):
    """Work that has been done for an actor."""

    actor: Did
    work: WorkId
    result: WorkResult


class Report(Struct, kw_only=True):
    """What is to be done after the commit of a turn.

    asked: executions that are open; cancelled: work that its actor took back. is_silent: nobody
    has anything to say. next_at: when somebody will have, in milliseconds of this boot's clock.
    """

    asked: list[WorkRow] = field(default_factory=list)
    cancelled: list[tuple[Did, WorkId]] = field(default_factory=list)
    set_aside: list[SetAsideRow] = field(default_factory=list)
    is_silent: bool = True
    next_at: int | None = None


class Turns:
    """The actors of one home, driven by this process. Not for several threads."""

    def __init__(
        self,
        store: Store,
        actors: Mapping[Did, Actor],
        clock: Callable[[], Now],
        turnstile: Callable[[], AbstractContextManager[Callable[[], bool]]],
    ) -> None:
        """turnstile: waits for the turn of this process among others, and holds it; says whether
        others wait."""
        self._store = store
        self._turnstile = turnstile
        self._actors = actors
        self._clock = clock
        self._tick_at: dict[Did, int | None] = {}
        self.forget_deadlines()

    def forget_deadlines(self) -> None:
        """Others may have written: no deadline is known until each actor was asked."""
        self._tick_at = dict.fromkeys(self._actors, 0)

    @contextmanager
    def turn(
        self, results: Iterable[Finished] = (), *, others_follow: bool = False
    ) -> Iterator["OpenTurn"]:
        """A turn that is committed when it is left normally; `OpenTurn.settle` delivers.
        others_follow: this process is about to have further turns, in which deadlines are learned.

        Raises CommandError `store-…`, `disk-full`, `home-read-only`.
        """
        deadlines = dict(self._tick_at)
        with self._turnstile() as is_awaited, _collector_paused():
            with self._store.turn(self._clock()) as turn:
                opened = OpenTurn(
                    turn, self._actors, deadlines, is_awaited, others_follow=others_follow
                )
                for each in results:
                    opened.finish(each)
                yield opened
                opened.leave()
            # Committed: what the turn has learned is true from now on.
            self._tick_at = deadlines


class OpenTurn:
    """One turn, not yet committed."""

    def __init__(
        self,
        turn: Turn,
        actors: Mapping[Did, Actor],
        tick_at: dict[Did, int | None],
        is_awaited: Callable[[], bool],
        *,
        others_follow: bool,
    ) -> None:
        self.turn = turn
        self.report = Report()
        self._actors = actors
        self._waiting = deque(take_undelivered(turn))
        self._tick_at = tick_at
        self._deliveries = 0
        self._is_awaited = is_awaited
        self._ask_at = self.now.after(DEADLINES_MS) if others_follow else 0
        self._began_at = time.monotonic()
        self._envelope: tuple[Sending, tuple[bytes, ...]] | None = None

    @property
    def now(self) -> Now:
        return self.turn.now

    def command(self, actor: Did, action: Callable[[DeliveryTransaction, Now], T]) -> T:
        """A user's command: what it raises ends the whole turn."""
        with self.turn.delivery(actor) as tx:
            done = action(tx, self.now)
        self._delivered(actor)
        return done

    def finish(self, done: Finished) -> None:
        """Hand a result to its actor, if it is still wanted."""
        self._deliver(
            done.actor,
            Event.FINISHED,
            lambda tx: self._finished(tx, done),
            work=done.work,
        )

    def converse(self, is_over: Callable[[View], bool]) -> None:
        """Deliver what was sent last, and what answers it, until a goal is reached or nobody has
        anything to say; so much is not bounded. Nothing depends on the order of messages."""
        self._collect()
        while self._waiting and not is_over(self.turn):
            self._receive(self._waiting.pop())
            self._collect()

    def settle(self) -> Report:
        """Deliver until nobody has anything to say, or a bound is reached."""
        self._waiting += self.turn.take_due()
        while True:
            self._collect()
            if self._is_over():
                break
            if self._waiting:
                self._receive(self._waiting.popleft())
            elif (due := self._due()) is not None:
                self._tick(due)
            else:
                break
        self.report.is_silent = not self._waiting and self._due() is None
        times = (*self._tick_at.values(), self.turn.next_due())
        self.report.next_at = min((at for at in times if at is not None), default=None)
        return self.report

    def leave(self) -> None:
        """Leave what is not delivered to the next turn."""
        self._waiting += self.turn.take_sent()
        if self._waiting:
            keep_undelivered(self.turn, self._waiting)

    # --- deliveries

    def _receive(self, sending: Sending) -> None:
        actor = self._actors.get(sending.to)
        if actor is None:
            return

        def receive(tx: DeliveryTransaction) -> None:
            blocks = self._blocks(sending)
            if blocks is not None:
                envelope = Envelope(sender=sending.sender, to=sending.to, blocks=blocks)
                actor.receive(tx, envelope, self.now)

        self._deliver(sending.to, Event.RECEIVE, receive, sending=sending)

    def _blocks(self, sending: Sending) -> tuple[bytes, ...] | None:
        """The message, None where its sender has thrown it away since it was sent. One to several
        receivers is read once."""
        if self._envelope is not None:
            before, blocks = self._envelope
            if (before.record, before.sender, before.attached) == (
                sending.record,
                sending.sender,
                sending.attached,
            ):
                return blocks
        store = self.turn.blocks(sending.sender)
        found = []
        for cid in (sending.record, *sending.attached):
            data = store.get(cid)
            if data is None:
                return None
            found.append(data)
        self._envelope = sending, tuple(found)
        return self._envelope[1]

    def _finished(self, tx: DeliveryTransaction, done: Finished) -> None:
        if tx.end_work(done.work):
            self._actors[done.actor].finished(tx, done.work, done.result, self.now)

    def _fetch(self, row: WorkRow, wanted: Fetch) -> None:
        def fetched(tx: DeliveryTransaction) -> None:
            result = fetch(self.turn, tx, wanted)
            self._finished(tx, Finished(actor=row.actor, work=row.id, result=result))

        self._deliver(row.actor, Event.FINISHED, fetched, work=row.id)

    def _tick(self, actor: Did) -> None:
        # Should it raise: later, and not at once again.
        self._tick_at[actor] = self.now.after(RETRY_MS)

        def tick(tx: DeliveryTransaction) -> None:
            self._tick_at[actor] = self._actors[actor].tick(tx, self.now)

        self._deliver(actor, Event.TICK, tick)

    def _deliver(
        self,
        actor: Did,
        event: Event,
        action: Callable[[DeliveryTransaction], None],
        *,
        sending: Sending | None = None,
        work: WorkId | None = None,
    ) -> None:
        try:
            with self.turn.delivery(actor) as tx:
                action(tx)
        except (StoreError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept and shown
            row = set_aside(self.turn, actor, event, error, sending=sending, work=work)
            self.report.set_aside.append(row)
        self._delivered(None if event is Event.TICK else actor)

    def _delivered(self, touched: Did | None) -> None:
        """touched: who may have another deadline now, if it is an actor."""
        self._deliveries += 1
        if touched in self._tick_at:
            before = self._tick_at[touched]
            self._tick_at[touched] = self._ask_at if before is None else min(before, self._ask_at)

    # --- what deliveries lead to

    def _collect(self) -> None:
        """Take up what ended deliveries have put: messages, work, and work taken back. Fetches are
        done at once, and what they lead to is taken up too: the turn may end here."""
        while asked := self.turn.take_asked():
            for row in asked:
                if isinstance(row.work, Fetch):
                    self._fetch(row, row.work)
                else:
                    self.report.asked.append(row)
        self._waiting += self.turn.take_sent()
        self.report.cancelled += self.turn.take_cancelled()

    def _due(self) -> Did | None:
        for actor, at in self._tick_at.items():
            if at is not None and at <= self.now.monotonic:
                return actor
        return None

    def _is_over(self) -> bool:
        seconds = time.monotonic() - self._began_at
        if self._deliveries < DELIVERIES_MAX and seconds < TURN_SECONDS:
            return False
        if self._deliveries >= LONG_DELIVERIES_MAX or seconds >= LONG_TURN_SECONDS:
            return True
        return self._is_awaited()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage is collected within a turn: it would be looked for in every record of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
