"""The rows of actors: found, ordered and counted alike in a delivery, its turn, and afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from row_tables import (
    ANN,
    BEN,
    COUNTERS,
    KEYWORDS,
    THINGS,
    Colour,
    Counter,
    Keyword,
    Thing,
    block,
    moment,
    thing,
)

from mesh.actors.stores import Store
from mesh.core.ports.tables import RowReader
from runtime.content.shapes import ShapeError

ROWS = (
    thing("a", 1, Colour.RED, at=5),
    thing("a", 2, Colour.GREEN),
    thing("b", -7, Colour.GREEN, at=5),
    thing("ß", 0, Colour.RED, at=3),
    thing("c", 0, Colour.BLUE, at=9),
    thing("d", 0, Colour.RED),
)


class Injected(Exception):
    pass


def put(store: Store, *rows: Thing) -> None:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        for row in rows:
            tx.rows(THINGS).put(row)


@contextmanager
def all_committed(store: Store) -> Iterator[RowReader[Thing]]:
    put(store, *ROWS)
    with store.view() as view:
        yield view.rows(ANN, THINGS)


@contextmanager
def all_in_a_delivery(store: Store) -> Iterator[RowReader[Thing]]:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        for row in reversed(ROWS):
            tx.rows(THINGS).put(row)
        yield tx.rows(THINGS)


@contextmanager
def in_three_layers(store: Store) -> Iterator[RowReader[Thing]]:
    """Each row is put last in another layer, over rows that it replaces or that are deleted."""
    put(store, *ROWS[:3], thing("gone", 1), replace(ROWS[4], colour=Colour.RED, at=1))
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(ROWS[3])
            tx.rows(THINGS).put(replace(ROWS[5], at=4))
            tx.rows(THINGS).put(thing("gone too", 1, at=2))
            assert tx.rows(THINGS).delete("gone", 1)
        with turn.delivery(ANN) as tx:
            assert tx.rows(THINGS).delete("gone too", 1)
            tx.rows(THINGS).put(ROWS[4])
            tx.rows(THINGS).put(ROWS[5])
            yield tx.rows(THINGS)


@pytest.fixture(params=[all_committed, all_in_a_delivery, in_three_layers])
def rows(request: pytest.FixtureRequest, store: Store) -> Iterator[RowReader[Thing]]:
    layers: Callable[[Store], Any] = request.param
    with layers(store) as found:
        yield found


def names(rows: tuple[Thing, ...]) -> list[tuple[str, int]]:
    return [(each.name, each.number) for each in rows]


def test_row_is_found_by_its_whole_key(rows: RowReader[Thing]) -> None:
    assert rows.get("a", 2) == ROWS[1]
    assert rows.get("a", 3) is None
    assert rows.get("gone", 1) is None
    assert rows.get("gone too", 1) is None


def test_rows_are_ordered_by_their_key(rows: RowReader[Thing]) -> None:
    expected = [("a", 1), ("a", 2), ("b", -7), ("c", 0), ("d", 0), ("ß", 0)]
    assert names(rows.select()) == expected
    assert names(rows.select(descending=True)) == expected[::-1]


def test_rows_are_selected_by_equal_fields(rows: RowReader[Thing]) -> None:
    assert names(rows.select(colour=Colour.GREEN)) == [("a", 2), ("b", -7)]
    assert names(rows.select(colour=Colour.GREEN, at=5)) == [("b", -7)]
    assert names(rows.select(name="a")) == [("a", 1), ("a", 2)]
    assert rows.select(name="gone") == ()


def test_none_is_a_value_like_others(rows: RowReader[Thing]) -> None:
    assert names(rows.select(at=None)) == [("a", 2), ("d", 0)]
    assert names(rows.select(at=frozenset((None, 9)))) == [("a", 2), ("c", 0), ("d", 0)]


def test_frozenset_stands_for_any_of_its_values(rows: RowReader[Thing]) -> None:
    wanted = frozenset((Colour.BLUE, Colour.GREEN))
    assert names(rows.select(colour=wanted)) == [("a", 2), ("b", -7), ("c", 0)]
    assert rows.select(colour=frozenset()) == ()
    assert rows.count(colour=wanted) == 3
    assert rows.count(colour=frozenset()) == 0


def test_order_has_none_first_and_ties_by_the_key(rows: RowReader[Thing]) -> None:
    expected = [("a", 2), ("d", 0), ("ß", 0), ("a", 1), ("b", -7), ("c", 0)]
    assert names(rows.select(order="at")) == expected
    assert names(rows.select(order="at", descending=True)) == expected[::-1]


@pytest.mark.parametrize("limit", range(8))
def test_limit_gives_the_first_rows_of_the_order(rows: RowReader[Thing], limit: int) -> None:
    assert rows.select(limit=limit) == rows.select()[:limit]
    ordered = rows.select(order="at", descending=True)
    assert rows.select(order="at", descending=True, limit=limit) == ordered[:limit]


def test_enums_are_ordered_by_their_values(rows: RowReader[Thing]) -> None:
    found = [each.colour.value for each in rows.select(order="colour")]
    assert found == ["blue", "green", "green", "red", "red", "red"]


def test_due_rows_are_those_with_a_time_that_has_come(rows: RowReader[Thing]) -> None:
    assert names(rows.due("at", 5)) == [("ß", 0), ("a", 1), ("b", -7)]
    assert names(rows.due("at", 5, colour=Colour.RED)) == [("ß", 0), ("a", 1)]
    assert rows.due("at", 2) == ()


def test_rows_are_counted(rows: RowReader[Thing]) -> None:
    assert rows.count() == 6
    assert rows.count(colour=Colour.RED) == 3
    assert rows.count(colour=Colour.RED, at=None) == 1


def test_actor_sees_its_own_rows_only(store: Store) -> None:
    put(store, *ROWS)
    with store.turn(moment()) as turn, turn.delivery(BEN) as tx:
        rows = tx.rows(THINGS)
        assert rows.select() == ()
        assert rows.get("a", 1) is None
        assert not rows.delete("a", 1)
        rows.put(thing("a", 1, Colour.BLUE))
        assert rows.count() == 1
    with store.view() as view:
        assert view.rows(ANN, THINGS).get("a", 1) == ROWS[0]
        assert view.rows(ANN, THINGS).count() == 6


def test_delete_says_whether_there_was_such_a_row(store: Store) -> None:
    put(store, *ROWS)
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        assert tx.rows(THINGS).delete("a", 1)
        assert not tx.rows(THINGS).delete("a", 1)
        tx.rows(THINGS).put(ROWS[0])
        assert tx.rows(THINGS).delete("a", 1)
    with store.view() as view:
        assert view.rows(ANN, THINGS).get("a", 1) is None
        assert view.rows(ANN, THINGS).count() == 5


def test_tables_have_rows_of_their_own(store: Store) -> None:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.rows(COUNTERS).put(Counter(name=Colour.RED, count=1))
        tx.rows(KEYWORDS).put(Keyword(select="from", table=2))
    with store.view() as view:
        assert view.rows(ANN, COUNTERS).get(Colour.RED) == Counter(name=Colour.RED, count=1)
        assert view.rows(ANN, KEYWORDS).select(table=2) == (Keyword(select="from", table=2),)
        assert view.rows(ANN, THINGS).select() == ()


def test_message_that_raises_is_taken_back_alone(store: Store) -> None:
    cid, data = block("taken back")
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(ROWS[0])
        with pytest.raises(Injected), turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(replace(ROWS[0], at=77))
            tx.rows(THINGS).put(ROWS[1])
            tx.blocks.put(cid, data)
            raise Injected
        assert turn.rows(ANN, THINGS).select() == (ROWS[0],)
        with turn.delivery(ANN) as tx:
            assert tx.rows(THINGS).select() == (ROWS[0],)
            assert not tx.blocks.has(cid)
            assert tx.rows(THINGS).delete("a", 1)
            tx.rows(THINGS).put(ROWS[2])
    with store.view() as view:
        assert view.rows(ANN, THINGS).select() == (ROWS[2],)
        assert view.total_bytes() == 0


def test_rehearsal_sees_what_is_stored_and_stores_nothing(store: Store) -> None:
    cid, data = block("rehearsed")
    put(store, ROWS[0])
    with store.view() as view:
        tx = view.rehearsal(ANN, moment())
        assert tx.rows(THINGS).select() == (ROWS[0],)
        tx.rows(THINGS).put(ROWS[1])
        assert tx.rows(THINGS).delete("a", 1)
        tx.blocks.put(cid, data)
        assert tx.blocks.get(cid) == data
        assert tx.rows(THINGS).select() == (ROWS[1],)
        assert view.rows(ANN, THINGS).select() == (ROWS[0],)
        assert not view.blocks(ANN).has(cid)
    with store.view() as view:
        assert view.rows(ANN, THINGS).select() == (ROWS[0],)
        assert view.total_bytes() == 0


def test_turn_that_raises_changes_nothing(store: Store) -> None:
    cid, data = block("never")
    put(store, ROWS[0])
    with pytest.raises(Injected), store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(replace(ROWS[0], at=77))
            tx.rows(THINGS).put(ROWS[1])
            tx.blocks.put(cid, data)
        with turn.delivery(BEN) as tx:
            tx.rows(THINGS).put(ROWS[1])
        raise Injected
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        assert tx.rows(THINGS).select() == (ROWS[0],)
        assert not tx.blocks.has(cid)
        assert turn.rows(BEN, THINGS).select() == ()
        assert turn.total_bytes() == 0


@pytest.mark.parametrize(
    "wrong", [replace(ROWS[0], number=101), replace(ROWS[0], at=-1), replace(ROWS[0], parts=(1,))]
)
def test_row_with_a_field_out_of_its_bounds_is_refused(store: Store, wrong: Thing) -> None:
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(ROWS[1])
        with pytest.raises(ShapeError, match="things"), turn.delivery(ANN) as tx:
            tx.rows(THINGS).put(wrong)
    with store.view() as view:
        assert view.rows(ANN, THINGS).select() == (ROWS[1],)


def test_deliveries_do_not_nest(store: Store) -> None:
    with (
        store.turn(moment()) as turn,
        turn.delivery(ANN),
        pytest.raises(AssertionError),
        turn.delivery(BEN),
    ):
        pass


def test_turns_do_not_nest(store: Store) -> None:
    with store.turn(moment()), pytest.raises(AssertionError), store.turn(moment()):
        pass
