"""Turns: deliveries until nobody has anything to say, with failures taken back alone."""

import pytest
from talking_actors import ANNE, BERT, HEARD, Mesh, awaited_turn, lone_turn, tell

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.stores import DeliveryTransaction
from mesh.adapters.sqlite.file.errors import StoreError
from mesh.embedded.driving.set_aside import Event, set_aside_rows
from mesh.embedded.driving.turns import DEADLINES_MS, DELIVERIES_MAX, Turns
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.terminal.errors import ExitCode


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


def test_turn_collects_no_garbage_and_leaves_the_collector_as_it_was(mesh: Mesh) -> None:
    import gc

    seen: list[bool] = []
    mesh.bert.on["hello"] = lambda tx: seen.append(gc.isenabled())
    assert gc.isenabled()
    mesh.say("hello")
    assert seen == [False]
    assert gc.isenabled()
