"""The turnstile of a home: turns pass it one at a time, in whichever process they are.

Rule: a process takes `next`, then `turn`, and then lets `next` go; so one alone waits for the turn,
and whoever has just had one comes after it. At SQLite's own lock a second process starves.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mesh.home.home import Home
from mesh.home.locks import is_at, open_lock
from runtime.platform.posix import require


class Turnstile:
    """The two locks, open between turns. Not for several threads."""

    def __init__(self, home: Home) -> None:
        """Raises CommandError `home-read-only`, `home-linked`, `disk-full`, `home-unusable`."""
        self._next = _Lock(home, home.locks / "next.lock")
        self._turn = _Lock(home, home.locks / "turn.lock")
        self._is_held = False

    @contextmanager
    def turn(self) -> Iterator[Callable[[], bool]]:
        """Wait for the turn, and hold it; gives a function that says whether another process waits
        for it. Ctrl-C interrupts; the system frees what a dead process held."""
        assert not self._is_held, "turns do not nest"
        self._next.take()
        try:
            self._turn.take()
        finally:
            self._next.free()
        self._is_held = True
        try:
            yield self._next.is_taken
        finally:
            self._is_held = False
            self._turn.free()

    def close(self) -> None:
        self._next.close()
        self._turn.close()


class _Lock:
    """A file that is locked again and again."""

    def __init__(self, home: Home, path: Path) -> None:
        require("fcntl", "a turn of a mesh")
        self._home = home
        self._path = path
        self._descriptor = open_lock(home, path)

    def take(self) -> None:
        import fcntl

        while True:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            if is_at(self._descriptor, self._path):
                return
            # The file was removed: others lock the one that is there now.
            self.close()
            self._descriptor = open_lock(self._home, self._path)

    def is_taken(self) -> bool:
        """Whether another process holds the lock, while this one does not."""
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        self.free()
        return False

    def free(self) -> None:
        import fcntl

        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._descriptor)
