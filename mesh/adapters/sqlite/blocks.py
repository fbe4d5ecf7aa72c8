"""The block store: bytes by the CID that names them.

Rule: a block is hashed on its way in and again on its way out; what is stored under a wrong
name is never given to anyone.
"""

from collections.abc import Iterable
from typing import Final

from mesh.adapters.sqlite.connection import Database
from mesh.problem import Kind, MeshProblem
from runtime.content.cid import Cid

BLOCK_BYTES_MAX: Final = 64 << 20


class SqliteBlocks:
    """Blocks in the `blocks` table, up to `quota_bytes` in total."""

    def __init__(self, database: Database, *, quota_bytes: int) -> None:
        self._database = database
        self._quota_bytes = quota_bytes

    def put(self, cid: Cid, data: bytes) -> None:
        """Store a block. Raises MeshProblem `block-mismatch`, `block-too-large`, `quota`."""
        self.put_all(((cid, data),))

    def put_all(self, blocks: Iterable[tuple[Cid, bytes]]) -> None:
        """Store several in one transaction; those already there are left as they are."""
        rows = []
        for cid, data in blocks:
            if len(data) > BLOCK_BYTES_MAX:
                raise _too_large(cid, len(data))
            if not cid.matches(data):
                raise tampered(cid, "the bytes offered for it have another hash")
            rows.append((cid.raw, data))
        with self._database.transaction():
            run = self._database.connection.execute
            added = 0
            for raw, data in rows:
                cursor = run("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (raw, data))
                added += len(data) if cursor.rowcount else 0
            if added:
                run("UPDATE block_total SET bytes = bytes + ?", (added,))
                self._check_quota()

    def _check_quota(self) -> None:
        total = self.total_bytes()
        if total > self._quota_bytes:
            raise MeshProblem(
                Kind.FAILED,
                "block-quota",
                f"the block store would hold {total} bytes, its quota is {self._quota_bytes}",
                hint="remove blocks with `meshctl block rm`, or raise block_store_bytes in "
                "config.toml",
            )

    def get(self, cid: Cid) -> bytes | None:
        """The block, or None. Raises MeshProblem `block-tampered` if the hash is another."""
        row = self._database.connection.execute(
            "SELECT data FROM blocks WHERE cid = ?", (cid.raw,)
        ).fetchone()
        if row is None:
            return None
        data: bytes = row[0]
        if not cid.matches(data):
            raise tampered(cid, "the stored bytes have another hash")
        return data

    def has(self, cid: Cid) -> bool:
        row = self._database.connection.execute(
            "SELECT 1 FROM blocks WHERE cid = ?", (cid.raw,)
        ).fetchone()
        return row is not None

    def delete(self, cid: Cid) -> bool:
        """Remove a block; whether it was there."""
        with self._database.transaction():
            run = self._database.connection.execute
            row = run(
                "DELETE FROM blocks WHERE cid = ? RETURNING length(data)", (cid.raw,)
            ).fetchone()
            if row is None:
                return False
            run("UPDATE block_total SET bytes = bytes - ?", (row[0],))
        return True

    def total_bytes(self) -> int:
        (total,) = self._database.connection.execute("SELECT bytes FROM block_total").fetchone()
        return int(total)

    def cids_with_prefix(self, prefix: bytes, *, at_most: int) -> tuple[Cid, ...]:
        """CIDs whose binary form begins with `prefix`, in order."""
        rows = self._database.connection.execute(
            "SELECT cid FROM blocks WHERE cid >= ? AND cid < ? ORDER BY cid LIMIT ?",
            (prefix, prefix + b"\xff" * 40, at_most),
        )
        return tuple(Cid(raw) for (raw,) in rows)


def missing(cid: Cid) -> MeshProblem:
    """The problem of a block that nobody here holds."""
    return MeshProblem(
        Kind.NOT_FOUND,
        "block-missing",
        f"block {cid} is not in the store",
        hint="supply it with `meshctl block put FILE`",
        details={"cid": str(cid)},
    )


def tampered(cid: Cid, reason: str) -> MeshProblem:
    """The problem of bytes that are not what their name says."""
    return MeshProblem(
        Kind.VERIFICATION,
        "block-tampered",
        f"block {cid}: {reason}",
        hint="remove it with `meshctl block rm`, then supply the true bytes with "
        "`meshctl block put FILE`",
        details={"cid": str(cid)},
    )


def _too_large(cid: Cid, size: int) -> MeshProblem:
    return MeshProblem(
        Kind.FAILED,
        "block-too-large",
        f"block {cid} has {size} bytes, at most {BLOCK_BYTES_MAX} are stored",
        hint="split the data, or let the program read a smaller input",
        details={"cid": str(cid), "bytes": size},
    )
