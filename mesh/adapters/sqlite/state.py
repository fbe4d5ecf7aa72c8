"""The owners' state roots, and the runs of programs whose results were not shown yet."""

from typing import Any

from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.kept import Kept
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did


class SqliteStateRoots:
    """The `StateRoots` port over its table."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._kept = Kept(read=self._read, write=self._write)

    def flush(self) -> None:
        """Write what changed since the last flush."""
        self._kept.flush()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._kept.forget()

    def root(self, owner: Did) -> Cid | None:
        return self._kept.get(owner)

    def advance(self, owner: Did, expected: Cid | None, root: Cid) -> bool:
        if self.root(owner) != expected:
            return False
        self._kept.put(owner, root)
        return True

    def owners(self) -> tuple[tuple[Did, Cid], ...]:
        self.flush()
        rows = self._run("SELECT owner, root FROM state_roots ORDER BY owner")
        return tuple((Did(owner), Cid(root)) for owner, root in rows)

    def _read(self, owner: Did) -> Cid | None:
        row = self._run("SELECT root FROM state_roots WHERE owner = ?", (owner,)).fetchone()
        return None if row is None else Cid(row[0])

    def _write(self, rows: list[tuple[Did, Cid | None]]) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO state_roots VALUES (?, ?)",
            [(owner, root.raw) for owner, root in rows if root is not None],
        )


class SqliteRuns:
    """Runs by their key, each a DAG-CBOR value: from the transaction that applied a run's
    effects until its results were shown."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute

    def get(self, key: Cid) -> Any:
        """The value, or None if no such run is unfinished."""
        row = self._run("SELECT run FROM runs WHERE key = ?", (key.raw,)).fetchone()
        return None if row is None else decode(row[0])

    def all(self) -> list[tuple[Cid, Any]]:
        """Every unfinished run with its key."""
        rows = self._run("SELECT key, run FROM runs").fetchall()
        return [(Cid(key), decode(run)) for key, run in rows]

    def put(self, key: Cid, run: Any) -> None:
        self._run("INSERT OR REPLACE INTO runs VALUES (?, ?)", (key.raw, encode(run)))

    def remove(self, key: Cid) -> None:
        self._run("DELETE FROM runs WHERE key = ?", (key.raw,))
