"""The SQLite file: which files are refused, and that each is refused by name and left alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from row_tables import ANN, COUNTERS, QUOTA_BYTES, TABLES, Colour, Counter, block, moment

from mesh.actors.stores import Turn
from mesh.adapters.rows.layout import layout_of
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.file.errors import StoreError
from mesh.adapters.sqlite.file.schema import APPLICATION_ID
from mesh.adapters.sqlite.rows.schema import SCHEMA_VERSION, schema_of
from mesh.adapters.sqlite.rows.store import SqliteStore
from runtime.terminal.errors import CommandError, ExitCode

SCHEMA = schema_of([layout_of(each) for each in TABLES])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mesh.sqlite"


@pytest.fixture
def stores(path: Path) -> Iterator[tuple[SqliteStore, SqliteStore]]:
    """Two connections with one file, as of two processes."""
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)))
            for _ in range(2)
        )
        yield one, two


def edited(path: Path, *statements: str) -> None:
    """Changes the file as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement)


def refusal_of(path: Path) -> CommandError:
    with pytest.raises(CommandError) as caught:
        Database(path, SCHEMA).close()
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def put(turn: Turn, count: int) -> None:
    with turn.delivery(ANN) as tx:
        tx.rows(COUNTERS).put(Counter(name=Colour.RED, count=count))


def test_new_file_is_opened_again(path: Path) -> None:
    Database(path, SCHEMA).close()
    with closing(Database(path, SCHEMA)) as database:
        assert database.check() == ()
        assert not database.is_read_only


def test_commits_go_to_a_log_and_are_synchronized(path: Path) -> None:
    with closing(Database(path, SCHEMA)) as database:
        run = database.connection.execute
        assert run("PRAGMA journal_mode").fetchone() == ("wal",)
        assert run("PRAGMA synchronous").fetchone() == (2,)
        assert run("PRAGMA foreign_keys").fetchone() == (1,)


def test_file_is_marked_as_ours_with_its_version(path: Path) -> None:
    Database(path, SCHEMA).close()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (SCHEMA_VERSION + 1, "store-newer"),
        (SCHEMA_VERSION - 1, "store-older"),
        (0, "store-older"),
    ],
)
def test_file_of_another_schema_version_is_refused(path: Path, version: int, code: str) -> None:
    Database(path, SCHEMA).close()
    edited(path, f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    refused = refusal_of(path)
    assert (refused.code, refused.exit_code) == (code, ExitCode.USAGE)
    assert f"version {version}, this program reads {SCHEMA_VERSION}" in refused.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("mark", ["CREATE TABLE theirs (x)", "PRAGMA application_id = 7"])
def test_file_of_another_program_is_left_alone(path: Path, mark: str) -> None:
    edited(path, mark)
    before = path.read_bytes()
    assert refusal_of(path).code == "store-foreign"
    assert path.read_bytes() == before


def test_file_that_is_not_a_database_is_corrupt(path: Path) -> None:
    text = b"not a database at all, but long enough to have a header" * 40
    path.write_bytes(text)
    assert refusal_of(path).code == "store-corrupt"
    assert path.read_bytes() == text


def test_store_without_one_of_its_tables_is_corrupt(path: Path) -> None:
    with closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store:
        edited(path, "DROP TABLE block_total")
        with pytest.raises(CommandError) as caught, store.view() as view:
            view.total_bytes()
    assert caught.value.code == "store-corrupt"
    assert "restore it from a copy" in caught.value.hint


def test_empty_file_becomes_a_store(path: Path) -> None:
    """As one that was killed before its tables were committed has left it."""
    path.touch(mode=0o600)
    with closing(Database(path, SCHEMA)) as database:
        assert database.check() == ()


def test_directory_is_no_file(path: Path) -> None:
    path.mkdir()
    assert refusal_of(path).code == "store-unusable"


def test_check_finds_pages_that_were_overwritten(path: Path) -> None:
    with (
        closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store,
        store.turn(moment()) as turn,
        turn.delivery(ANN) as tx,
    ):
        for index in range(200):
            tx.blocks.put(*block(chr(index + 1) * 3000))
    whole = bytearray(path.read_bytes())
    assert len(whole) > 500_000
    whole[200_000:400_000] = b"\x5a" * 200_000
    path.write_bytes(bytes(whole))
    with closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store:
        assert store.check() != ()


def test_two_turns_do_not_overlap(stores: tuple[SqliteStore, SqliteStore]) -> None:
    one, two = stores
    two.database.connection.execute("PRAGMA busy_timeout = 0")
    with one.turn(moment()) as turn:
        put(turn, 1)
        with pytest.raises(StoreError) as caught, two.turn(moment()):
            pass
        assert (caught.value.code, caught.value.exit_code) == ("store-busy", ExitCode.TIMEOUT)
    with two.turn(moment()) as turn:
        assert turn.rows(ANN, COUNTERS).get(Colour.RED) == Counter(name=Colour.RED, count=1)


def test_view_is_of_one_moment(stores: tuple[SqliteStore, SqliteStore]) -> None:
    one, two = stores
    with one.view() as before:
        with two.turn(moment()) as turn:
            put(turn, 2)
        assert before.rows(ANN, COUNTERS).get(Colour.RED) is None
        assert before.rows(ANN, COUNTERS).select() == ()
    with one.view() as after:
        assert after.rows(ANN, COUNTERS).get(Colour.RED) == Counter(name=Colour.RED, count=2)


def test_transaction_that_reads_is_of_the_moment_of_its_beginning(
    stores: tuple[SqliteStore, SqliteStore],
) -> None:
    one, two = stores
    count = "SELECT count(*) FROM counters"
    with one.database.transaction("DEFERRED"):
        with two.turn(moment()) as turn:
            put(turn, 2)
        assert one.database.connection.execute(count).fetchone() == (0,)
    with one.database.transaction("DEFERRED"):
        assert one.database.connection.execute(count).fetchone() == (1,)
