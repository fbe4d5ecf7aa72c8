"""Ownership of executions: a lock for each process that claims work, the slots of the machine, and
the lead.

Rule: all are locks of the operating system. They are free again the moment their process is dead,
and no child process holds them: workers are executed, not forked.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from mesh.home.home import Home
from mesh.home.locks import open_lock
from runtime.platform.posix import require

_NAME: Final = re.compile(r"[0-9]{1,10}-[0-9a-f]{16}")
_NOISE_BYTES: Final = 8


class Owner:
    """This process as the owner of claims, by a name that no other process has or had."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._name = f"{os.getpid()}-{os.urandom(_NOISE_BYTES).hex()}"
        self._descriptor: int | None = None

    @property
    def name(self) -> str:
        """Under which it claims, and is alive from here on. Raises CommandError `home-read-only`,
        `disk-full`, `home-unusable`."""
        if self._descriptor is None:
            self._descriptor = open_lock(self._home, _path(self._home, self._name))
            assert _try_lock(self._descriptor), "nobody else knows the name yet"
        return self._name

    def is_alive(self, name: str) -> bool:
        """Whether the process that claimed under a name may still be at work.

        The file of one that is dead is removed.
        """
        if name == self._name:
            return True
        if _NAME.fullmatch(name) is None:
            return False
        path = _path(self._home, name)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            if not _try_lock(descriptor):
                return True
            with suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                _path(self._home, self._name).unlink()
            os.close(self._descriptor)
            self._descriptor = None


class Slots:
    """The executions at a time of this machine, over all processes of a home."""

    def __init__(self, home: Home, count: int) -> None:
        self._home = home
        self._count = count
        self._held: list[int] = []

    @property
    def held(self) -> int:
        return len(self._held)

    def take(self, wanted: int) -> int:
        """Hold as many as are wanted and free, and no more; how many are held now.

        Raises CommandError `home-read-only`, `disk-full`, `home-unusable`.
        """
        while len(self._held) > wanted:
            os.close(self._held.pop())
        number = 0
        while len(self._held) < min(wanted, self._count) and number < self._count:
            descriptor = open_lock(self._home, self._home.locks / f"slot-{number}.lock")
            if _try_lock(descriptor):
                self._held.append(descriptor)
            else:
                os.close(descriptor)
            number += 1
        return len(self._held)


class Lead:
    """Of one process of a home at a time: it executes for all of them, as long as it keeps up.
    Those that wait for it share a second lock."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lead: int | None = None
        self._waiting: int | None = None
        self._is_held = False

    def take(self) -> bool:
        """Hold it if nobody else does, or wait for it until it is given back; whether it is held
        now.

        Raises CommandError `home-read-only`, `disk-full`, `home-unusable`.
        """
        if self._is_held:
            return True
        if self._lead is None:
            self._lead = self._open("lead")
        self._is_held = _try_lock(self._lead)
        if self._is_held:
            self._close(self._waiting)
            self._waiting = None
        elif self._waiting is None:
            self._waiting = self._open("waiting")
            _share_lock(self._waiting)
        return self._is_held

    def is_awaited(self) -> bool:
        """Whether this process holds it and another waits for it. Raises CommandError as `take`."""
        if not self._is_held:
            return False
        waiting = self._open("waiting")
        try:
            return not _try_lock(waiting)
        finally:
            os.close(waiting)

    def free(self) -> None:
        """Neither hold it nor wait for it."""
        self._close(self._lead)
        self._close(self._waiting)
        self._lead = self._waiting = None
        self._is_held = False

    def _open(self, name: str) -> int:
        return open_lock(self._home, self._home.locks / f"{name}.lock")

    def _close(self, descriptor: int | None) -> None:
        if descriptor is not None:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    require("fcntl", "a lock of a mesh")
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _share_lock(descriptor: int) -> None:
    """Waits while another process looks whether anybody holds it."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_SH)


def _path(home: Home, name: str) -> Path:
    return home.locks / f"owner-{name}.lock"
