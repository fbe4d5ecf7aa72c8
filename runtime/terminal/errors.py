"""Errors that end a command: one class, many named codes.

Rule: an error names its place, its reason and the next step. `exit_code` is its family, `code` a
stable name for programs.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final


class ExitCode(IntEnum):
    """The exit code of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    IDENTITY = 4
    DENIED = 5
    NO_BIDS = 6
    TIMEOUT = 7
    VERIFICATION = 8
    INTERNAL = 101
    INTERRUPTED = 130


EXIT_MEANINGS: Final[Mapping[ExitCode, str]] = {
    ExitCode.OK: "ok",
    ExitCode.FAILED: "findings or failed job",
    ExitCode.USAGE: "usage",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.IDENTITY: "identity or signature",
    ExitCode.DENIED: "denied by policy",
    ExitCode.NO_BIDS: "no bids",
    ExitCode.TIMEOUT: "timeout",
    ExitCode.VERIFICATION: "verification failed",
    ExitCode.INTERNAL: "internal error",
    ExitCode.INTERRUPTED: "interrupted",
}
"""Meanings for help texts and documentation."""


class CommandError(Exception):
    """An error that the user, or the operator of the machine, can correct.

    code: kebab-case, stable. message: the problem and its place. hint: the next step. details:
    facts for programs (plain JSON values).
    """

    def __init__(
        self,
        exit_code: ExitCode,
        code: str,
        message: str,
        *,
        hint: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code
        self.message = message
        self.hint = hint
        self.details = dict(details or {})

    def to_value(self) -> dict[str, Any]:
        """Gives the error as programs read it."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }


def no_command(name: str) -> CommandError:
    """Makes the error of a command line without a command, after its help was shown."""
    return CommandError(
        ExitCode.USAGE,
        "usage",
        "no command is named",
        hint=f"`{name} --help` lists the commands",
    )


class CommandErrors(Exception):
    """Several errors of one command, in their order; the first has the exit code."""

    def __init__(self, errors: Sequence[CommandError]) -> None:
        super().__init__(*errors)
        self.errors = tuple(errors)
