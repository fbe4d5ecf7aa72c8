"""The next step after an execution that failed here, and the exit code it leaves with."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final

from ccl.cli.boundary import ExitCode
from ccl.cli.files import UTF8_HINT, utf8_fault
from ccl.lowering.calls import NOT_UTF8
from runtime.execution import Outcome, OutcomeKind
from runtime.host.policy import DENIAL

INPUT_CALLS: Final = frozenset({"host_read_input", "host_input_cid"})
"""What a program imports that looks at its input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was executed. input: None where none was given; calls: the host calls it imports."""

    file: Path
    input_path: Path | None
    input: bytes | None
    fuel: int
    calls: frozenset[str]

    @property
    def lacks_input(self) -> bool:
        return self.input is None and bool(self.calls & INPUT_CALLS)


def next_step(outcome: Outcome, attempt: Attempt) -> tuple[str | None, ExitCode]:
    """What to do about a failed execution, None where the failure says all; the exit code."""
    if DENIAL in outcome.detail:
        return (
            "nothing was submitted; `meshctl policy show` says what is allowed, and "
            "`meshctl policy set` changes it",
            ExitCode.DENIED,
        )
    if outcome.kind is OutcomeKind.OUT_OF_FUEL:
        return f"the limit is {attempt.fuel} fuel; raise it with --fuel", ExitCode.FINDINGS
    if attempt.lacks_input:
        return missing_input(attempt), ExitCode.FINDINGS
    fault = None if attempt.input is None else utf8_fault(attempt.input)
    if outcome.reason == NOT_UTF8 and fault is not None:
        shown = "standard input" if str(attempt.input_path) == "-" else str(attempt.input_path)
        return f"the input {shown} is not UTF-8 text: {fault}; {UTF8_HINT}", ExitCode.FINDINGS
    return None, ExitCode.FINDINGS


def missing_input(attempt: Attempt) -> str:
    """For a program that looks at its input when there is none."""
    return f"no input was given; `ccl run {quote(str(attempt.file))} --input FILE` gives one"
