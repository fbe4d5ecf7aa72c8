"""The `Store` port over one SQLite file.

Rule: a turn holds the file's write lock from its beginning, so that what it has read is true when
it is committed; every commit is on the disk (synchronous=FULL) before anyone hears of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from mesh.actors.actor import Now
from mesh.actors.stores import OUTBOX, WORK
from mesh.adapters.rows.layout import Layout, layout_of
from mesh.adapters.rows.turns import StoreTurn, StoreView
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.blocks import SqliteBlocks
from mesh.adapters.sqlite.rows.inspection import BlockSums, Inspection, UnreadableRow
from mesh.adapters.sqlite.rows.names import Names
from mesh.adapters.sqlite.rows.packing import Packing
from mesh.adapters.sqlite.rows.rows import SqliteRows
from mesh.adapters.sqlite.rows.schema import schema_of
from mesh.core.ports.tables import Table


class SqliteStore:
    """Rows and blocks of actors. quota_bytes: of all blocks together, each counted once."""

    def __init__(self, path: Path, tables: Iterable[Table[Any]], *, quota_bytes: int) -> None:
        """Open or create. tables: of all roles, the same at every opening of a file. Raises
        CommandError `store-…`."""
        self._layouts = [layout_of(OUTBOX), layout_of(WORK), *map(layout_of, tables)]
        self.database = Database(path, schema_of(self._layouts))
        self._source = _Source(self.database, self._layouts)
        self._inspection = self._source.inspection
        self._quota_bytes = quota_bytes
        self._data_version = 0
        self._asked_version = 0

    @contextmanager
    def turn(self, now: Now) -> Iterator[StoreTurn]:
        try:
            with self.database.transaction("IMMEDIATE"):
                self._forget_if_changed()
                turn = StoreTurn(self._source, now, quota_bytes=self._quota_bytes)
                yield turn
                self._source.write(turn)
        except BaseException:
            self._source.forget()
            raise
        self._source.committed(turn)

    @contextmanager
    def view(self) -> Iterator[StoreView]:
        with self.database.transaction("DEFERRED"):
            self._forget_if_changed()
            yield StoreView(self._source, quota_bytes=self._quota_bytes)

    def has_changed(self) -> bool:
        version = self.database.data_version()
        is_new, self._asked_version = version != self._asked_version, version
        return is_new

    @property
    def is_read_only(self) -> bool:
        """Whether the system refuses to write here."""
        return self.database.is_read_only

    def check(self) -> tuple[str, ...]:
        """What SQLite's own check of the file finds; empty if it is sound."""
        return self.database.check()

    def block_sums(self) -> BlockSums:
        """What the blocks add up to, and who holds them."""
        with self.database.transaction("DEFERRED"):
            return self._inspection.block_sums()

    def unreadable(self) -> tuple[UnreadableRow, ...]:
        """The rows that no actor could read."""
        with self.database.transaction("DEFERRED"):
            return tuple(self._inspection.unreadable())

    def mend_file(self, kept: Collection[str]) -> None:
        """Count the blocks anew, give those of nobody to whoever names them, and remove rows that
        cannot be read, except of the tables that are kept. Raises CommandError as `turn`."""
        with self.database.transaction("IMMEDIATE"):
            self._inspection.mend_blocks()
            unreadable = tuple(self._inspection.unreadable())
            self._inspection.remove(row for row in unreadable if row.table not in kept)
        self._source.forget()

    def compact(self, alone: Callable[[], AbstractContextManager[object]]) -> None:
        """Pack what is at rest, and give what the file has no more use for back to the system.
        alone: waits until no other process writes, and holds that. Raises CommandError as
        `turn`."""
        from mesh.adapters.sqlite.rows.compaction import Compaction  # not for every command

        compaction = Compaction(self.database, self._layouts, self._source.packing)
        steps, is_over = compaction.steps(), False
        try:
            while not is_over:
                with alone(), self.database.transaction("IMMEDIATE"):
                    self._forget_if_changed()
                    is_over = next(steps, self) is self
        finally:
            self._source.forget()
        with alone():
            self.database.vacuum()

    def close(self) -> None:
        self.database.close()

    def _forget_if_changed(self) -> None:
        """Another process's commit makes what is kept in memory worthless."""
        version = self.database.data_version()
        if version != self._data_version:
            self._source.forget()
            self._data_version = version


class _Source:
    """The rows and blocks of a file, as layers read them."""

    def __init__(self, database: Database, layouts: Iterable[Layout]) -> None:
        self._names = Names(database)
        self.packing = Packing(database, self._names)
        self._rows = SqliteRows(database, layouts, self._names, self.packing)
        self._blocks = SqliteBlocks(database, self._names, self.packing)
        self.inspection = Inspection(database, layouts, self._rows, self.packing)
        self.get = self._rows.get
        self.known = self._rows.known
        self.select = self._rows.select
        self.count = self._rows.count
        self.derived = self._rows.derived
        self.held = self._blocks.held
        self.data = self._blocks.data
        self.cids = self._blocks.cids
        self.verified = self._blocks.verified
        self.total_bytes = self._blocks.total_bytes

    def write(self, turn: StoreTurn) -> None:
        self._rows.write(turn.row_layer.changed)
        self._blocks.write(turn.block_layer)

    def committed(self, turn: StoreTurn) -> None:
        self._rows.committed(turn.row_layer.changed)
        self._blocks.committed(turn.block_layer)

    def forget(self) -> None:
        self._names.forget()
        self.packing.forget()
        self._rows.forget()
        self._blocks.forget()
