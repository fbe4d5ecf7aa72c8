"""Cancellation: how one thread ends the compilation of another, which is of no use any more.

Rule: `Cancelled` is no error of the program; the trees and tables of the compilation go with it,
and the next compilation begins as if it had never been.
"""


class Cancelled(Exception):
    """Raised out of a compilation, between two stages, files or functions."""


class Cancellation:
    """One compilation's; set by any thread, once, for good."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def check(self) -> None:
        """Raises Cancelled after `cancel`."""
        if self._cancelled:
            raise Cancelled
