"""The tables of the file that holds the rows and blocks of actors.

Rule: one STRICT table for each `Table`, a column for each field. Names are numbered: they would be
the greater part of the file. A change of any table raises SCHEMA_VERSION.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mesh.adapters.rows.columns import Column, Kind
from mesh.adapters.rows.layout import Layout
from mesh.adapters.sqlite.file.schema import Schema
from runtime.content.codec import INTEGER_MAX, INTEGER_MIN

SCHEMA_VERSION: Final = 107
"""Above those of the tables of earlier releases."""
ROWS: Final = 1_000_000
ACTOR_ROWS: Final = 250_000
VALUE_ROWS: Final = 10
"""Rows of a table, of one actor, and of one value of an index, as the planner is to expect them."""

_COMMON: Final = (
    "CREATE TABLE names (number INTEGER PRIMARY KEY, name ANY NOT NULL UNIQUE) STRICT",
    "CREATE TABLE dictionaries (number INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    "CREATE TABLE blocks ("
    "number INTEGER PRIMARY KEY,"
    " size INTEGER NOT NULL CHECK (size >= 0),"
    " is_packed INTEGER NOT NULL CHECK (is_packed >= 0 AND is_packed <= 1),"
    " data BLOB NOT NULL"
    ") STRICT",
    "CREATE TABLE held ("
    "block INTEGER NOT NULL REFERENCES blocks (number),"
    " actor INTEGER NOT NULL,"
    " PRIMARY KEY (block, actor)"
    ") STRICT, WITHOUT ROWID",
    "CREATE TABLE block_total"
    " (only INTEGER PRIMARY KEY CHECK (only = 1), bytes INTEGER NOT NULL CHECK (bytes >= 0))"
    " STRICT",
    "INSERT INTO block_total VALUES (1, 0)",
)
"""A block has the number of its CID. size: of its bytes, which are packed in `data` or not."""


def schema_of(layouts: Sequence[Layout]) -> Schema:
    """The schema of a file with these tables."""
    return Schema(version=SCHEMA_VERSION, statements=lambda: _statements(layouts))


def _statements(layouts: Sequence[Layout]) -> Iterator[str]:
    yield from _COMMON
    for each in layouts:
        yield _table(each)
        yield from _indexes(each)
    yield from _statistics(layouts)


def quoted(name: str) -> str:
    """A name of a table or column as SQL writes it."""
    return f'"{name}"'


def names(layout: Layout, positions: Iterable[int]) -> str:
    """Columns, as a list of SQL."""
    return ", ".join(quoted(layout.columns[position].name) for position in positions)


def _table(layout: Layout) -> str:
    columns = map(_column, layout.columns)
    # A long row is better kept out of the tree of its key.
    options = "STRICT, WITHOUT ROWID" if _is_short(layout) else "STRICT"
    inside = ", ".join((*columns, f"PRIMARY KEY ({names(layout, layout.key)})"))
    return f"CREATE TABLE {quoted(layout.table.name)} ({inside}) {options}"


def _column(column: Column) -> str:
    name = quoted(column.name)
    text = f"{name} {Kind.INTEGER.value if column.is_name else column.kind.value}"
    if not column.is_optional:
        text += " NOT NULL"
    bounds = column.bounds
    if column.kind is Kind.INTEGER and bounds is not None:
        limits = [f"{name} >= {bounds.low}"] if bounds.low > INTEGER_MIN else []
        limits += [f"{name} <= {bounds.high}"] if bounds.high < INTEGER_MAX else []
        if limits:
            text += f" CHECK ({' AND '.join(limits)})"
    return text


def _is_short(layout: Layout) -> bool:
    return all(each.is_scalar for each in layout.columns)


def _indexes(layout: Layout) -> list[str]:
    return [
        f"CREATE INDEX {quoted(_index_name(layout, fields))} ON {quoted(layout.table.name)}"
        f" ({names(layout, index)})"
        for fields, index in zip(layout.table.indexes, layout.indexes, strict=True)
    ]


def _index_name(layout: Layout, fields: tuple[str, ...]) -> str:
    return "_".join((layout.table.name, "by", *fields))


# --- statistics


def _statistics(layouts: Sequence[Layout]) -> Iterator[str]:
    """What SQLite's planner is to expect: many rows of each actor, few of each value that is looked
    up. Otherwise it reads all rows of an actor, since their key has them in order."""
    yield "ANALYZE"
    for layout in layouts:
        table = layout.table.name
        own = table if _is_short(layout) else f"sqlite_autoindex_{table}_1"
        yield _expected(table, own, (*_matches(len(layout.key) - 1), 1))
        for fields, index in zip(layout.table.indexes, layout.indexes, strict=True):
            yield _expected(table, _index_name(layout, fields), _matches(len(index)))
    yield "ANALYZE sqlite_schema"


def _matches(columns: int) -> tuple[int, ...]:
    """How many rows have the same first column, the same first two, and so on."""
    return (ACTOR_ROWS, *(VALUE_ROWS for _ in range(columns - 1))) if columns else ()


def _expected(table: str, index: str, matches: tuple[int, ...]) -> str:
    numbers = " ".join(map(str, (ROWS, *matches)))
    return f"INSERT INTO sqlite_stat1 VALUES ('{table}', '{index}', '{numbers}')"
