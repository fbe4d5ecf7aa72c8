"""Reading source files: UTF-8 text of bounded size, or a named reason why not."""

from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Final

SOURCE_BYTES_MAX: Final = 4 * 1024 * 1024
LIBRARY_PREFIX: Final = "std/"


class Unreadable(Enum):
    """Why a source could not be read; the value completes "… cannot be read: "."""

    MISSING = "there is no such file"
    DIRECTORY = "it is a directory"
    DENIED = "permission is missing or the file is damaged"
    NOT_UTF8 = "it is not UTF-8 text"
    TOO_LARGE = "it is larger than 4 MiB"


class SourceError(Exception):
    """A source that cannot be read. `position`: the offset in bytes of the first wrong one."""

    def __init__(self, kind: Unreadable, path: str, position: int | None = None) -> None:
        super().__init__(f"{path} cannot be read: {kind.value}")
        self.kind = kind
        self.path = path
        self.position = position


def read_source(path: Path) -> str:
    """The text of a file. Raises SourceError."""
    try:
        with path.open("rb") as file:
            data = file.read(SOURCE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SourceError(Unreadable.MISSING, str(path)) from None
    except (IsADirectoryError, NotADirectoryError):
        kind = Unreadable.DIRECTORY if path.is_dir() else Unreadable.MISSING
        raise SourceError(kind, str(path)) from None
    except (OSError, ValueError):
        raise SourceError(Unreadable.DENIED, str(path)) from None
    if len(data) > SOURCE_BYTES_MAX:
        raise SourceError(Unreadable.TOO_LARGE, str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(Unreadable.NOT_UTF8, str(path), error.start) from None


def library_names() -> tuple[str, ...]:
    """What `import` finds in the standard library: `std/text` …"""
    folder = resources.files("stdlib")
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".ccl"))
    return tuple(sorted(LIBRARY_PREFIX + name.removesuffix(".ccl") for name in names))


def read_library(name: str) -> str:
    """The text of a standard library file by its import path. Raises SourceError."""
    if name not in library_names():
        raise SourceError(Unreadable.MISSING, name)
    file = resources.files("stdlib").joinpath(name.removeprefix(LIBRARY_PREFIX) + ".ccl")
    return file.read_text(encoding="utf-8")
