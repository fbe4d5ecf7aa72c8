"""This process as one that drives a home: its turns, its executions and its claims.

Rule: what takes a lock or starts a process is made when it is first needed.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property

from mesh.actors.actor import Now
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.embedded.driving.driver import Driver
from mesh.embedded.driving.executions import Executions
from mesh.embedded.driving.requests import Requests
from mesh.embedded.driving.slots import Lead, Owner, Slots
from mesh.embedded.driving.turns import Turns
from mesh.embedded.driving.turnstile import Turnstile
from mesh.embedded.founding.actors import Actors
from mesh.embedded.machine.sandboxed import LocalSandbox
from mesh.home.config import Config
from mesh.home.home import Home


class DrivingProcess:
    """What one process needs to drive all actors of a home."""

    def __init__(
        self,
        home: Home,
        config: Config,
        store: SqliteStore,
        actors: Actors,
        local: LocalSandbox,
        clock: Callable[[], Now],
    ) -> None:
        self._actors = actors
        self._home = home
        self._config = config
        self._store = store
        self._local = local
        self._clock = clock
        self._turnstile: Turnstile | None = None
        self._owner = Owner(home)

    @cached_property
    def turns(self) -> Turns:
        return Turns(self._store, self._actors.by_did, self._clock, self._alone)

    @cached_property
    def driver(self) -> Driver:
        executions = Executions(
            owner=self._owner,
            slots=Slots(self._home, self._config.worker_count),
            lead=Lead(self._home),
            requests=Requests(),
            side_of=self._actors.sides().__getitem__,
            sandbox=lambda: self._local.sandbox,
            wall=lambda: self._clock().wall,
            elapsed=time.monotonic,
        )
        return Driver(store=self._store, turns=self.turns, executions=executions, clock=self._clock)

    def _alone(self) -> AbstractContextManager[Callable[[], bool]]:
        if self._turnstile is None:
            self._turnstile = Turnstile(self._home)
        return self._turnstile.turn()

    def compact(self) -> None:
        """Make the file of the home as small as it can be. Raises CommandError `store-…`,
        `disk-full`, `home-read-only`."""
        self._store.compact(self._alone)

    def close(self) -> None:
        self._owner.close()
        if self._turnstile is not None:
            self._turnstile.close()
            self._turnstile = None
