"""A station: the driver of one simulated actor, with its store, clocks, machine and network.

Rule: nothing is sent, and no work begun, before the commit of the turn that asked for it; what was
taken in is acknowledged after it. A crash forgets everything but the store.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct

from mesh.actors.actor import Actor, ActorTransaction, Now
from mesh.actors.stores import Sending, Store, Turn
from mesh.core.ports.messages import ENVELOPE_BYTES_MAX, Envelope
from mesh.core.ports.work import Execute, Fetch, Work, WorkId, WorkResult
from mesh.transport.port import BlockReply, BlockRequest, Delivery, Parcel, Transport
from runtime.content.did import Did
from simulation.driving.clocks import Clock
from simulation.driving.fetching import Fetching
from simulation.driving.machines import Begun, Machine

Command = Callable[[Any, ActorTransaction, Now], Any]
"""A user's command: the actor's method within a turn."""


class Crash(Exception):
    """The process of an actor stops here; what it has committed remains."""


class CrashPoint(Enum):
    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit, before anything is sent"
    TORN_OUTBOX = "after a part of its messages is sent"
    BEFORE_ACKNOWLEDGEMENT = "before what it took in is acknowledged"


class CrashPlan(Struct, frozen=True, kw_only=True):
    """A crash at the `turn`-th turn of an actor. down_ms: until it starts again; is_reboot: with
    its machine; is_inbox_lost: what had arrived does not come again."""

    turn: int
    point: CrashPoint
    down_ms: int
    is_reboot: bool = False
    is_inbox_lost: bool = False


class Observer(Protocol):
    """The simulation around a station: carries its parcels, and sees what it does."""

    def send(self, station: "Station", parcel: Parcel) -> None: ...
    def began(self, station: "Station", work: WorkId, asked: Execute) -> None: ...
    def committed(self, station: "Station", turn: Turn) -> None: ...


class Conduct:
    """How a station treats what its actor says; a dishonest one overrides it."""

    is_honest = True

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        return (envelope,)

    def incoming(self, envelope: Envelope) -> None:
        """Sees what the actor is about to take in."""

    def serves(self, request: BlockRequest) -> bool:
        return True


class Station:
    """One actor. make: a new process of it, which knows nothing but its store."""

    def __init__(
        self,
        *,
        name: str,
        make: Callable[[], Actor],
        store: Store,
        clock: Clock,
        machine: Machine,
        transport: Transport,
        observer: Observer,
    ) -> None:
        self.name = name
        self.store = store
        self.clock = clock
        self.machine = machine
        self.conduct = Conduct()
        self.actor = make()
        self.did: Did = self.actor.did
        self.up_at = 0
        """True time from which the process runs again."""
        self.is_up = True
        self.crashed: CrashPlan | None = None
        self._make = make
        self._transport = transport
        self._observer = observer
        self._crashes: Mapping[int, CrashPlan] = {}
        self._turns = 0
        self._tick_at: int | None = 0
        self._due_at: int | None = None
        self._running: dict[WorkId, Begun] = {}
        self._fetches: dict[WorkId, Fetching] = {}
        self._requests = 0

    # --- what the simulation calls

    def next_wake(self) -> int | None:
        """The next true time at which there is something to do besides taking in parcels."""
        if not self.is_up:
            return self.up_at
        times = [self._tick_at, self._due_at]
        times += [each.ends_at for each in self._running.values()]
        times += [each.ask_again_at for each in self._fetches.values()]
        return min((each for each in times if each is not None), default=None)

    def take_in(self, at: int) -> None:
        """Takes in all that has arrived, and then does what is due."""
        while self.is_up and (delivery := self._transport.next_delivery(self.did)) is not None:
            self._take(delivery, at)
        self.wake(at)

    def wake(self, at: int) -> None:
        """Does what is due: ends of executions, further requests for blocks, ticks, repeats."""
        if not self.is_up:
            return
        for work, begun in list(self._running.items()):
            if begun.ends_at is not None and begun.ends_at <= at and work in self._running:
                del self._running[work]
                self._finish(work, begun.result, at)
        for work, fetching in list(self._fetches.items()):
            if fetching.ask_again_at <= at and work in self._fetches:
                self._go_on(fetching, at)
        if any(each is not None and each <= at for each in (self._tick_at, self._due_at)):
            self._tick(at)

    def command(self, command: Command, at: int) -> Any:
        """Carries out a user's command; None where the process stopped within it."""
        results: list[Any] = []
        if self.is_up:
            now = self.clock.now(at)
            self._turn(at, lambda tx: results.append(command(self.actor, tx, now)))
            self._tick_at = at
        return results[0] if results else None

    def arm(self, crashes: Iterable[CrashPlan]) -> None:
        """Plans crashes; turns count from here on."""
        self._turns = 0
        self._crashes = {each.turn: each for each in crashes}

    def start(self, at: int) -> None:
        """Starts the process again from what the store has."""
        assert not self.is_up
        if self.crashed is not None and self.crashed.is_reboot:
            self.clock.boot(at)
        self.is_up, self.crashed = True, None
        self.actor = self._make()
        self._tick_at = self._due_at = at
        with self.store.view() as view:
            rows = view.open_work().select()
        for row in rows:
            self._begin(row.id, row.work, at)

    def stop(self, plan: CrashPlan, at: int) -> None:
        """Stops the process, and forgets all that is not in the store."""
        self.is_up, self.crashed, self.up_at = False, plan, at + plan.down_ms
        self._running.clear()
        self._fetches.clear()

    # --- turns

    def _take(self, delivery: Delivery, at: int) -> None:
        match delivery.parcel:
            case Envelope() as envelope:
                now = self.clock.now(at)
                self.conduct.incoming(envelope)
                is_done = self._turn(at, lambda tx: self.actor.receive(tx, envelope, now))
                self._tick_at = at
                if not is_done:
                    return
            case BlockRequest() as request:
                self._serve(request)
            case BlockReply() as reply:
                self._store_blocks(reply, at)
        self._transport.acknowledge(delivery)

    def _tick(self, at: int) -> None:
        now = self.clock.now(at)

        def step(tx: ActorTransaction) -> None:
            instant = self.actor.tick(tx, now)
            self._tick_at = None if instant is None else max(at + 1, self.clock.when(instant))

        self._turn(at, step, is_repeating=True)

    def _finish(self, work: WorkId, result: WorkResult, at: int) -> None:
        now = self.clock.now(at)

        def step(tx: Any) -> None:
            if tx.end_work(work):
                self.actor.finished(tx, work, result, now)

        if self._turn(at, step):
            self._tick_at = at

    def _turn(
        self, at: int, step: Callable[[ActorTransaction], None], *, is_repeating: bool = False
    ) -> bool:
        """Carries out one delivery in a turn of its own. Whether the process still runs."""
        self._turns += 1
        plan = self._crashes.get(self._turns)
        try:
            with self.store.turn(self.clock.now(at)) as turn:
                with turn.delivery(self.did) as tx:
                    step(tx)
                sent = turn.take_sent()
                if is_repeating:
                    sent += turn.take_due()
                cancelled, asked = turn.take_cancelled(), turn.take_asked()
                due = turn.next_due()
                self._due_at = None if due is None else self.clock.when(due)
                envelopes = [self._envelope(turn, each) for each in sent]
                if plan is not None and plan.point is CrashPoint.BEFORE_COMMIT:
                    raise Crash
                self._observer.committed(self, turn)
        except Crash:
            assert plan is not None
            self.stop(plan, at)
            return False
        return self._after_commit(plan, envelopes, cancelled, asked, at)

    def _after_commit(
        self,
        plan: CrashPlan | None,
        envelopes: list[Envelope],
        cancelled: Iterable[tuple[Did, WorkId]],
        asked: Iterable[Any],
        at: int,
    ) -> bool:
        point = None if plan is None else plan.point
        if point is CrashPoint.AFTER_COMMIT:
            envelopes = []
        elif point is CrashPoint.TORN_OUTBOX:
            envelopes = envelopes[: len(envelopes) // 2]
        now = self.clock.now(at)
        for envelope in envelopes:
            for each in self.conduct.outgoing(envelope, now):
                self._observer.send(self, each)
        if plan is not None:
            self.stop(plan, at)
            return False
        for _, work in cancelled:
            self._running.pop(work, None)
            self._fetches.pop(work, None)
        for row in asked:
            self._begin(row.id, row.work, at)
        return True

    def _envelope(self, turn: Turn, sending: Sending) -> Envelope:
        blocks = turn.blocks(self.did)
        found = [blocks.get(cid) for cid in (sending.record, *sending.attached)]
        present = tuple(block for block in found if block is not None)
        assert len(present) == len(found), f"{self.name} sends a block that it does not have"
        assert sum(map(len, present)) <= ENVELOPE_BYTES_MAX
        return Envelope(sender=self.did, to=sending.to, blocks=present)

    # --- work and blocks

    def _begin(self, work: WorkId, asked: Work, at: int) -> None:
        if work in self._running or work in self._fetches:
            return
        match asked:
            case Execute():
                self._observer.began(self, work, asked)
                with self.store.view() as view:
                    blocks = view.blocks(self.did)
                    self._running[work] = self.machine.begin(
                        blocks, work, asked, at, lambda when: self.clock.now(when).wall
                    )
            case Fetch():
                fetching = self._fetches[work] = Fetching(work, asked)
                self._go_on(fetching, at)

    def _go_on(self, fetching: Fetching, at: int) -> None:
        """Ends a fetch whose blocks are here, or asks for the next of them."""
        with self.store.view() as view:
            result = fetching.result(view.blocks(self.did))
        if result is not None:
            del self._fetches[fetching.work_id]
            self._finish(fetching.work_id, result, at)
            return
        self._requests += 1
        request = fetching.next_request(self._requests, at)
        if request is not None:
            owner, cids = request
            self._send(BlockRequest(sender=self.did, to=owner, number=self._requests, cids=cids))

    def _serve(self, request: BlockRequest) -> None:
        if not self.conduct.serves(request):
            return
        with self.store.view() as view:
            blocks = view.blocks(self.did)
            found = {cid: data for cid in request.cids if (data := blocks.get(cid)) is not None}
        self._send(
            BlockReply(sender=self.did, to=request.sender, number=request.number, blocks=found)
        )

    def _store_blocks(self, reply: BlockReply, at: int) -> None:
        fetching = next((e for e in self._fetches.values() if e.number == reply.number), None)
        if fetching is None:
            return

        def step(tx: ActorTransaction) -> None:
            for cid, data in reply.blocks.items():
                tx.blocks.put(cid, data)

        if self._turn(at, step) and fetching.work_id in self._fetches:
            self._go_on(fetching, at)

    def _send(self, parcel: Parcel) -> None:
        self._observer.send(self, parcel)
