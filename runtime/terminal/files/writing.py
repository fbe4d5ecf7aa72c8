"""Files that a command writes: whole or not at all, and only where they belong.

Rule: a file gets its name when it is whole. A path that is no regular file (a link, a pipe, a
device) is never replaced: a link is followed, the others are written into.
"""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

STANDARD_STREAM: Final = "-"
"""The path of stdin or stdout."""


def write_atomically(path: Path, data: bytes) -> None:
    """Puts `data` at `path`; a file there keeps its mode.

    Raises CommandError `file-unwritable` or `disk-full`.
    """
    write_parts(path, (data,))


def write_parts(path: Path, parts: Iterable[bytes]) -> int:
    """Writes as `write_atomically` does, part by part; returns the number of bytes."""
    target = Path(os.path.realpath(path))
    draft = _draft(target)
    try:
        if _is_special(target):
            with target.open("wb") as file:
                return sum(file.write(part) for part in parts)
        with draft.open("xb") as file:
            size = sum(file.write(part) for part in parts)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
        return size
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raises CommandError as `write_parts` would, before there is something to write."""
    target = Path(os.path.realpath(path))
    if _is_special(target):
        return
    draft = _draft(target)
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        draft.touch(exist_ok=False)
        draft.unlink()
    except OSError as error:
        raise _unwritable(path, error) from None


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file() and not target.is_dir()


def _draft(target: Path) -> Path:
    """Names a file beside the target, and short: the target's name may be as long as names can
    be."""
    return target.with_name(f".{os.getpid()}.draft")


def _unwritable(path: Path, error: OSError) -> CommandError:
    from shlex import quote

    hint = "choose another place, or check the folder's permissions"
    if isinstance(error, IsADirectoryError):
        hint = "name a file in it"
    elif isinstance(error, FileNotFoundError) and not path.parent.exists():
        hint = f"its folder does not exist: `mkdir -p {quote(str(path.parent))}` makes it"
    return disk_full_error(error, path) or CommandError(
        ExitCode.USAGE,
        "file-unwritable",
        f"{path} cannot be written: {error.strerror or error}",
        hint=hint,
        details={"path": str(path)},
    )
