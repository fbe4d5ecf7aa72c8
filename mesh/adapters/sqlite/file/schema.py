"""The marks by which a file is known as ours, and what its tables are made by.

Rule: tables are STRICT and integers are 63-bit.
"""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

APPLICATION_ID: Final = 0x49434E4D
"""`ICNM`: SQLite's own place for saying whose file it is."""


class Schema(Struct, frozen=True, kw_only=True):
    """What gives the statements that make the tables of a file, and the version by which they are
    known.

    One of the tables is `block_total`, of one row: every transaction reads it first.
    """

    version: int
    statements: Callable[[], Iterable[str]]
