"""One SQLite file, opened the only way we open it: WAL, checked, one transaction at a time.

Rule: a write is inside `transaction`, which takes the write lock at its beginning, so that
what was read in it is still true when it is committed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from mesh.adapters.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from runtime.terminal.errors import CommandError, ExitCode

BUSY_TIMEOUT_SECONDS: Final = 30.0
CACHE_KIB: Final = 16 * 1024
CHECKPOINT_PAGES: Final = 8192
"""The log is moved into the file when it has grown to this, and when the store is closed."""


class Database:
    """An open store. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises CommandError `store-…` for a file that is not a usable store."""
        self.path = path
        try:
            self.connection = sqlite3.connect(
                path,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
                cached_statements=256,
            )
        except sqlite3.OperationalError as error:
            raise _unreadable(path, error) from None
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise _unreadable(path, error) from None
        except CommandError:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        run = self.connection.execute
        # One moment for all three: another process may be founding the mesh meanwhile.
        run("BEGIN")
        try:
            (application,) = run("PRAGMA application_id").fetchone()
            (version,) = run("PRAGMA user_version").fetchone()
            (tables,) = run("SELECT count(*) FROM sqlite_schema").fetchone()
        finally:
            run("ROLLBACK")
        if (tables or application) and application != APPLICATION_ID:
            raise CommandError(
                ExitCode.USAGE,
                "store-foreign",
                f"{self.path} is an SQLite file of another program",
                hint="name another directory with --mesh-home, or move that file away",
            )
        if version > SCHEMA_VERSION:
            raise CommandError(
                ExitCode.USAGE,
                "store-newer",
                f"{self.path} has schema version {version}, this program reads {SCHEMA_VERSION}",
                hint="install the version of this program that wrote it, or a newer one",
            )
        if tables and version < SCHEMA_VERSION:
            raise CommandError(
                ExitCode.USAGE,
                "store-older",
                f"{self.path} has schema version {version}, this program reads {SCHEMA_VERSION}",
                hint="open it with the version that wrote it, or start a new MESH_HOME",
            )
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        run(f"PRAGMA cache_size = -{CACHE_KIB}")
        if not tables:
            self._create()

    def _create(self) -> None:
        """Make the tables, unless another process was faster."""
        self.connection.execute("BEGIN IMMEDIATE")
        (tables,) = self.connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            for statement in TABLES.split(";\n"):
                if statement.strip():
                    self.connection.execute(statement)
            self.connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self.connection.execute("COMMIT")

    @contextmanager
    def transaction(self, kind: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[None]:
        """All or nothing: left normally it is committed. Transactions do not nest.

        Raises CommandError `store-busy`, `store-full` or `store-corrupt`.
        """
        assert not self._open(), "transactions do not nest"
        try:
            self.connection.execute(f"BEGIN {kind}")
            # A deferred transaction sees its moment from its first read on.
            self.connection.execute("SELECT only FROM block_total").fetchone()
            yield
            self.commit()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError):
                raise
            raise _unreadable(self.path, error) from None
        finally:
            if self._open():
                self.connection.execute("ROLLBACK")

    def _open(self) -> bool:
        """Whether a transaction is open; SQLite ends one itself when the disk is full."""
        return self.connection.in_transaction

    def commit(self) -> None:
        """The one place where a transaction becomes true."""
        self.connection.execute("COMMIT")

    def check(self) -> tuple[str, ...]:
        """What SQLite's own check of the whole file finds; empty if it is sound."""
        try:
            rows = self.connection.execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return tuple(text for (text,) in rows if text != "ok")

    def close(self) -> None:
        self.connection.close()


def _unreadable(path: Path, error: sqlite3.Error) -> CommandError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return CommandError(
            ExitCode.TIMEOUT,
            "store-busy",
            f"{path} has been locked by another process for {BUSY_TIMEOUT_SECONDS:.0f} s",
            hint="wait for the other command to end, then repeat this one",
        )
    if name.startswith("SQLITE_FULL"):
        return CommandError(
            ExitCode.FAILED,
            "store-full",
            f"no room left on the disk of {path}; nothing was changed",
            hint="free some space, then repeat the command",
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return CommandError(
            ExitCode.FAILED,
            "store-corrupt",
            f"{path} is not a sound SQLite file: {error}",
            hint="restore it from a copy, or move it away and start a new MESH_HOME",
        )
    return CommandError(
        ExitCode.FAILED,
        "store-unusable",
        f"{path} cannot be used: {error}",
        hint="check that the file and its directory can be read and written",
    )
