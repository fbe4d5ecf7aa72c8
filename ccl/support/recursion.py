"""How deep what names make deep may be, and room on Python's stack for what the parser allows."""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

_Key = TypeVar("_Key", bound=Hashable)

INHERITANCE_MAX: Final = 64
"""Contracts, sections and roles that extend each other in a row: each has all that those before
it have, so that a row takes the square of its length."""

FRAMES_MAX = 20_000
"""Python frames for a tree of the parser's greatest depth, with room to spare."""


@contextmanager
def room_for_nesting() -> Iterator[None]:
    """The stages recurse as deep as the tree; the parser bounds that depth, not this process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES_MAX))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def heights(keys: Iterable[_Key], base: Callable[[_Key], _Key | None]) -> dict[_Key, int]:
    """How many are in a row from each key to the last base. In a circle some key begins the row, so
    that one which is too long has a key that is too high."""
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
