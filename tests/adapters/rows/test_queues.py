"""Messages and work of actors: given out once, sent again until answered, taken back."""

import pytest
from row_tables import ANN, BEN, block, moment

from mesh.actors.stores import Sending, Store
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.work import Execute, Fetch, WorkId
from mesh.core.records.terms import Priority
from runtime.content.did import Did

CAT = Did("did:key:zCat")
RECORD, _ = block("record")
SECOND, _ = block("second")
EXECUTION = Execute(
    module=RECORD, context=SECOND, input=None, max_seconds=9, priority=Priority.HIGH, since=12
)
FETCH = Fetch(module=RECORD, context=SECOND, input=None, extra=(), owners=(BEN,))
FIRST = WorkId("first")


def message(*to: Did, until: str | None = "word") -> Outgoing:
    return Outgoing(to=to, record=RECORD, attached=(SECOND,), until=until)


def sending(to: Did) -> Sending:
    return Sending(sender=ANN, to=to, record=RECORD, attached=(SECOND,))


def send(store: Store, outgoing: Outgoing, at: int = 0) -> None:
    with store.turn(moment(at)) as turn, turn.delivery(ANN) as tx:
        tx.outbox.put(outgoing)


def due(store: Store, at: int, boot: str = "boot-1") -> list[Did]:
    with store.turn(moment(at, boot)) as turn:
        return [each.to for each in turn.take_due()]


def next_due(store: Store, at: int = 0, boot: str = "boot-1") -> int | None:
    with store.turn(moment(at, boot)) as turn:
        return turn.next_due()


def test_messages_are_given_out_once_in_order(store: Store) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.outbox.put(message(BEN, CAT))
            assert turn.take_sent() == ()
        with turn.delivery(ANN) as tx:
            tx.outbox.put(message(ANN, until=None))
        assert turn.take_sent() == (sending(BEN), sending(CAT), sending(ANN))
        assert turn.take_sent() == ()


def test_message_that_is_answered_in_its_turn_leaves_no_row(store: Store) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.outbox.put(message(BEN, CAT))
        with turn.delivery(ANN) as tx:
            tx.outbox.answered("word", BEN)
            assert turn.unanswered().count() == 2
        assert [row.to for row in turn.unanswered().select()] == [CAT]
        with turn.delivery(ANN) as tx:
            tx.outbox.answered("word")
            tx.outbox.answered("word", BEN)
            tx.outbox.answered("another")
        assert len(turn.take_sent()) == 2
    with store.view() as view:
        assert view.unanswered().count() == 0


def test_message_without_a_word_is_not_kept(store: Store) -> None:
    send(store, message(BEN, until=None))
    with store.view() as view:
        assert view.unanswered().select() == ()
    assert next_due(store) is None


def test_message_is_sent_again_after_twice_as_long_each_time(store: Store) -> None:
    send(store, message(BEN), at=100)
    waits = []
    at = 100
    for _ in range(9):
        then = next_due(store)
        assert then is not None
        assert due(store, then - 1) == []
        assert due(store, then) == [BEN]
        assert due(store, then) == []
        waits.append(then - at)
        at = then
    assert waits == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]


def test_answer_of_one_receiver_ends_the_messages_to_it(store: Store) -> None:
    send(store, message(BEN, CAT))
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.outbox.answered("word", BEN)
    assert due(store, 1000) == [CAT]
    with store.turn(moment()) as turn, turn.delivery(BEN) as tx:
        # Another actor's word is another word.
        tx.outbox.answered("word")
    assert due(store, 3000) == [CAT]
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.outbox.answered("word")
    assert due(store, 100_000) == []


def test_later_message_with_the_same_word_takes_the_place_of_the_earlier(store: Store) -> None:
    send(store, message(BEN, CAT))
    assert due(store, 1000) == [BEN, CAT]
    send(store, Outgoing(to=(BEN,), record=SECOND, until="word"), at=1500)
    with store.turn(moment(2500)) as turn:
        assert [(each.to, each.record) for each in turn.take_due()] == [(BEN, SECOND)]
    assert due(store, 3000) == [CAT]


