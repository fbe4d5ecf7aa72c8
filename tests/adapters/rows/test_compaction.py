"""Compaction of a file: what is packed is read as it was written, and nothing else is left over."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace
from row_tables import ANN, BEN, QUOTA_BYTES, moment

from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.names import Names
from mesh.adapters.sqlite.rows.packing import MARK, Packing, numbers_in
from mesh.adapters.sqlite.rows.schema import schema_of
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.core.ports.tables import Table
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.content.did import Did
from runtime.content.shapes import ShapeError


class Letter(Struct, frozen=True, kw_only=True):
    number: int
    about: Cid | None
    pages: tuple[str, ...]
    others: tuple[Cid, ...] = ()


LETTERS = Table(name="letters", row=Letter, key=("number",), indexes=(("about",),))
CAT = Did("did:key:zCat")
PAGES = ("to whom it may concern", "yours sincerely", "post scriptum")


def cid(text: str) -> Cid:
    return cid_of(encode(text), Codec.DAG_CBOR)


def record(number: int) -> tuple[Cid, bytes]:
    """A block that names another."""
    data = encode({"about": cid(f"subject {number}"), "number": number, "pages": list(PAGES)})
    return cid_of(data, Codec.DAG_CBOR), data


def letter(number: int) -> Letter:
    return Letter(number=number, about=cid(f"subject {number}"), pages=PAGES, others=(cid("all"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mesh.sqlite"


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, (LETTERS,), quota_bytes=QUOTA_BYTES)


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store with some letters, and the blocks that they are about."""
    with closing(opened(path)) as store:
        with store.turn(moment()) as turn:
            for actor in (ANN, BEN):
                with turn.delivery(actor) as tx:
                    for number in range(30):
                        tx.rows(LETTERS).put(letter(number))
                        tx.blocks.put(*record(number))
        yield store


