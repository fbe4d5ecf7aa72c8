"""Cancellation of a compilation by another thread.

Rule: `Cancelled` is no error of the program, and leaves no state behind: the trees and tables of
the compilation are dropped with it.
"""


class Cancelled(Exception):
    """Raised out of a compilation, between two stages, files or functions."""


class Cancellation:
    """The token of one compilation; any thread may cancel, and it stays cancelled."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def check(self) -> None:
        """Raises Cancelled after `cancel`."""
        if self._cancelled:
            raise Cancelled
