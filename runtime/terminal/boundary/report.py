"""Errors of a command as its readers see them: in the answer for programs, else on stderr."""

import json
import sys

from runtime.terminal.answers.answer import current, fail
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.streams import ink, note

_ERROR, _GUTTER, _HELP = "1;31", "1;34", "1;36"


def show_error(error: CommandError) -> None:
    """Puts an error into the answer for programs, or else on stderr."""
    if current().is_wanted:
        fail(error)
    else:
        show_on_stderr(error)


def show_on_stderr(error: CommandError) -> None:
    """Writes a line, its reasons and the next step for people, one JSON object for programs."""
    if current().form is not None:
        note(json.dumps(error.to_value(), ensure_ascii=False))
        return
    gutter = ink("=", _GUTTER, sys.stderr)
    note(ink(f"error[{error.code}]", _ERROR, sys.stderr) + f": {printable(error.message)}")
    for reason in error.details.get("reasons", ()):
        note(f"  {gutter} note: {printable(str(reason))}")
    if error.hint:
        note(f"  {gutter} {ink('help', _HELP, sys.stderr)}: {printable(error.hint)}")


def report_errors(*errors: CommandError) -> int:
    """Reports the errors that ended a command; returns the exit code of the first."""
    first, *others = errors
    if current().is_wanted:
        if others:
            first.details["others"] = [each.to_value() for each in others]
        current().error = first
    else:
        for each in errors:
            show_on_stderr(each)
    return first.exit_code


def report_interrupt() -> None:
    note("interrupted")
    fail(
        CommandError(
            ExitCode.INTERRUPTED,
            "interrupted",
            "the command was interrupted",
            hint="run it again; completed steps are kept",
        )
    )
