"""Reading of blocks once in a process: the same bytes always say the same.

Rule: what is given out is shared, and never changed in place; errors are not kept.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

T = TypeVar("T")

SMALL_BYTES_MAX: Final = 8 * 1024
KEPT_MAX: Final = 4096
"""By each reader: with what they say, some MiB of blocks of the usual sizes."""
LARGER_BYTES_MAX: Final = 128 * 1024
LARGER_KEPT_MAX: Final = 64
"""As contexts with a thousand roles, of as many jobs as are under way."""


def read_once(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Makes a reader that keeps what blocks say, of larger ones only the last few; the largest are
    read each time."""
    small = lru_cache(maxsize=KEPT_MAX)(read)
    larger = lru_cache(maxsize=LARGER_KEPT_MAX)(read)

    def kept(data: bytes) -> T:
        if len(data) <= SMALL_BYTES_MAX:
            return small(data)
        return larger(data) if len(data) <= LARGER_BYTES_MAX else read(data)

    return kept
