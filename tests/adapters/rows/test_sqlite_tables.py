"""The SQLite file of actors, as another program reads it; and what is kept in memory of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from row_tables import (
    ANN,
    BEN,
    COUNTERS,
    QUOTA_BYTES,
    TABLES,
    THINGS,
    Colour,
    Counter,
    Thing,
    block,
    moment,
    thing,
)

from mesh.adapters.rows.layout import layout_of
from mesh.adapters.rows.query import Query
from mesh.adapters.sqlite.rows.schema import schema_of
from mesh.adapters.sqlite.rows.statements import Statements
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import Table
from mesh.embedded.tables import TABLES as HOME_TABLES
from runtime.content.codec import encode
from runtime.content.did import Did
from runtime.terminal.errors import CommandError

CID, DATA = block("x" * 40)
ROW = Thing(
    name="nut",
    number=-3,
    colour=Colour.GREEN,
    at=None,
    made_by=BEN,
    block=CID,
    is_old=True,
    parts=("a", "b"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mesh.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store:
        yield store


@pytest.fixture
def reader(store: SqliteStore, path: Path) -> Iterator[sqlite3.Connection]:
    """Another program with the same file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def put(store: SqliteStore, *rows: Thing, actor: Did = ANN) -> None:
    with store.turn(moment()) as turn, turn.delivery(actor) as tx:
        for row in rows:
            tx.rows(THINGS).put(row)


def rows_of(store: SqliteStore, actor: Did = ANN) -> tuple[Thing, ...]:
    with store.view() as view:
        return view.rows(actor, THINGS).select()


def test_row_is_read_by_hand(store: SqliteStore, reader: sqlite3.Connection) -> None:
    put(store, ROW)
    named = "(SELECT name FROM names WHERE number = things.{})"
    found = reader.execute(
        f"SELECT {named.format('actor')}, name, number, colour, at, {named.format('made_by')},"
        f" {named.format('block')}, is_old, parts FROM things"
    ).fetchall()
    parts = encode(["a", "b"])
    assert found == [(ANN, "nut", -3, "green", None, BEN, CID.raw, 1, parts)]


def test_tables_are_strict_with_checks_and_indexes() -> None:
    statements = tuple(schema_of([layout_of(THINGS), layout_of(COUNTERS)]).statements())
    end = statements.index("ANALYZE")
    assert statements[end - 5 : end] == (
        'CREATE TABLE "things" ("actor" INTEGER NOT NULL,'
        ' "name" TEXT NOT NULL, "number" INTEGER NOT NULL'
        ' CHECK ("number" >= -100 AND "number" <= 100), "colour" TEXT NOT NULL,'
        ' "at" INTEGER CHECK ("at" >= 0), "made_by" INTEGER, "block" INTEGER,'
        ' "is_old" INTEGER NOT NULL CHECK ("is_old" >= 0 AND "is_old" <= 1),'
        ' "counter" BLOB NOT NULL, "parts" BLOB NOT NULL,'
        ' PRIMARY KEY ("actor", "name", "number")) STRICT',
        'CREATE INDEX "things_by_colour_at" ON "things" ("actor", "colour", "at")',
        'CREATE INDEX "things_by_at" ON "things" ("actor", "at")',
        'CREATE INDEX "things_by_block" ON "things" ("actor", "block")',
        'CREATE TABLE "counters" ("actor" INTEGER NOT NULL,'
        ' "name" TEXT NOT NULL, "count" INTEGER NOT NULL CHECK ("count" >= 0),'
        ' PRIMARY KEY ("actor", "name")) STRICT, WITHOUT ROWID',
    )


@pytest.mark.parametrize("table", HOME_TABLES, ids=lambda table: table.name)
def test_rows_are_looked_up_by_index(tmp_path: Path, table: Table[Any]) -> None:
    path, layout = tmp_path / "home.sqlite", layout_of(table)
    SqliteStore(path, HOME_TABLES, quota_bytes=QUOTA_BYTES).close()
    with closing(sqlite3.connect(path)) as reader:
        for index in layout.indexes:
            equal = tuple((position, frozenset((1,))) for position in index)
            sql = Statements(layout).select(Query(equal=equal))
            plan = reader.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * len(index)).fetchall()
            looked_up = " AND ".join(f"{layout.columns[position].name}=?" for position in index)
            assert f"({looked_up})" in plan[0][3]


@pytest.mark.parametrize("change", ["number = 101", "at = -1", "is_old = 2", "name = NULL"])
def test_file_itself_refuses_values_out_of_their_bounds(
    store: SqliteStore, reader: sqlite3.Connection, change: str
) -> None:
    put(store, ROW)
    with pytest.raises(sqlite3.IntegrityError):
        reader.execute(f"UPDATE things SET {change}")


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("actor = 1 AND colour = 'red' AND at <= 5", "things_by_colour_at"),
        ("actor = 1 AND at <= 5", "things_by_at"),
        ("actor = 1 AND block = 2", "things_by_block"),
        ("actor = 1 AND name = 'a'", "sqlite_autoindex_things_1"),
    ],
)
def test_queries_use_the_indexes(
    store: SqliteStore, reader: sqlite3.Connection, condition: str, index: str
) -> None:
    plan = reader.execute(f"EXPLAIN QUERY PLAN SELECT * FROM things WHERE {condition}").fetchall()
    assert index in plan[0][-1]


