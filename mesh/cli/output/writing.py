"""Output of commands besides text: files, and bytes for stdout."""

import sys
from collections.abc import Iterable
from pathlib import Path

from runtime.terminal.answers.answer import current
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files import writing
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import write_raw


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path`, `-` for stdout.

    Raises CommandError `file-unwritable`, `disk-full`, `usage` where stdout has an answer already.
    """
    write_parts(path, (data,))


def write_parts(path: Path, parts: Iterable[bytes]) -> int:
    """As `write_bytes`, part by part; the number of bytes."""
    if str(path) == STANDARD_STREAM:
        return _write_stream(parts)
    return writing.write_parts(path, parts)


def check_writable(path: Path) -> None:
    """Raises CommandError as `write_parts` would, before there is something to write."""
    if str(path) == STANDARD_STREAM:
        _refuse_answer()
    else:
        writing.check_writable(path)


def _refuse_answer() -> None:
    if current().is_wanted:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "--output - and -o both want stdout",
            hint="give --output the name of a file",
        )


def _write_stream(parts: Iterable[bytes]) -> int:
    _refuse_answer()
    size = 0
    for part in parts:
        write_raw(part)
        size += len(part)
    return size


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
