"""Where a command meets the shell: exit codes, errors without stack traces, colour.

A command either prints its result, or raises `CommandError`, or asks for an exit code with
`typer.Exit`. Everything else that gets here is a bug of ours and says so.
"""

import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from types import TracebackType
from typing import Final, TextIO

import typer
from typer.exceptions import TyperException

from ccl.render.paint import Ink, Paint
from runtime.streams import discard, prepare_streams

DEBUG_VARIABLE = "CCL_DEBUG"
WIDTH_DEFAULT = 100
_MACHINE_FORMATS = frozenset(("json", "jsonl", "sarif", "github"))
_FORMAT_OPTIONS = ("--format", "-o", "--output")
_NEGATIVE: Final = re.compile(r"-\d")


class ExitCode(IntEnum):
    OK = 0
    FINDINGS = 1
    USAGE = 2
    NOT_FOUND = 3
    IDENTITY = 4
    DENIED = 5
    NO_BIDS = 6
    TIMEOUT = 7
    VERIFICATION = 8
    INTERNAL = 101
    INTERRUPTED = 130


class CommandError(Exception):
    """Something the user can mend: what is wrong where, and the next step.

    `code` is a stable kebab-case name for programs, `details` its values.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str,
        exit_code: ExitCode,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.details = details


class CommandErrors(Exception):
    """Several errors of one command, told in their order; the first has the exit code."""

    def __init__(self, errors: Sequence[CommandError]) -> None:
        super().__init__(*errors)
        self.errors = tuple(errors)


def run_app(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line (that of the process by default) and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    prepare_streams()
    errors = _Errors(for_machines=_asks_for_machine_format(arguments))
    with errors:
        return _run(app, name, arguments, errors)
    return errors.exit_code


def show_error(error: CommandError, *, for_machines: bool) -> None:
    """Tell of an error after which the command goes on."""
    _Errors(for_machines=for_machines).show(error)


def _run(app: typer.Typer, name: str, arguments: Sequence[str], errors: "_Errors") -> int:
    try:
        _check_encoding(arguments)
        outcome = app(list(arguments), prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except CommandError as error:
        errors.show(error)
        return error.exit_code
    except CommandErrors as error:
        for each in error.errors:
            errors.show(each)
        return error.errors[0].exit_code
    except TyperException as error:
        errors.show(_usage_error(error, name))
        return error.exit_code
    except OSError as error:
        if error.filename is not None:
            raise
        if isinstance(error, FileNotFoundError):
            errors.show(_no_folder())
            return ExitCode.NOT_FOUND
        # All else that has no name is an output stream.
        discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return ExitCode.FINDINGS
        errors.show(_unwritable_output(error))
        return ExitCode.FINDINGS
    except (KeyboardInterrupt, typer.Abort):
        outcome = ExitCode.INTERRUPTED
    if outcome == ExitCode.INTERRUPTED:
        sys.stderr.write("interrupted\n")
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _check_encoding(arguments: Sequence[str]) -> None:
    """Raises CommandError for an argument that is not text; its bytes came as surrogates."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise CommandError(
                "not-utf8",
                f"argument {number} is not UTF-8 text: {os.fsencode(argument)!r:.80}",
                hint="write it in UTF-8; a file of such a name needs another name",
                exit_code=ExitCode.USAGE,
                position=number,
            ) from None


def _usage_error(error: TyperException, name: str) -> CommandError:
    context = getattr(error, "ctx", None)
    command = name if context is None else context.command_path
    hint = f"`{command} --help` shows how it is used"
    option = str(getattr(error, "option_name", ""))
    if _NEGATIVE.match(option):
        hint = "a negative number is taken for an option; put -- before the arguments: "
        hint += f"`{command} … -- {option}`"
    message = error.format_message().rstrip(".")
    return CommandError("usage", message, hint=hint, exit_code=ExitCode.USAGE)


def _no_folder() -> CommandError:
    return CommandError(
        "no-current-folder",
        "the current directory does not exist any more",
        hint="change to another one with cd, and run the command again",
        exit_code=ExitCode.NOT_FOUND,
    )


def _unwritable_output(error: OSError) -> CommandError:
    reason = error.strerror or str(error)
    return CommandError(
        "output",
        f"the output cannot be written: {reason}",
        hint="free some space, or send it elsewhere"
        if error.errno in (errno.ENOSPC, errno.EDQUOT)
        else "stdout must be open for writing; send it to a file or a terminal",
        exit_code=ExitCode.FINDINGS,
    )


class _Errors:
    """Shows errors; as a context, turns what nobody expected into one report, exit code 101."""

    def __init__(self, *, for_machines: bool) -> None:
        self.for_machines = for_machines
        self.exit_code = ExitCode.OK

    def show(self, error: CommandError) -> None:
        """On stderr; where nothing can be written there, the exit code has to say it."""
        try:
            sys.stderr.write(self._text(error))
            sys.stderr.flush()
        except OSError:
            discard(sys.stderr)

    def _text(self, error: CommandError) -> str:
        if self.for_machines:
            value = {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "details": error.details,
            }
            return json.dumps(value, ensure_ascii=False) + "\n"
        paint = Paint(has_color(sys.stderr))
        return (
            f"{paint(f'error[{error.code}]', Ink.ERROR)}: {error.message}\n"
            f"  {paint('=', Ink.GUTTER)} {paint('help', Ink.HELP)}: {error.hint}\n"
        )

    def __enter__(self) -> "_Errors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        if os.environ.get(DEBUG_VARIABLE) == "1":
            traceback.print_exception(error)
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.show(
            CommandError(
                "internal",
                f"a bug of ours: {reason}",
                hint="this is a bug of ours, not of your program; please report it with what "
                f"the same command prints under {DEBUG_VARIABLE}=1",
                exit_code=ExitCode.INTERNAL,
            )
        )
        self.exit_code = ExitCode.INTERNAL
        return True


def _asks_for_machine_format(arguments: Sequence[str]) -> bool:
    """Looked up in the raw arguments, because a usage error comes before any are parsed."""
    for argument, following in pairwise((*arguments, "")):
        name, separator, value = argument.partition("=")
        if name in _FORMAT_OPTIONS and (value if separator else following) in _MACHINE_FORMATS:
            return True
    return False


def has_color(stream: TextIO) -> bool:
    """Colour on a terminal that can show it, unless NO_COLOR says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Cells across, `WIDTH_DEFAULT` where there is no terminal."""
    try:
        return int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDTH_DEFAULT