@pytest.fixture
def reader(store: SqliteStore, path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def check_all(store: SqliteStore) -> None:
    with store.view() as view:
        for actor in (ANN, BEN):
            assert view.rows(actor, LETTERS).select() == tuple(map(letter, range(30)))
            assert view.rows(actor, LETTERS).select(about=cid("subject 7")) == (letter(7),)
            for number in range(30):
                name, data = record(number)
                assert view.blocks(actor).get(name) == data
                assert view.blocks(actor).size(name) == len(data)
        assert view.total_bytes() == sum(len(record(number)[1]) for number in range(30))
    assert store.block_sums().stated == store.block_sums().summed
    assert store.unreadable() == ()


def test_what_is_packed_is_read_as_it_was_written(
    store: SqliteStore, path: Path, reader: sqlite3.Connection
) -> None:
    store.compact(nullcontext)
    check_all(store)
    with closing(opened(path)) as again:
        check_all(again)
    packed = reader.execute("SELECT pages FROM letters").fetchall()
    assert all(data.startswith(MARK) for (data,) in packed)
    assert reader.execute("SELECT count(*) FROM blocks WHERE is_packed").fetchone() == (30,)
    (stored, whole) = reader.execute("SELECT sum(length(data)), sum(size) FROM blocks").fetchone()
    assert stored * 3 < whole


def test_file_is_shorter_and_a_second_compaction_changes_nothing(
    store: SqliteStore, path: Path, reader: sqlite3.Connection
) -> None:
    (before,) = reader.execute("PRAGMA page_count").fetchone()
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                for number in range(200):
                    tx.blocks.put(*record(1_000 + number))
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                for number in range(200):
                    assert tx.blocks.delete(record(1_000 + number)[0])
    store.compact(nullcontext)
    check_all(store)
    assert reader.execute("PRAGMA page_count").fetchone()[0] <= before
    assert path.stat().st_size <= before * 4096
    dump = list(reader.iterdump())
    store.compact(nullcontext)
    assert list(reader.iterdump()) == dump


def test_row_that_changes_later_is_written_anew(store: SqliteStore, path: Path) -> None:
    store.compact(nullcontext)
    changed = replace(letter(3), pages=(*PAGES, "one more"))
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        assert tx.rows(LETTERS).get(3) == letter(3)
        tx.rows(LETTERS).put(changed)
    store.compact(nullcontext)
    with closing(opened(path)) as again, again.view() as view:
        assert view.rows(ANN, LETTERS).get(3) == changed
        assert view.rows(BEN, LETTERS).get(3) == letter(3)


def test_names_go_with_the_last_value_that_has_them(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    def names() -> set[bytes | str]:
        return {name for (name,) in reader.execute("SELECT name FROM names")}

    store.compact(nullcontext)
    subject, block = cid("subject 5").raw, record(5)[0].raw
    assert {subject, block, str(ANN), str(BEN)} <= names()
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                assert tx.rows(LETTERS).delete(5)
    store.compact(nullcontext)
    assert subject in names(), "the packed block still names it"
    with store.turn(moment()) as turn:
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                assert tx.blocks.delete(record(5)[0])
    store.compact(nullcontext)
    assert not {subject, block} & names()
    assert {cid("subject 6").raw, record(6)[0].raw} <= names()


def test_values_of_each_kind_are_packed_where_many_of_one_follow_another(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    """As the records of jobs that were under way together."""
    places = []
    for kind in range(8):
        with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
            for number in range(100):
                fields = {f"{PAGES[kind % 3]} {kind * 7 + each}": each for each in range(9)}
                data = encode({**fields, "number": number})
                name = cid_of(data, Codec.DAG_CBOR)
                places.append((kind, name.raw))
                tx.blocks.put(name, data)
    store.compact(nullcontext)
    sql = (
        "SELECT length(data), size FROM blocks"
        " WHERE number = (SELECT number FROM names WHERE name = ?)"
    )
    for kind in range(8):
        found = [reader.execute(sql, (raw,)).fetchone() for each, raw in places if each == kind]
        assert 10 * sum(packed for packed, _ in found) < sum(size for _, size in found), kind


def test_others_write_between_the_steps(store: SqliteStore, path: Path) -> None:
    with closing(opened(path)) as other:
        numbers = iter(range(100, 200))

        @contextmanager
        def alone() -> Iterator[None]:
            number = next(numbers)
            with other.turn(moment()) as turn, turn.delivery(ANN) as tx:
                tx.rows(LETTERS).put(letter(number))
                tx.blocks.put(*record(number))
            yield

        store.compact(alone)
        last = next(numbers)
        for each in (store, other):
            with each.view() as view:
                for number in (*range(30), *range(100, last)):
                    assert view.rows(ANN, LETTERS).get(number) == letter(number)
                    assert view.blocks(ANN).get(record(number)[0]) == record(number)[1]
        assert last > 102, "there are several steps"


@pytest.mark.parametrize("change", ["x'd9'", "substr(data, 1, length(data) - 1)", "zeroblob(40)"])
def test_packed_block_that_was_damaged_is_tampered(
    store: SqliteStore, path: Path, reader: sqlite3.Connection, change: str
) -> None:
    store.compact(nullcontext)
    reader.execute(f"UPDATE blocks SET data = {change}")
    name, data = record(1)
    with closing(opened(path)) as again:
        with again.view() as view, pytest.raises(BlockError) as caught:
            view.blocks(ANN).get(name)
        assert caught.value.fault is BlockFault.TAMPERED
        with again.turn(moment()) as turn, turn.delivery(CAT) as tx:
            tx.blocks.put(name, data)
        with again.view() as view:
            assert view.blocks(ANN).get(name) == data


@pytest.mark.parametrize(
    "change",
    [
        "letters SET pages = x'd9'",
        "letters SET pages = substr(pages, 1, length(pages) - 1)",
        "letters SET about = 999999",
        "letters SET others = x'd901010099'",
    ],
)
def test_packed_row_that_was_damaged_is_unreadable(
    store: SqliteStore, path: Path, reader: sqlite3.Connection, change: str
) -> None:
    store.compact(nullcontext)
    reader.execute(f"UPDATE {change} WHERE number = 4")
    with closing(opened(path)) as again:
        assert {each.table for each in again.unreadable()} == {"letters"}
        again.mend_file(())
        assert again.unreadable() == ()
        with again.view() as view:
            rows = view.rows(ANN, LETTERS).select()
        assert rows == tuple(letter(number) for number in range(30) if number != 4)


def test_block_of_nobody_is_given_to_those_whose_packed_values_name_it(
    store: SqliteStore, reader: sqlite3.Connection
) -> None:
    lost, data = cid("all"), encode("all")
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.blocks.put(lost, data)
        with turn.delivery(BEN) as tx:
            for number in range(30):
                assert tx.rows(LETTERS).delete(number)
    store.compact(nullcontext)
    place = "(SELECT number FROM names WHERE name = ?)"
    reader.execute(f"DELETE FROM held WHERE block = {place}", (lost.raw,))
    assert store.block_sums().unheld == (lost,)
    store.mend_file(())
    assert store.block_sums().unheld == ()
    with store.view() as view:
        assert view.blocks(ANN).get(lost) == data
        assert not view.blocks(BEN).has(lost)


# --- the packing of any bytes


KNOWN = [cid(f"known {number}") for number in range(3)]
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([*KNOWN, cid("unknown")]).map(encode),
    st.sampled_from(KNOWN).map(lambda each: each.raw),
    st.sampled_from(KNOWN).map(lambda each: encode(each)[:-3]),
    st.just(MARK),
)


@pytest.fixture(scope="module")
def packing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packing]:
    """A packing over a file with the known names."""
    database = Database(tmp_path_factory.mktemp("packing") / "mesh.sqlite", schema_of([]))
    names = Names(database)
    for each in KNOWN:
        names.make(each.raw)
    yield Packing(database, names)
    database.close()


@given(data=st.lists(PIECES, max_size=8).map(b"".join), like=st.binary(max_size=200))
@examples(300)
def test_any_bytes_are_unpacked_as_they_were(packing: Packing, data: bytes, like: bytes) -> None:
    dictionary = packing.add_dictionary(like)
    packed = packing.pack(data, dictionary)
    assert packed.startswith(MARK)
    assert packing.unpack(packed) == data
    assert set(numbers_in(packed)) <= {1, 2, 3}


@given(data=st.binary(max_size=60))
@examples(300)
def test_bytes_that_were_not_packed_are_refused_or_read(packing: Packing, data: bytes) -> None:
    packing.add_dictionary(b"like")
    try:
        packing.unpack(MARK + data)
    except ShapeError:
        return
