"""A run of a command line: its exit code, whatever happens in it.

Rule: a command prints its result, raises `CommandError`, or ends with an exit code by
`typer.Exit`. Any other exception is a bug: exit code 101, and a report in a file.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence

import typer
from typer._click.exceptions import NoArgsIsHelpError
from typer.core import TyperGroup

from runtime.terminal.answers.answer import (
    Answers,
    Fields,
    begin,
    current,
    fail,
    print_answer,
)
from runtime.terminal.boundary.arguments import (
    check_encoding,
    check_help,
    other_options,
    requested_color,
    requested_format,
)
from runtime.terminal.boundary.exceptions import command_error, unwritable_output
from runtime.terminal.boundary.report import report_errors, report_interrupt, show_on_stderr
from runtime.terminal.command_line import NONE, Load, command_line
from runtime.terminal.errors import CommandErrors, ExitCode, no_command
from runtime.terminal.streams import choose_color, discard, guarded_streams, note_text


def run_app(
    app: typer.Typer,
    name: str,
    arguments: Sequence[str] | None = None,
    *,
    elsewhere: Mapping[str, Load] = NONE,
    answers: Callable[[], Answers] = dict,
    formats: Collection[str] = (),
) -> int:
    """Runs a command line (that of the process by default) and returns its exit code.

    elsewhere: apps that some of the commands are loaded from, by the commands' names.
    answers: loads the schemas of the commands' answers to programs.
    formats: for programs, besides those of the answers; stdout is theirs, and so errors are JSON
    on stderr.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    with guarded_streams():
        answer = begin(requested_format(arguments, formats))
        try:
            code = _run_guarded(command_line(app, elsewhere), name, arguments, formats)
            if answer.is_wanted:
                print_answer(answer, _fields(answers(), arguments))
        except OSError as error:
            return _lost_output(error, name)
        return code


def _run_guarded(
    line: TyperGroup, name: str, arguments: Sequence[str], formats: Collection[str]
) -> int:
    choose_color(requested_color(arguments))
    try:
        if current().form is not None:
            # Only now, as it loads the command.
            others = other_options(line, arguments)
            current().form = requested_format(arguments, formats, others)
        return _run(line, name, arguments)
    except CommandErrors as error:
        return report_errors(*error.errors)
    except (KeyboardInterrupt, typer.Abort):
        report_interrupt()
        return ExitCode.INTERRUPTED
    except NoArgsIsHelpError as error:
        note_text(error.format_message())
        fail(no_command(name))
        return ExitCode.USAGE
    except OSError as error:
        if error.filename is None and not isinstance(error, FileNotFoundError):
            return _lost_output(error, name)
        named = command_error(error, name, arguments)
    except Exception as error:  # noqa: BLE001 - this is where every exception gets its name
        named = command_error(error, name, arguments)
    return report_errors(named)


def _run(line: TyperGroup, name: str, arguments: Sequence[str]) -> int:
    check_encoding(arguments)
    check_help(arguments)
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


def _lost_output(error: OSError, name: str) -> int:
    """Reports that stdout takes no more: the disk is full, or it is closed."""
    discard(sys.stdout)
    named = unwritable_output(error, name)
    show_on_stderr(named)
    return named.exit_code


def _fields(answers: Answers, arguments: Sequence[str]) -> Fields:
    """Finds the schemas of the command that the words name; none where there is no such command."""
    words = [each for each in arguments if not each.startswith("-")]
    # (the value of an option may come before them)
    for start in range(min(len(words), 2)):
        for command in (" ".join(words[start : start + 2]), words[start]):
            if command in answers:
                return answers[command]
    return {}