def test_block_is_stored_once_for_all_who_hold_it(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                tx.blocks.put(CID, DATA)
    blocks = "SELECT name, size, data FROM blocks JOIN names USING (number)"
    assert reader.execute(blocks).fetchall() == [(CID.raw, 40, DATA)]
    holders = "SELECT name FROM held JOIN names ON actor = number ORDER BY name"
    assert reader.execute(holders).fetchall() == [(ANN,), (BEN,)]
    assert reader.execute("SELECT bytes FROM block_total").fetchall() == [(40,)]
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                tx.blocks.delete(CID)
    assert reader.execute("SELECT * FROM held").fetchall() == []
    assert reader.execute("SELECT * FROM blocks").fetchall() == []
    assert reader.execute("SELECT bytes FROM block_total").fetchall() == [(0,)]


def test_tampered_block_is_given_to_nobody_until_someone_puts_it_again(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        tx.blocks.put(CID, DATA)
    reader.execute("UPDATE blocks SET data = x'00'")
    with store.view() as view, pytest.raises(BlockError) as caught:
        view.blocks(ANN).get(CID)
    assert caught.value.fault is BlockFault.TAMPERED
    with store.turn(moment()) as turn, turn.delivery(BEN) as tx:
        tx.blocks.put(CID, DATA)
    with store.view() as view:
        assert view.blocks(ANN).get(CID) == view.blocks(BEN).get(CID) == DATA


def test_what_is_answered_in_its_turn_is_never_written(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    statements: list[str] = []
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.outbox.put(Outgoing(to=(BEN,), record=CID, until="word"))
        with turn.delivery(ANN) as tx:
            tx.outbox.answered("word")
        store.database.connection.set_trace_callback(statements.append)
    assert [each for each in statements if 'INSERT INTO "outbox"' in each] == []
    assert reader.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_row_that_does_not_change_is_not_written(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    put(store, ROW)
    before = reader.execute("PRAGMA data_version").fetchone()
    put(store, replace(ROW))
    assert reader.execute("PRAGMA data_version").fetchone() == before
    put(store, replace(ROW, at=1))
    assert reader.execute("PRAGMA data_version").fetchone() != before


def test_rows_are_read_once_while_no_other_process_writes(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    put(store, ROW)
    assert rows_of(store) == (ROW,)
    statements: list[str] = []
    store.database.connection.set_trace_callback(statements.append)
    assert rows_of(store) == (ROW,)
    with store.view() as view:
        assert view.rows(ANN, THINGS).get("nut", -3) == ROW
    assert [each for each in statements if "things" in each] == []
    put(store, thing("own"))
    assert rows_of(store) == (ROW, thing("own"))
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        assert tx.rows(THINGS).delete("own", 0)
    assert rows_of(store) == (ROW,)
    reader.execute("UPDATE things SET at = 7")
    assert rows_of(store) == (replace(ROW, at=7),)
    with store.view() as view:
        assert view.rows(ANN, THINGS).get("nut", -3) == replace(ROW, at=7)


def test_two_stores_of_one_file_see_each_others_turns(store: SqliteStore, path: Path) -> None:
    with closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as other:
        for number in range(5):
            for here, there in ((store, other), (other, store)):
                with here.turn(moment()) as turn, turn.delivery(ANN) as tx:
                    rows = tx.rows(COUNTERS)
                    before = rows.get(Colour.RED) or Counter(name=Colour.RED, count=0)
                    rows.put(replace(before, count=before.count + 1))
                    tx.blocks.put(*block(f"{number} {before.count}"))
                with there.view() as view:
                    found = view.rows(ANN, COUNTERS).get(Colour.RED)
                    assert found == replace(before, count=before.count + 1)
                    assert view.rows(ANN, COUNTERS).select() == (found,)
                    assert view.total_bytes() == len(view.cids(ANN)) * 3


def test_turn_that_finds_the_disk_full_leaves_nothing_in_memory(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    put(store, ROW)
    run = store.database.connection.execute
    (pages,) = run("PRAGMA page_count").fetchone()
    run(f"PRAGMA max_page_count = {pages}")
    large = "y" * 100_000
    with (
        pytest.raises(CommandError) as caught,
        store.turn(moment()) as turn,
        turn.delivery(BEN) as tx,
    ):
        tx.rows(THINGS).put(replace(ROW, at=5))
        tx.blocks.put(*block(large))
    assert caught.value.code == "disk-full"
    run("PRAGMA max_page_count = 1000000")
    assert rows_of(store, BEN) == ()
    with store.view() as view:
        assert view.total_bytes() == 0
    # The numbers that names were given are not known either.
    cat = Did("did:key:zCat")
    put(store, ROW, actor=cat)
    put(store, thing("mine"), actor=BEN)
    assert rows_of(store, cat) == (ROW,)
    assert rows_of(store, BEN) == (thing("mine"),)
    assert rows_of(store) == (ROW,)


def test_file_is_opened_again(store: SqliteStore, path: Path) -> None:
    put(store, ROW, thing("b"))
    with closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as again:
        assert rows_of(again) == (thing("b"), ROW)
        assert again.check() == ()


def test_more_rows_than_are_kept_are_read_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.adapters.sqlite.rows.rows.ROWS_KEPT_MAX", 3)
    monkeypatch.setattr("mesh.adapters.sqlite.rows.rows.QUERIES_KEPT_MAX", 2)
    monkeypatch.setattr("mesh.adapters.sqlite.rows.blocks.BLOCKS_KEPT_MAX", 2)
    many = [thing("a", number) for number in range(10)]
    put(store, *many)
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            for number in range(10):
                tx.blocks.put(*block(str(number)))
                assert tx.rows(THINGS).get("a", number) == many[number]
                assert tx.rows(THINGS).select(number=number) == (many[number],)
        with turn.delivery(BEN) as tx:
            for number in range(10):
                tx.blocks.put(*block(str(number)))
    assert rows_of(store) == tuple(many)
    with store.view() as view:
        assert len(view.cids(ANN)) == len(view.cids(BEN)) == view.total_bytes() == 10
