"""Reading of small blocks once in a process: the same bytes always say the same.

Rule: what is given out is shared, and never changed in place; errors are not kept.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

T = TypeVar("T")

SMALL_BYTES_MAX: Final = 8 * 1024
KEPT_MAX: Final = 4096
"""By each reader: with what they say, some MiB of blocks of the usual sizes."""


def read_once(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Makes a reader that keeps what small blocks say; larger ones are read each time."""
    kept = lru_cache(maxsize=KEPT_MAX)(read)
    return lambda data: kept(data) if len(data) <= SMALL_BYTES_MAX else read(data)
