"""Fields of every kind, in tables made at random: in both adapters, what is put is found."""

import tempfile
from collections.abc import Mapping
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NewType

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, defstruct
from row_tables import ANN, QUOTA_BYTES, Colour, block, moment

from mesh.actors.stores import Store
from mesh.adapters.inmemory.store import MemoryStore
from mesh.adapters.rows.layout import layout_of
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.tables import Table
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX, INTEGER_MIN
from runtime.content.did import Did
from runtime.content.shapes import Between, ShapeError, Size

Word = NewType("Word", str)
Height = NewType("Height", int)


class Level(Enum):
    LOW = 1
    HIGH = 2


class Point(Struct, frozen=True):
    x: int
    note: str | None


class Line(Struct, frozen=True):
    points: tuple[Point, ...]


POINTS = st.builds(Point, x=st.integers(0, 9), note=st.none() | st.text(max_size=3))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, INTEGER_MAX),
    Annotated[int, Between(INTEGER_MIN, INTEGER_MAX)]: st.integers(INTEGER_MIN, INTEGER_MAX),
    Height: st.integers(0, 99),
    bool: st.booleans(),
    str: TEXTS,
    Word: TEXTS,
    Annotated[Word, Size(0, 64)]: TEXTS,
    Did: st.sampled_from((ANN, Did("did:key:zBen"))),
    bytes: st.binary(max_size=8),
    Cid: st.sampled_from([block(text)[0] for text in "abc"]),
    Colour: st.sampled_from(Colour),
    Level: st.sampled_from(Level),
}
OTHERS: Mapping[Any, st.SearchStrategy[Any]] = {
    tuple[int, ...]: st.lists(st.integers(0, 9), max_size=3).map(tuple),
    tuple[Did, ...]: st.lists(st.just(ANN), max_size=2).map(tuple),
    Mapping[str, int]: st.dictionaries(TEXTS, st.integers(0, 9), max_size=2),
    Point: POINTS,
    Point | Line: POINTS | st.builds(Line, points=st.lists(POINTS, max_size=2).map(tuple)),
    Any: st.none() | st.booleans() | TEXTS | st.lists(TEXTS, max_size=2),
}
KINDS = {**SCALARS, **OTHERS}


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table[Any], list[Any]]:
    """A table with fields of some kinds, and rows for it."""
    hints = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=6))
    keys = draw(st.lists(st.sampled_from(list(SCALARS)), min_size=1, max_size=3))
    optional = draw(st.lists(st.booleans(), min_size=len(hints), max_size=len(hints)))
    fields = [(f"key{number}", hint) for number, hint in enumerate(keys)]
    values = [KINDS[hint] for hint in keys]
    for number, (hint, may_be_none) in enumerate(zip(hints, optional, strict=True)):
        # Any holds None already.
        is_optional = may_be_none and hint is not Any
        fields.append((f"field{number}", hint | None if is_optional else hint))
        values.append(KINDS[hint] | st.none() if is_optional else KINDS[hint])
    order = draw(st.permutations(range(len(fields))))
    row = defstruct("Row", [fields[each] for each in order], frozen=True, kw_only=True)
    names = [name for name, _ in fields]
    made = st.tuples(*values).map(lambda each: row(**dict(zip(names, each, strict=True))))
    key = tuple(f"key{number}" for number in range(len(keys)))
    table = Table(name="drawn", row=row, key=key, indexes=((key[-1],),))
    return table, draw(st.lists(made, max_size=4))


@given(tables())
@examples(100)
def test_rows_of_every_kind_are_found_as_they_were_put(drawn: tuple[Table[Any], list[Any]]) -> None:
    table, rows = drawn
    expected = {tuple(getattr(row, name) for name in table.key): row for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.sqlite"
        with closing(SqliteStore(path, (table,), quota_bytes=QUOTA_BYTES)) as file:
            found = written(file, table, rows)
        # Opened anew, what is read is what the file holds.
        with closing(SqliteStore(path, (table,), quota_bytes=QUOTA_BYTES)) as again:
            assert written(again, table, []) == found
            for key, row in expected.items():
                with again.view() as view:
                    read = view.rows(ANN, table).get(*key)
                assert read == row
                assert types_of(read) == types_of(row)
    assert found == written(MemoryStore(), table, rows)
    assert len(found) == len(expected)
    assert all(row in found for row in expected.values())


def types_of(row: Any) -> list[type]:
    return [type(getattr(row, name)) for name in row.__struct_fields__]


def written(store: Store, table: Table[Any], rows: list[Any]) -> tuple[Any, ...]:
    with store.turn(moment()) as turn, turn.delivery(ANN) as tx:
        for row in rows:
            tx.rows(table).put(row)
    with store.view() as view:
        return view.rows(ANN, table).select()


class Whose(Struct, frozen=True, kw_only=True):
    name: str
    actor: Did


class Parts(Struct, frozen=True, kw_only=True):
    name: str
    parts: tuple[str, ...]
    at: int | None


@pytest.mark.parametrize(
    "table",
    [
        Table(name="wrong", row=Whose, key=("name",)),
        Table(name="wrong", row=Parts, key=("parts",)),
        Table(name="wrong", row=Parts, key=("name", "at")),
        Table(name="wrong", row=Parts, key=("name",), indexes=(("parts",),)),
    ],
    ids=["names the actor", "key of a list", "key that may be none", "index of a list"],
)
def test_table_that_cannot_be_stored_is_refused(table: Table[Any]) -> None:
    with pytest.raises(AssertionError):
        layout_of(table)


def test_field_that_could_not_be_read_again_is_refused() -> None:
    table = Table(name="large", row=Parts, key=("name",))
    large = Parts(name="a", parts=("x" * 4096,) * 300, at=None)
    with pytest.raises(ShapeError, match="at most 1048576"):
        written(MemoryStore(), table, [large])
