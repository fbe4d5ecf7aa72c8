"""The `Store` port in memory.

Rule: what a turn has not committed is nowhere; a copy of a store is another disk with the same
contents.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from mesh.actors.actor import Now
from mesh.adapters.inmemory.table import MemoryTable
from mesh.adapters.rows.blocks import Held
from mesh.adapters.rows.layout import Key, Layout, Stored
from mesh.adapters.rows.query import Query
from mesh.adapters.rows.turns import StoreTurn, StoreView
from mesh.core.ports.blocks import TamperedBlock
from runtime.content.cid import Cid
from runtime.content.did import Did

QUOTA_BYTES: Final = 1 << 30


class MemoryStore:
    """Rows and blocks of actors. quota_bytes: of all blocks together, each counted once."""

    def __init__(self, *, quota_bytes: int = QUOTA_BYTES) -> None:
        self._quota_bytes = quota_bytes
        self._source = _Memory()
        self._is_open = False

    @contextmanager
    def turn(self, now: Now) -> Iterator[StoreTurn]:
        with self._alone():
            turn = StoreTurn(self._source, now, quota_bytes=self._quota_bytes)
            yield turn
            self._source.write(turn)

    @contextmanager
    def view(self) -> Iterator[StoreView]:
        with self._alone():
            yield StoreView(self._source, quota_bytes=self._quota_bytes)

    def copy(self) -> "MemoryStore":
        """Another store with the same contents: a disk as it was."""
        other = MemoryStore(quota_bytes=self._quota_bytes)
        other._source = self._source.copy()
        return other

    def has_changed(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing to close."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        assert not self._is_open, "turns do not nest"
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False


class _Memory:
    """What is committed."""

    def __init__(self) -> None:
        self._tables: dict[Layout, MemoryTable] = {}
        self._derived: dict[Layout, dict[Any, Any]] = {}
        self._held: dict[Cid, Held] = {}
        self._data: dict[Cid, bytes] = {}
        self._total_bytes = 0

    def get(self, layout: Layout, key: Key) -> Stored | None:
        return self._table(layout).get(key)

    known = get

    def select(self, layout: Layout, query: Query) -> tuple[Stored, ...]:
        return self._table(layout).select(query)

    def count(self, layout: Layout, query: Query) -> int:
        return self._table(layout).count(query)

    def derived(self, layout: Layout) -> dict[Any, Any]:
        return self._derived.setdefault(layout, {})

    def held(self, cid: Cid) -> Held | None:
        return self._held.get(cid)

    def data(self, cid: Cid) -> bytes:
        found = self._data[cid]
        if not cid.matches(found):
            raise TamperedBlock(cid)
        return found

    def cids(self, actor: Did) -> set[Cid]:
        return {cid for cid, held in self._held.items() if actor in held.actors}

    def verified(self, cid: Cid) -> bytes | None:
        return None

    def total_bytes(self) -> int:
        return self._total_bytes

    def write(self, turn: StoreTurn) -> None:
        for layout, changes in turn.row_layer.changed.items():
            self._table(layout).write(changes)
            self._derived.pop(layout, None)
        blocks = turn.block_layer
        self._data.update(blocks.new)
        for cid, held in blocks.changed.items():
            if held is not None:
                self._held[cid] = held
            elif self._held.pop(cid, None) is not None:
                del self._data[cid]
        self._total_bytes += blocks.added_bytes

    def copy(self) -> "_Memory":
        other = _Memory()
        other._tables = {layout: table.copy() for layout, table in self._tables.items()}
        other._held = dict(self._held)
        other._data = dict(self._data)
        other._total_bytes = self._total_bytes
        return other

    def _table(self, layout: Layout) -> MemoryTable:
        found = self._tables.get(layout)
        if found is None:
            found = self._tables[layout] = MemoryTable(layout)
        return found
