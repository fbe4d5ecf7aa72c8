"""The parts of an embedded mesh: its store, its members and their actors, its process and sandbox.

Rule: each part is made when it is first needed; a part that is not made is not closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.records.archive import Archive
from mesh.embedded.founding.identities import Entropy, Identities
from mesh.embedded.machine.speeds import known_speed, local_engine, machine_name
from mesh.home.config import Config
from mesh.home.home import Home
from mesh.queries.reader import Reader

if TYPE_CHECKING:
    from mesh.actors.actor import Now
    from mesh.actors.stores import DeliveryTransaction, View
    from mesh.actors.submitter.actor import Submitter
    from mesh.core.fields import JobId
    from mesh.core.membership.members import Members
    from mesh.core.records.terms import Engine
    from mesh.embedded.driving.turns import OpenTurn
    from mesh.embedded.founding.actors import Actors
    from mesh.embedded.machine.sandboxed import LocalSandbox
    from mesh.embedded.process import DrivingProcess
    from runtime.content.did import Did
    from runtime.sandbox.pool import Sandbox

T = TypeVar("T")


class MeshParts:
    """An embedded mesh without its blocks and jobs. Belongs to one thread."""

    def __init__(
        self,
        *,
        home: Home,
        config: Config,
        store: SqliteStore,
        members: Members,
        clock: Callable[[], Now],
        entropy: Entropy,
    ) -> None:
        self.home = home
        self.config = config
        self.store = store
        self.members = members
        self.identities = Identities.of(members)
        self.archive = Archive(members.mesh)
        self.clock = clock
        self.entropy = entropy
        self._untold: set[JobId] = set()

    def close(self) -> None:
        if (process := vars(self).get("_process")) is not None:
            process.close()
        if (local := vars(self).get("_local")) is not None:
            local.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- what it consists of

    @cached_property
    def actors(self) -> Actors:
        """Those that this home drives. Raises CommandError `key-…` for keys that are missing."""
        from mesh.embedded.founding.actors import home_actors

        self._local.recall(self.store)
        return home_actors(
            self.members,
            self.archive,
            self.home,
            self.config,
            self._local.machine,
            self.entropy,
        )

    @cached_property
    def _local(self) -> LocalSandbox:
        from mesh.embedded.machine.sandboxed import LocalSandbox

        return LocalSandbox(self.home, self.config)

    @cached_property
    def _process(self) -> DrivingProcess:
        from mesh.embedded.process import DrivingProcess

        return DrivingProcess(
            self.home, self.config, self.store, self.actors, self._local, self.clock
        )

    @property
    def submitter(self) -> Submitter:
        """The local identity that submits and pays."""
        return self.actors.submitter

    @property
    def owner(self) -> Did:
        """The local identity that submits and pays, by its DID."""
        return self.identities.submitter

    @property
    def now(self) -> int:
        """Unix seconds by this mesh's clock."""
        return self.clock().wall

    @property
    def engine(self) -> Engine:
        return local_engine()

    @property
    def sandbox(self) -> Sandbox:
        """Where modules are executed; started when first asked for."""
        return self._local.sandbox

    @property
    def fuel_per_second(self) -> int:
        """Fuel that one core burns in a second, as last measured; 0 before that."""
        return known_speed(self.store)

    @property
    def machine_name(self) -> str:
        """Names engine and processor: what speeds are the speeds of."""
        return machine_name()

    def measure(self) -> None:
        """Have this machine's speed measured. Raises CommandError `sandbox-unusable`."""
        self._local.measure(self.store, lambda: self._process.turns, now=self.now)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """One moment of the store, as the submitter reads it."""
        with self.store.view() as view:
            yield self._reader(view)

    def _reader(self, view: View) -> Reader:
        return Reader(
            view=view,
            archive=self.archive,
            members=self.members,
            owner=self.owner,
            issuer=self.identities.issuer,
            now=self.now,
        )

    def command(self, action: Callable[[DeliveryTransaction, Now], T]) -> T:
        """A command of the submitter, and all that follows from it at once; nothing is executed.

        Raises what the action raises: then nothing was written.
        """
        return self._process.driver.command(self.owner, action)

    def commands(self, steps: Callable[[OpenTurn], T]) -> T:
        """Commands of one turn, all or none, and all that follows from them at once.

        Raises what a step raises: then nothing was written.
        """
        return self._process.driver.commands(steps)

    def issuer_command(self, action: Callable[[DeliveryTransaction, Now], T]) -> T:
        """As `command`, of the local issuer's operator."""
        return self._process.driver.command(self.identities.issuer, action)

    def compact(self) -> None:
        """Make the file of the home as small as it can be."""
        self._process.compact()

    def settle(self) -> None:
        """Deliver what was sent, and decide what time has decided; nothing is executed."""
        self._process.driver.settle()
