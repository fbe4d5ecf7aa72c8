"""The `Store` port over one SQLite file.

Rule: a write transaction holds the file's write lock from its beginning, so what it has read
is true when it is committed; every commit is on the disk (synchronous=FULL) before anyone
hears of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mesh.adapters.sqlite.blocks import SqliteBlocks
from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.jobs import SqliteJobs
from mesh.adapters.sqlite.ledger import SqliteLedger
from mesh.adapters.sqlite.members import (
    SqliteChains,
    SqliteEvidence,
    SqliteObservations,
    SqliteSettings,
)
from mesh.adapters.sqlite.schema import SCHEMA
from mesh.adapters.sqlite.state import SqliteRuns, SqliteStateRoots
from mesh.adapters.sqlite.work import SqliteWork


class SqliteTransaction:
    """The `Transaction` port, and what an embedded mesh keeps besides."""

    def __init__(self, database: Database, *, quota_bytes: int) -> None:
        self.blocks = SqliteBlocks(database, quota_bytes=quota_bytes)
        self.jobs = SqliteJobs(database)
        self.ledger = SqliteLedger(database)
        self.work = SqliteWork(database)
        self.chains = SqliteChains(database)
        self.evidence = SqliteEvidence(database)
        self.state = SqliteStateRoots(database)
        self.observations = SqliteObservations(database)
        self.runs = SqliteRuns(database)
        self.settings = SqliteSettings(database)

    def flush(self) -> None:
        """Write all that is still only in memory."""
        self.blocks.flush()
        self.jobs.flush()
        self.ledger.flush()
        self.work.flush()
        self.chains.flush()
        self.evidence.flush()
        self.state.flush()
        self.observations.flush()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self.blocks.forget()
        self.jobs.forget()
        self.ledger.forget()
        self.work.forget()
        self.chains.forget()
        self.evidence.forget()
        self.state.forget()
        self.observations.forget()
        self.settings.forget()


class SqliteStore:
    """Transactions over one file. quota_bytes: of all blocks together."""

    def __init__(self, path: Path, *, quota_bytes: int) -> None:
        """Open or create. Raises CommandError `store-…`."""
        self.database = Database(path, SCHEMA)
        self._tables = SqliteTransaction(self.database, quota_bytes=quota_bytes)
        self._data_version = 0

    @contextmanager
    def write(self) -> Iterator[SqliteTransaction]:
        """All or nothing. Raises CommandError `store-…`."""
        try:
            with self.database.transaction("IMMEDIATE"):
                self._forget_if_changed()
                yield self._tables
                self._tables.flush()
        except BaseException:
            self._tables.forget()
            raise

    @contextmanager
    def read(self) -> Iterator[SqliteTransaction]:
        """One moment of the store; nothing may be written."""
        with self.database.transaction("DEFERRED"):
            self._forget_if_changed()
            yield self._tables

    def _forget_if_changed(self) -> None:
        """Another process's commit makes what is kept in memory worthless."""
        version = self.database.data_version()
        if version != self._data_version:
            self._tables.forget()
            self._data_version = version

    @property
    def is_read_only(self) -> bool:
        """Whether the system refuses to write here."""
        return self.database.is_read_only

    def check(self) -> tuple[str, ...]:
        """What SQLite's own check of the file finds; empty if it is sound."""
        return self.database.check()

    def close(self) -> None:
        self.database.close()
