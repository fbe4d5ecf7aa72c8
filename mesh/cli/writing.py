"""Files that a command writes, and bytes for stdout: whole, and only where they belong.

Rule: a file is written whole or not at all. What is no file (a link, a pipe, a device) is never
replaced: a link is followed, the others are written into.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.terminal.answer import current
from runtime.terminal.disk import no_room
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import write_raw

STANDARD_STREAM: Final = "-"


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path`, `-` for stdout; a file there keeps its mode.

    Raises CommandError `file-unwritable`, `disk-full`, `usage` where stdout has an answer already.
    """
    write_parts(path, (data,))


def write_parts(path: Path, parts: Iterable[bytes]) -> int:
    """As `write_bytes`, part by part; the number of bytes."""
    if str(path) == STANDARD_STREAM:
        return _write_stream(parts)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                return sum(file.write(part) for part in parts)
        return _replace(Path(os.path.realpath(path)), parts)
    except OSError as error:
        raise no_room(error, path) or CommandError(
            ExitCode.USAGE,
            "file-unwritable",
            f"{path} cannot be written: {error.strerror or error}",
            hint=_way_out(path),
        ) from None


def _write_stream(parts: Iterable[bytes]) -> int:
    if current().is_wanted:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "--output - and -o both want stdout",
            hint="give --output the name of a file",
        )
    size = 0
    for part in parts:
        write_raw(part)
        size += len(part)
    return size


def _replace(target: Path, parts: Iterable[bytes]) -> int:
    """Through a draft beside the target, which is whole before it gets the name."""
    draft = target.with_name(f".{os.getpid()}.draft")
    try:
        with draft.open("xb") as file:
            size = sum(file.write(part) for part in parts)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
        return size
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _way_out(path: Path) -> str:
    parent = path.parent
    if not parent.exists():
        return f"there is no directory {parent}: make it, or name another place"
    return "name a file in a directory that you can write to"


def write_stdout(data: bytes) -> None:
    """Write bytes as they are. Raises CommandError `binary-on-terminal`."""
    if sys.stdout.isatty() and not _is_text(data):
        raise CommandError(
            ExitCode.USAGE,
            "binary-on-terminal",
            f"{len(data)} bytes that are not text would go to the terminal",
            hint="name a file with --output FILE, or redirect stdout",
        )
    write_raw(data)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\n\t\r" for char in text)
