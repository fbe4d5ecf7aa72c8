"""Files that commands read and write, with a named error for each problem."""

import errno
import sys
from pathlib import Path
from shlex import quote
from typing import Any, Final

from msgspec import Struct

from ccl.abi.sections import WASM_MAGIC
from ccl.abi.text.encodings import wide_encoding
from ccl.source.files import SOURCE_BYTES_MAX
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.dangling_links import dangling_link
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import note

NOT_FOUND: Final = "file-not-found"
"""Error code of a missing file."""
_CAR_ROOTS: Final = b"\xa2eroots"
"""A CAR file begins with a length and this map."""
_CAR_HEAD_BYTES: Final = 16
_READING_HINTS: Final = {
    errno.EBADF: "standard input is closed: name a file, or give it with <",
    errno.ELOOP: "the symbolic link points to itself; recreate it, or name the file itself",
    errno.ENAMETOOLONG: "the name is too long for a file; pass the path, not the content",
}


def read_bytes(path: Path, *, limit: int, what: str) -> bytes:
    """Reads the whole file, standard input for `-`. Raises CommandError.

    `what` names the expected content (`module`).
    """
    is_stream, shown = str(path) == STANDARD_STREAM, _named(path)
    try:
        if is_stream:
            data = sys.stdin.buffer.read(limit + 1)
        elif path.is_dir():
            raise CommandError(
                ExitCode.USAGE,
                "file-is-directory",
                f"{path} is a directory; a file with the {what} is needed",
                hint=f"name the {what} inside it",
                details={"path": shown},
            )
        else:
            _note_waiting(path)
            with path.open("rb") as file:
                data = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise missing(path, "file") from None
    except OSError as error:
        raise CommandError(
            ExitCode.USAGE,
            "file-unreadable",
            f"{shown} cannot be read: {error.strerror or error}",
            hint=_READING_HINTS.get(error.errno or 0, "check the file's permissions"),
            details={"path": shown},
        ) from None
    if len(data) > limit:
        raise too_large(shown, limit, what)
    return data


def _note_waiting(path: Path) -> None:
    """Notes that a named pipe waits for a writer, which would otherwise look like a hang."""
    is_named = path.is_fifo() and not str(path).startswith(("/dev/", "/proc/"))
    if is_named and sys.stderr.isatty():
        note(f"{path} is a pipe: waiting until something writes to it")


def too_large(shown: str, limit: int, what: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "file-too-large",
        f"{shown} is larger than {limit} bytes, the most a {what} may have",
        hint=f"check that this is the {what} you mean, or split it",
        details={"path": shown, "limit_bytes": limit},
    )


def missing(path: Path, what: str) -> CommandError:
    """Makes the error of a missing path."""
    dangling = dangling_link(path)
    if dangling is not None:
        return dangling
    return CommandError(
        ExitCode.NOT_FOUND,
        NOT_FOUND,
        f"there is no {what} {path}",
        hint=nearby_hint(path),
        details={"path": str(path)},
    )


def nearby_hint(path: Path) -> str:
    """Suggests the next step where `path` does not exist: a file of the same folder with a similar
    name."""
    return _nearby(path) or "check the path; it is relative to the current directory"


def _nearby(path: Path) -> str | None:
    from ccl.abi.text.suggest import nearest

    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return None
    # A common ending is no similarity.
    similar = {name.removesuffix(path.suffix): name for name in names if name.endswith(path.suffix)}
    near = nearest(path.stem, similar)
    others = (name for name in names if Path(name).stem == path.stem)
    found = next(others, None) if near is None else similar[near]
    return None if found is None else f"did you mean {path.parent / found}?"


def read_source(path: Path) -> str:
    """Reads a program's text, from standard input for `-`. Raises CommandError."""
    return source_text(read_bytes(path, limit=SOURCE_BYTES_MAX, what="program"), path)


def source_text(data: bytes, path: Path) -> str:
    """Decodes the text of a program whose bytes were read from `path`. Raises CommandError."""
    other = _not_a_source(data, path)
    if other is not None:
        raise other
    if len(data) > SOURCE_BYTES_MAX:
        raise too_large(_named(path), SOURCE_BYTES_MAX, "program")
    text = decoded(data, path, "CCL")
    if "\n" not in text and "\r" in text.rstrip("\r"):
        raise CommandError(
            ExitCode.USAGE,
            "old-line-ends",
            f"{_named(path)} ends its lines with CR alone, so that it is one single line",
            hint=f"convert it: tr '\\r' '\\n' < {quote(str(path))} > NEW.ccl",
            details={"path": str(path)},
        )
    return text


def _not_a_source(data: bytes, path: Path) -> CommandError | None:
    """Makes the error of a file whose first bytes show another format."""
    file = quote(str(path))
    if data.startswith(WASM_MAGIC):
        what = "a compiled module"
        hint = (
            f"name the source it was compiled from; `cclc inspect {file}` and `ccl charter {file}` "
            f"show the module, `meshctl submit-job --wasm {file}` executes it on the mesh"
        )
    elif _CAR_ROOTS in data[:_CAR_HEAD_BYTES]:
        what = "a CAR file, such as a proof"
        hint = (
            f"`meshctl verify {file}` verifies a proof, `meshctl block put --car {file}` stores it"
        )
    else:
        return None
    return CommandError(
        ExitCode.USAGE,
        "not-a-source",
        f"{_named(path)} is {what}, not the source of a program",
        hint=hint,
        details={"path": str(path)},
    )


def _named(path: Path) -> str:
    return "standard input" if str(path) == STANDARD_STREAM else str(path)


def decoded(data: bytes, path: Path, what: str) -> str:
    """Decodes UTF-8 bytes. Raises CommandError, which names `what` is written in UTF-8."""
    fault = find_text_error(data)
    if fault is None:
        return data.decode("utf-8")
    raise CommandError(
        ExitCode.USAGE,
        "not-utf8",
        f"{_named(path)} is not UTF-8 text: {fault.reason}",
        hint=f"{what} is written in UTF-8; {fault.hint}",
        details={"path": str(path), **fault.details},
    )


class TextError(Struct, frozen=True, kw_only=True):
    """The reason why bytes are not UTF-8 text, and the way to convert them."""

    reason: str
    hint: str
    details: dict[str, Any]


def find_text_error(data: bytes) -> TextError | None:
    """Finds the encoding of `data`, or the first place that is not UTF-8; None if it is text
    throughout.

    Line and column count from 1, in characters.
    """
    encoding = wide_encoding(data)
    if encoding is not None:
        return TextError(
            reason=f"it is {encoding} text",
            hint=f"convert it with `iconv -f {encoding.lower()} -t utf-8`",
            details={"encoding": encoding},
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        return TextError(
            reason=f"byte 0x{data[error.start]:02x} at line {line}, column {column}",
            hint="convert it, for instance from Latin-1 with `iconv -f latin1 -t utf-8`",
            details={"line": line, "column": column},
        )
    return None
