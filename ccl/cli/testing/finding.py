"""Which files have tests: those named, and of folders every one that could have some."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from ccl.cli.files import STANDARD_STREAM, missing, read_source
from ccl.cli.options import project_for
from ccl.project import Project
from runtime.terminal.errors import CommandError

SUFFIX: Final = ".ccl"
_MARK: Final = re.compile(r"\btest\s+fn\b")
"""Nothing without these words is worth compiling; what has them in a comment has no tests."""


class TestFile(Struct, frozen=True, kw_only=True):
    """A file that may have tests. `path` is as users see it."""

    __test__ = False

    path: str
    text: str
    project: Project | None = None


class Found(Struct, frozen=True, kw_only=True):
    """The files of a run. unread: why files of folders cannot be read; the others are tested."""

    files: tuple[TestFile, ...]
    unread: tuple[CommandError, ...]


def test_files(paths: Sequence[Path], allowed: tuple[Path, ...]) -> Found:
    """Each file once, in the order of the paths and of names in folders. Raises CommandError for
    a path that is not there, and for a file that was named and cannot be read."""
    found: dict[str, TestFile] = {}
    unread: dict[str, CommandError] = {}
    for path in paths:
        for each in _files(path):
            shown = "<stdin>" if str(each) == STANDARD_STREAM else each.as_posix()
            real = os.path.realpath(each)
            if real in found or real in unread:
                continue
            try:
                text, project = read_source(each), project_for(each, allowed)
            except CommandError as error:
                if each == path:
                    raise
                unread[real] = error
                continue
            if _MARK.search(text):
                found[real] = TestFile(path=shown, text=text, project=project)
    return Found(files=tuple(found.values()), unread=tuple(unread.values()))


def _files(path: Path) -> Iterator[Path]:
    if str(path) != STANDARD_STREAM and not path.exists():
        raise missing(path, "file or folder")
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        # what begins with a dot is somebody's tool, not the cooperative's
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield Path(folder) / name
