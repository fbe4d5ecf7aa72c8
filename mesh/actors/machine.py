"""The machine of a node or verifier: facts that only it knows. Executions are work, not here.

Rule: it answers at once, from what it has measured or checked before; it starts no process.
"""

from typing import Protocol

from msgspec import Struct

from mesh.core.ports.blocks import Blocks
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Capability, Engine


class Fitness(Struct, frozen=True, kw_only=True):
    """What is known of a call before it is executed.

    obstacle: why the module cannot be executed, or its entry not be called with the arguments; None
    if it can. bound_units: the worst case of the call, None where the module bounds it not.
    """

    obstacle: str | None = None
    bound_units: int | None = None


class Resources(Struct, frozen=True, kw_only=True):
    """What a machine has for jobs. storage_bytes: what it gives to their blocks. None of these
    changes with each job, since profiles state them."""

    memory_bytes: int
    cpu_cores: int
    storage_bytes: int


class Machine(Protocol):
    @property
    def engine(self) -> Engine: ...

    @property
    def processor(self) -> str:
        """Names the processor, so that a speed is of one engine on one processor."""
        ...

    @property
    def fuel_per_second(self) -> int:
        """Fuel that one core burns in a second, by a program of ours; at least 1."""
        ...

    @property
    def resources(self) -> Resources: ...

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Those that were probed."""
        ...

    def fitness(self, manifest: JobManifest, blocks: Blocks) -> Fitness | None:
        """What is known of the call that a job asks for; None where its module was not checked
        here, also because no block of it is held."""
        ...
