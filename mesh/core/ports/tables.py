"""The port of an actor's rows: typed tables, each row a frozen record.

Rule: an actor sees only its own rows. Everything written in one transaction becomes true together
or not at all; what a transaction has read does not change under it.
"""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class Table(Struct, Generic[T], frozen=True, kw_only=True):
    """A table of an actor's rows.

    row: a frozen Struct, each field a column. key: names of the fields that identify a row; their
    types are int, str, Did, Enum, bytes or Cid. indexes: tuples of field names that `select` and
    `due` look up; fields of the same types, or None. No field is named `actor`: that is whose row
    it is; nor is one that is looked up named as a parameter of `select`.
    """

    name: str
    row: type[T]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()


class RowReader(Protocol[T_co]):
    """The rows of one table of one actor, to be read."""

    def get(self, *key: Any) -> T_co | None:
        """The row with these key fields, in the order of `Table.key`."""
        ...

    def select(
        self,
        *,
        order: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        **equal: Any,
    ) -> tuple[T_co, ...]:
        """The rows whose fields equal these (a frozenset: any of its values), by `order` (the key
        where None), None first, ties by the key; `descending`: all of that the other way round.
        `limit`: at most so many. Texts are ordered by their UTF-8 bytes, enums by their values."""
        ...

    def due(self, field: str, at: int, /, **equal: Any) -> tuple[T_co, ...]:
        """The rows whose `field` is not None and at most `at`, the least first, ties by the key."""
        ...

    def count(self, **equal: Any) -> int:
        """How many rows have these fields (a frozenset: any of its values)."""
        ...

    def derived(self, make: "Callable[[RowReader[T_co]], D]") -> D:
        """What `make`, a function of a module, makes of these rows and of nothing else; made once,
        and again only after one of them has changed. The result is never changed in place."""
        ...


class Rows(RowReader[T], Protocol[T]):
    """The rows of one table of one actor. A row, and all that it holds, is never changed in place:
    another is put."""

    def put(self, row: T) -> None:
        """Write a row, in place of the one with the same key. Raises ShapeError for a field that
        is not of its type, or out of its bounds."""
        ...

    def delete(self, *key: Any) -> bool:
        """Whether there was such a row."""
        ...
