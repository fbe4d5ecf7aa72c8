"""Ownership of a home: checked at each start, before anything in it is read.

Rule: only its owner reads or writes what is in a home, and nothing in it is a link to elsewhere. So
no one else can change what is there between this check and its use. (Entries of the cache are
checked as they are opened.)
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mesh.home.failures import no_home, weak_file
from runtime.platform.private_files import (
    ACCESS_OF_OTHERS,
    HAS_OWNERS,
    WRITES_OF_EVERYBODY,
    WeakFileError,
    Weakness,
    weakness_of,
)
from runtime.terminal.errors import CommandError

CONFIG_NAME: Final = "config.toml"
DATABASE_NAME: Final = "mesh.sqlite"
MARK_NAME: Final = "mesh.cid"
KEYS_NAME: Final = "keys"
LOCKS_NAME: Final = "locks"
CACHE_NAME: Final = "cache"
_FOLDERS: Final = (KEYS_NAME, LOCKS_NAME, CACHE_NAME, f"{CACHE_NAME}/modules")
_FILES: Final = (
    *((DATABASE_NAME + suffix, ACCESS_OF_OTHERS) for suffix in ("", "-wal", "-shm", "-journal")),
    (MARK_NAME, ACCESS_OF_OTHERS),
    # A person writes it, with an editor and an umask that often lets a group of its own write.
    (CONFIG_NAME, WRITES_OF_EVERYBODY),
)
"""The files of a home, and the bits of their modes that must not be set."""


def resolved(path: Path) -> Path:
    """The home that a path means: what it points to, if it is a link of ours or of root's.

    Raises OSError, and CommandError `home-linked` for a link that another user made.
    """
    status = _status(path)
    if status is None or not stat.S_ISLNK(status.st_mode):
        return path
    if HAS_OWNERS and status.st_uid not in {0, os.geteuid()}:
        raise weak_file(WeakFileError(path, Weakness.LINK, status), path)
    return Path(os.path.realpath(path))


def check_home(home: Path) -> None:
    """Raises CommandError `home-…` unless the home is its owner's alone, or not there.

    An empty directory passes: it is made private when it becomes a home. Raises OSError.
    """
    status = _status(home)
    if status is None:
        return
    weakness = weakness_of(status, is_folder=True, refused=ACCESS_OF_OTHERS)
    if weakness is Weakness.EXPOSED and not any(home.iterdir()):
        return
    if weakness is Weakness.EXPOSED and not _is_home(home):
        raise no_home(home)
    if weakness is not None:
        raise weak_file(WeakFileError(home, weakness, status), home)
    for name in _FOLDERS:
        _check(home, home / name, is_folder=True, refused=ACCESS_OF_OTHERS)
    for name, refused in _FILES:
        _check(home, home / name, is_folder=False, refused=refused)
    for name in (KEYS_NAME, LOCKS_NAME):
        folder = home / name
        for error in weak_files(home, folder) if folder.is_dir() else ():
            raise error


def _is_home(home: Path) -> bool:
    names = (MARK_NAME, DATABASE_NAME, KEYS_NAME, CONFIG_NAME)
    return any(_status(home / name) is not None for name in names)


def _check(home: Path, path: Path, *, is_folder: bool, refused: int) -> None:
    status = _status(path)
    if status is None:
        return
    weakness = weakness_of(status, is_folder=is_folder, refused=refused)
    if weakness is not None:
        raise weak_file(WeakFileError(path, weakness, status), home)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def doubtful_parents(home: Path) -> Iterator[str]:
    """Folders above the home in which another user could put another one in its place.

    He could not forge ours: the other one would not be our user's. So it is no refusal.
    """
    if not HAS_OWNERS:
        return
    for folder in Path(os.path.realpath(home)).parents:
        status = folder.stat()
        if status.st_uid not in {0, os.geteuid()}:
            yield f"{folder} belongs to uid {status.st_uid}, who can move the home away"
        elif status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            yield f"everybody can move the home away: chmod +t {folder}"


def weak_files(home: Path, folder: Path) -> Iterator[CommandError]:
    """What is wrong with the files in a folder of the home."""
    for path in sorted(folder.iterdir()):
        status = _status(path)
        if status is None:
            continue
        weakness = weakness_of(status, is_folder=False, refused=ACCESS_OF_OTHERS)
        if weakness is not None:
            yield weak_file(WeakFileError(path, weakness, status), home)
