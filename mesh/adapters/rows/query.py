"""Queries: which rows, and in what order, over stored values.

Rule: the order of stored values is SQLite's: None first, numbers, texts by their UTF-8 bytes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from mesh.adapters.rows.columns import Value, Written
from mesh.adapters.rows.layout import Layout, Stored
from runtime.content.did import Did


class Query(Struct, frozen=True, kw_only=True):
    """equal: positions of columns, and any of which values each has. at_most: a column and the
    most that it is. order: a column, or the key."""

    equal: tuple[tuple[int, frozenset[Value]], ...] = ()
    at_most: tuple[int, int] | None = None
    order: int | None = None
    is_descending: bool = False
    limit: int | None = None

    def matches(self, values: tuple[Written, ...]) -> bool:
        for position, wanted in self.equal:
            if values[position] not in wanted:
                return False
        if self.at_most is None:
            return True
        position, most = self.at_most
        found = values[position]
        return isinstance(found, int) and found <= most

    def arranged(self, rows: Iterable[Stored]) -> tuple[Stored, ...]:
        """Rows that match, in order, and no more than wanted."""
        order = self.order
        if order is None:
            ordered = sorted(rows, key=_by_key, reverse=self.is_descending)
        else:
            ordered = sorted(
                rows,
                key=lambda each: (each.values[order] is not None, each.values[order], each.key),
                reverse=self.is_descending,
            )
        return tuple(ordered if self.limit is None else ordered[: self.limit])


def _by_key(stored: Stored) -> Any:
    return stored.key


def equal_to(
    layout: Layout, actor: Did | None, equal: Mapping[str, Any]
) -> tuple[tuple[int, frozenset[Value]], ...]:
    """The equalities of a query. actor: whose rows; None: of all actors."""
    found: list[tuple[int, frozenset[Value]]] = []
    if actor is not None:
        found.append((0, frozenset((actor,))))
    for name, wanted in equal.items():
        position = position_of(layout, name)
        write = layout.columns[position].write
        several = wanted if isinstance(wanted, frozenset) else (wanted,)
        found.append(
            (position, frozenset(None if each is None else write(each) for each in several))
        )
    return tuple(found)


def position_of(layout: Layout, name: str) -> int:
    """The position of a field that may be looked up."""
    position = layout.positions[name]
    assert layout.columns[position].is_scalar, f"{layout.table.name}.{name} cannot be looked up"
    return position
