"""The statements of one table: built once for each form of a query."""

from typing import Any

from mesh.adapters.rows.columns import Value
from mesh.adapters.rows.layout import Layout
from mesh.adapters.rows.query import Query
from mesh.adapters.sqlite.rows.schema import names, quoted


class Statements:
    """SQL over the table of a layout, with `?` for values in the order of `arguments`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._table = quoted(layout.table.name)
        everything = range(len(layout.columns))
        places = " AND ".join(f"{self._name(each)} = ?" for each in layout.key)
        rest = [each for each in everything if each not in layout.key]
        update = ", ".join(f"{self._name(each)} = excluded.{self._name(each)}" for each in rest)
        self._columns = names(layout, everything)
        self._selects: dict[Any, str] = {}
        self._counts: dict[Any, str] = {}
        self.get = f"SELECT {self._columns} FROM {self._table} WHERE {places}"
        self.delete = f"DELETE FROM {self._table} WHERE {places}"
        self.put = (
            f"INSERT INTO {self._table} ({self._columns})"
            f" VALUES ({', '.join('?' for _ in everything)})"
            f" ON CONFLICT ({names(layout, layout.key)})"
            f" DO {f'UPDATE SET {update}' if update else 'NOTHING'}"
        )

    def select(self, query: Query) -> str:
        form = (_form(query), query.order, query.is_descending, query.limit is None)
        sql = self._selects.get(form)
        if sql is None:
            sql = f"SELECT {self._columns} FROM {self._table}{self._where(query)}"
            sql += f" ORDER BY {self._order(query)}" + ("" if query.limit is None else " LIMIT ?")
            self._selects[form] = sql
        return sql

    def count(self, query: Query) -> str:
        form = _form(query)
        sql = self._counts.get(form)
        if sql is None:
            sql = f"SELECT count(*) FROM {self._table}{self._where(query)}"
            self._counts[form] = sql
        return sql

    def _where(self, query: Query) -> str:
        conditions = [self._equal(position, values) for position, values in query.equal]
        if query.at_most is not None:
            conditions.append(f"{self._name(query.at_most[0])} <= ?")
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def _equal(self, position: int, values: frozenset[Value]) -> str:
        name = self._name(position)
        marks = ["?" for each in values if each is not None]
        found = f"{name} = ?" if len(marks) == 1 else f"{name} IN ({', '.join(marks)})"
        if None not in values:
            return found
        return f"({found} OR {name} IS NULL)" if marks else f"{name} IS NULL"

    def _order(self, query: Query) -> str:
        # Else the rows are all of one actor.
        first = 0 if self._layout.names_actor else 1
        positions = [each for each in self._layout.key if each >= first]
        if query.order is not None:
            positions = [query.order, *(each for each in positions if each != query.order)]
        direction = " DESC" if query.is_descending else ""
        return ", ".join(f"{self._ordered(each)}{direction}" for each in positions) or "1"

    def _ordered(self, position: int) -> str:
        """A column to order by: a number says nothing of the place of a name."""
        name = self._name(position)
        if not self._layout.columns[position].is_name:
            return name
        return f"(SELECT name FROM names WHERE number = {self._table}.{name})"

    def _name(self, position: int) -> str:
        return quoted(self._layout.columns[position].name)


def arguments(query: Query) -> list[Value]:
    """The values of a query, in the order of its statement."""
    found: list[Value] = [each for _, values in query.equal for each in values if each is not None]
    if query.at_most is not None:
        found.append(query.at_most[1])
    if query.limit is not None:
        found.append(query.limit)
    return found


def _form(query: Query) -> tuple[Any, ...]:
    """What two queries of the same SQL have in common."""
    equal = tuple((position, len(values), None in values) for position, values in query.equal)
    return (equal, None if query.at_most is None else query.at_most[0])
