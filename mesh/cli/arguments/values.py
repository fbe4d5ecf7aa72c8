"""Values of options that several commands take: numbers and words, refused by name."""

import re
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeVar

from ccl.abi.text.suggest import nearest_beginning
from runtime.content.codec import INTEGER_MAX
from runtime.terminal.errors import CommandError, ExitCode

E = TypeVar("E", bound=Enum)

SECONDS_OF: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def positive(option: str, number: int) -> int:
    """A number of an option that must be 1 or more, and fit a record. Raises CommandError."""
    if number < 1:
        raise CommandError(
            ExitCode.USAGE,
            "not-positive",
            f"{option} is {number}, expected 1 or more",
            hint=f"give {option} a number of 1 or more",
        )
    return within(option, number, 1, INTEGER_MAX)


def within(option: str, number: int, low: int, high: int, unit: str = "") -> int:
    """A number of an option that has a least and a most. Raises CommandError."""
    if not low <= number <= high:
        raise CommandError(
            ExitCode.USAGE,
            "not-in-range",
            f"{option} is {number}, expected {low} to {high} {unit}".rstrip(),
            hint=f"give {option} a number from {low} to {high}",
            details={"least": low, "most": high, "found": number},
        )
    return number


def uuid_of(option: str, text: str) -> str:
    """A UUID as records have it. Raises CommandError."""
    from uuid import UUID

    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise CommandError(
            ExitCode.USAGE,
            "not-a-uuid",
            f"{option}: '{text:.60}' is not a UUID",
            hint="write 32 hexadecimal digits as `uuidgen` prints them, or leave it out",
        ) from None


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


def moment(option: str, text: str, now: int) -> int:
    """A moment in the past, as Unix seconds: `90m` ago, or a day or time in UTC. Raises
    CommandError."""
    ago = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if ago is not None:
        return now - int(ago[1]) * SECONDS_OF[ago[2]]
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            ExitCode.USAGE,
            "not-a-moment",
            f"{option}: '{text:.60}' is no time",
            hint=f"for example {option} 90m, {option} 7d or {option} 2026-11-30T18:00",
        ) from None
    in_utc = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return int(in_utc.timestamp())
