"""Source files as they are read: UTF-8 text of bounded size, or a named reason why not."""

import errno
import os
import stat
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Final

from ccl.abi.text.encodings import wide_encoding

SOURCE_BYTES_MAX: Final = 4 * 1024 * 1024
LIBRARY_PREFIX: Final = "std/"


class Unreadable(Enum):
    """Why a source could not be read; the value completes "… cannot be read: "."""

    MISSING = "there is no such file"
    NO_NAME = "no file can have such a name"
    DANGLING = "it is a link to a file that does not exist"
    DIRECTORY = "it is a directory"
    SPECIAL = "it is not a regular file"
    DENIED = "permission is missing or the file is damaged"
    NOT_UTF8 = "it is not UTF-8 text"
    UTF16 = "it is UTF-16 text, and CCL is written in UTF-8"
    UTF32 = "it is UTF-32 text, and CCL is written in UTF-8"
    TOO_LARGE = "it is larger than 4 MiB"
    HAS_ERRORS = "it has errors of its own"
    """Of a module only, which is read by compiling it."""


class SourceError(Exception):
    """A source that cannot be read. `position`: the offset of the first byte that is not UTF-8."""

    def __init__(self, kind: Unreadable, path: str, position: int | None = None) -> None:
        super().__init__(f"{path} cannot be read: {kind.value}")
        self.kind = kind
        self.path = path
        self.position = position


def read_source(path: Path) -> str:
    """Reads the text of a file. Raises SourceError.

    Only regular files are read: a program may come from anywhere and names the files that it
    imports, so that reading must not block on a pipe or a device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise SourceError(Unreadable.DIRECTORY, str(path))
            if not stat.S_ISREG(mode):
                raise SourceError(Unreadable.SPECIAL, str(path))
            data = file.read(SOURCE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise SourceError(_reason(path, error), str(path)) from None
    if len(data) > SOURCE_BYTES_MAX:
        raise SourceError(Unreadable.TOO_LARGE, str(path))
    wide = wide_encoding(data)
    if wide is not None:
        raise SourceError(_WIDE[wide[:6]], str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(Unreadable.NOT_UTF8, str(path), error.start) from None


def _reason(path: Path, error: OSError | ValueError) -> Unreadable:
    """Translates the error of opening `path`."""
    if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
        return Unreadable.NO_NAME
    match error:
        case FileNotFoundError():
            return Unreadable.DANGLING if path.is_symlink() else Unreadable.MISSING
        case NotADirectoryError():
            return Unreadable.MISSING
        case IsADirectoryError():
            return Unreadable.DIRECTORY
        case _ if error.errno in (errno.ENXIO, errno.EOPNOTSUPP):
            return Unreadable.SPECIAL
        case _:
            return Unreadable.DENIED


_WIDE: Final = {"UTF-16": Unreadable.UTF16, "UTF-32": Unreadable.UTF32}


def library_names() -> tuple[str, ...]:
    """Lists the import paths of the standard library: `std/text` …"""
    folder = resources.files("stdlib")
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".ccl"))
    return tuple(sorted(LIBRARY_PREFIX + name.removesuffix(".ccl") for name in names))


def read_library(name: str) -> str:
    """Reads a file of the standard library by its import path. Raises SourceError."""
    if name not in library_names():
        raise SourceError(Unreadable.MISSING, name)
    file = resources.files("stdlib").joinpath(name.removeprefix(LIBRARY_PREFIX) + ".ccl")
    return file.read_text(encoding="utf-8")
