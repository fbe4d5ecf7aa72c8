"""Facts about raw arguments, which are needed before a command parses them: the format and the
colours of an error of usage, and files whose names look like options."""

import os
import shlex
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Final

from typer.core import TyperGroup

from runtime.terminal.answers.answer import ANSWERED
from runtime.terminal.command_line import COLOR_OPTION
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import Color

_FILE_SUFFIXES: Final = (".ccl", ".wasm", ".car", ".csv", ".json")
_SHORT, _LONG = "-o", "--format"


def requested_format(
    words: Sequence[str], formats: Collection[str], others: Collection[str] = ()
) -> str | None:
    """Finds the format for programs that the command line names: one of `formats`, or of those in
    which all commands answer. others: options of the command that are not its format."""
    names = {_SHORT, _LONG}.difference(others)
    for argument, following in pairwise((*_options(words), "")):
        option, separator, value = argument.partition("=")
        if argument.startswith(_SHORT) and _SHORT in names:
            option, separator, value = _SHORT, argument[2:], argument[2:].removeprefix("=")
        found = value if separator else following
        if option in names and (found in ANSWERED or found in formats):
            return found
    return None


def other_options(line: TyperGroup, words: Sequence[str]) -> set[str]:
    """Lists options of the command that are not its format: `-o` of `cclc compile` is a file."""
    name = next((each for each in _options(words) if each in line.commands), None)
    parameters = () if name is None else line.commands[name].params
    return {option for each in parameters if _LONG not in each.opts for option in each.opts}


def _options(words: Sequence[str]) -> Iterable[str]:
    """Gives the words before `--`, among which options are."""
    return takewhile(lambda each: each != "--", words)


def requested_color(arguments: Sequence[str]) -> Color:
    """Finds the last value of `--color`; the option itself refuses any that is malformed."""
    color = Color.AUTO
    for argument, following in pairwise((*_options(arguments), "")):
        name, separator, value = argument.partition("=")
        with suppress(ValueError):
            if name == COLOR_OPTION:
                color = Color(value if separator else following)
    return color


def check_encoding(arguments: Sequence[str]) -> None:
    """Raises CommandError for an argument that is not text; its bytes came as surrogates."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise CommandError(
                ExitCode.USAGE,
                "not-utf8",
                f"argument {number} is not UTF-8 text: {os.fsencode(argument)!r:.80}",
                hint="write it in UTF-8; a file of such a name needs another name",
                details={"position": number},
            ) from None


def check_help(arguments: Sequence[str]) -> None:
    """Raises CommandError for a file whose name would be taken for the option -h, if it is not the
    value of the option before it."""
    file = file_like_an_option(arguments)
    if file is None or not file.startswith("-h"):
        return
    if not arguments[max(arguments.index(file) - 1, 0)].startswith("-") or arguments[0] == file:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"{file} is read as the option -h",
            hint=f"names that begin with - are options; write the file as {as_path(file)}",
        )


def file_like_an_option(arguments: Sequence[str]) -> str | None:
    """Finds the first argument that names a file and is read as an option."""
    for argument in _options(arguments):
        if len(argument) > 1 and argument.startswith("-"):
            with suppress(OSError, ValueError):
                if argument.endswith(_FILE_SUFFIXES) or Path(argument).is_file():
                    return argument
    return None


def as_path(file: str) -> str:
    return shlex.quote(f"./{file}")
