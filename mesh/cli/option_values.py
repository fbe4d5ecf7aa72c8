"""Values of options that several commands take: numbers and words, refused by name."""

from enum import Enum
from typing import TypeVar

from ccl.abi.suggest import nearest_beginning
from runtime.terminal.errors import CommandError, ExitCode

E = TypeVar("E", bound=Enum)


def positive(option: str, number: int) -> int:
    """A number of an option that must be 1 or more. Raises CommandError."""
    if number < 1:
        raise CommandError(
            ExitCode.USAGE,
            "not-positive",
            f"{option} is {number}, expected 1 or more",
            hint="one unit buys 1 000 000 fuel",
        )
    return number


def one_of(kind: type[E], text: str, option: str) -> E:
    """The enum member that a word names. Raises CommandError with the nearest word."""
    names = [item.value for item in kind]
    if text in names:
        return kind(text)
    close = nearest_beginning(text.lower(), names)
    raise CommandError(
        ExitCode.USAGE,
        "unknown-word",
        f"{option}: '{text}' is not one of {', '.join(names)}",
        hint=f"did you mean {close}?" if close else f"for example {option} {names[0]}",
    )
