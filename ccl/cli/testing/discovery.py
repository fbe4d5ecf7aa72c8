"""Discovery of files with tests: those named, and of folders every one that could have some."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from ccl.cli.compiling.report import shown
from ccl.cli.compiling.sources import NO_PROGRAMS, project_for, sources_of
from ccl.cli.files import NOT_FOUND, missing, read_source
from ccl.pipeline import check_text
from ccl.project.project import Project
from runtime.terminal.errors import CommandError

_MARK: Final = re.compile(r"\btest\s+fn\b")
"""A file without these words has no tests; one with them in a comment may have none."""


def _has_errors(text: str, file: Path, project: Project) -> bool:
    """Returns whether a file does not compile: it is reported, with or without tests."""
    return check_text(text, path=shown(file), project=project).sink.has_errors


class TestFile(Struct, frozen=True, kw_only=True):
    """A file that may have tests. `path` is as users see it."""

    __test__ = False

    path: str
    text: str
    project: Project | None = None


class Found(Struct, frozen=True, kw_only=True):
    """The files of a run. unread: the errors of files in folders; the others are tested."""

    files: tuple[TestFile, ...]
    unread: tuple[CommandError, ...]


def test_files(paths: Sequence[Path], allowed: tuple[Path, ...]) -> Found:
    """Lists each file once, in the order of the paths and of names in folders. Raises CommandError
    for a missing path, and for a named file that cannot be read."""
    sources = sources_of(paths)
    found: list[TestFile] = []
    unread = [each for each in sources.errors if each.code != NO_PROGRAMS]
    for file in sources.files:
        try:
            text, project = read_source(file), project_for(file, allowed)
        except CommandError as error:
            if file in paths:
                if error.code != NOT_FOUND:
                    raise
                raise missing(file, "file or folder") from None
            unread.append(error)
            continue
        if _MARK.search(text) or _has_errors(text, file, project):
            found.append(TestFile(path=shown(file), text=text, project=project))
    return Found(files=tuple(found), unread=tuple(unread))
