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
from mesh.adapters.sqlite.rows.actors import ActorNumbers
from mesh.adapters.sqlite.rows.statements import Statements, arguments
from runtime.content.did import Did

ROWS_KEPT_MAX: Final = 16_384
QUERIES_KEPT_MAX: Final = 256
RESULT_ROWS_KEPT_MAX: Final = 64


class SqliteTable:
    """The committed rows of one table."""

    def __init__(self, database: Database, layout: Layout, numbers: ActorNumbers) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._layout = layout
        self._numbers = numbers
        self._statements = Statements(layout)
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
        place = self._numbered(key)
        found = None if place is None else self._run(self._statements.get, place).fetchone()
        row = None if found is None else self._layout.read(self._named(found))
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
        found = tuple(map(self._row, self._run(sql, arguments(numbered)).fetchall()))
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
                self._written(key)
                for key, row in changes.items()
                if row is None and self._may_be(key)
            ],
        )
        self._run_many(
            self._statements.put,
            [
                self._written(self._layout.whole(row.values))
                for row in changes.values()
                if row is not None
            ],
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
        values = self._named(found)
        known = self._rows.get(tuple(values[each] for each in self._layout.key))
        if known is None:
            known = self._layout.read(values)
            self._keep(known.key, known)
        return known

    # --- actors and their numbers

    def _named(self, found: tuple[Any, ...]) -> tuple[Value, ...]:
        """Values as they were read, with the actor's name for its number."""
        if self._layout.names_actor:
            return found
        return (self._numbers.did(found[0]), *found[1:])

    def _numbered(self, values: tuple[Value, ...]) -> tuple[Value, ...] | None:
        """Values that begin with an actor, with its number; None where it has no row yet."""
        if self._layout.names_actor:
            return values
        number = self._numbers.find(_did(values[0]))
        return None if number is None else (number, *values[1:])

    def _written(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        if self._layout.names_actor:
            return values
        return (self._numbers.make(_did(values[0])), *values[1:])

    def _query(self, query: Query) -> Query | None:
        """The query with numbers for actors; None where no row can match."""
        if self._layout.names_actor:
            return query
        position, actors = query.equal[0]
        assert not position and len(actors) == 1, "the rows are those of one actor"
        number = self._numbers.find(_did(next(iter(actors))))
        if number is None:
            return None
        return replace(query, equal=((0, frozenset((number,))), *query.equal[1:]))


class SqliteRows:
    """The `RowSource` of a file."""

    def __init__(
        self, database: Database, layouts: Iterable[Layout], numbers: ActorNumbers
    ) -> None:
        self._tables = {each: SqliteTable(database, each, numbers) for each in layouts}

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

    def write(self, changes: Mapping[Layout, Mapping[Key, Stored | None]]) -> None:
        for layout, rows in changes.items():
            self._tables[layout].write(rows)

    def committed(self, changes: Mapping[Layout, Mapping[Key, Stored | None]]) -> None:
        for layout, rows in changes.items():
            self._tables[layout].committed(rows)


def _did(value: Value) -> Did:
    assert isinstance(value, str), "the first column is the actor"
    return Did(value)
