"""Depth of chains of declarations, and room on Python's stack for what the parser allows."""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

_Key = TypeVar("_Key", bound=Hashable)

INHERITANCE_MAX: Final = 64
"""Contracts, sections and roles in a chain of extensions: each has all members of those before it,
so that a chain takes the square of its length."""

FRAMES_MAX: Final = 20_000
"""Python frames for a tree of the parser's greatest depth, with room to spare."""


class TooLittleRoomError(Exception):
    """A program is nested deeper than the recursion limit of this process lets it be compiled."""

    def __init__(self) -> None:
        super().__init__(
            f"the recursion limit of this process is {sys.getrecursionlimit()} and this program "
            f"needs more: call make_room_for_nesting() once, which sets it to {FRAMES_MAX}"
        )


def make_room_for_nesting() -> None:
    """Raises the recursion limit of the process to what the deepest tree of the parser needs.

    For commands, once, as they start: the limit is one for all threads, so that a library call
    that set it and put it back would take it from under the compilation of another thread.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), FRAMES_MAX))


@contextmanager
def nesting_in_room() -> Iterator[None]:
    """Raises TooLittleRoomError where the recursion limit of the process ends the work."""
    try:
        yield
    except RecursionError:
        raise TooLittleRoomError from None


def heights(keys: Iterable[_Key], base: Callable[[_Key], _Key | None]) -> dict[_Key, int]:
    """Counts the keys from each one to the last of its bases. A cycle counts as a chain that begins
    at any of its keys, so that one which is too long has a key that is too high."""
    found: dict[_Key, int] = {}
    for key in keys:
        path: list[_Key] = []
        at: _Key | None = key
        while at is not None and at not in found:
            found[at] = 0
            path.append(at)
            at = base(at)
        below = 0 if at is None else found[at]
        for each in reversed(path):
            below += 1
            found[each] = below
    return found
