"""The tables of the file that holds the rows and blocks of actors.

Rule: one STRICT table for each `Table`, a column for each field. Actors are numbered: their names
would be the greater part of the file. A change of any table raises SCHEMA_VERSION.
"""

from collections.abc import Iterable
from typing import Final

from mesh.adapters.rows.columns import Column, Kind
from mesh.adapters.rows.layout import Layout
from mesh.adapters.sqlite.schema import Schema
from runtime.content.codec import INTEGER_MAX, INTEGER_MIN

SCHEMA_VERSION: Final = 100
"""Above all versions of the schema that this one follows."""

_COMMON: Final = (
    "CREATE TABLE actors (number INTEGER PRIMARY KEY, did TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE blocks"
    " (number INTEGER PRIMARY KEY, cid BLOB NOT NULL UNIQUE, data BLOB NOT NULL) STRICT",
    "CREATE TABLE held ("
    "block INTEGER NOT NULL REFERENCES blocks (number),"
    " actor INTEGER NOT NULL REFERENCES actors (number),"
    " PRIMARY KEY (block, actor)"
    ") STRICT, WITHOUT ROWID",
    "CREATE TABLE block_total"
    " (only INTEGER PRIMARY KEY CHECK (only = 1), bytes INTEGER NOT NULL CHECK (bytes >= 0))"
    " STRICT",
    "INSERT INTO block_total VALUES (1, 0)",
)


def schema_of(layouts: Iterable[Layout]) -> Schema:
    """The schema of a file with these tables."""
    tables = [statement for each in layouts for statement in (_table(each), *_indexes(each))]
    return Schema(version=SCHEMA_VERSION, statements=(*_COMMON, *tables))


def quoted(name: str) -> str:
    """A name of a table or column as SQL writes it."""
    return f'"{name}"'


def names(layout: Layout, positions: Iterable[int]) -> str:
    """Columns, as a list of SQL."""
    return ", ".join(quoted(layout.columns[position].name) for position in positions)


def _table(layout: Layout) -> str:
    columns = [
        _actor_number() if not position and not layout.names_actor else _column(each)
        for position, each in enumerate(layout.columns)
    ]
    # A long row is better kept out of the tree of its key.
    is_short = all(each.is_scalar for each in layout.columns)
    options = "STRICT, WITHOUT ROWID" if is_short else "STRICT"
    inside = ", ".join((*columns, f"PRIMARY KEY ({names(layout, layout.key)})"))
    return f"CREATE TABLE {quoted(layout.table.name)} ({inside}) {options}"


def _actor_number() -> str:
    return '"actor" INTEGER NOT NULL REFERENCES actors (number)'


def _column(column: Column) -> str:
    name = quoted(column.name)
    text = f"{name} {column.kind.value}"
    if not column.is_optional:
        text += " NOT NULL"
    bounds = column.bounds
    if column.kind is Kind.INTEGER and bounds is not None:
        limits = [f"{name} >= {bounds.low}"] if bounds.low > INTEGER_MIN else []
        limits += [f"{name} <= {bounds.high}"] if bounds.high < INTEGER_MAX else []
        if limits:
            text += f" CHECK ({' AND '.join(limits)})"
    return text


def _indexes(layout: Layout) -> list[str]:
    table = layout.table.name
    return [
        f"CREATE INDEX {quoted('_'.join((table, 'by', *fields)))} ON {quoted(table)}"
        f" ({names(layout, index)})"
        for fields, index in zip(layout.table.indexes, layout.indexes, strict=True)
    ]
