"""Sources of texts: the disk, or an editor's unsaved texts over it.

Rule: a stage that reads sources takes `Files` as an argument and opens nothing itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from ccl.source.files import SOURCE_BYTES_MAX, SourceError, Unreadable, read_source


class Files(Protocol):
    """Paths are without links."""

    def read(self, path: Path) -> str:
        """Reads the text of a file. Raises SourceError."""
        ...

    def names(self, folder: Path) -> tuple[str, ...]:
        """Lists the names in a folder, sorted. Raises OSError."""
        ...


class _Disk:
    def read(self, path: Path) -> str:
        return read_source(path)

    def names(self, folder: Path) -> tuple[str, ...]:
        return tuple(sorted(entry.name for entry in folder.iterdir()))


DISK: Final[Files] = _Disk()


class Overlay:
    """Unsaved texts by the path without links of their file, which need not exist yet."""

    def __init__(self, texts: Mapping[Path, str], below: Files = DISK) -> None:
        self._texts = texts
        self._below = below

    def read(self, path: Path) -> str:
        """Reads the unsaved text, if any. Raises SourceError where no file could hold it."""
        text = self._texts.get(path)
        if text is None:
            return self._below.read(path)
        try:
            size_bytes = len(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            # Half a surrogate pair, as JSON can have it.
            before = len(text[: error.start].encode("utf-8"))
            raise SourceError(Unreadable.NOT_UTF8, str(path), before) from None
        if size_bytes > SOURCE_BYTES_MAX:
            raise SourceError(Unreadable.TOO_LARGE, str(path))
        return text

    def names(self, folder: Path) -> tuple[str, ...]:
        unsaved = {path.name for path in self._texts if path.parent == folder}
        try:
            saved = self._below.names(folder)
        except OSError:
            if not unsaved:
                raise
            saved = ()
        return tuple(sorted(unsaved.union(saved)))
