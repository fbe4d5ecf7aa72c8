"""Errors of SQLite as problems with a name: the true reason, and the next step.

Rule: SQLite says "disk I/O error" for many things; the system is tried again for its own word.
"""

import os
import sqlite3
from errno import ENOSPC
from pathlib import Path
from typing import Final

from mesh.home.failures import read_only
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

BUSY_TIMEOUT_SECONDS: Final = 30.0
_REGION_BYTES: Final = 32 * 1024
"""By so much SQLite lets the index of its log grow at once."""

_FROM_COPY: Final = "restore it from a copy, or move it away and start a new MESH_HOME"
_WITHOUT: Final = ("no such table: ", "no such column: ", "no such index: ")
"""The words of SQLite where the schema of a store was changed."""


class StoreError(CommandError):
    """An error of the store itself: whoever goes on has to open it again."""


def unusable(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """The error of a store that did not do what was asked."""
    return _of_store(_named(path, error))


def not_writable(path: Path) -> StoreError:
    """The error of a write where the system lets nothing be written."""
    return _of_store(read_only(path.parent))


def _of_store(found: CommandError) -> StoreError:
    return StoreError(
        found.exit_code, found.code, found.message, hint=found.hint, details=found.details
    )


def _named(path: Path, error: sqlite3.Error | OSError) -> CommandError:
    if isinstance(error, OSError):
        return disk_full_error(error, path) or _unusable(path, error.strerror or str(error))
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return CommandError(
            ExitCode.TIMEOUT,
            "store-busy",
            f"{path} has been locked by another process for {BUSY_TIMEOUT_SECONDS:.0f} s",
            hint="wait for the other command to end, then repeat this one",
        )
    if name.startswith("SQLITE_FULL"):
        full = disk_full_error(OSError(ENOSPC, os.strerror(ENOSPC)), path)
        assert full is not None, "no space left is a full disk"
        return full
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return CommandError(
            ExitCode.FAILED,
            "store-corrupt",
            f"{path} is not a sound SQLite file: {error}",
            hint=_FROM_COPY,
        )
    if str(error).startswith(_WITHOUT):
        return CommandError(
            ExitCode.FAILED,
            "store-corrupt",
            f"{path} is not a whole store: {error}",
            hint=_FROM_COPY,
        )
    if name.startswith("SQLITE_IOERR"):
        reason = _tried(path)
        full = None if reason is None else disk_full_error(reason, path)
        if full is not None:
            return full
    return _unusable(path, str(error))


def _unusable(path: Path, reason: str) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "store-unusable",
        f"{path} cannot be used: {reason}",
        hint="check that the file and its directory can be read and written",
    )


def _tried(path: Path) -> OSError | None:
    """How the system refuses a file that is longer than those of the store, if it does."""
    from tempfile import TemporaryFile  # not for every start of a command

    files = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]
    try:
        length = max(each.stat().st_size for each in files if each.exists())
        with TemporaryFile(dir=path.parent) as file:
            os.pwrite(file.fileno(), bytes(1), length + _REGION_BYTES)
    except OSError as error:
        return error
    return None
