"""Files that commands read and write, with named errors for whatever is wrong with them."""

import contextlib
import os
import sys
from pathlib import Path

from ccl.cli.boundary import CommandError, ExitCode
from ccl.reading import SOURCE_BYTES_MAX

STANDARD_STREAM = "-"


def read_bytes(path: Path, *, limit: int, what: str) -> bytes:
    """The whole file. Raises CommandError; `what` names the thing expected (`module`)."""
    try:
        if path.is_dir():
            raise CommandError(
                "is-a-directory",
                f"{path} is a directory, not a {what}",
                hint=f"name a {what} inside it",
                exit_code=ExitCode.USAGE,
                path=str(path),
            )
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise CommandError(
            "not-found",
            f"there is no file {path}",
            hint=nearby_hint(path),
            exit_code=ExitCode.NOT_FOUND,
            path=str(path),
        ) from None
    except OSError as error:
        raise CommandError(
            "unreadable",
            f"{path} cannot be read: {error.strerror or error}",
            hint="check the file's permissions",
            exit_code=ExitCode.USAGE,
            path=str(path),
        ) from None
    if len(data) > limit:
        raise too_large(str(path), limit, what)
    return data


def too_large(shown: str, limit: int, what: str) -> CommandError:
    return CommandError(
        "too-large",
        f"{shown} is larger than {limit} bytes, the most a {what} may have",
        hint=f"check that this is the {what} you mean, or split it",
        exit_code=ExitCode.USAGE,
        path=shown,
        limit_bytes=limit,
    )


def nearby_hint(path: Path) -> str:
    """The next step where `path` does not exist: a file of the same folder named like it."""
    return _nearby(path) or "check the path; it is relative to the current directory"


def _nearby(path: Path) -> str | None:
    from ccl.abi.suggest import nearest

    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return None
    found = nearest(path.name, names)
    return None if found is None else f"did you mean {path.parent / found}?"


def read_source(path: Path) -> str:
    """A program's text, from standard input for `-`. Raises CommandError."""
    if str(path) == STANDARD_STREAM:
        data = sys.stdin.buffer.read(SOURCE_BYTES_MAX + 1)
        if len(data) > SOURCE_BYTES_MAX:
            raise too_large("standard input", SOURCE_BYTES_MAX, "program")
        shown = "standard input"
    else:
        data = read_bytes(path, limit=SOURCE_BYTES_MAX, what="program")
        shown = str(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        raise CommandError(
            "not-utf8",
            f"{shown} is not UTF-8 text: byte 0x{data[error.start]:02x} at "
            f"line {line}, column {column}",
            hint="CCL is written in UTF-8; convert the file, for instance with `iconv -t utf-8`",
            exit_code=ExitCode.USAGE,
            path=str(path),
            line=line,
            column=column,
        ) from None


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all, keeping the mode of a file that is there.

    A device or pipe is written to and never replaced. Raises CommandError if it cannot be
    written.
    """
    # A link is followed, so that what it points to is replaced and not the link.
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(
            "unwritable",
            f"{path} cannot be written: {reason}",
            hint="choose another place with -o, or check the folder's permissions",
            exit_code=ExitCode.USAGE,
            path=str(path),
        ) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
