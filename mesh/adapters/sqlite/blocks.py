"""The block store: bytes by the CID that names them.

Rule: a block is hashed on its way in and again on its way out; what is stored under a wrong
name is never given to anyone.
"""

from collections.abc import Iterator

from mesh.adapters.sqlite.connection import Database
from mesh.core.ports.blocks import BlockError, BlockFault
from runtime.content.cid import Cid


class SqliteBlocks:
    """The `Blocks` port over the `blocks` table, up to `quota_bytes` in total."""

    def __init__(self, database: Database, *, quota_bytes: int) -> None:
        self._run = database.connection.execute
        self._quota_bytes = quota_bytes
        self._total: int | None = None
        self._stored_total = 0

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._total = None

    def flush(self) -> None:
        """Write the total if it has changed since the last flush."""
        if self._total is not None and self._total != self._stored_total:
            self._run("UPDATE block_total SET bytes = ?", (self._total,))
            self._stored_total = self._total

    def get(self, cid: Cid) -> bytes | None:
        row = self._run("SELECT data FROM blocks WHERE cid = ?", (cid.raw,)).fetchone()
        if row is None:
            return None
        data: bytes = row[0]
        if not cid.matches(data):
            raise BlockError(BlockFault.TAMPERED, cid)
        return data

    def put(self, cid: Cid, data: bytes) -> None:
        if not cid.matches(data):
            raise BlockError(BlockFault.MISMATCH, cid)
        used = self.total_bytes()
        if not self._run("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (cid.raw, data)).rowcount:
            return
        self._total = used + len(data)
        if self._total > self._quota_bytes:
            self.delete(cid)
            detail = f"{used} + {len(data)} of {self._quota_bytes} bytes"
            raise BlockError(BlockFault.QUOTA, cid, detail)

    def has(self, cid: Cid) -> bool:
        return self._run("SELECT 1 FROM blocks WHERE cid = ?", (cid.raw,)).fetchone() is not None

    def size(self, cid: Cid) -> int | None:
        row = self._run("SELECT length(data) FROM blocks WHERE cid = ?", (cid.raw,)).fetchone()
        return None if row is None else int(row[0])

    def delete(self, cid: Cid) -> bool:
        row = self._run(
            "DELETE FROM blocks WHERE cid = ? RETURNING length(data)", (cid.raw,)
        ).fetchone()
        if row is None:
            return False
        self._total = self.total_bytes() - int(row[0])
        return True

    def total_bytes(self) -> int:
        """Bytes of all blocks together."""
        if self._total is None:
            (self._stored_total,) = self._run("SELECT bytes FROM block_total").fetchone()
            self._total = self._stored_total
        return self._total

    def is_sound(self, cid: Cid) -> bool:
        """Whether the stored bytes are those that the CID names."""
        row = self._run("SELECT data FROM blocks WHERE cid = ?", (cid.raw,)).fetchone()
        return row is not None and cid.matches(row[0])

    def cids(self) -> Iterator[Cid]:
        """The CIDs of all blocks."""
        for (raw,) in self._run("SELECT cid FROM blocks"):
            yield Cid(raw)
