"""Files that a command reads: every way in which that fails has a name.

Rule: a file is read whole or not at all.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from runtime.content.cid import Cid, CidError, Codec, parse_cid
from runtime.execution.context import INPUT_BYTES_MAX
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.dangling_links import dangling_link
from runtime.terminal.files.writing import STANDARD_STREAM

CAR_BYTES_MAX: Final = 512 << 20
"""Of a CAR file; it is read block by block."""
_SMALLER: Final = {
    "input": "split it, and submit a job for each part",
    "module": "check that this is the module; one built without debug information is smaller",
}
_OTHERWISE: Final = {
    "module": ", or by the CID of its block",
    "input": ", or by the CID of its block",
    "proof": "; `meshctl list-jobs` lists the jobs, which are verified by their ids",
}
"""What names a thing besides a path."""
_PART_BYTES: Final = 1 << 20
_CID_CHARS_MIN: Final = 40
_CID_BEGINNING: Final = re.compile(r"baf[ky][br][a-z2-7]{4}")
"""What the CIDs of blocks begin with, however much of one was copied."""


def read_bytes(path: Path, *, noun: str, bytes_max: int = INPUT_BYTES_MAX) -> bytes:
    """The bytes of a file, `-` for stdin. Raises CommandError `file-…`."""
    if str(path) == STANDARD_STREAM:
        data = _read_stdin(noun, bytes_max)
    else:
        data = _read_file(path, noun, bytes_max)
    if len(data) > bytes_max:
        raise _too_large(path, noun, bytes_max)
    return data


def _too_large(path: Path, noun: str, bytes_max: int) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "file-too-large",
        f"{path}: the {noun} has more than {bytes_max} bytes",
        hint=_SMALLER.get(noun, f"check that this is the {noun} that you mean"),
        details={"path": str(path), "limit_bytes": bytes_max},
    )


@contextmanager
def open_seekable(path: Path, *, noun: str, bytes_max: int) -> Iterator[BinaryIO]:
    """A file that can be read from any place, `-` for stdin; what comes through a pipe is put
    into a temporary file first. Raises CommandError `file-…`."""
    with ExitStack() as stack:
        if str(path) == STANDARD_STREAM:
            file: BinaryIO = sys.stdin.buffer
        else:
            with _named_errors(path, noun):
                file = stack.enter_context(path.open("rb"))
        with _named_errors(path, noun):
            if not file.seekable():
                from tempfile import TemporaryFile  # not for every start of a command

                aside = stack.enter_context(TemporaryFile())
                while aside.tell() <= bytes_max and (part := file.read(_PART_BYTES)):
                    aside.write(part)
                file = aside
            if file.seek(0, os.SEEK_END) > bytes_max:
                raise _too_large(path, noun, bytes_max)
            file.seek(0)
        yield file


def _read_stdin(noun: str, bytes_max: int) -> bytes:
    try:
        return sys.stdin.buffer.read(bytes_max + 1)
    except OSError as error:
        raise CommandError(
            ExitCode.USAGE,
            "file-unreadable",
            f"the {noun} cannot be read from standard input: {error.strerror or error}",
            hint=f"name the {noun} by its path",
        ) from None


def _read_file(path: Path, noun: str, bytes_max: int) -> bytes:
    with _named_errors(path, noun), path.open("rb") as file:
        return file.read(bytes_max + 1)


@contextmanager
def _named_errors(path: Path, noun: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise dangling_link(path) or CommandError(
            ExitCode.NOT_FOUND,
            "file-not-found",
            f"there is no file {path}",
            hint=_neighbour(path) or f"name the {noun} by its path{_OTHERWISE.get(noun, '')}",
        ) from None
    except IsADirectoryError:
        raise CommandError(
            ExitCode.USAGE,
            "file-is-directory",
            f"{path} is a directory, expected the {noun}",
            hint="name a file in it",
        ) from None
    except OSError as error:
        raise CommandError(
            ExitCode.USAGE,
            "file-unreadable",
            f"{path}: {error.strerror or error}",
            hint=f"name the {noun} by a path that can be read, or - for standard input",
        ) from None


def _neighbour(path: Path) -> str:
    from ccl.abi.text.suggest import nearest

    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        return f"there is no directory {path.parent} either"
    close = nearest(path.name, names)
    return f"did you mean {path.parent / close}?" if close else ""


def path_or_cid(text: str) -> Path | Cid:
    """What `PATH|CID` names: a file that exists, else a CID, else the path that is missing.

    Raises CommandError `malformed-cid` for what was meant as a CID and is none.
    """
    path = Path(text)
    if text == STANDARD_STREAM or _is_there(path):
        return path
    try:
        return parse_cid(text)
    except CidError as error:
        if text.isalnum() and (len(text) >= _CID_CHARS_MIN or _CID_BEGINNING.match(text)):
            problem = _malformed(text, error)
            problem.message += "; and there is no file of that name"
            raise problem from None
        return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # No file has so long a name.
        return False


def mesh_from(text: str) -> Cid:
    """The CID of a mesh, which is that of its first record. Raises CommandError."""
    hint = "ask for the CID of the mesh: `meshctl identity show` prints it where its keys are"
    try:
        cid = parse_cid(text)
    except CidError as error:
        problem = _malformed(text, error)
        problem.hint = hint
        raise problem from None
    if cid.codec is not Codec.DAG_CBOR:
        raise CommandError(
            ExitCode.USAGE,
            "malformed-cid",
            f"--mesh {cid} is no mesh: it names a {cid.codec.name.lower().replace('_', '-')} "
            "block, and a mesh is a dag-cbor record",
            hint=hint,
        )
    return cid


def _malformed(text: str, error: CidError) -> CommandError:
    place = "" if error.position is None else f" (character {error.position + 1})"
    return CommandError(
        ExitCode.USAGE,
        "malformed-cid",
        f"'{text}' is not a CID{place}: {error.reason}",
        hint="copy it whole; `meshctl block put FILE` prints the CID of a file",
    )
