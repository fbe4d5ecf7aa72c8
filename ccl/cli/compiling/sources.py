"""Programs of a command line: files, all below a folder, and the project of each.

Rule: of a folder, every file that is a program of its own counts. Names that begin with a dot
belong to tools; links are not followed out of the folder, so that no file outside of it is
formatted or fixed.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ccl.project.configuration import ConfigurationError
from ccl.project.project import Project, project_of, without_links
from ccl.support.node import Node
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import note

SUFFIX: Final = ".ccl"
NO_PROGRAMS: Final = "no-programs"
"""Error code of a folder without programs."""


class Sources(Node, frozen=True, kw_only=True):
    """Files, each once and in order; the folders they were searched in, and the errors of those."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    errors: tuple[CommandError, ...]


def sources_of(paths: Sequence[Path]) -> Sources:
    """Lists the files of the paths, and of their folders. A missing file is still one of them."""
    files: dict[str, Path] = {}
    """By what they really are."""
    folders: list[Path] = []
    errors: list[CommandError] = []
    for path in paths:
        if str(path) == STANDARD_STREAM or not is_folder(path):
            key = STANDARD_STREAM if str(path) == STANDARD_STREAM else os.path.realpath(path)
            files.setdefault(key, path)
            continue
        found = False
        for each in _below(path, folders, errors):
            found = True
            files.setdefault(os.path.realpath(each), each)
        if not found:
            errors.append(_no_programs(path))
    return Sources(files=tuple(files.values()), folders=tuple(folders), errors=tuple(errors))


def _below(top: Path, folders: list[Path], errors: list[CommandError]) -> Iterator[Path]:
    real = without_links(top)

    def unreadable(error: OSError) -> None:
        errors.append(_unreadable(Path(error.filename), error))

    for name, inner, names in os.walk(top, onerror=unreadable):
        folder = Path(name)
        folders.append(folder)
        inner[:] = sorted(each for each in inner if not each.startswith("."))
        for each in sorted(names):
            if each.endswith(SUFFIX) and not each.startswith("."):
                path = folder / each
                if not _is_text(str(path)):
                    errors.append(_not_text(path))
                    continue
                if _is_file(path) and without_links(path).is_relative_to(real):
                    yield path


def _is_text(name: str) -> bool:
    """Returns whether a name is UTF-8; other bytes come as surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _not_text(path: Path) -> CommandError:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    return CommandError(
        ExitCode.USAGE,
        "not-utf8",
        f"the name of {shown} is not UTF-8 text",
        hint="give the file another name, with mv",
        details={"path": shown},
    )


def is_folder(path: Path) -> bool:
    """Returns whether a path is a folder; an inaccessible one is reported when it is read."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    """Returns whether a path can be read to its end. An inaccessible one is reported when it is
    read, a dangling link when it is opened."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:
        return True


def _no_programs(folder: Path) -> CommandError:
    return CommandError(
        ExitCode.NOT_FOUND,
        NO_PROGRAMS,
        f"there is no program in the folder {folder}",
        hint="programs end in .ccl; folders and files that begin with a dot are ignored",
        details={"path": str(folder)},
    )


def _unreadable(folder: Path, error: OSError) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "file-unreadable",
        f"the folder {folder} cannot be read: {error.strerror}",
        hint="check its permissions, or name the files that are meant",
        details={"path": str(folder)},
    )


def project_for(file: Path, allowed: Iterable[Path]) -> Project:
    """Finds the project of a program. Raises CommandError for an invalid `ccl.toml`."""
    try:
        return project_of(file.as_posix(), allowed)
    except ConfigurationError as error:
        raise CommandError(
            ExitCode.USAGE,
            "bad-configuration",
            str(error),
            hint=error.hint,
            details={"path": str(error.path), "line": error.line},
        ) from None


def remark_on_foreign(projects: Iterable[Project]) -> None:
    """Notes on stderr which configurations were passed over: their levels do not apply."""
    for path in dict.fromkeys(each for project in projects for each in project.foreign):
        note(f"note: {path} is ignored: it belongs to another user")
