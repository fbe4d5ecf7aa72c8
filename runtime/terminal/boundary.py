"""Where a command meets the shell: exit codes, and errors without stack traces.

Rule: a command prints its result, raises `CommandError`, or asks for an exit code with
`typer.Exit`. Everything else that gets here is a bug of ours: exit code 101, and a report in a
file.
"""

import json
import os
import re
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, Final

import typer
from typer._click.exceptions import NoArgsIsHelpError, NoSuchOption
from typer.core import TyperGroup
from typer.exceptions import TyperException

from runtime.platform.posix import UnsupportedSystemError
from runtime.platform.private_files import create_file
from runtime.terminal.answers.answer import (
    ANSWERED,
    Answers,
    Fields,
    begin,
    current,
    fail,
    print_answer,
)
from runtime.terminal.command_line import COLOR_OPTION, NONE, Load, command_line
from runtime.terminal.commands import command_named, command_that_has, option_elsewhere
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode, no_command
from runtime.terminal.escaping import printable
from runtime.terminal.files.disk import no_room
from runtime.terminal.streams import (
    Color,
    choose_color,
    discard,
    guarded_streams,
    ink,
    note,
    note_text,
)

DEBUG_VARIABLE: Final = "CCL_DEBUG"
_PROGRAM_FORMATS: Final = frozenset((*ANSWERED, "sarif", "github"))
_NEGATIVE: Final = re.compile(r"-\d")
_FILE_SUFFIXES: Final = (".ccl", ".wasm", ".car", ".csv", ".json")
_NO_NUMBER: Final = re.compile(r"'[^']*' is not a valid (int|float)( range)?$")
_OUT_OF_RANGE: Final = re.compile(r"(\S+) is not in the range (?:(\S+)<=)?x(?:<=(\S+))?$")
_NO_COMMAND: Final = re.compile(r"No such command '([^']*)'")
"""The words of the library that reads the command line, for which we have others."""
_NUMBERS: Final = {"int": "a whole number", "float": "a number"}
_ERROR, _GUTTER, _HELP = "1;31", "1;34", "1;36"


