"""All rows of a home's file, as SQLite has them, for comparison before and after a repair."""

import sqlite3
from pathlib import Path
from typing import Any

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
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)
            for name in tables_of(path)
        }
    finally:
        connection.close()


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
