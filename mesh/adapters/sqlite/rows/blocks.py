"""Blocks of SQLite: bytes stored once, by the numbers of their CIDs, and the actors that hold them.

Rule: bytes are hashed as they are read. Who holds a block, and the bytes of small ones, are kept
while no other process has written.
"""

from typing import Final

from mesh.adapters.rows.blocks import BlockLayer, Held
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.names import Names
from mesh.adapters.sqlite.rows.packing import Packing
from mesh.core.ports.blocks import TamperedBlock
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError

BLOCKS_KEPT_MAX: Final = 16_384
SMALL_BYTES_MAX: Final = 16 * 1024
"""Records and contexts; what is larger is read from the file each time."""
BYTES_KEPT_MAX: Final = 32 * 1024 * 1024


class SqliteBlocks:
    """The `BlockSource` of a file."""

    def __init__(self, database: Database, names: Names, packing: Packing) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._names = names
        self._packing = packing
        self._held: dict[Cid, Held | None] = {}
        self._total_bytes: int | None = None
        self._data: dict[Cid, bytes] = {}
        self._data_bytes = 0

    def forget(self) -> None:
        """Drop what is in memory: it may not be what is stored."""
        self._held.clear()
        self._total_bytes = None
        self._forget_data()

    def held(self, cid: Cid) -> Held | None:
        if cid not in self._held:
            if len(self._held) >= BLOCKS_KEPT_MAX:
                self._held.clear()
            self._held[cid] = self._read_held(cid)
        return self._held[cid]

    def data(self, cid: Cid) -> bytes:
        kept = self._data.get(cid)
        if kept is not None:
            return kept
        sql = "SELECT is_packed, data FROM blocks WHERE number = ?"
        row = self._run(sql, (self._names.find(cid.raw),)).fetchone()
        assert row is not None, "only blocks that are held are read"
        data = self._unpacked(cid, row[1]) if row[0] else row[1]
        if not cid.matches(data):
            raise TamperedBlock(cid)
        self._keep_data(cid, data)
        return data

    def cids(self, actor: Did) -> set[Cid]:
        sql = "SELECT name FROM names JOIN held ON block = number WHERE actor = ?"
        return {Cid(raw) for (raw,) in self._run(sql, (self._names.find(actor),))}

    def verified(self, cid: Cid) -> bytes | None:
        return self._data.get(cid)

    def total_bytes(self) -> int:
        if self._total_bytes is None:
            (total,) = self._run("SELECT bytes FROM block_total").fetchone()
            self._total_bytes = int(total)
        return self._total_bytes

    def write(self, layer: BlockLayer) -> None:
        """Write changed blocks, to be committed."""
        make = self._names.make
        self._run_many(
            "INSERT INTO blocks (number, size, is_packed, data) VALUES (?, ?, 0, ?)"
            " ON CONFLICT (number) DO UPDATE"
            " SET size = excluded.size, is_packed = 0, data = excluded.data",
            [(make(cid.raw), len(data), data) for cid, data in layer.new.items()],
        )
        added: list[tuple[int, int]] = []
        removed: list[tuple[int, int]] = []
        gone: list[tuple[int]] = []
        for cid, held in layer.changed.items():
            before = self.held(cid)
            if before is None and held is None:
                continue
            place, old, new = make(cid.raw), _actors(before), _actors(held)
            added += [(place, make(actor)) for actor in new - old]
            removed += [(place, make(actor)) for actor in old - new]
            if held is None:
                gone.append((place,))
        self._run_many("INSERT INTO held (block, actor) VALUES (?, ?)", added)
        self._run_many("DELETE FROM held WHERE block = ? AND actor = ?", removed)
        self._run_many("DELETE FROM blocks WHERE number = ?", gone)
        if layer.added_bytes:
            total = self.total_bytes() + layer.added_bytes
            self._run("UPDATE block_total SET bytes = ?", (total,))

    def committed(self, layer: BlockLayer) -> None:
        """Keep what was written: it is true now."""
        self._held.update(layer.changed)
        for cid, data in layer.new.items():
            self._keep_data(cid, data)
        self._total_bytes = self.total_bytes() + layer.added_bytes

    def _keep_data(self, cid: Cid, data: bytes) -> None:
        if len(data) > SMALL_BYTES_MAX:
            return
        if self._data_bytes >= BYTES_KEPT_MAX:
            self._forget_data()
        self._data[cid] = data
        self._data_bytes += len(data)

    def _forget_data(self) -> None:
        self._data.clear()
        self._data_bytes = 0

    def _read_held(self, cid: Cid) -> Held | None:
        number = self._names.find(cid.raw)
        if number is None:
            return None
        sql = "SELECT size, actor FROM blocks JOIN held ON block = number WHERE number = ?"
        rows = self._run(sql, (number,)).fetchall()
        if not rows:
            return None
        return Held(rows[0][0], frozenset(Did(str(self._names.name(actor))) for _, actor in rows))

    def _unpacked(self, cid: Cid, data: bytes) -> bytes:
        try:
            return self._packing.unpack(data)
        except ShapeError:
            raise TamperedBlock(cid) from None


def _actors(held: Held | None) -> frozenset[Did]:
    return frozenset() if held is None else held.actors
