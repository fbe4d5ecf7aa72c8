"""Rows of a table in memory: read once, changed in memory, written once before the commit.

Rule: what is kept is true while the write lock is held, and between transactions for as long
as no other process has written; the store forgets it all otherwise.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

ROWS_KEPT_MAX: Final = 4096


class Kept(Generic[K, V]):
    """The rows of one table by key. read: of one row; write: of all that have changed."""

    def __init__(
        self, *, read: Callable[[K], V], write: Callable[[list[tuple[K, V]]], object]
    ) -> None:
        self._read = read
        self._write = write
        self._rows: dict[K, V] = {}
        self._changed: dict[K, None] = {}

    def get(self, key: K) -> V:
        """The row as it is now, written or not."""
        try:
            return self._rows[key]
        except KeyError:
            row = self._rows[key] = self._read(key)
            return row

    def put(self, key: K, row: V) -> None:
        """Change a row; `flush` writes it."""
        self._rows[key] = row
        self._changed[key] = None

    def flush(self) -> None:
        """Write what changed since the last flush."""
        if self._changed:
            self._write([(key, self._rows[key]) for key in self._changed])
            self._changed.clear()
        if len(self._rows) > ROWS_KEPT_MAX:
            self._rows.clear()

    def forget(self) -> None:
        """Drop what is in memory: it may not be what is stored."""
        self._rows.clear()
        self._changed.clear()
