"""All rows of a home's file, names in place of their numbers, to be compared with later ones.

Names themselves are no rows of anybody: one that nothing has any more does no harm.
"""

import sqlite3
from pathlib import Path
from typing import Any

from cell_edits import ALL_TABLES

from mesh.adapters.rows.layout import layout_of

NUMBERED = {
    **{table.name: layout_of(table).names for table in ALL_TABLES},
    "held": (0, 1),
    "blocks": (0,),
}
"""The columns of each table that have numbers for names."""
Rows = dict[str, list[tuple[Any, ...]]]


def tables_of(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return sorted(name for (name,) in found)
    finally:
        connection.close()


def rows_of(path: Path) -> Rows:
    connection = sqlite3.connect(path)
    try:
        names = dict(connection.execute("SELECT number, name FROM names"))
        return {
            table: sorted(
                (
                    named(row, NUMBERED.get(table, ()), names)
                    for row in connection.execute(f'SELECT * FROM "{table}"')
                ),
                key=repr,
            )
            for table in tables_of(path)
            if table != "names"
        }
    finally:
        connection.close()


def named(row: tuple[Any, ...], columns: tuple[int, ...], names: dict[int, Any]) -> tuple[Any, ...]:
    """A row with names for the numbers in some columns; a number of no name stays one."""
    return tuple(
        names.get(value, value) if place in columns else value for place, value in enumerate(row)
    )


def differing_tables(before: Rows, after: Rows) -> dict[str, Any]:
    """Tables with other rows: those that are gone, and those that are new."""
    return {
        name: (
            [row for row in before[name] if row not in after[name]],
            [row for row in after[name] if row not in before[name]],
        )
        for name in before
        if before[name] != after[name]
    }
