"""Compaction of a file: records at rest are packed, and names that nothing has are removed.

Rule: a step is one transaction, so that others can write between two; what is half done is as true
as what is whole.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from mesh.adapters.rows.layout import Layout
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.packing import (
    DICTIONARY_BYTES_MAX,
    MARK,
    Packing,
    deflated,
    numbers_in,
    without_links,
)
from mesh.adapters.sqlite.rows.schema import quoted

PACKED_BYTES_MIN: Final = 48
PACKED_BYTES_MAX: Final = 16 * 1024
"""Of records and contexts; modules and inputs stay as they are."""
STEP_VALUES: Final = 500
"""So many are packed in some 50 ms."""
SAMPLE_BYTES: Final = 2 * 1024
"""Of the values of a column that become part of a dictionary."""
BLOCK_SAMPLE_BYTES: Final = 16 * 1024
CANDIDATES: Final = 1_000
"""So many of the newest values are looked at for it."""
NOVEL_SHARE: Final = 0.35
"""A value that a dictionary makes as short as this, compared with none, has nothing new for it."""
NEW_DICTIONARY_RATIO: Final = 256
"""A new dictionary is worth it where so many times its size is to be packed."""


class _Place(Struct, frozen=True, kw_only=True):
    """A column of values that may be packed. waiting: the condition of those that are not."""

    table: str
    column: str
    waiting: str
    update: str
    sample_bytes: int

    def select(self, columns: str) -> str:
        size = f"length({self.column}) BETWEEN {PACKED_BYTES_MIN} AND {PACKED_BYTES_MAX}"
        return f"SELECT {columns} FROM {self.table} WHERE {self.waiting} AND {size}"


class Compaction:
    """One file, in transactions of its store."""

    def __init__(self, database: Database, layouts: Iterable[Layout], packing: Packing) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._packing = packing
        self._layouts = tuple(layouts)
        columns = [
            (quoted(layout.table.name), quoted(column.name))
            for layout in self._layouts
            for column in layout.columns
            if not column.is_scalar
        ]
        self._places = (
            *(
                _Place(
                    table=table,
                    column=column,
                    waiting=f"substr({column}, 1, 1) != x'{MARK.hex()}'",
                    update=f"UPDATE {table} SET {column} = ? WHERE rowid = ?",
                    sample_bytes=SAMPLE_BYTES,
                )
                for table, column in columns
            ),
            _Place(
                table="blocks",
                column="data",
                waiting="NOT is_packed",
                update="UPDATE blocks SET data = ?, is_packed = 1 WHERE rowid = ?",
                sample_bytes=BLOCK_SAMPLE_BYTES,
            ),
        )

    def steps(self) -> Iterator[None]:
        """The steps, each of which is one transaction."""
        dictionary = self._dictionary()
        yield
        if dictionary is not None:
            for place in self._places:
                yield from self._pack(place, dictionary)
        self._remove_names()
        yield

    def _dictionary(self) -> int | None:
        """The dictionary to pack with; None where nothing is to be packed."""
        waiting = sum(
            self._run(each.select(f"ifnull(sum(length({each.column})), 0)")).fetchone()[0]
            for each in self._places
        )
        if not waiting:
            return None
        newest = self._packing.newest_dictionary()
        if newest is not None and waiting < NEW_DICTIONARY_RATIO * newest.size:
            return newest.number
        sample = b""
        for place in self._places:
            sample += self._sample(place, sample)
        return self._packing.add_dictionary(sample[-DICTIONARY_BYTES_MAX:])

    def _sample(self, place: _Place, known: bytes) -> bytes:
        """Values of a place of each kind that is not known yet: jobs that were under way together
        have left many of one kind after another."""
        sample = b""
        sql = f"{place.select(place.column)} ORDER BY rowid DESC LIMIT {CANDIDATES}"
        for (data,) in self._run(sql).fetchall():
            rest = without_links(data)
            if len(deflated(rest, known + sample)) > NOVEL_SHARE * len(deflated(rest, b"")):
                sample += rest
            if len(sample) >= place.sample_bytes:
                break
        return sample

    def _pack(self, place: _Place, dictionary: int) -> Iterator[None]:
        sql = (
            f"{place.select(f'rowid, {place.column}')}"
            f" AND rowid > ? AND rowid <= ? ORDER BY rowid LIMIT {STEP_VALUES}"
        )
        # Not what others write meanwhile: they may be faster.
        (end,) = self._run(f"SELECT max(rowid) FROM {place.table}").fetchone()
        last = 0
        while rows := self._run(sql, (last, end)).fetchall():
            packed = ((self._packing.pack(data, dictionary), len(data), row) for row, data in rows)
            smaller = [(data, row) for data, size, row in packed if len(data) < size]
            self._run_many(place.update, smaller)
            last = rows[-1][0]
            yield

    def _remove_names(self) -> None:
        """Remove the names whose numbers are nowhere."""
        used = {number for sql in self._uses() for (number,) in self._run(sql)}
        for place in self._places:
            where = "is_packed" if place.table == "blocks" else f"NOT ({place.waiting})"
            sql = f"SELECT {place.column} FROM {place.table} WHERE {where}"
            for (data,) in self._run(sql):
                used.update(numbers_in(data))
        unused = [each for each in self._run("SELECT number FROM names") if each[0] not in used]
        self._run_many("DELETE FROM names WHERE number = ?", unused)

    def _uses(self) -> Iterator[str]:
        yield "SELECT number FROM blocks"
        yield "SELECT DISTINCT actor FROM held"
        for layout in self._layouts:
            for position in layout.names:
                column = quoted(layout.columns[position].name)
                yield f"SELECT DISTINCT {column} FROM {quoted(layout.table.name)}"
