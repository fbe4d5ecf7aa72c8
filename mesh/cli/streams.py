"""The standard streams of a command, in whatever state the shell handed them over.

Rule: a stream that is closed fails by name where it is used, and nowhere else; a terminal that
cannot show a character gets one that it can.
"""

import codecs
import os
import sys
from io import TextIOWrapper
from typing import Final, TextIO

_IN_ASCII: Final = {"✓": "ok", "✗": "FAILED", "…": "..."}
"""Our own signs, for terminals without them; all else is escaped."""
_ERRORS: Final = "meshctl-signs"


def prepare() -> None:
    """Make the streams usable. To be called before any file is opened, which would otherwise
    get the number of a closed stream."""
    # Opened the wrong way round, so that using it fails as using a closed one does.
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    # Python has None in the place of a stream that was closed when it began.
    if _stream("stdin") is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if _stream("stdout") is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if _stream("stderr") is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    codecs.register_error(_ERRORS, _shown)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _stream(name: str) -> TextIO | None:
    stream: TextIO | None = getattr(sys, name)
    return stream


def discard(stream: TextIO) -> None:
    """What is still in its buffer goes nowhere, of which Python would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _shown(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError), "the streams that use it are written to"
    wrong = error.object[error.start : error.end]
    shown = (
        _IN_ASCII.get(char) or char.encode("ascii", "backslashreplace").decode("ascii")
        for char in wrong
    )
    return "".join(shown), error.end
