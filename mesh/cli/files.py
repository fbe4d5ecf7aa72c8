"""Files that a command reads: every way in which that fails has a name.

Rule: a file is read whole or not at all.
"""

import os
import re
import sys
from pathlib import Path
from typing import Final

from mesh.problem import Kind, MeshProblem
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.context import INPUT_BYTES_MAX

STANDARD_STREAM: Final = "-"
_CID_CHARS_MIN: Final = 40
_CID_BEGINNING: Final = re.compile(r"baf[ky][br][a-z2-7]{4}")
"""What the CIDs of blocks begin with, however much of one was copied."""


def read_bytes(path: Path, *, noun: str, bytes_max: int = INPUT_BYTES_MAX) -> bytes:
    """The bytes of a file, `-` for stdin. Raises MeshProblem `file-…`."""
    if str(path) == STANDARD_STREAM:
        data = _read_stdin(noun, bytes_max)
    else:
        data = _read_file(path, noun, bytes_max)
    if len(data) > bytes_max:
        raise MeshProblem(
            Kind.USAGE,
            "file-too-large",
            f"{path}: the {noun} has more than {bytes_max} bytes",
            hint="split it, or let the program read a smaller one",
        )
    return data


def _read_stdin(noun: str, bytes_max: int) -> bytes:
    try:
        return sys.stdin.buffer.read(bytes_max + 1)
    except OSError as error:
        raise MeshProblem(
            Kind.USAGE,
            "file-unreadable",
            f"the {noun} cannot be read from standard input: {error.strerror or error}",
            hint=f"name the {noun} by its path",
        ) from None


def _read_file(path: Path, noun: str, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except FileNotFoundError:
        raise MeshProblem(
            Kind.NOT_FOUND,
            "file-not-found",
            f"{path}: there is no such file",
            hint=_neighbour(path) or f"name the {noun} by its path, or by the CID of its block",
        ) from None
    except IsADirectoryError:
        raise MeshProblem(
            Kind.USAGE,
            "file-is-directory",
            f"{path} is a directory, expected the {noun}",
            hint="name a file in it",
        ) from None
    except OSError as error:
        raise MeshProblem(
            Kind.USAGE,
            "file-unreadable",
            f"{path}: {error.strerror or error}",
            hint=f"name the {noun} by a path that can be read, or - for standard input",
        ) from None


def _neighbour(path: Path) -> str:
    from ccl.abi.suggest import nearest

    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        return f"there is no directory {path.parent} either"
    close = nearest(path.name, names)
    return f"did you mean {path.parent / close}?" if close else ""


def path_or_cid(text: str) -> Path | Cid:
    """What `PATH|CID` names: a file that exists, else a CID, else the path that is missing.

    Raises MeshProblem `malformed-cid` for what was meant as a CID and is none.
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


def cid_from(text: str) -> Cid:
    """A CID as text. Raises MeshProblem `malformed-cid`."""
    try:
        return parse_cid(text)
    except CidError as error:
        raise _malformed(text, error) from None


def _malformed(text: str, error: CidError) -> MeshProblem:
    place = "" if error.position is None else f" (character {error.position + 1})"
    return MeshProblem(
        Kind.USAGE,
        "malformed-cid",
        f"'{text}' is not a CID{place}: {error.reason}",
        hint="copy it whole; `meshctl block put FILE` prints the CID of a file",
    )