def run_app(
    app: typer.Typer,
    name: str,
    arguments: Sequence[str] | None = None,
    *,
    elsewhere: Mapping[str, Load] = NONE,
    answers: Callable[[], Answers] = dict,
) -> int:
    """Run a command line (that of the process by default) and return its exit code.

    elsewhere: apps that some of the commands are loaded from, by the commands' names.
    answers: loads what the commands answer to programs.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    with guarded_streams():
        answer = begin(_asked_format(name, arguments))
        try:
            code = _run_guarded(command_line(app, elsewhere), name, arguments)
            if answer.is_wanted:
                print_answer(answer, _fields(answers(), arguments))
        except OSError as error:
            return _lost_output(error, name)
        return code


def _run_guarded(line: TyperGroup, name: str, arguments: Sequence[str]) -> int:
    choose_color(_asked_color(arguments))
    try:
        return _run(line, name, arguments)
    except CommandErrors as error:
        return _end(*error.errors)
    except (KeyboardInterrupt, typer.Abort):
        _interrupted()
        return ExitCode.INTERRUPTED
    except NoArgsIsHelpError as error:
        note_text(error.format_message())
        fail(no_command(name))
        return ExitCode.USAGE
    except OSError as error:
        if error.filename is None and not isinstance(error, FileNotFoundError):
            return _lost_output(error, name)
        named = _named(error, name, arguments)
    except Exception as error:  # noqa: BLE001 - this is where every exception gets its name
        named = _named(error, name, arguments)
    return _end(named)


def _end(*errors: CommandError) -> int:
    """Name what ended the command, first what decides its exit code."""
    first, *others = errors
    if current().is_wanted:
        if others:
            first.details["others"] = [each.to_value() for each in others]
        current().error = first
    else:
        for each in errors:
            _show_on_stderr(each)
    return first.exit_code


def _interrupted() -> None:
    note("interrupted")
    fail(
        CommandError(
            ExitCode.INTERRUPTED,
            "interrupted",
            "the command was interrupted",
            hint="run it again; what was done is kept",
        )
    )


def _lost_output(error: OSError, name: str) -> int:
    """Nothing more can be written to stdout: the disk is full, or it is closed."""
    discard(sys.stdout)
    named = _unwritable_output(error, name)
    _show_on_stderr(named)
    return named.exit_code


def _fields(answers: Answers, arguments: Sequence[str]) -> Fields:
    """Of the command that the words name; none where there is no such command."""
    words = [each for each in arguments if not each.startswith("-")]
    # (the value of an option may come before them)
    for start in range(min(len(words), 2)):
        for command in (" ".join(words[start : start + 2]), words[start]):
            if command in answers:
                return answers[command]
    return {}


def show_error(error: CommandError) -> None:
    """The error in the answer, where one is wanted; else on stderr."""
    if current().is_wanted:
        fail(error)
    else:
        _show_on_stderr(error)


def _show_on_stderr(error: CommandError) -> None:
    """A line, its reasons and the next step for people, one JSON object for programs."""
    if current().form is not None:
        note(json.dumps(error.to_value(), ensure_ascii=False))
        return
    gutter = ink("=", _GUTTER, sys.stderr)
    note(ink(f"error[{error.code}]", _ERROR, sys.stderr) + f": {printable(error.message)}")
    for reason in error.details.get("reasons", ()):
        note(f"  {gutter} note: {printable(str(reason))}")
    if error.hint:
        note(f"  {gutter} {ink('help', _HELP, sys.stderr)}: {printable(error.hint)}")


def _run(line: TyperGroup, name: str, arguments: Sequence[str]) -> int:
    _check_encoding(arguments)
    _check_help(arguments)
    outcome = line.main(args=list(arguments), prog_name=name, standalone_mode=False)
    sys.stdout.flush()
    if outcome == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    code = outcome if isinstance(outcome, int) else ExitCode.OK
    answer = current()
    assert code == ExitCode.OK or not answer.is_wanted or answer.error is not None, (
        f"a command that answers programs names why it ends with {code}"
    )
    return code


def _check_help(arguments: Sequence[str]) -> None:
    """Raises CommandError for a file whose name would be taken for the option -h, if it is not the
    value of the option before it."""
    file = _file_like_an_option(arguments)
    if file is None or not file.startswith("-h"):
        return
    if not arguments[max(arguments.index(file) - 1, 0)].startswith("-") or arguments[0] == file:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"{file} is taken for the option -h",
            hint=f"what begins with - is an option; write the file as {_as_path(file)}",
        )


def _named(error: Exception, name: str, arguments: Sequence[str]) -> CommandError:
    """Any exception as an error of ours."""
    match error:
        case CommandError():
            return error
        case TyperException():
            return _usage_error(error, name, arguments)
        case UnsupportedSystemError():
            return _unsupported(error)
        case FileNotFoundError(filename=None):
            return _no_folder()
        case MemoryError():
            return _no_memory()
        case OSError():
            return no_room(error, Path(error.filename)) or _bug(error)
        case _:
            return _bug(error)


def _check_encoding(arguments: Sequence[str]) -> None:
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


def _usage_error(error: TyperException, name: str, arguments: Sequence[str]) -> CommandError:
    context = getattr(error, "ctx", None)
    command = command_named(name, arguments) if context is None else context.command_path
    hint = f"`{command} --help` shows how it is used"
    option = str(getattr(error, "option_name", ""))
    file = _file_like_an_option(arguments)
    if file is not None and file.startswith(option):
        hint = f"what begins with - is taken for an option; write the file as {_as_path(file)}"
    elif _NEGATIVE.match(option):
        hint = "a negative number is taken for an option; put -- before the arguments: "
        hint += f"`{command} … -- {option}`"
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
    value, low, high = found.groups()
    if high is None:
        return f"{value} is less than {low}"
    return f"{value} is more than {high}" if low is None else f"{value} is not from {low} to {high}"


def _file_like_an_option(arguments: Sequence[str]) -> str | None:
    """The first argument that names a file and is taken for an option."""
    for argument in takewhile(lambda each: each != "--", arguments):
        if len(argument) > 1 and argument.startswith("-"):
            with suppress(OSError, ValueError):
                if argument.endswith(_FILE_SUFFIXES) or Path(argument).is_file():
                    return argument
    return None


def _as_path(file: str) -> str:
    return shlex.quote(f"./{file}")


def _no_folder() -> CommandError:
    return CommandError(
        ExitCode.NOT_FOUND,
        "no-current-folder",
        "the current directory does not exist any more",
        hint="change to another one with cd, and run the command again",
    )


def _unsupported(error: UnsupportedSystemError) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "unsupported-system",
        str(error),
        hint="use Linux or macOS, or on Windows the Windows Subsystem for Linux; "
        "`cclc` works everywhere",
        details={"module": error.module},
    )


def _no_memory() -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "memory-full",
        "this machine has no memory left for the command",
        hint="raise the limit of its memory (`ulimit -v`) or end something else, then repeat it",
    )


def _unwritable_output(error: OSError, name: str) -> CommandError:
    full = no_room(error, "the output")
    if full is not None:
        full.hint = "free some space, or send it elsewhere" + _of_jobs(name)
        return full
    return CommandError(
        ExitCode.FAILED,
        "output-unwritable",
        f"the output cannot be written: {error.strerror or error}",
        hint="stdout must be open for writing; send it to a file or a terminal",
    )


def _of_jobs(name: str) -> str:
    """What remains of a command that may have driven the mesh; the compiler never does."""
    if name == "cclc":
        return ""
    return "; what was done is not undone: `meshctl list-jobs` shows the jobs"


def _bug(error: Exception) -> CommandError:
    """The report of an exception that was not foreseen; its trace is in a file."""
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    details: dict[str, Any] = {}
    try:
        path = Path(tempfile.gettempdir()) / f"ccl-bug-{os.urandom(8).hex()}.txt"
        with os.fdopen(create_file(path), "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        where = f"what the same command prints under {DEBUG_VARIABLE}=1"
    else:
        where = f"{path}, which says where it happened"
        details["report"] = str(path)
    return CommandError(
        ExitCode.INTERNAL,
        "internal",
        f"a bug of ours: {reason}",
        hint=f"this is a bug of ours, not of your program; please report it with {where}",
        details=details,
    )


def _asked_color(arguments: Sequence[str]) -> Color:
    """Looked up as the format is: errors of usage have colours, too. The last one counts; what is
    none of them is for the option itself to refuse."""
    color = Color.AUTO
    for argument, following in pairwise((*takewhile(lambda each: each != "--", arguments), "")):
        name, separator, value = argument.partition("=")
        with suppress(ValueError):
            if name == COLOR_OPTION:
                color = Color(value if separator else following)
    return color


def _asked_format(name: str, arguments: Sequence[str]) -> str | None:
    """The format for programs that the command line asks for. It is looked up in the raw
    arguments, because a usage error comes before any are parsed."""
    words = list(takewhile(lambda each: each != "--", arguments))
    # (there -o is the file)
    is_compile = name == "cclc" and "compile" in words[:3]
    options = ("--format",) if is_compile else ("--format", "-o")
    for argument, following in pairwise((*words, "")):
        option, separator, value = argument.partition("=")
        if argument.startswith("-o") and "-o" in options:
            option, separator, value = "-o", argument[2:], argument[2:].removeprefix("=")
        found = value if separator else following
        if option in options and found in _PROGRAM_FORMATS:
            return found
    return None
