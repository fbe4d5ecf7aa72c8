"""Both adapters against a model: dicts of rows, filtered and sorted as the port's docstrings say.

Two stores are open on the SQLite file, and take turns at random.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from row_tables import ANN, BEN, QUOTA_BYTES, TABLES, THINGS, Colour, Counter, Thing, block, moment

from mesh.actors.stores import DeliveryTransaction, Store, Turn
from mesh.adapters.inmemory.store import MemoryStore
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.tables import RowReader
from runtime.content.cid import Cid
from runtime.content.did import Did

FACTOR = int(os.environ.get("FUZZ_FACTOR", "1"))

Rows = dict[tuple[str, int], Thing]
Blocks = dict[Cid, bytes]


class Taken(Exception):
    """What takes a delivery, or a turn, back."""


ACTORS = st.sampled_from((ANN, BEN))
NAMES = st.sampled_from(("", "a", "\U0001f600", "\uffff"))
NUMBERS = st.integers(-1, 1)
TIMES = st.none() | st.integers(0, 4)
BLOCKS = st.sampled_from([block(text * 9) for text in "abc"])
THING = st.builds(
    Thing,
    name=NAMES,
    number=NUMBERS,
    colour=st.sampled_from(Colour),
    at=TIMES,
    made_by=st.none() | ACTORS,
    block=st.none() | BLOCKS.map(lambda each: each[0]),
    is_old=st.booleans(),
    counter=st.builds(Counter, name=st.sampled_from(Colour), count=st.integers(0, 2)),
    parts=st.lists(NAMES, max_size=2).map(tuple),
)
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "number": NUMBERS,
    "colour": st.sampled_from(Colour),
    "at": TIMES,
    "made_by": st.none() | ACTORS,
    "block": st.none() | BLOCKS.map(lambda each: each[0]),
    "is_old": st.booleans(),
}
EQUAL = st.just({}) | st.fixed_dictionaries(
    {},
    optional={name: values | st.frozensets(values, max_size=3) for name, values in VALUES.items()},
)


def plain(value: Any) -> Any:
    """A value as it is ordered: enums by their values, texts by their UTF-8 bytes."""
    if isinstance(value, Colour):
        return value.value
    if isinstance(value, Cid):
        return value.raw
    return value.encode() if isinstance(value, str) else value


def wanted(row: Thing, equal: Mapping[str, Any]) -> bool:
    return all(
        getattr(row, name) in (value if isinstance(value, frozenset) else {value})
        for name, value in equal.items()
    )


def place(row: Thing, order: str | None) -> Any:
    key = (plain(row.name), row.number)
    if order is None:
        return key
    value = plain(getattr(row, order))
    return (value is not None, value, key)


def everything(rows: RowReader[Thing]) -> list[Thing]:
    return list(rows.select())


class Stores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "mesh.sqlite"
        self.files = [SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES) for _ in range(2)]
        self.memory = MemoryStore(quota_bytes=QUOTA_BYTES)
        self.stores: tuple[Store, ...] = (self.memory, *self.files)
        self.committed: dict[Did, tuple[Rows, Blocks]] = {ANN: ({}, {}), BEN: ({}, {})}
        self.turn_model = self.committed
        self.model = self.committed
        self.turns: list[tuple[AbstractContextManager[Turn], Turn]] = []
        self.deliveries: list[
            tuple[AbstractContextManager[DeliveryTransaction], DeliveryTransaction]
        ] = []
        self.actor = ANN

    def teardown(self) -> None:
        if self.deliveries:
            self.end_delivery(raises=True)
        if self.turns:
            self.end_turn(raises=True)
        for each in self.files:
            each.close()
        self.folder.cleanup()

    # --- turns and deliveries

    @precondition(lambda self: not self.turns)
    @rule(which=st.integers(0, 1))
    def begin_turn(self, which: int) -> None:
        stores: tuple[Store, ...] = (self.memory, self.files[which])
        for store in stores:
            opened = store.turn(moment())
            self.turns.append((opened, opened.__enter__()))
        self.turn_model = copied(self.committed)
        self.model = self.turn_model

    @precondition(lambda self: self.turns and not self.deliveries)
    @rule(raises=st.booleans() | st.just(False))
    def end_turn(self, raises: bool) -> None:
        left(self.turns, raises)
        if not raises:
            self.committed = self.turn_model
        self.model = self.committed

    @precondition(lambda self: self.turns and not self.deliveries)
    @rule(actor=ACTORS)
    def begin_delivery(self, actor: Did) -> None:
        for _, turn in self.turns:
            opened = turn.delivery(actor)
            self.deliveries.append((opened, opened.__enter__()))
        self.actor = actor
        self.model = copied(self.turn_model)

    @precondition(lambda self: self.deliveries)
    @rule(raises=st.booleans() | st.just(False))
    def end_delivery(self, raises: bool) -> None:
        left(self.deliveries, raises)
        if not raises:
            self.turn_model = self.model
        self.model = self.turn_model

    @precondition(lambda self: not self.turns)
    @rule(which=st.integers(0, 1), actor=ACTORS, rows=st.lists(THING, min_size=3, max_size=9))
    def take_a_turn(self, which: int, actor: Did, rows: list[Thing]) -> None:
        self.begin_turn(which)
        self.begin_delivery(actor)
        self.put(rows)
        self.end_delivery(raises=False)
        self.end_turn(raises=False)

    @precondition(lambda self: not self.turns)
    @rule(which=st.integers(0, 1), actor=ACTORS)
    def begin_turn_with_a_delivery(self, which: int, actor: Did) -> None:
        self.begin_turn(which)
        self.begin_delivery(actor)

    # --- writes

    @precondition(lambda self: self.deliveries)
    @rule(rows=st.lists(THING, min_size=1, max_size=6))
    def put(self, rows: list[Thing]) -> None:
        for row in rows:
            for _, tx in self.deliveries:
                tx.rows(THINGS).put(row)
            self.model[self.actor][0][row.name, row.number] = row

    @precondition(lambda self: self.deliveries and self.model[self.actor][0])
    @rule(data=st.data())
    def delete_one_that_is_there(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.model[self.actor][0])))
        self.delete(*key)

    @precondition(lambda self: self.deliveries)
    @rule(name=NAMES, number=NUMBERS)
    def delete(self, name: str, number: int) -> None:
        was_there = self.model[self.actor][0].pop((name, number), None) is not None
        for _, tx in self.deliveries:
            assert tx.rows(THINGS).delete(name, number) == was_there

    @precondition(lambda self: self.deliveries)
    @rule(stored=BLOCKS)
    def put_block(self, stored: tuple[Cid, bytes]) -> None:
        for _, tx in self.deliveries:
            tx.blocks.put(*stored)
        self.model[self.actor][1][stored[0]] = stored[1]

    @precondition(lambda self: self.deliveries)
    @rule(stored=BLOCKS)
    def delete_block(self, stored: tuple[Cid, bytes]) -> None:
        was_there = self.model[self.actor][1].pop(stored[0], None) is not None
        for _, tx in self.deliveries:
            assert tx.blocks.delete(stored[0]) == was_there

    # --- reads

    def readers(self, actor: Did) -> list[RowReader[Thing]]:
        if self.deliveries:
            return [tx.rows(THINGS) for _, tx in self.deliveries]
        return [turn.rows(actor, THINGS) for _, turn in self.turns]

    def rows_seen(self, actor: Did) -> Rows:
        return self.model[self.actor if self.deliveries else actor][0]

    @precondition(lambda self: self.turns)
    @rule(actor=ACTORS, name=NAMES, number=NUMBERS)
    def get(self, actor: Did, name: str, number: int) -> None:
        for rows in self.readers(actor):
            assert rows.get(name, number) == self.rows_seen(actor).get((name, number))

    @rule(
        actor=ACTORS,
        equal=EQUAL,
        order=st.none() | st.sampled_from(sorted(VALUES)),
        descending=st.booleans(),
        limit=st.none() | st.integers(0, 4),
    )
    def select(
        self,
        actor: Did,
        equal: dict[str, Any],
        order: str | None,
        descending: bool,
        limit: int | None,
    ) -> None:
        found = [row for row in self.rows_seen(actor).values() if wanted(row, equal)]
        found.sort(key=lambda row: place(row, order), reverse=descending)
        for rows in self.readers(actor):
            assert list(rows.select(order=order, descending=descending, limit=limit, **equal)) == (
                found if limit is None else found[:limit]
            )

    @precondition(lambda self: self.turns)
    @rule(actor=ACTORS, equal=EQUAL, at=st.integers(0, 4))
    def due(self, actor: Did, equal: dict[str, Any], at: int) -> None:
        found = [
            row
            for row in self.rows_seen(actor).values()
            if row.at is not None and row.at <= at and wanted(row, equal)
        ]
        found.sort(key=lambda row: place(row, "at"))
        for rows in self.readers(actor):
            assert list(rows.due("at", at, **equal)) == found

    @precondition(lambda self: self.turns)
    @rule(actor=ACTORS, equal=EQUAL)
    def count(self, actor: Did, equal: dict[str, Any]) -> None:
        expected = sum(wanted(row, equal) for row in self.rows_seen(actor).values())
        for rows in self.readers(actor):
            assert rows.count(**equal) == expected

    @invariant()
    def what_is_derived_is_of_the_rows_of_the_model(self) -> None:
        for actor in (self.actor,) if self.deliveries else (ANN, BEN):
            expected = list(self.rows_seen(actor).values())
            for rows in self.readers(actor):
                assert rows.derived(everything) == sorted(
                    expected, key=lambda row: place(row, None)
                )

    @invariant()
    def blocks_are_those_of_the_model(self) -> None:
        if self.deliveries:
            for _, tx in self.deliveries:
                for cid in self.model[self.actor][1]:
                    assert tx.blocks.has(cid)
            return
        if self.turns:
            for _, turn in self.turns:
                self.check_blocks(turn)
            return
        for store in self.stores:
            with store.view() as view:
                self.check_blocks(view)

    def check_blocks(self, view: Any) -> None:
        everything: Blocks = {}
        for actor, (rows, blocks) in self.model.items():
            everything |= blocks
            assert view.cids(actor) == tuple(sorted(blocks))
            assert all(view.blocks(actor).get(cid) == data for cid, data in blocks.items())
            assert view.rows(actor, THINGS).count() == len(rows)
        assert view.total_bytes() == sum(map(len, everything.values()))


def copied(model: dict[Did, tuple[Rows, Blocks]]) -> dict[Did, tuple[Rows, Blocks]]:
    return {actor: (dict(rows), dict(blocks)) for actor, (rows, blocks) in model.items()}


def left(opened: list[tuple[AbstractContextManager[Any], Any]], raises: bool) -> None:
    """Leave what was opened, by an exception or normally."""
    for manager, _ in opened:
        if raises:
            error = Taken()
            assert not manager.__exit__(Taken, error, None)
        else:
            manager.__exit__(None, None, None)
    opened.clear()


Stores.TestCase.settings = settings(max_examples=80 * FACTOR, stateful_step_count=60, deadline=None)
test_stores_do_as_the_model = Stores.TestCase
