"""Exceptions as errors of a command: those of the system, and bugs with a report in a file."""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from typer.exceptions import TyperException

from runtime.platform.posix import UnsupportedSystemError
from runtime.platform.private_files import create_file
from runtime.terminal.boundary.usage import usage_error
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

DEBUG_VARIABLE: Final = "CCL_DEBUG"


def command_error(error: Exception, name: str, arguments: Sequence[str]) -> CommandError:
    """Converts any exception to an error of the command."""
    match error:
        case CommandError():
            return error
        case TyperException():
            return usage_error(error, name, arguments)
        case UnsupportedSystemError():
            return _unsupported(error)
        case FileNotFoundError(filename=None):
            return _no_folder()
        case MemoryError():
            return _no_memory()
        case OSError():
            return disk_full_error(error, Path(error.filename)) or _bug(error)
        case _:
            return _bug(error)


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
        hint="raise the limit of its memory (`ulimit -v`) or end other programs, then repeat it",
    )


def unwritable_output(error: OSError, name: str) -> CommandError:
    full = disk_full_error(error, "the output")
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
    """Adds a remark on effects to the errors of commands that may have driven the mesh."""
    if name == "cclc":
        return ""
    return "; completed steps are not undone: `meshctl list-jobs` shows the jobs"


def _bug(error: Exception) -> CommandError:
    """Reports an unforeseen exception; its trace is in a file."""
    import tempfile  # not for every start of a command

    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    details: dict[str, Any] = {}
    try:
        path = Path(tempfile.gettempdir()) / f"ccl-bug-{os.urandom(8).hex()}.txt"
        with os.fdopen(create_file(path), "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        where = f"the output of the same command under {DEBUG_VARIABLE}=1"
    else:
        where = f"{path}, which has the stack trace"
        details["report"] = str(path)
    return CommandError(
        ExitCode.INTERNAL,
        "internal",
        f"internal error: {reason}",
        hint=f"this is a bug of this tool, not of your program; please report it with {where}",
        details=details,
    )
