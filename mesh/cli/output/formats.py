"""Output of commands: results on stdout in one of four formats, everything else on stderr.

Rule: text that came from a job is made printable before it reaches a terminal; machine
formats carry the same facts as the table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from shlex import quote
from typing import Any, Final

from msgspec import Struct

from runtime.terminal.answers.answer import give, say_item
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.streams import note, say, say_text

GAP: Final = 2
CHECK: Final = "✓"
CROSS: Final = "✗"


class Format(Enum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"


FORMAT_NAMES: Final = tuple(item.value for item in Format)


class Column(Struct, frozen=True, kw_only=True):
    """One column of a table: its title, how to get its text, and its least width."""

    title: str
    text: Callable[[Mapping[str, Any]], str]
    width: int = 0


class Output(Struct, frozen=True, kw_only=True):
    """Where and how one command prints."""

    format: Format
    quiet: bool = False

    @property
    def for_machines(self) -> bool:
        return self.format is not Format.TABLE

    def line(self, text: str) -> None:
        """A line of the human text; machine formats and `-q` print their own instead."""
        if not (self.quiet or self.for_machines):
            say(text)

    def remark(self, text: str) -> None:
        """A line about what was done, for people: on stderr, for stdout is the result."""
        if not (self.quiet or self.for_machines):
            note(text)

    def record(self, value: Mapping[str, Any], *, lines: Iterable[str], quiet: str) -> None:
        """One result: `lines` for people, `quiet` under -q, the whole value for programs."""
        if self.for_machines:
            give(value)
        elif self.quiet:
            if quiet:
                say_text(quiet)
        else:
            for line in lines:
                say(line)

    def rows(
        self,
        name: str,
        items: Sequence[Mapping[str, Any]],
        columns: Sequence[Column],
        *,
        quiet: str,
        empty: str,
    ) -> None:
        """Many results as a table; name: their key in the answer, quiet: the key of each that is
        printed alone under -q."""
        match self.format:
            case Format.JSONL:
                for item in items:
                    say_item(item)
            case Format.JSON | Format.YAML:
                give({name: list(items)})
            case Format.TABLE if not items:
                note(empty)
            case Format.TABLE if self.quiet:
                say_text("\n".join(printable(str(item[quiet])) for item in items))
            case Format.TABLE:
                say_text("\n".join(table(items, columns)))


def table(items: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[str]:
    """Titles and rows, each column as wide as its widest text and a gap, the last unpadded."""
    cells = [[column.title for column in columns]]
    cells += [[printable(column.text(item)) for column in columns] for item in items]
    widths = [
        max(column.width, max(_width(row[i]) for row in cells) + GAP)
        for i, column in enumerate(columns)
    ]
    return ["".join(map(_padded, row, widths)).rstrip() for row in cells]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """The cells that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def field(name: str) -> Callable[[Mapping[str, Any]], str]:
    """The text of one key; nothing for an absent one."""

    def text(item: Mapping[str, Any]) -> str:
        value = item.get(name)
        return "-" if value is None else str(value)

    return text


def parse_format(text: str) -> Format:
    """Raises CommandError `unknown-format`."""
    try:
        return Format(text)
    except ValueError:
        is_path = "." in text or "/" in text
        raise CommandError(
            ExitCode.USAGE,
            "unknown-format",
            f"'{text}' is not an output format",
            hint=f"to write a file: `--output {quote(text)}`"
            if is_path
            else f"the formats are {', '.join(FORMAT_NAMES)}",
        ) from None
