"""Files and folders for their owner alone: made so whatever the umask, checked as they are opened.

Rule: a mode is set on the new file itself, and never by the umask of the process, which also
applies to the files that users name.
"""

import os
import stat
from contextlib import suppress
from enum import Enum
from errno import ELOOP
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
ACCESS_OF_OTHERS: Final = 0o077
WRITES_OF_OTHERS: Final = 0o022
WRITES_OF_EVERYBODY: Final = 0o002
HAS_OWNERS: Final = hasattr(os, "geteuid")
"""Whether this system has owners and modes of files as in POSIX."""
_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)


class Weakness(Enum):
    """Why a file or folder is not its owner's alone."""

    LINK = "is a symbolic link"
    KIND = "is not what it must be"
    FOREIGN = "belongs to another user"
    EXPOSED = "is open to others"


class WeakFileError(Exception):
    """A file that is not its owner's alone; `status` is the system's record of it."""

    def __init__(self, path: Path, weakness: Weakness, status: os.stat_result) -> None:
        super().__init__(f"{path} {weakness.value}")
        self.path = path
        self.weakness = weakness
        self.status = status


def weakness_of(status: os.stat_result, *, is_folder: bool, refused: int) -> Weakness | None:
    """Finds a weakness of a file or folder. refused: bits of its mode that must not be set."""
    if stat.S_ISLNK(status.st_mode):
        return Weakness.LINK
    if not (stat.S_ISDIR if is_folder else stat.S_ISREG)(status.st_mode):
        return Weakness.KIND
    if not HAS_OWNERS:
        return None
    if status.st_uid != os.geteuid():
        return Weakness.FOREIGN
    if status.st_mode & refused:
        return Weakness.EXPOSED
    return None


def make_folder(path: Path) -> None:
    """Makes a folder and those above it that are missing, all 0700. Raises OSError."""
    if path.parent != path and not path.parent.is_dir():
        make_folder(path.parent)
    try:
        path.mkdir(FOLDER_MODE)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    if HAS_OWNERS and stat.S_IMODE(path.lstat().st_mode) != FOLDER_MODE:
        path.chmod(FOLDER_MODE)


def create_file(path: Path) -> int:
    """Makes a new file, 0600, to be written; returns its descriptor. Raises OSError if it
    exists."""
    descriptor = os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC | _BINARY, FILE_MODE
    )
    try:
        _correct(descriptor)
    except BaseException:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def open_or_create(path: Path) -> int:
    """Opens a file to read and write, which is made if it is missing; returns its descriptor.

    Raises OSError, also for a link.
    """
    while True:
        try:
            return os.open(path, os.O_RDWR | _NOFOLLOW | _NONBLOCK | _CLOEXEC | _BINARY)
        except FileNotFoundError:
            pass
        try:
            return create_file(path)
        except FileExistsError:
            # Another process was faster, or the path is a dangling link.
            if path.is_symlink():
                raise OSError(ELOOP, os.strerror(ELOOP), str(path)) from None


def write_whole(path: Path, data: bytes, *, is_durable: bool = True) -> Path:
    """Writes a new file beside `path`, to be moved into its place. Raises OSError.

    A file that could not be written whole is removed. is_durable: it is on the disk before it is
    moved.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = create_file(draft)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        # The first error is the one to show.
        with suppress(OSError):
            draft.unlink()
        raise
    return draft


def put_once(path: Path, data: bytes) -> None:
    """Makes a whole file that is never overwritten: one that exists stays.

    Raises OSError.
    """
    draft = write_whole(path, data)
    try:
        # A link fails where a rename would overwrite what another process just made.
        os.link(draft, path)
    except FileExistsError:
        pass
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    draft.unlink()


def read_file(path: Path, *, bytes_max: int, refused: int = ACCESS_OF_OTHERS) -> bytes:
    """Reads a regular file of ours, at most so many bytes, through no link.

    Raises OSError, and WeakFileError for a file that is not its owner's alone.
    """
    flags = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC | _BINARY
    try:
        descriptor = os.open(path, flags)
    except OSError:
        if path.is_symlink():
            raise WeakFileError(path, Weakness.LINK, path.lstat()) from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        weakness = weakness_of(status, is_folder=False, refused=refused)
        if weakness is not None:
            raise WeakFileError(path, weakness, status)
        # A read allocates its whole limit, so the limit is the size of the file.
        return file.read(min(bytes_max, status.st_size))


def may_write(path: Path) -> bool:
    """Returns whether the system would let this process write, whatever the reason if not.

    Nothing is opened: closing a descriptor of a database would end the locks that this process has
    on it.
    """
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _correct(descriptor: int) -> None:
    """Sets 0600, if the umask has taken from it or an ACL of the folder has added to it."""
    if HAS_OWNERS and stat.S_IMODE(os.fstat(descriptor).st_mode) != FILE_MODE:
        os.fchmod(descriptor, FILE_MODE)
