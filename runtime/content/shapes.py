"""Shapes of scalar values: texts, bytes, integers, DIDs and enums, and the marks that bound them.

A shape writes and reads the values of one type, and checks them both ways.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from runtime.content.codec import INTEGER_MAX
from runtime.content.did import DidError, parse_did

TEXT_BYTES_MAX: Final = 4096


class ShapeError(ValueError):
    """A value that is not of the expected type. `place` is the path of the field, `a.b[2]`."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place

    def inside(self, outer: str) -> "ShapeError":
        """Returns the same error, seen from the record or list that holds the value."""
        joint = "" if self.place.startswith("[") or not self.place else "."
        return ShapeError(self.reason, f"{outer}{joint}{self.place}")


class Between(Struct, frozen=True):
    """Bounds of an int, both included."""

    low: int
    high: int


class Size(Struct, frozen=True):
    """Bounds of a str or bytes in bytes, or of a tuple or mapping in items, both included."""

    low: int
    high: int


class Omitted(Struct, frozen=True):
    """A field that is left out where it has its default, so that records made before it was added
    keep their bytes."""


class Recursive(Struct, frozen=True):
    """A field of a record that may contain records of its own type."""


class Checked(Struct, frozen=True):
    """A further test of a scalar; `words` completes "expected …"."""

    test: Callable[[Any], bool]
    words: str


def cut(text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """Cuts a text to a length, with a mark that it was cut: a text of a program or of a stranger
    must not keep a record from being signed."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= bytes_max:
        return raw.decode("utf-8")
    mark = "…".encode()
    return (raw[: bytes_max - len(mark)] + mark).decode("utf-8", "ignore")


Step = Callable[[Any], Any]


class Shape(Struct, frozen=True):
    """The reader and writer of one type; both check. Places are added as an error is raised."""

    write: Step
    read: Step


def same(step: Step) -> Shape:
    """Makes the shape of a type whose values are written as they are."""
    return Shape(step, step)


def size_of(marks: tuple[Any, ...], default: int) -> Size:
    """Finds the `Size` among the marks of an annotation; up to `default` without one."""
    return next((mark for mark in marks if isinstance(mark, Size)), Size(0, default))


def bounds_of(marks: tuple[Any, ...]) -> Between:
    """Finds the `Between` among the marks of an annotation; natural numbers without one."""
    return next((m for m in marks if isinstance(m, Between)), Between(0, INTEGER_MAX))


_checked_did = lru_cache(maxsize=4096)(parse_did)


def did(value: Any) -> Any:
    if type(value) is not str:
        raise ShapeError(f"expected a DID, found {name_of(value)}")
    try:
        return _checked_did(value)
    except DidError as error:
        raise ShapeError(str(error)) from None


def integer(marks: tuple[Any, ...]) -> Step:
    bounds = bounds_of(marks)
    low, high = bounds.low, bounds.high

    def step(value: Any) -> Any:
        if type(value) is not int:
            raise ShapeError(f"expected an integer, found {name_of(value)}")
        if not low <= value <= high:
            raise ShapeError(f"{value} is not between {low} and {high}")
        return value

    return step


def exactly(kind: type, words: str) -> Step:
    def step(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected {words}, found {name_of(value)}")
        return value

    return step


def text(size: Size) -> Step:
    low, high = size.low, size.high

    def step(value: Any) -> Any:
        if type(value) is not str:
            raise ShapeError(f"expected a text, found {name_of(value)}")
        try:
            length = len(value) if value.isascii() else len(value.encode())
        except UnicodeEncodeError:
            raise ShapeError("a text with half a surrogate pair") from None
        if not low <= length <= high:
            raise ShapeError(f"{length} bytes, expected {low} to {high}")
        return value

    return step


def octets(size: Size) -> Step:
    low, high = size.low, size.high

    def step(value: Any) -> Any:
        if type(value) is not bytes:
            raise ShapeError(f"expected bytes, found {name_of(value)}")
        if not low <= len(value) <= high:
            raise ShapeError(f"{len(value)} bytes, expected {low} to {high}")
        return value

    return step


def enumeration(kind: type[Enum]) -> Shape:
    members = {member.value: member for member in kind}
    words = ", ".join(str(value) for value in members)

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise ShapeError(f"expected one of {words}, found {name_of(value)}")
        return value._value_

    def read(value: Any) -> Any:
        member = members.get(value) if type(value) in (str, int) else None
        if member is None:
            raise ShapeError(f"expected one of {words}, found {value!r:.40}")
        return member

    return Shape(write, read)


def name_of(value: Any) -> str:
    """Names a type, for messages."""
    return type(value).__name__
