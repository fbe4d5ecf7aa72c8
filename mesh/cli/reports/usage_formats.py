"""The formats of `meshctl usage`: those of all commands, and CSV for spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import typer

from mesh.cli.arguments.completion import words
from mesh.cli.output.formats import FORMAT_NAMES
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.streams import say_text

CSV: Final = "csv"
USAGE_FORMATS: Final = (FORMAT_NAMES[0], CSV, *FORMAT_NAMES[1:])
_FORMULA: Final = ("=", "+", "-", "@")
"""Beginnings of texts that spreadsheets calculate."""

UsageFormatOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--format",
        metavar="|".join(USAGE_FORMATS),
        help="Format of stdout.",
        autocompletion=words(USAGE_FORMATS),
    ),
]


def check_format(text: str | None) -> None:
    """Raises CommandError `unknown-format`, whose hint has all formats."""
    if text is not None and text not in USAGE_FORMATS:
        raise CommandError(
            ExitCode.USAGE,
            "unknown-format",
            f"'{text}' is not an output format",
            hint=f"the formats are {', '.join(USAGE_FORMATS)}",
        )


def say_csv(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows under a row of names (RFC 4180, lines end with LF)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    say_text(text.getvalue().removesuffix("\n"))


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
