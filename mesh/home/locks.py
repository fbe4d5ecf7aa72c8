"""The locks of a mesh's actors, as files of its home.

Rule: a lock is held by the operating system for a process, so it is free again the moment that
process is dead, however it died.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mesh.home.failures import NOT_WRITABLE, read_only, weak_file
from mesh.home.home import Home, unusable
from runtime.platform.posix import require
from runtime.platform.private_files import WeakFileError, Weakness, open_or_create
from runtime.terminal.files.full_disk import disk_full_error


class LockBusy(Exception):
    """Another process holds the lock. `holder` is its process id, if it wrote one."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(f"{name} is held by process {holder or 'unknown'}")
        self.name = name
        self.holder = holder


@contextmanager
def passing_lock(home: Home, name: str, *, wait: bool) -> Iterator[None]:
    """As `actor_lock`, for names without number: no file of it is left behind."""
    path = home.locks / f"{name}.lock"
    while True:
        with _lock(home, name, wait=wait) as descriptor:
            if not is_at(descriptor, path):
                # Its last holder has removed the file that we waited for: begin anew.
                continue
            try:
                yield
            finally:
                # A file that is left behind locks nobody out, and must not hide an error.
                with suppress(OSError):
                    path.unlink()
            return


def is_at(descriptor: int, path: Path) -> bool:
    """Whether the file that is open is the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


@contextmanager
def actor_lock(home: Home, name: str, *, wait: bool) -> Iterator[None]:
    """Hold the lock of one actor (a key). Only its holder may drive that actor.

    With `wait`, blocks until it is free (Ctrl-C interrupts); else raises LockBusy. Raises
    CommandError `home-read-only`, `home-linked`, `disk-full`, `home-unusable`.
    """
    with _lock(home, name, wait=wait):
        yield


@contextmanager
def _lock(home: Home, name: str, *, wait: bool) -> Iterator[int]:
    """The descriptor by which the lock is held."""
    require("fcntl", "a lock of a mesh")
    import fcntl

    descriptor = open_lock(home, home.locks / f"{name}.lock")
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise LockBusy(name, holder) from None
        os.ftruncate(descriptor, 0)
        # The number is for those who wait to read; on a full disk they read none.
        with suppress(OSError):
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def open_lock(home: Home, path: Path) -> int:
    """Open the file of a lock, made if it is missing. Raises CommandError as `actor_lock`."""
    try:
        return open_or_create(path)
    except OSError as error:
        if path.is_symlink():
            raise weak_file(WeakFileError(path, Weakness.LINK, path.lstat()), home.path) from None
        if error.errno in NOT_WRITABLE:
            raise read_only(home.path, error.strerror or "") from None
        raise disk_full_error(error, path) or unusable(home, error) from None
