"""Turns: deliveries until nobody has anything to say, with failures taken back alone."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.stores import DeliveryTransaction
from mesh.adapters.inmemory.store import MemoryStore
from mesh.adapters.sqlite.file.errors import StoreError
from mesh.core.ports.messages import Envelope, Outgoing
from mesh.core.ports.tables import Table
from mesh.core.ports.work import (
    Execute,
    Failed,
    Fetch,
    Fetched,
    WorkFault,
    WorkId,
    WorkResult,
)
from mesh.core.records.terms import Priority
from mesh.embedded.driving.set_aside import Event, set_aside_rows
from mesh.embedded.driving.turns import DEADLINES_MS, DELIVERIES_MAX, Finished, Report, Turns
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.terminal.errors import ExitCode

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


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


def test_messages_are_delivered_until_nobody_has_anything_to_say(mesh: Mesh) -> None:
    mesh.bert.on["hello"] = lambda tx: tell(tx, ANNE, "who is there?")
    mesh.anne.on["who is there?"] = lambda tx: tell(tx, BERT, "anne")
    mesh.say("hello")
    assert mesh.heard(BERT) == {"hello": 1, "anne": 1}
    assert mesh.heard(ANNE) == {"who is there?": 1}


def test_message_that_raises_is_taken_back_alone_and_kept_with_its_exception(mesh: Mesh) -> None:
    def fail(tx: ActorTransaction) -> None:
        tell(tx, ANNE, "never sent")
        raise ZeroDivisionError("in bert")

    mesh.bert.on["bad"] = fail
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, each) for each in ("bad", "good")])
        report = opened.settle()
    assert mesh.heard(BERT) == {"good": 1}
    assert mesh.heard(ANNE) == {}
    with mesh.store.view() as view:
        (row,) = set_aside_rows(view)
        assert view.blocks(ANNE).get(row.record or Cid(b"")) == encode("bad")
    assert report.set_aside == [row]
    assert (row.concerns, row.event, row.sender) == (BERT, Event.RECEIVE, ANNE)
    assert row.error == "ZeroDivisionError: in bert"
    assert "in fail" in row.trace


def test_store_that_fails_ends_the_turn_and_nothing_of_it_is_true(mesh: Mesh) -> None:
    def fail(tx: ActorTransaction) -> None:
        raise StoreError(ExitCode.FAILED, "disk-full", "no room", hint="make room")

    mesh.bert.on["bad"] = fail
    with pytest.raises(StoreError):
        mesh.say("bad")
    assert mesh.heard(BERT) == {}
    with mesh.store.view() as view:
        assert set_aside_rows(view) == ()
    del mesh.bert.on["bad"]
    mesh.say("good")
    assert mesh.heard(BERT) == {"good": 1}, "nothing of the turn that failed is delivered later"


def test_command_that_raises_ends_the_turn(mesh: Mesh) -> None:
    def command(tx: DeliveryTransaction, now: Now) -> None:
        tell(tx, BERT, "hello")
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"), mesh.turns.turn() as opened:
        opened.command(ANNE, command)
    mesh.say("good")
    assert mesh.heard(BERT) == {"good": 1}


def test_turn_that_is_cut_off_is_continued_by_the_next(mesh: Mesh) -> None:
    count = DELIVERIES_MAX + 10
    texts = [str(number) for number in range(count)]
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, text) for text in texts])
        report = opened.settle()
    assert not report.is_silent
    assert 0 < len(mesh.heard(BERT)) < count
    while not report.is_silent:
        with mesh.turns.turn() as opened:
            report = opened.settle()
    assert mesh.heard(BERT) == dict.fromkeys(texts, 1)


def test_turn_that_nobody_waits_behind_goes_on(mesh: Mesh) -> None:
    alone = Turns(mesh.store, {ANNE: mesh.anne, BERT: mesh.bert}, mesh.now, lone_turn)
    texts = [str(number) for number in range(DELIVERIES_MAX + 10)]
    with alone.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, text) for text in texts])
        assert opened.settle().is_silent
    assert mesh.heard(BERT) == dict.fromkeys(texts, 1)


@pytest.mark.parametrize("bound", ["LONG_DELIVERIES_MAX", "LONG_TURN_SECONDS"])
def test_turn_ends_though_nobody_waits(
    mesh: Mesh, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"mesh.embedded.driving.turns.{bound}", 0)
    monkeypatch.setattr("mesh.embedded.driving.turns.TURN_SECONDS", 0)
    alone = Turns(mesh.store, {ANNE: mesh.anne, BERT: mesh.bert}, mesh.now, lone_turn)
    with alone.turn() as opened:
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "hello"))
        assert not opened.settle().is_silent


def test_conversation_within_a_turn_is_before_others_and_beyond_its_bounds(mesh: Mesh) -> None:
    mesh.bert.on["question"] = lambda tx: tell(tx, ANNE, "answer")
    texts = [str(number) for number in range(DELIVERIES_MAX + 10)]
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, text) for text in texts])
        opened.settle()
        before = len(opened.turn.rows(BERT, HEARD).select())
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "question"))
        opened.converse(lambda view: view.rows(ANNE, HEARD).get("answer") is not None)
        heard = {row.text for row in opened.turn.rows(BERT, HEARD).select()}
        assert len(heard) == before + 1
        assert "question" in heard
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "and now?"))
        opened.converse(lambda view: False)
    assert mesh.heard(ANNE) == {"answer": 1}
    assert mesh.heard(BERT) == dict.fromkeys([*texts, "question", "and now?"], 1)
    assert mesh.bert.ticks == []


def test_what_a_turn_has_left_is_delivered_by_any_process_before_time_decides(mesh: Mesh) -> None:
    texts = [str(number) for number in range(DELIVERIES_MAX + 10)]
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, text) for text in texts])
        opened.settle()
    assert mesh.bert.ticks == []
    other = Turns(mesh.store, {ANNE: mesh.anne, BERT: mesh.bert}, mesh.now, awaited_turn)
    told = []
    mesh.bert.on[texts[-1]] = lambda tx: told.append(len(mesh.bert.ticks))
    with other.turn() as opened:
        assert opened.settle().is_silent
    assert told == [0]
    assert mesh.heard(BERT) == dict.fromkeys(texts, 1)
    assert len(mesh.bert.ticks) == 1


def test_message_that_its_sender_has_thrown_away_is_no_failure(mesh: Mesh) -> None:
    texts = [str(number) for number in range(DELIVERIES_MAX + 10)]

    def forget(tx: DeliveryTransaction, now: Now) -> None:
        tx.blocks.delete(cid_of(encode(texts[-1]), Codec.DAG_CBOR))

    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: [tell(tx, BERT, text) for text in texts])
        opened.settle()
    with mesh.turns.turn() as opened:
        opened.command(ANNE, forget)
        report = opened.settle()
    assert report.set_aside == []
    assert mesh.heard(BERT) == dict.fromkeys(texts[:-1], 1)


def test_unanswered_message_is_sent_again_when_it_is_due(mesh: Mesh) -> None:
    mesh.say("hello", until="answer")
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.heard(BERT) == {"hello": 1}
    mesh.at += 1_000
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.heard(BERT) == {"hello": 2}


def test_actors_are_driven_at_the_beginning_and_when_they_are_due(mesh: Mesh) -> None:
    mesh.anne.deadlines = [Instant(1_500), None]
    assert mesh.say("hello").next_at == 1_500
    assert (mesh.anne.ticks, mesh.bert.ticks) == ([1_000], [1_000])
    mesh.at = 1_499
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.anne.ticks == [1_000]
    mesh.at = 1_500
    with mesh.turns.turn() as opened:
        assert opened.settle().next_at is None
    assert mesh.anne.ticks == [1_000, 1_500]
    mesh.turns.forget_deadlines()
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.anne.ticks == [1_000, 1_500, 1_500]


def test_actors_touched_in_turn_after_turn_are_asked_for_their_deadlines_together(
    mesh: Mesh,
) -> None:
    mesh.say("hello")
    assert (mesh.anne.ticks, mesh.bert.ticks) == ([1_000], [1_000])
    for at in (1_010, 1_020, 1_099):
        mesh.at = at
        with mesh.turns.turn(others_follow=True) as opened:
            opened.command(ANNE, lambda tx, now: tell(tx, BERT, "hello"))
            report = opened.settle()
        assert report.is_silent
        assert report.next_at == 1_010 + DEADLINES_MS
    assert (mesh.anne.ticks, mesh.bert.ticks) == ([1_000], [1_000])
    mesh.at = 1_010 + DEADLINES_MS
    with mesh.turns.turn(others_follow=True) as opened:
        assert opened.settle().next_at is None
    assert mesh.anne.ticks == mesh.bert.ticks == [1_000, mesh.at]


def test_tick_runs_after_all_that_had_arrived_is_taken_in(mesh: Mesh) -> None:
    order: list[str] = []
    mesh.bert.on["hello"] = lambda tx: order.append("hello")
    mesh.bert.on["tick"] = lambda tx: order.append("tick")
    mesh.say("hello")
    assert order == ["hello", "tick"]


def test_tick_that_raises_is_kept_and_tried_again_later(mesh: Mesh) -> None:
    def fail(tx: ActorTransaction) -> None:
        raise ZeroDivisionError

    mesh.bert.on["tick"] = fail
    assert mesh.say("hello").next_at == 2_000
    with mesh.store.view() as view:
        assert [row.event for row in set_aside_rows(view)] == [Event.TICK]
    mesh.at = 2_000
    for _ in range(2):
        with mesh.turns.turn() as opened:
            opened.settle()
    with mesh.store.view() as view:
        assert len(set_aside_rows(view)) == 1
    assert len(mesh.bert.ticks) == 2


MODULE = cid_of(b"module", Codec.RAW)
CONTEXT = cid_of(encode({}), Codec.DAG_CBOR)
EXTRA = cid_of(b"extra", Codec.RAW)
ORDER = Execute(
    module=MODULE, context=CONTEXT, input=None, max_seconds=1, priority=Priority.LOW, since=0
)


def wanted(*owners: Did) -> Fetch:
    return Fetch(module=MODULE, context=CONTEXT, input=None, extra=(EXTRA,), owners=owners)


def test_fetch_is_done_at_once_from_the_owners_that_are_named(mesh: Mesh) -> None:
    def own(tx: DeliveryTransaction, now: Now) -> None:
        for codec, data in ((Codec.RAW, b"module"), (Codec.RAW, b"extra")):
            tx.blocks.put(cid_of(data, codec), data)

    with mesh.turns.turn() as opened:
        opened.command(ANNE, own)
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), wanted(BERT))
    mesh.say("work")
    with mesh.store.view() as view:
        assert not view.blocks(BERT).has(MODULE), "nobody named Anne as an owner"
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), wanted(BERT, ANNE))
    mesh.say("work")
    mesh.anne.on["own"] = lambda tx: tx.blocks.put(CONTEXT, encode({}))
    mesh.bert.on["pass on"] = lambda tx: tell(tx, ANNE, "own")
    mesh.say("pass on")
    mesh.say("work")
    with mesh.store.view() as view:
        assert [view.blocks(BERT).get(each) for each in (MODULE, EXTRA)] == [b"module", b"extra"]
    nobody = "no owner has it"
    missing = WorkFault.MISSING
    first, second, third = mesh.bert.results
    assert first == Failed(fault=missing, detail=nobody, missing=(MODULE, CONTEXT, EXTRA))
    assert second == Failed(fault=missing, detail=nobody, missing=(CONTEXT,))
    assert isinstance(third, Failed)
    assert third.fault is WorkFault.MODULE, "the block is here, and is no context"


def test_what_a_last_fetch_leads_to_is_not_lost(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finished(tx: ActorTransaction) -> None:
        tx.work.put(WorkId("w"), ORDER)
        tell(tx, ANNE, "working")

    mesh.bert.on["finished"] = finished
    monkeypatch.setattr("mesh.embedded.driving.turns.TURN_SECONDS", 0)
    with mesh.turns.turn() as opened:
        opened.command(BERT, lambda tx, now: tx.work.put(WorkId("f"), wanted(BERT)))
        report = opened.settle()
    assert len(mesh.bert.results) == 1
    assert mesh.heard(ANNE) == {}, "the turn has ended with the fetch"
    assert [row.id for row in report.asked] == ["w"]
    assert not report.is_silent
    monkeypatch.undo()
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.heard(ANNE) == {"working": 1}


def test_result_reaches_its_actor_once_and_only_while_it_is_wanted(mesh: Mesh) -> None:
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "work"))
        report = opened.settle()
    assert [row.id for row in report.asked] == ["w"]
    done = Finished(actor=BERT, work=WorkId("w"), result=Fetched())
    for _ in range(2):
        with mesh.turns.turn((done,)) as opened:
            opened.settle()
    assert mesh.bert.results == [Fetched()]


def test_work_that_was_taken_back_is_reported_and_its_result_ignored(mesh: Mesh) -> None:
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    mesh.bert.on["stop"] = lambda tx: tx.work.cancel(WorkId("w"))
    mesh.say("work")
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "stop"))
        report = opened.settle()
    assert report.cancelled == [(BERT, "w")]
    with mesh.turns.turn((Finished(actor=BERT, work=WorkId("w"), result=Fetched()),)) as opened:
        opened.settle()
    assert mesh.bert.results == []


def test_result_that_raises_ends_its_work(mesh: Mesh) -> None:
    def fail(tx: ActorTransaction) -> None:
        raise ZeroDivisionError

    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    mesh.bert.on["finished"] = fail
    mesh.say("work")
    with mesh.turns.turn((Finished(actor=BERT, work=WorkId("w"), result=Fetched()),)) as opened:
        opened.settle()
    with mesh.store.view() as view:
        (row,) = set_aside_rows(view)
        assert view.open_work().count() == 0
    assert (row.event, row.work) == (Event.FINISHED, "w")


def test_turn_collects_no_garbage_and_leaves_the_collector_as_it_was(mesh: Mesh) -> None:
    import gc

    seen: list[bool] = []
    mesh.bert.on["hello"] = lambda tx: seen.append(gc.isenabled())
    assert gc.isenabled()
    mesh.say("hello")
    assert seen == [False]
    assert gc.isenabled()
