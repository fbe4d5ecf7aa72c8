"""A store that can be read and not written: on a read-only disk, or under modes that forbid it.

Rule: what was committed is read, whole and unchanged meanwhile. SQLite reads a log only where
its index beside it can be opened; so a log without one is read from a copy.
"""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from runtime.terminal.errors import CommandError, ExitCode

_LATER: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


class Reading(Struct, frozen=True):
    """A connection that reads. copy: where the files were copied. seen: what must not change."""

    connection: sqlite3.Connection
    path: Path
    copy: tempfile.TemporaryDirectory[str] | None = None
    seen: tuple[int, ...] | None = None

    def check_unchanged(self) -> None:
        """Raises CommandError `store-changed` if someone can write here after all, and has."""
        if self.seen is not None and self.seen != _sight(self.path):
            raise _changed(self.path)

    def close(self) -> None:
        self.connection.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_to_read(path: Path) -> Reading:
    """Raises sqlite3.DatabaseError, OSError, and CommandError `store-changed`."""
    try:
        return Reading(_connected(path, "mode=ro"), path)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(_LATER):
            raise
    log = _log_of(path)
    if not log.exists() or not log.stat().st_size:
        # All is in the file. Without locks: nobody writes, which is checked after each reading.
        seen = _sight(path)
        return Reading(_connected(path, "mode=ro&immutable=1"), path, seen=seen)
    copy = tempfile.TemporaryDirectory(prefix="mesh-read-")
    try:
        copied = _copied(path, Path(copy.name))
        return Reading(_connected(copied, "mode=rw"), path, copy=copy)
    except BaseException:
        copy.cleanup()
        raise


def _copied(path: Path, folder: Path) -> Path:
    """The file and its log in another folder, both of one moment."""
    seen = _sight(path)
    copied = folder / path.name
    for source, target in ((path, copied), (_log_of(path), _log_of(copied))):
        shutil.copyfile(source, target)
    if seen != _sight(path):
        raise _changed(path)
    return copied


def _changed(path: Path) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "store-changed",
        f"{path} was changed by another process while it was read",
        hint="repeat the command",
    )


def _connected(path: Path, how: str) -> sqlite3.Connection:
    """A connection that has read from the file once."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None
    )
    try:
        with closing(connection.execute("SELECT count(*) FROM sqlite_schema")) as rows:
            rows.fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _sight(path: Path) -> tuple[int, ...]:
    """What changes with every commit: the length and the time of the file and of its log."""
    found: list[int] = []
    for file in (path, _log_of(path)):
        if file.exists():
            status = file.stat()
            found += (status.st_size, status.st_mtime_ns)
    return tuple(found)
