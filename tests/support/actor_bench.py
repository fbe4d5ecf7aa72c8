"""One actor over a store in memory: messages in, and what it sends, asks for and cancels."""

from collections.abc import Callable
from typing import Any, TypeVar

from attempt_world import ENGINE, START, World
from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import Instant, Now
from mesh.actors.base import REFUSALS, BaseActor
from mesh.actors.machine import Fitness, Resources
from mesh.actors.stores import Sending, WorkRow
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.messages import Envelope
from mesh.core.ports.tables import Table
from mesh.core.ports.work import WorkId, WorkResult
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest
from mesh.core.records.registry import read
from mesh.core.records.terms import Capability, Engine
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

T = TypeVar("T")

BOOT = "boot-1"


class Chip(Struct, kw_only=True):
    """A machine whose facts a test sets."""

    engine: Engine = ENGINE
    processor: str = "chip"
    fuel_per_second: int = 100_000_000
    resources: Resources = Resources(memory_bytes=1 << 30, cpu_cores=4, storage_bytes=1 << 40)
    capabilities: tuple[Capability, ...] = ()
    known: Fitness | None = None

    def fitness(self, manifest: JobManifest, blocks: BlockReader) -> Fitness | None:
        return self.known


class Bench:
    """make: a new process of the actor, which knows nothing but its store."""

    def __init__(
        self,
        world: World,
        own: SigningKey,
        make: Callable[[SigningKey, Archive], BaseActor],
        store: MemoryStore | None = None,
        quota_bytes: int = 1 << 30,
    ) -> None:
        self.world, self.own, self._make = world, own, make
        self.now = Now(wall=START, monotonic=Instant(1_000), boot=BOOT)
        self.store = store or MemoryStore(quota_bytes=quota_bytes)
        self.actor: Any = make(own, Archive(world.mesh))
        self.sent: list[Sending] = []
        self._records: dict[Cid, Signed[Any]] = {}
        self.asked: list[WorkRow] = []
        self.cancelled: list[WorkId] = []
        if store is None:
            founding = world.founding
            self.do(
                lambda tx: self.actor.found(
                    tx, founding.genesis, founding.change, founding.endorsements, self.now
                )
            )

    def restart(self, store: MemoryStore | None = None, boot: str = BOOT) -> "Bench":
        """The same key in a new process, over the same store or a copy of an older one."""
        other = Bench(self.world, self.own, self._make, store or self.store)
        other.now = replace(self.now, boot=boot)
        return other

    def do(self, action: Callable[[Any], T]) -> T:
        with self.store.turn(self.now) as turn:
            with turn.delivery(self.own.did) as tx:
                answer = action(tx)
            taken = turn.take_sent()
            for each in taken:
                data = turn.blocks(self.own.did).get(each.record)
                assert data is not None, "what is sent is stored"
                self._records[each.record] = read(data, self.world.mesh)
            self.sent += taken
            self.asked += turn.take_asked()
            self.cancelled += [work for _, work in turn.take_cancelled()]
        return answer

    def receive(self, record: Signed[Any] | bytes, *attached: Signed[Any] | bytes) -> None:
        blocks = tuple(
            each if isinstance(each, bytes) else each.block for each in (record, *attached)
        )
        envelope = Envelope(sender=Did("did:key:anyone"), to=self.own.did, blocks=blocks)
        self.do(lambda tx: self.actor.receive(tx, envelope, self.now))

    def later(self, milliseconds: int) -> Instant | None:
        """Let time pass, and let the actor decide what it has decided."""
        self.now = replace(
            self.now,
            wall=self.now.wall + milliseconds // 1000,
            monotonic=Instant(self.now.monotonic + milliseconds),
        )
        answer: Instant | None = self.do(lambda tx: self.actor.tick(tx, self.now))
        return answer

    def finish(self, work: WorkId, result: WorkResult) -> None:
        def deliver(tx: Any) -> None:
            if tx.end_work(work):
                self.actor.finished(tx, work, result, self.now)

        self.do(deliver)

    def put(self, *blocks: tuple[Cid, bytes]) -> None:
        self.do(lambda tx: [tx.blocks.put(cid, data) for cid, data in blocks])

    def rows(self, table: Table[T]) -> tuple[T, ...]:
        with self.store.view() as view:
            return view.rows(self.own.did, table).select()

    def block(self, cid: Cid) -> bytes:
        with self.store.view() as view:
            data = view.blocks(self.own.did).get(cid)
        assert data is not None, cid
        return data

    @property
    def refusals(self) -> dict[str, int]:
        return {each.reason: each.count for each in self.rows(REFUSALS)}

    def signed(self, kind: type[T]) -> list[Signed[T]]:
        """What was sent of one kind, each record once, in order."""
        found: list[Signed[Any]] = []
        for cid in dict.fromkeys(each.record for each in self.sent):
            record = self._records[cid]
            if isinstance(record.body, kind):
                found.append(record)
        return found

    def last(self, kind: type[T]) -> Signed[T]:
        return self.signed(kind)[-1]

    def hearers(self, record: Signed[Any]) -> set[Did]:
        return {each.to for each in self.sent if each.record == record.cid}

    def attached(self, record: Signed[Any]) -> set[Cid]:
        return {cid for each in self.sent if each.record == record.cid for cid in each.attached}

    def unanswered(self) -> set[str]:
        with self.store.view() as view:
            return {each.until for each in view.unanswered().select()}

    def open_work(self) -> list[WorkRow]:
        with self.store.view() as view:
            return list(view.open_work().select())
