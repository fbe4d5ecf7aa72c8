"""Room on Python's stack for trees as deep as the parser allows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
