"""Python's collector of cycles, paused while a compilation makes its trees.

Trees have no cycles: the collector only walks them again and again. What a paused stretch
leaves behind in cycles is collected after it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Within another pause, nothing."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
