"""The port of an actor's rows: typed tables, each row a frozen record.

Rule: an actor sees only its own rows. Everything written in one transaction becomes true together
or not at all; what a transaction has read does not change under it.
"""

from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Table(Struct, Generic[T], frozen=True, kw_only=True):
    """A table of an actor's rows.

    row: a frozen Struct, each field a column. key: names of the fields that identify a row; their
    types are int, str, Did, Enum, bytes or Cid. indexes: tuples of field names that `select` and
    `due` look up; fields of the same types, or None.
    """

    name: str
    row: type[T]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()


class Rows(Protocol[T]):
    """The rows of one table of one actor."""

    def get(self, *key: Any) -> T | None:
        """The row with these key fields, in the order of `Table.key`."""
        ...

    def put(self, row: T) -> None:
        """Write a row, in place of the one with the same key."""
        ...

    def delete(self, *key: Any) -> bool:
        """Whether there was such a row."""
        ...

    def select(
        self,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        **equal: Any,
    ) -> tuple[T, ...]:
        """The rows whose fields equal these (a frozenset: any of its values), by `order` (the key
        where None), ties by the key. `limit`: at most so many."""
        ...

    def due(self, field: str, at: int, **equal: Any) -> tuple[T, ...]:
        """The rows whose `field` is not None and at most `at`, the least first, ties by the key."""
        ...

    def count(self, **equal: Any) -> int:
        """How many rows have these fields (a frozenset: any of its values)."""
        ...
