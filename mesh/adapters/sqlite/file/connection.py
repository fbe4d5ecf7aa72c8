"""One SQLite file, opened the only way we open it: WAL, checked, one transaction at a time.

Rule: a write is inside `transaction`, which takes the write lock at its beginning, so that
what was read in it is still true when it is committed.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from mesh.adapters.sqlite.file.errors import (
    BUSY_TIMEOUT_SECONDS,
    StoreError,
    not_writable,
    unusable,
)
from mesh.adapters.sqlite.file.schema import APPLICATION_ID, Schema
from runtime.platform.private_files import create_file, may_write
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.adapters.sqlite.file.reading import Reading

STATEMENTS_KEPT: Final = 256
CACHE_KIB: Final = 16 * 1024
CHECKPOINT_PAGES: Final = 8192
"""The log is moved into the file when it has grown to this, and when the store is closed."""


class Database:
    """An open store. Not for several threads at once."""

    def __init__(self, path: Path, schema: Schema) -> None:
        """Open or create. Raises CommandError `store-…` for a file that is not a usable store, or
        of another version of the schema.

        A file or folder that cannot be written is opened to be read.
        """
        self.path = path
        self._schema = schema
        self._failed: CommandError | None = None
        self._reading: Reading | None = None
        self._refusal: StoreError | None = None
        try:
            if not path.exists():
                os.close(create_file(path))
        except FileExistsError:
            # Another process was faster.
            pass
        except OSError as error:
            raise unusable(path, error) from None
        if may_write(path) and may_write(path.parent):
            self._open_to_write()
        else:
            self._open_to_read(not_writable(path))

    def _open_to_write(self) -> None:
        """Where there is no room even to begin, what is there can still be read."""
        try:
            self.connection = sqlite3.connect(
                self.path,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
                cached_statements=STATEMENTS_KEPT,
            )
        except sqlite3.DatabaseError as error:
            raise unusable(self.path, error) from None
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            # Before it is closed: with the log goes what shows that there was no room for it.
            problem = unusable(self.path, error)
            self.connection.close()
            if problem.code != "disk-full":
                raise problem from None
            self._open_to_read(problem)
        except CommandError:
            self.connection.close()
            raise

    def _open_to_read(self, refusal: StoreError) -> None:
        """refusal: why nothing can be written, and what is raised where something would be."""
        from mesh.adapters.sqlite.file.reading import open_to_read

        self._refusal = refusal
        try:
            self._reading = open_to_read(self.path)
            self.connection = self._reading.connection
            self._prepare()
        except (sqlite3.DatabaseError, OSError) as error:
            self.close()
            is_full = refusal.code == "disk-full"
            raise refusal if is_full else unusable(self.path, error) from None
        except CommandError:
            self.close()
            raise

    @property
    def is_read_only(self) -> bool:
        return self._refusal is not None

    def _prepare(self) -> None:
        run = self.connection.execute
        # One moment for all three: another process may be founding the mesh meanwhile.
        run("BEGIN")
        try:
            (application,) = run("PRAGMA application_id").fetchone()
            (version,) = run("PRAGMA user_version").fetchone()
            (tables,) = run("SELECT count(*) FROM sqlite_schema").fetchone()
        finally:
            self._abandon(None)
        if (tables or application) and application != APPLICATION_ID:
            raise CommandError(
                ExitCode.USAGE,
                "store-foreign",
                f"{self.path} is an SQLite file of another program",
                hint="name another directory with --mesh-home, or move that file away",
            )
        known = self._schema.version
        if version > known:
            raise CommandError(
                ExitCode.USAGE,
                "store-newer",
                f"{self.path} has schema version {version}, this program reads {known}",
                hint="install the version of this program that wrote it, or a newer one",
            )
        if tables and version < known:
            raise CommandError(
                ExitCode.USAGE,
                "store-older",
                f"{self.path} has schema version {version}, this program reads {known}",
                hint="open it with the version that wrote it, or start a new MESH_HOME",
            )
        if self._refusal is not None:
            if not tables:
                raise self._refusal
            return
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
            for statement in self._schema.statements():
                self.connection.execute(statement)
            self.connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self.connection.execute(f"PRAGMA user_version = {self._schema.version}")
        self.connection.execute("COMMIT")

    @contextmanager
    def transaction(self, kind: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[None]:
        """All or nothing: left normally it is committed. Transactions do not nest.

        Raises CommandError `store-…`, `disk-full`, or `home-read-only` for a write where none
        can be.
        """
        assert not self._open() or self._failed, "transactions do not nest"
        if self._failed is not None:
            raise self._failed
        if self._refusal is not None and kind == "IMMEDIATE":
            raise self._refusal
        try:
            self.connection.execute(f"BEGIN {kind}")
            # A deferred transaction sees its moment from its first read on.
            self.connection.execute("SELECT only FROM block_total").fetchone()
            yield
            self.commit()
            if self._reading is not None:
                self._reading.check_unchanged()
        except sqlite3.IntegrityError:
            self._abandon(None)
            raise
        except sqlite3.DatabaseError as error:
            problem = unusable(self.path, error)
            self._abandon(problem)
            raise problem from None
        except BaseException:
            self._abandon(None)
            raise

    def _abandon(self, reason: CommandError | None) -> None:
        """Take back what was not committed, if SQLite has not done so itself.

        Where even that fails the first error is the one to show, now and to whoever comes next:
        nothing was committed, and the next process finds it so.
        """
        if not self._open():
            return
        try:
            self.connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            self._failed = reason or unusable(self.path, error)

    def _open(self) -> bool:
        """Whether a transaction is open; SQLite ends one itself when the disk is full."""
        return self.connection.in_transaction

    def commit(self) -> None:
        """The one place where a transaction becomes true."""
        self.connection.execute("COMMIT")

    def data_version(self) -> int:
        """Changes with every commit of another connection. Raises CommandError `store-…`."""
        try:
            (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise unusable(self.path, error) from None
        return int(version)

    def check(self) -> tuple[str, ...]:
        """What SQLite's own check of the whole file finds; empty if it is sound."""
        try:
            rows = self.connection.execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return tuple(text for (text,) in rows if text != "ok")

    def vacuum(self) -> None:
        """Write the file anew, without its free pages. Raises CommandError `store-…`,
        `disk-full`."""
        try:
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError as error:
            raise unusable(self.path, error) from None

    def close(self) -> None:
        if self._reading is not None:
            self._reading.close()
        elif self._refusal is None:
            self.connection.close()