def test_longest_due_message_is_sent_first(store: Store) -> None:
    send(store, message(CAT), at=0)
    send(store, message(BEN, until="later"), at=500)
    assert next_due(store) == 1000
    assert due(store, 5000) == [CAT, BEN]


def test_messages_of_an_earlier_boot_are_due_at_once(store: Store) -> None:
    send(store, message(BEN), at=10_000_000)
    assert next_due(store, 5, "boot-2") == 5
    assert due(store, 5, "boot-2") == [BEN]
    assert due(store, 5, "boot-2") == []
    assert next_due(store, 5, "boot-2") == 2005


def test_messages_of_a_delivery_that_raises_are_not_sent(store: Store) -> None:
    with store.turn(moment()) as turn:
        with pytest.raises(ZeroDivisionError), turn.delivery(ANN) as tx:
            tx.outbox.put(message(BEN))
            tx.work.put(FIRST, FETCH)
            raise ZeroDivisionError
        assert turn.take_sent() == ()
        assert turn.take_asked() == ()
        assert turn.unanswered().count() == turn.open_work().count() == 0


def test_work_is_asked_for_once(store: Store) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.work.put(FIRST, EXECUTION)
            tx.work.put(FIRST, FETCH)
        (row,) = turn.take_asked()
        assert (row.actor, row.id, row.work) == (ANN, FIRST, EXECUTION)
        assert (row.priority, row.since, row.claimed_by) == (Priority.HIGH, 12, None)
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.work.put(FIRST, FETCH)
        assert turn.take_asked() == ()
        assert turn.open_work().select() == (row,)


def test_claimed_work_is_found_by_its_claim(store: Store) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.work.put(FIRST, FETCH)
            tx.work.put(WorkId("second"), EXECUTION)
        assert turn.claim(ANN, FIRST, "process 7")
        assert not turn.claim(BEN, FIRST, "process 7")
    with store.view() as view:
        assert [row.id for row in view.open_work().select(claimed_by="process 7")] == [FIRST]
        assert [row.id for row in view.open_work().select(claimed_by=None)] == ["second"]
    with store.turn(moment()) as turn:
        assert turn.claim(ANN, FIRST, None)
        assert turn.open_work().count(claimed_by=None) == 2


def test_cancelled_work_gives_no_result(store: Store) -> None:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.work.put(FIRST, FETCH)
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.work.cancel(FIRST)
            tx.work.cancel(FIRST)
            tx.work.cancel(WorkId("unknown"))
        assert turn.take_cancelled() == ((ANN, FIRST),)
        assert turn.take_cancelled() == ()
        with turn.delivery(ANN) as tx:
            assert not tx.end_work(FIRST)
    with store.view() as view:
        assert view.open_work().select() == ()


def test_work_that_is_cancelled_in_its_turn_is_not_given_out(store: Store) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.work.put(FIRST, FETCH)
        with turn.delivery(ANN) as tx:
            tx.work.cancel(FIRST)
        assert turn.take_asked() == ()
        with turn.delivery(ANN) as tx:
            tx.work.put(FIRST, EXECUTION)
        assert [row.work for row in turn.take_asked()] == [EXECUTION]


def test_work_ends_once(store: Store) -> None:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.work.put(FIRST, FETCH)
    with store.turn(moment()) as turn:
        with pytest.raises(ZeroDivisionError), turn.delivery(ANN) as tx:
            assert tx.end_work(FIRST)
            raise ZeroDivisionError
        with turn.delivery(ANN) as tx:
            assert tx.end_work(FIRST)
            assert not tx.end_work(FIRST)
        assert turn.take_cancelled() == ()
    with store.view() as view:
        assert view.open_work().count() == 0
