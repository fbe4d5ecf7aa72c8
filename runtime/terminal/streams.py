"""The standard streams of a command, whatever state the shell handed them over in.

Rule: text leaves through `Guarded` streams alone, which escape whatever a terminal would obey;
our own colours carry a seal that no other text can know. Bytes leave through `write_raw`. A closed
stream fails with a named error where it is used; what an encoding cannot show is shown in
characters that it can.
"""

import codecs
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import Enum
from typing import Any, Final, TextIO

from runtime.terminal.escaping import printable, printable_text

WIDTH_DEFAULT: Final = 100
GROUPED_MIN: Final = 10_000
SEAL: Final = f"{os.urandom(8).hex()}:"
"""What our own escape sequences begin with until they are written."""
_SEALED: Final = re.compile(f"\x1b\\[{SEAL}([0-9;]*)m")
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


class Guarded:
    """A text stream that obeys nobody: all that is written is escaped but for sealed colours.

    A reader that goes away is no error: it misses the rest, and the command comes to its own end,
    with its own exit code, whenever that is noticed.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream: Final = stream
        self.is_unread = False

    def write(self, text: str) -> int:
        """Write text that is laid out in lines."""
        with self._reader_may_go():
            self.stream.write(_harmless(text))
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        with self._reader_may_go():
            self.stream.flush()
            self.stream.buffer.write(data)
            self.stream.buffer.flush()

    def flush(self) -> None:
        with self._reader_may_go():
            self.stream.flush()

    @contextmanager
    def _reader_may_go(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self.is_unread = True
            discard(self.stream)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def guarded_streams() -> Iterator[None]:
    """The three standard streams usable, and the two that are written to guarded, for a while.

    It comes before any file is opened, so that no file gets the number of a stream that is closed.
    """
    _open_closed()
    codecs.register_error("plain", _plainly)
    choose_color(Color.AUTO)
    before = sys.stdout, sys.stderr
    for stream in before:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")
    sys.stdout, sys.stderr = Guarded(before[0]), Guarded(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def say(line: str) -> None:
    """One line on stdout, at once."""
    say_text(_in_one_line(line))


def say_text(text: str) -> None:
    """Text of lines on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(line: str) -> None:
    """One line on stderr."""
    note_text(_in_one_line(line))


def note_text(text: str) -> None:
    """Text of lines on stderr; where that cannot be written, the exit code has to say it."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def write_raw(data: bytes) -> None:
    """Bytes on stdout as they are."""
    stdout = sys.stdout
    assert isinstance(stdout, Guarded), "a command runs between guarded streams"
    stdout.write_bytes(data)


def is_unread() -> bool:
    """Whether the reader of stdout has gone, for commands that end only then."""
    return isinstance(sys.stdout, Guarded) and sys.stdout.is_unread


def write_result(text: str) -> None:
    """A text that is a result by itself: as it is, but on a terminal, which would obey it."""
    if sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_raw(text.encode("utf-8", "surrogatepass"))


def ink(text: str, code: str, stream: TextIO) -> str:
    """The text in a colour (the parameters of an SGR sequence), where the stream has colours."""
    return f"\x1b[{SEAL}{code}m{text}\x1b[{SEAL}0m" if has_color(stream) else text


def discard(stream: TextIO) -> None:
    """From now on what is written goes nowhere: the reader has gone, or the disk is full.

    Otherwise the interpreter would complain at its end of what is left in the buffers.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Color(Enum):
    """What `--color` says; `auto` is as the surroundings have it."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_color: ContextVar[Color] = ContextVar("color", default=Color.AUTO)


def choose_color(color: Color) -> None:
    """From now on, until other streams are guarded."""
    _color.set(color)


def has_color(stream: TextIO) -> bool:
    """Colour as it was chosen; else on a terminal that can show it, or as NO_COLOR and FORCE_COLOR
    say."""
    if _color.get() is not Color.AUTO:
        return _color.get() is Color.ALWAYS
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


def counted(count: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number_text(number: int, stream: TextIO) -> str:
    """The digits, on a terminal in groups of three; elsewhere programs read them."""
    if abs(number) < GROUPED_MIN or not stream.isatty():
        return str(number)
    return f"{number:,}".replace(",", " ")


def _harmless(text: str) -> str:
    if SEAL not in text:
        return printable_text(text)
    # Texts and the parameters of the sequences between them, in turn.
    parts = _SEALED.split(text)
    parts[::2] = map(printable_text, parts[::2])
    parts[1::2] = (f"\x1b[{ink}m" for ink in parts[1::2])
    return "".join(parts)


def _in_one_line(line: str) -> str:
    """Its line breaks are escaped; the rest is left to the stream, which knows the seals."""
    if SEAL not in line:
        return printable(line)
    return line.replace("\r", "\\r").replace("\n", "\\n")


def _open_closed() -> None:
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


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError), "the streams that use it are written"
    shown = []
    for char in error.object[error.start : error.end]:
        escape = char.encode("ascii", "backslashreplace").decode("ascii")
        shown.append(_PLAIN.get(char, escape))
    return "".join(shown), error.end
