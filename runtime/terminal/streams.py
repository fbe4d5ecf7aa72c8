"""Standard streams of a command, in whatever state the shell left them.

Rule: text is written through `Guarded` streams alone, which escape all control sequences; our own
colours carry a random seal, which no other text can contain. Bytes are written by `write_raw`. A
closed stream fails with a named error where it is used; characters that an encoding lacks are
replaced.
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
"""Beginning of our own escape sequences until they are written."""
_SEALED: Final = re.compile(f"\x1b\\[{SEAL}([0-9;]*)m")
_PLAIN: Final = {
    "\u202f": " ",
    "✓": "ok",
    "✗": "FAILED",
    "→": "->",
    "…": "...",
    "·": "-",
    "—": "--",
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
}
"""Our own typography for terminals without Unicode; all else is written as an escape."""


class Guarded:
    """A text stream that escapes everything but sealed colours.

    A reader that goes away is no error: it misses the rest, and the command comes to its own end,
    with its own exit code, whenever that is noticed.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream: Final = stream
        self.is_unread = False

    def write(self, text: str) -> int:
        """Writes text that is laid out in lines."""
        with self._reader_may_go():
            self.stream.write(_harmless(text))
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Writes bytes as they are."""
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
    """Makes the three standard streams usable, and guards the two that are written to.

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
    """Prints one line on stdout, at once."""
    say_text(_in_one_line(line))


def say_text(text: str) -> None:
    """Prints text of lines on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(line: str) -> None:
    """Prints one line on stderr."""
    note_text(_in_one_line(line))


def note_text(text: str) -> None:
    """Prints text of lines on stderr; where that cannot be written, the exit code reports it."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def write_raw(data: bytes) -> None:
    """Writes bytes to stdout as they are."""
    stdout = sys.stdout
    assert isinstance(stdout, Guarded), "a command runs between guarded streams"
    stdout.write_bytes(data)


def is_unread() -> bool:
    """Returns whether the reader of stdout has gone, for commands that end only then."""
    return isinstance(sys.stdout, Guarded) and sys.stdout.is_unread


def write_result(text: str) -> None:
    """Writes a text that is a result by itself: unchanged, except on a terminal, where it is
    escaped."""
    if sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_raw(text.encode("utf-8", "surrogatepass"))


def ink(text: str, code: str, stream: TextIO) -> str:
    """Colours a text (with the parameters of an SGR sequence) if the stream has colours."""
    return f"\x1b[{SEAL}{code}m{text}\x1b[{SEAL}0m" if has_color(stream) else text


def discard(stream: TextIO) -> None:
    """Discards further output of a stream: the reader has gone, or the disk is full.

    Otherwise the interpreter would complain at its end of what is left in the buffers.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Color(Enum):
    """The values of `--color`; `auto` depends on the terminal and the environment."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_color: ContextVar[Color] = ContextVar("color", default=Color.AUTO)


def choose_color(color: Color) -> None:
    """Sets the choice of colours until other streams are guarded."""
    _color.set(color)


def has_color(stream: TextIO) -> bool:
    """Returns whether a stream has colours: as chosen; else on a terminal that can show them, or by
    NO_COLOR and FORCE_COLOR."""
    if _color.get() is not Color.AUTO:
        return _color.get() is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Gives the width in cells, `WIDTH_DEFAULT` without a terminal."""
    with suppress(KeyError, ValueError):
        return int(os.environ["COLUMNS"])
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns
    return WIDTH_DEFAULT


def counted(count: int, noun: str) -> str:
    """Writes a count with its noun: `1 block`, `2 blocks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number_text(number: int, stream: TextIO) -> str:
    """Writes the digits, on a terminal in groups of three; elsewhere programs read them."""
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
    """Escapes line breaks; the rest is escaped by the stream, which recognises the seals."""
    if SEAL not in line:
        return printable(line)
    return line.replace("\r", "\\r").replace("\n", "\\n")


def _open_closed() -> None:
    # A stream used in the wrong direction then fails with an error, as a closed one does.
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
