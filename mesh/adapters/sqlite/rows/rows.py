"""Rows of SQLite: read once, kept while no other process has written, written a turn at a time.

Rule: what is kept is what is committed. Rows are kept by key, the results of queries, and what was
derived from rows, until their table changes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from mesh.adapters.rows.columns import Value
from mesh.adapters.rows.layout import Key, Layout, Stored
from mesh.adapters.rows.query import Query
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.names import Names
from mesh.adapters.sqlite.rows.packing import MARK, Packing
from mesh.adapters.sqlite.rows.statements import Statements, arguments

ROWS_KEPT_MAX: Final = 16_384
QUERIES_KEPT_MAX: Final = 256
RESULT_ROWS_KEPT_MAX: Final = 64
MANY_ROWS: Final = 16
"""Of so many rows the names are read at once."""


class SqliteTable:
    """The committed rows of one table."""

    def __init__(self, database: Database, layout: Layout, names: Names, packing: Packing) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._layout = layout
        self._names = names
        self._packing = packing
        self._statements = Statements(layout)
        self._key_names = tuple(
            place for place, position in enumerate(layout.key) if position in layout.names
        )
        self._records = tuple(
            position for position, each in enumerate(layout.columns) if not each.is_scalar
        )
        self._rows: dict[Key, Stored | None] = {}
        self._results: dict[Query, tuple[Stored, ...]] = {}
        self.derived: dict[Any, Any] = {}

    def forget(self) -> None:
        """Drop what is in memory: it may not be what is stored."""
        self._rows.clear()
        self._results.clear()
        self.derived.clear()

    def known(self, key: Key) -> Stored | None:
        return self._rows.get(key)

    def get(self, key: Key) -> Stored | None:
        if key in self._rows:
            return self._rows[key]
        place = self._place(key)
        found = None if place is None else self._run(self._statements.get, place).fetchone()
        row = None if found is None else self._layout.read(self.whole(found))
        self._keep(key, row)
        return row

    def select(self, query: Query) -> tuple[Stored, ...]:
        known = self._results.get(query)
        if known is not None:
            return known
        numbered = self._query(query)
        if numbered is None:
            return ()
        sql = self._statements.select(numbered)
        rows = self._run(sql, arguments(numbered)).fetchall()
        if len(rows) >= MANY_ROWS:
            self._names.learn(rows, self._layout.names)
        found = tuple(map(self._row, rows))
        if query.at_most is None and len(found) <= RESULT_ROWS_KEPT_MAX:
            if len(self._results) >= QUERIES_KEPT_MAX:
                self._results.clear()
            self._results[query] = found
        return found

    def count(self, query: Query) -> int:
        numbered = self._query(query)
        if numbered is None:
            return 0
        (count,) = self._run(self._statements.count(numbered), arguments(numbered)).fetchone()
        return int(count)

    def write(self, changes: Mapping[Key, Stored | None]) -> None:
        """Write changed rows, to be committed."""
        self._run_many(
            self._statements.delete,
            [
                place
                for key, row in changes.items()
                if row is None and self._may_be(key) and (place := self._place(key)) is not None
            ],
        )
        whole, numbered = self._layout.whole, self._numbered
        self._run_many(
            self._statements.put,
            [numbered(whole(row.values)) for row in changes.values() if row is not None],
        )

    def committed(self, changes: Mapping[Key, Stored | None]) -> None:
        """Keep what was written: it is true now."""
        self._results.clear()
        self.derived.clear()
        for key, row in changes.items():
            self._keep(key, row)

    def _may_be(self, key: Key) -> bool:
        """Whether a row may be stored: unless it was looked for, and was not there."""
        return key not in self._rows or self._rows[key] is not None

    def _keep(self, key: Key, row: Stored | None) -> None:
        if len(self._rows) >= ROWS_KEPT_MAX:
            self._rows.clear()
        self._rows[key] = row

    def _row(self, found: tuple[Any, ...]) -> Stored:
        values = self.whole(found)
        known = self._rows.get(tuple(values[each] for each in self._layout.key))
        if known is None:
            known = self._layout.read(values)
            self._keep(known.key, known)
        return known

    # --- names and their numbers, records and what they are packed into

    def whole(self, found: tuple[Any, ...]) -> tuple[Value, ...]:
        """Values as they were read, with names for their numbers and records unpacked. Raises
        ShapeError."""
        values, name = list(found), self._names.name
        for position in self._layout.names:
            if values[position] is not None:
                values[position] = name(values[position])
        for position in self._records:
            data = values[position]
            if data is not None and data.startswith(MARK):
                values[position] = self._packing.unpack(data)
        return tuple(values)

    def _numbered(self, values: tuple[Value, ...]) -> list[Value]:
        """Values with numbers for names; each has one from now on."""
        numbered, known, make = list(values), self._names.numbers, self._names.make
        for position in self._layout.names:
            name = numbered[position]
            if name is not None:
                numbered[position] = known.get(name) or make(name)
        return numbered

    def _place(self, key: Key) -> list[Value] | None:
        """The key with numbers for names; None where a name has none, and so no row."""
        numbered, find = list(key), self._names.find
        for place in self._key_names:
            number = find(key[place])
            if number is None:
                return None
            numbered[place] = number
        return numbered

    def _query(self, query: Query) -> Query | None:
        """The query with numbers for names; None where no row can match."""
        names = self._layout.names
        equal = tuple(
            (position, self._found(wanted) if position in names else wanted)
            for position, wanted in query.equal
        )
        return replace(query, equal=equal) if all(wanted for _, wanted in equal) else None

    def _found(self, wanted: frozenset[Value]) -> frozenset[Value]:
        """The numbers of those names that have one; None for None."""
        numbers = {self._names.find(each) for each in wanted if each is not None} - {None}
        return frozenset((*numbers, None) if None in wanted else numbers)


class SqliteRows:
    """The `RowSource` of a file."""

    def __init__(
        self,
        database: Database,
        layouts: Iterable[Layout],
        names: Names,
        packing: Packing,
    ) -> None:
        self._tables = {each: SqliteTable(database, each, names, packing) for each in layouts}

    def forget(self) -> None:
        for table in self._tables.values():
            table.forget()

    def get(self, layout: Layout, key: Key) -> Stored | None:
        return self._tables[layout].get(key)

    def known(self, layout: Layout, key: Key) -> Stored | None:
        return self._tables[layout].known(key)

    def select(self, layout: Layout, query: Query) -> tuple[Stored, ...]:
        return self._tables[layout].select(query)

    def count(self, layout: Layout, query: Query) -> int:
        return self._tables[layout].count(query)

    def derived(self, layout: Layout) -> dict[Any, Any]:
        return self._tables[layout].derived

    def whole(self, layout: Layout, found: tuple[Any, ...]) -> tuple[Value, ...]:
        """The values of a row as it was read. Raises ShapeError."""
        return self._tables[layout].whole(found)

    def write(self, changes: Mapping[Layout, Mapping[Key, Stored | None]]) -> None:
        for layout, rows in changes.items():
            self._tables[layout].write(rows)

    def committed(self, changes: Mapping[Layout, Mapping[Key, Stored | None]]) -> None:
        for layout, rows in changes.items():
            self._tables[layout].committed(rows)
