"""The rows of one table in memory, found by key and by index.

Rule: for each index, the rows under every beginning of its fields; so a query looks at few rows
more than it finds.
"""

from collections.abc import Iterable

from mesh.adapters.rows.columns import Written
from mesh.adapters.rows.layout import Key, Layout, Stored
from mesh.adapters.rows.query import Query

_Beginning = tuple[Written, ...]


class MemoryTable:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rows: dict[Key, Stored] = {}
        self._indexes: dict[tuple[int, ...], dict[_Beginning, dict[Key, None]]] = {
            fields[:length]: {}
            for fields in (layout.key, *layout.indexes)
            for length in range(1, len(fields) + 1)
            if fields[:length] != layout.key
        }

    def get(self, key: Key) -> Stored | None:
        return self._rows.get(key)

    def select(self, query: Query) -> tuple[Stored, ...]:
        return query.arranged(self._matching(query))

    def count(self, query: Query) -> int:
        return sum(1 for _ in self._matching(query))

    def write(self, changes: dict[Key, Stored | None]) -> None:
        for key, stored in changes.items():
            before = self._rows.pop(key, None)
            if before is not None:
                self._forget(before)
            if stored is not None:
                self._rows[key] = stored
                for fields, places in self._indexes.items():
                    places.setdefault(_beginning(fields, stored), {})[key] = None

    def copy(self) -> "MemoryTable":
        """The same rows, in a table of their own."""
        other = MemoryTable(self._layout)
        other.write(dict(self._rows))
        return other

    def _forget(self, stored: Stored) -> None:
        for fields, places in self._indexes.items():
            beginning = _beginning(fields, stored)
            keys = places[beginning]
            del keys[stored.key]
            if not keys:
                del places[beginning]

    def _matching(self, query: Query) -> Iterable[Stored]:
        return (each for each in self._candidates(query) if query.matches(each.values))

    def _candidates(self, query: Query) -> Iterable[Stored]:
        """The rows under the longest beginning of an index that the query has one value for."""
        single = {
            position: next(iter(values)) for position, values in query.equal if len(values) == 1
        }
        usable = [fields for fields in self._indexes if all(each in single for each in fields)]
        if not usable:
            return self._rows.values()
        fields = max(usable, key=len)
        keys = self._indexes[fields].get(tuple(single[each] for each in fields), {})
        return (self._rows[key] for key in keys)


def _beginning(fields: tuple[int, ...], stored: Stored) -> _Beginning:
    return tuple(stored.values[position] for position in fields)
