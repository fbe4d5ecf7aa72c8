"""Which files have tests: those named, and of folders every one that could have some."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ccl.cli.boundary import CommandError, ExitCode
from ccl.cli.files import STANDARD_STREAM, nearby_hint, read_source

SUFFIX: Final = ".ccl"
_MARK: Final = re.compile(r"\btest\s+fn\b")
"""Nothing without these words is worth compiling; what has them in a comment has no tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """A file that may have tests. `path` is as users see it."""

    __test__ = False

    path: str
    text: str


def test_files(paths: Sequence[Path]) -> tuple[TestFile, ...]:
    """Each file once, in the order of the paths and of names in folders. Raises CommandError."""
    found: dict[str, TestFile] = {}
    for path in paths:
        for each in _files(path):
            shown = "<stdin>" if str(each) == STANDARD_STREAM else each.as_posix()
            if os.path.realpath(each) in found:
                continue
            text = read_source(each)
            if _MARK.search(text):
                found[os.path.realpath(each)] = TestFile(path=shown, text=text)
    return tuple(found.values())


def _files(path: Path) -> Iterator[Path]:
    if str(path) != STANDARD_STREAM and not path.exists():
        raise CommandError(
            "not-found",
            f"there is no file or folder {path}",
            hint=nearby_hint(path),
            exit_code=ExitCode.NOT_FOUND,
            path=str(path),
        )
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        # what begins with a dot is somebody's tool, not the cooperative's
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield Path(folder) / name
