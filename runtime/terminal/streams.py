"""The standard streams of a command, whatever state the shell handed them over in.

Rule: a closed stream fails with a named error where it is used, and nowhere else; what an
encoding cannot show is shown in characters that it can.
"""

import codecs
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

WIDTH_DEFAULT: Final = 100
_PLAIN: Final = {
    "\u202f": " ",
    "✓": "ok",
    "✗": "FAILED",
    "→": "->",
    "…": "...",
    "·": "-",
    "—": "--",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
}
"""Our own typography for terminals without Unicode; all else is written as an escape."""


def prepare_streams() -> None:
    """Make the three standard streams usable. Call it before any file is opened, so that no
    file gets the number of a stream that is closed."""
    # What is used the wrong way round fails as what is closed does, by name.
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    # The interpreter puts None where a stream is closed.
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")


def say(line: str) -> None:
    """A line on stdout, at once. A reader that went away misses it, and the work goes on."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


def note(text: str) -> None:
    """A remark on stderr; where that cannot be written, the exit code has to say it."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """From now on what is written goes nowhere: the reader has gone, or the disk is full.

    Otherwise the interpreter would complain at its end of what is left in the buffers.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def has_color(stream: TextIO) -> bool:
    """Colour on a terminal that can show it, unless NO_COLOR says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Cells across, `WIDTH_DEFAULT` where there is no terminal."""
    with suppress(KeyError, ValueError):
        return int(os.environ["COLUMNS"])
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns
    return WIDTH_DEFAULT


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError), "the streams that use it are written"
    shown = []
    for char in error.object[error.start : error.end]:
        escape = char.encode("ascii", "backslashreplace").decode("ascii")
        shown.append(_PLAIN.get(char, escape))
    return "".join(shown), error.end
