"""The next step after an execution that failed here, and the exit code."""

import re
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Final

from msgspec import Struct

from ccl.cli.files import find_text_error
from ccl.codegen.function_builder import OUT_OF_MEMORY
from ccl.codegen.functions.calls import NOT_UTF8
from runtime.execution.context import MEMORY_BYTES_MAX, MIB, Limits
from runtime.execution.execution import Outcome, OutcomeKind
from runtime.host.policy import DENIAL
from runtime.terminal.errors import ExitCode

NO_RECORD: Final = "host_get_context: no answer"
"""Reason of the trap of a program that reads a missing host record."""
_NAME: Final = re.compile(r"[^\W\d]\w*")


class Attempt(Struct, frozen=True, kw_only=True):
    """An execution that was tried. input: None where none was given; readers: the entries that read
    it."""

    file: Path
    input_path: Path | None
    input: bytes | None
    limits: Limits
    readers: frozenset[str]

    def lacks_input(self, entry: str) -> bool:
        """Returns whether an entry reads an input that was not given."""
        return self.input is None and entry in self.readers


def next_step(outcome: Outcome, entry: str, attempt: Attempt) -> tuple[str | None, ExitCode]:
    """Suggests what to do after an entry has failed, None where the failure itself is enough; and
    the exit code."""
    if DENIAL in outcome.detail:
        return (
            "nothing was submitted; `meshctl policy show` says what is allowed, and "
            "`meshctl policy set` changes it",
            ExitCode.DENIED,
        )
    if outcome.kind is OutcomeKind.OUT_OF_FUEL:
        return f"the limit is {attempt.limits.fuel} fuel; raise it with --fuel", ExitCode.FAILED
    if outcome.reason == OUT_OF_MEMORY:
        return more_memory(attempt.limits.memory_bytes), ExitCode.FAILED
    if outcome.reason == NO_RECORD:
        return missing_record(outcome, attempt), ExitCode.FAILED
    if attempt.lacks_input(entry) and outcome.kind is not OutcomeKind.REJECTED:
        return missing_input(attempt), ExitCode.FAILED
    error = None if attempt.input is None else find_text_error(attempt.input)
    if outcome.reason == NOT_UTF8 and error is not None:
        shown = "standard input" if str(attempt.input_path) == "-" else str(attempt.input_path)
        return f"the input {shown} is not UTF-8 text: {error.reason}; {error.hint}", ExitCode.FAILED
    return None, ExitCode.FAILED


def more_memory(limit: int) -> str:
    """Suggests more memory for a program that has filled its own. limit: in bytes."""
    raised = "" if limit >= MEMORY_BYTES_MAX else "raise it with --memory, or "
    return f"the limit is {limit // MIB} MiB; {raised}{less_memory()}"


def less_memory() -> str:
    """Suggests a smaller use of memory where no limit can be chosen."""
    return (
        "work on less at once: keep sums instead of lists, and split a large input over several "
        "runs"
    )


def missing_record(outcome: Outcome, attempt: Attempt) -> str:
    """Suggests a record for a program that reads one which no context has."""
    name = _name_at(outcome.place, attempt.file) or "NAME"
    return (
        f"the program reads the record `{name}`, which the context lacks: write it into a file, as "
        f'{{"{name}": {{…}}}}, and give that with --context FILE'
    )


def _name_at(place: str | None, file: Path) -> str | None:
    """Reads the name in the program's own file at FILE:LINE:COLUMN, None where there is none."""
    path, _, position = (place or "").partition(f"{file.name}:")
    with suppress(OSError, ValueError, IndexError):
        line, column = map(int, position.split(":"))
        if path in ("", "./"):
            text = file.read_text(encoding="utf-8").split("\n")[line - 1]
            found = _NAME.match(text, column - 1)
            return None if found is None else found[0]
    return None


def missing_input(attempt: Attempt) -> str:
    """Suggests an input for a program that reads one when none is given."""
    return f"no input was given; `ccl run {quote(str(attempt.file))} --input FILE` gives one"
