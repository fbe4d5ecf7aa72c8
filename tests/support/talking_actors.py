"""Two actors that tell each other texts, in turns over a store in memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.ports.messages import Envelope, Outgoing
from mesh.core.ports.tables import Table
from mesh.core.ports.work import (
    WorkId,
    WorkResult,
)
from mesh.embedded.driving.turns import Report, Turns
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import Did

ANNE, BERT = Did("did:test:anne"), Did("did:test:bert")


class Heard(Struct, frozen=True, kw_only=True):
    """What an actor was told, and how often."""

    text: str
    times: int


HEARD = Table(name="heard", row=Heard, key=("text",))


class Talker:
    """Counts what it is told. `on`: what it does besides, by the text that it was told."""

    def __init__(self, did: Did) -> None:
        self.did = did
        self.on: dict[str, Callable[[ActorTransaction], None]] = {}
        self.results: list[WorkResult] = []
        self.ticks: list[int] = []
        self.deadlines: list[Instant | None] = []

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        text = decode(envelope.blocks[0])
        before = tx.rows(HEARD).get(text)
        tx.rows(HEARD).put(Heard(text=text, times=1 if before is None else before.times + 1))
        if text in self.on:
            self.on[text](tx)

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        self.ticks.append(now.monotonic)
        if "tick" in self.on:
            self.on["tick"](tx)
        return self.deadlines.pop(0) if self.deadlines else None

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        if "finished" in self.on:
            self.on["finished"](tx)
        self.results.append(result)


def tell(tx: ActorTransaction, to: Did, text: str, *, until: str | None = None) -> None:
    data = encode(text)
    cid = cid_of(data, Codec.DAG_CBOR)
    tx.blocks.put(cid, data)
    tx.outbox.put(Outgoing(to=(to,), record=cid, until=until))


def awaited_turn() -> AbstractContextManager[Callable[[], bool]]:
    """The turn of a process while another one waits for its own."""
    return nullcontext(lambda: True)


def lone_turn() -> AbstractContextManager[Callable[[], bool]]:
    return nullcontext(lambda: False)


class Mesh:
    """Two actors over a store, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.anne, self.bert = Talker(ANNE), Talker(BERT)
        self.at = 1_000
        self.turns = Turns(self.store, {ANNE: self.anne, BERT: self.bert}, self.now, awaited_turn)

    def now(self) -> Now:
        return Now(wall=1_700_000_000, monotonic=Instant(self.at), boot="boot")

    def say(self, text: str, **more: str) -> Report:
        """Anne tells Bert something, in a turn that goes on until nobody has anything to say."""
        with self.turns.turn() as opened:
            opened.command(ANNE, lambda tx, now: tell(tx, BERT, text, **more))
            return opened.settle()

    def heard(self, actor: Did) -> dict[str, int]:
        with self.store.view() as view:
            return {row.text: row.times for row in view.rows(actor, HEARD).select()}
