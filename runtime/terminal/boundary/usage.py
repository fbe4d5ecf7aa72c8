"""Errors of usage: messages of the library that reads command lines, reworded."""

import re
from collections.abc import Sequence
from typing import Final

from typer._click.exceptions import NoSuchOption
from typer.exceptions import TyperException

from runtime.terminal.boundary.arguments import as_path, file_like_an_option
from runtime.terminal.boundary.suggestions import command_named, command_that_has, option_elsewhere
from runtime.terminal.errors import CommandError, ExitCode

_NEGATIVE: Final = re.compile(r"-\d")
_NO_NUMBER: Final = re.compile(r"'[^']*' is not a valid (int|float)( range)?$")
_OUT_OF_RANGE: Final = re.compile(
    r"(\S+) is not in the range (?:x>=(?P<least>\S+)|(?:(\S+)<=)?x(?:<=(\S+))?)$"
)
_NO_COMMAND: Final = re.compile(r"No such command '([^']*)'")
_NUMBERS: Final = {"int": "a whole number", "float": "a number"}


def usage_error(error: TyperException, name: str, arguments: Sequence[str]) -> CommandError:
    context = getattr(error, "ctx", None)
    command = command_named(name, arguments) if context is None else context.command_path
    hint = f"`{command} --help` shows its usage"
    option = str(getattr(error, "option_name", ""))
    file = file_like_an_option(arguments)
    if file is not None and file.startswith(option):
        hint = f"names that begin with - are options; write the file as {as_path(file)}"
    elif _NEGATIVE.match(option):
        # (the library names the first digit alone)
        number = next((each for each in arguments if each.startswith(option)), option)
        error.message = f"No such option: {number}"
        hint = "a negative number is read as an option; put -- before the arguments: "
        hint += f"`{command} … -- {number}`"
    elif isinstance(error, NoSuchOption):
        hint = option_elsewhere(option) or hint
    # (the library puts what one can choose from on lines of their own)
    message = " ".join(error.format_message().rstrip(".").split())
    unknown = _NO_COMMAND.match(message)
    if unknown is not None:
        hint = command_that_has(unknown[1], name) or hint
    message = _NO_NUMBER.sub(lambda found: f"expected {_NUMBERS[found[1]]}", message)
    message = _OUT_OF_RANGE.sub(_range, message)
    return CommandError(ExitCode.USAGE, "usage", message, hint=hint)


def _range(found: re.Match[str]) -> str:
    value, least, low, high = found.groups()
    low = least or low
    if high is None:
        return f"{value} is less than {low}"
    return f"{value} is more than {high}" if low is None else f"{value} is not from {low} to {high}"
