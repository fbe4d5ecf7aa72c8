"""This machine, as the members of an embedded mesh see it: its engine, its speed, its resources.

Rule: all of it was found out before, by the sandbox, in processes that hold no keys; a node answers
from what is known, and starts nothing. What each of them offers of it, its settings say.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from mesh.actors.machine import Fitness, Resources
from mesh.core.market.fuel_bound import bound_units
from mesh.core.ports.blocks import Blocks
from mesh.core.proofs.contents import module_bytes
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Capability
from mesh.core.unixfs import PieceMissing, UnixFsError
from mesh.embedded.machine.speeds import local_engine, local_processor
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.module.check import ModuleFacts, Rejection
from runtime.module.entry_plan import refusal_of

CAPABILITIES: Final = (
    Capability(name="wasm", is_probed=True),
    Capability(name="wasi-preview1", is_probed=True),
)
"""What the engine can do, whatever the machine."""
BOUNDS_KEPT_MAX: Final = 256


class EmbeddedMachine:
    """This machine, as all its members see it. fuel_per_second: of one core, set by whoever has
    measured it."""

    def __init__(self, verdict: Callable[[Cid], ModuleFacts | Rejection | None]) -> None:
        """verdict: what the sandbox has found of a module, None where it was not asked."""
        self.engine = local_engine()
        self.processor = local_processor()
        self.fuel_per_second = 1
        self.resources = local_resources()
        self.capabilities = CAPABILITIES
        self._verdict = verdict
        self._bare: dict[Cid, Cid] = {}
        self._bounds: OrderedDict[tuple[Cid, str, bytes | None], int | None] = OrderedDict()

    def fitness(self, manifest: JobManifest, blocks: Blocks) -> Fitness | None:
        """As the port says: by the sandbox's own verdict on the module."""
        cid = self._bare_cid(manifest.module, blocks)
        verdict = None if cid is None else self._verdict(cid)
        if verdict is None:
            return None
        if isinstance(verdict, Rejection):
            return Fitness(obstacle=str(verdict))
        memory_bytes = manifest.requirements.memory_bytes
        refused = refusal_of(verdict, manifest.entry, manifest.arguments, memory_bytes)
        if refused is not None:
            return Fitness(obstacle=refused.cause)
        return Fitness(bound_units=self._bound(manifest, blocks))

    def learn(self, module: Cid, data: bytes) -> Cid:
        """The CID of a module's bytes as one block, under which its verdict is kept."""
        if module.codec is Codec.RAW:
            return module
        if module not in self._bare:
            self._bare[module] = cid_of(data, Codec.RAW)
        return self._bare[module]

    def _bare_cid(self, module: Cid, blocks: Blocks) -> Cid | None:
        """As `learn`; None of a file that was not read here, and of which pieces are missing."""
        if module.codec is Codec.RAW or module in self._bare:
            return self._bare.get(module, module)
        try:
            return self.learn(module, module_bytes(module, blocks.get))
        except (PieceMissing, UnixFsError):
            return None

    def _bound(self, manifest: JobManifest, blocks: Blocks) -> int | None:
        """The bound that the module proves, for a node that holds the module."""
        call = manifest.module, manifest.entry, manifest.arguments
        if call not in self._bounds:
            try:
                data = module_bytes(manifest.module, blocks.get)
            except (PieceMissing, UnixFsError):
                return None
            self._bounds[call] = bound_units(data, manifest.entry, manifest.arguments)
            if len(self._bounds) > BOUNDS_KEPT_MAX:
                self._bounds.popitem(last=False)
        return self._bounds[call]


def local_resources() -> Resources:
    """What this machine has; of its disk as much as may be asked for."""
    return Resources(
        memory_bytes=_memory_bytes(), cpu_cores=os.cpu_count() or 1, storage_bytes=INTEGER_MAX
    )


def _memory_bytes() -> int:
    """The machine's memory; where the system does not say, no limit of it is known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return INTEGER_MAX
