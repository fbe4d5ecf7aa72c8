"""Blocks of SQLite: bytes stored once, and the numbers of the actors that hold them.

Rule: bytes are hashed as they are read. Who holds a block, and the bytes of small ones, are kept
while no other process has written.
"""

from collections.abc import Mapping
from itertools import count
from typing import Final

from mesh.adapters.rows.blocks import BlockLayer, Held
from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.actors import ActorNumbers
from mesh.core.ports.blocks import TamperedBlock
from runtime.content.cid import Cid
from runtime.content.did import Did

BLOCKS_KEPT_MAX: Final = 16_384
SMALL_BYTES_MAX: Final = 16 * 1024
"""Records and contexts; what is larger is read from the file each time."""
BYTES_KEPT_MAX: Final = 32 * 1024 * 1024


class SqliteBlocks:
    """The `BlockSource` of a file."""

    def __init__(self, database: Database, numbers: ActorNumbers) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._numbers = numbers
        self._held: dict[Cid, Held | None] = {}
        self._places: dict[Cid, int] = {}
        """The numbers of the blocks in `_held` that are stored."""
        self._total_bytes: int | None = None
        self._data: dict[Cid, bytes] = {}
        self._data_bytes = 0

    def forget(self) -> None:
        """Drop what is in memory: it may not be what is stored."""
        self._held.clear()
        self._places.clear()
        self._total_bytes = None
        self._forget_data()

    def held(self, cid: Cid) -> Held | None:
        if cid not in self._held:
            if len(self._held) >= BLOCKS_KEPT_MAX:
                self._held.clear()
                self._places.clear()
            self._held[cid] = self._read_held(cid)
        return self._held[cid]

    def data(self, cid: Cid) -> bytes:
        kept = self._data.get(cid)
        if kept is not None:
            return kept
        row = self._run("SELECT data FROM blocks WHERE cid = ?", (cid.raw,)).fetchone()
        assert row is not None, "only blocks that are held are read"
        data: bytes = row[0]
        if not cid.matches(data):
            raise TamperedBlock(cid)
        self._keep_data(cid, data)
        return data

    def cids(self, actor: Did) -> set[Cid]:
        sql = "SELECT cid FROM blocks JOIN held ON block = number WHERE actor = ?"
        return {Cid(raw) for (raw,) in self._run(sql, (self._numbers.find(actor),))}

    def verified(self, cid: Cid) -> bytes | None:
        return self._data.get(cid)

    def total_bytes(self) -> int:
        if self._total_bytes is None:
            (total,) = self._run("SELECT bytes FROM block_total").fetchone()
            self._total_bytes = int(total)
        return self._total_bytes

    def write(self, layer: BlockLayer) -> None:
        """Write changed blocks, to be committed."""
        before: dict[Cid, Held | None] = {}
        places: dict[Cid, int] = {}
        for cid in layer.changed:
            found = before[cid] = self.held(cid)
            if found is not None:
                places[cid] = self._places[cid]
        self._write_data(layer.new, places)
        added: list[tuple[int, int]] = []
        removed: list[tuple[int, int]] = []
        gone: list[tuple[int]] = []
        for cid, place in places.items():
            held = layer.changed[cid]
            old, new = _actors(before[cid]), _actors(held)
            added += [(place, self._numbers.make(actor)) for actor in new - old]
            removed += [(place, self._numbers.make(actor)) for actor in old - new]
            if held is None:
                gone.append((place,))
        self._run_many("INSERT INTO held (block, actor) VALUES (?, ?)", added)
        self._run_many("DELETE FROM held WHERE block = ? AND actor = ?", removed)
        self._run_many("DELETE FROM blocks WHERE number = ?", gone)
        if layer.added_bytes:
            total = self.total_bytes() + layer.added_bytes
            self._run("UPDATE block_total SET bytes = ?", (total,))
        self._places.update(places)

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
        sql = (
            "SELECT blocks.number, length(data), actor FROM blocks JOIN held ON block = number"
            " WHERE cid = ?"
        )
        rows = self._run(sql, (cid.raw,)).fetchall()
        if not rows:
            return None
        self._places[cid], size, _ = rows[0]
        return Held(size, frozenset(self._numbers.did(actor) for _, _, actor in rows))

    def _write_data(self, new: Mapping[Cid, bytes], places: dict[Cid, int]) -> None:
        """Write bytes in place of those that are stored wrongly, or at places of their own, which
        are added to `places`."""
        if not new:
            return
        (last,) = self._run("SELECT ifnull(max(number), 0) FROM blocks").fetchone()
        places.update(zip((cid for cid in new if cid not in places), count(last + 1), strict=False))
        self._run_many(
            "INSERT INTO blocks (number, cid, data) VALUES (?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET data = excluded.data",
            [(places[cid], cid.raw, data) for cid, data in new.items()],
        )


def _actors(held: Held | None) -> frozenset[Did]:
    return frozenset() if held is None else held.actors
