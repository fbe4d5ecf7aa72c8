"""Simulated machines: executions that take a seeded time at a seeded speed, and sometimes fail.

Rule: whether and how an execution fails follows from the seed, the machine and the work, so that
the same work fails alike after a crash of the machine's actor.
"""

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from mesh.actors.machine import Fitness, Resources
from mesh.core.fields import MICRO
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.work import Execute, Executed, Failed, WorkFault, WorkId, WorkResult
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Capability
from mesh.core.verification.inputs import inputs_of
from mesh.transport.faults import dice_of
from simulation.driving.programs import ENGINE, WRONG, Program, ProgramKind, execute

START_MS = 3


class MachineEffect(Enum):
    """What may be wrong with an execution."""

    SLOW = "slow"
    """It takes twenty times as long."""
    HANG = "hang"
    """It never ends."""
    DIE = "die"
    """The worker dies: a fault of the machine."""
    WRONG = "wrong"
    """It gives another result than other machines."""
    WRONG_ALIKE = "wrong alike"
    """It gives the wrong result on which all such machines agree."""
    REFUSE = "refuse"
    """It cannot compile what others can."""


class MachineFault(Struct, frozen=True, kw_only=True):
    """An effect on a share of a machine's executions."""

    effect: MachineEffect
    share_ppm: int = MICRO


class Begun(Struct, frozen=True, kw_only=True):
    """An execution under way. ends_at: true time; None: never."""

    ends_at: int | None
    result: WorkResult


class Machine:
    """The machine of one actor: what its actor knows of it, and executions. fuel_per_second: its
    speed."""

    def __init__(
        self, seed: int, name: str, fuel_per_second: int, faults: tuple[MachineFault, ...] = ()
    ) -> None:
        self.seed = seed
        self.name = name
        self.fuel_per_second = fuel_per_second
        self.faults = faults
        self.engine = ENGINE
        self.processor = "simulated"
        self.resources = Resources(memory_bytes=1 << 32, cpu_cores=4, storage_bytes=1 << 32)
        self.capabilities: tuple[Capability, ...] = ()

    def fitness(self, manifest: JobManifest, blocks: BlockReader) -> Fitness | None:
        """Nothing is known of a call before it is executed, once its module is here."""
        return Fitness() if blocks.has(manifest.module) else None

    def begin(
        self,
        blocks: BlockReader,
        work: WorkId,
        asked: Execute,
        at: int,
        wall: Callable[[int], int],
    ) -> Begun:
        """Begins an execution at a true time; `wall` shows the machine's clock at another. All its
        blocks must be in the actor's store."""
        inputs = inputs_of(blocks, asked.module, asked.context, asked.input)
        assert inputs.are_complete, f"{self.name} executes without {inputs.lacking}"
        data = blocks.get(asked.module)
        assert data is not None
        program = Program.from_block(data)
        effects = self._effects(work)
        if program.kind is ProgramKind.UNCOMPILABLE or MachineEffect.REFUSE in effects:
            return self._failed(at + START_MS, WorkFault.MODULE, "it cannot be compiled")
        if MachineEffect.HANG in effects:
            return Begun(ends_at=None, result=_failure(WorkFault.MACHINE, "it hangs"))
        duration = START_MS + self._duration_ms(program, work)
        if MachineEffect.DIE in effects:
            return self._failed(at + duration // 2, WorkFault.MACHINE, "the worker died")
        if MachineEffect.SLOW in effects:
            duration *= 20
        if program.kind is ProgramKind.ENDLESS or duration > 1000 * asked.max_seconds:
            ends_at = at + 1000 * asked.max_seconds
            return self._failed(ends_at, WorkFault.WALL_CLOCK, f"{asked.max_seconds} s are over")
        execution = execute(blocks, asked.module, asked.context, self._salt(effects))
        done = Executed(
            execution=execution,
            started_at=wall(at),
            ended_at=max(wall(at), wall(at + duration)),
        )
        return Begun(ends_at=at + duration, result=done)

    def _duration_ms(self, program: Program, work: WorkId) -> int:
        dice = dice_of(self.seed, "duration", self.name, work)
        return program.fuel * 1000 // self.fuel_per_second * dice.randint(80, 120) // 100

    def _effects(self, work: WorkId) -> frozenset[MachineEffect]:
        dice = dice_of(self.seed, "machine", self.name, work)
        return frozenset(
            each.effect for each in self.faults if dice.randrange(MICRO) < each.share_ppm
        )

    def _salt(self, effects: frozenset[MachineEffect]) -> bytes:
        if MachineEffect.WRONG in effects:
            return self.name.encode()
        return WRONG if MachineEffect.WRONG_ALIKE in effects else b""

    def _failed(self, ends_at: int, fault: WorkFault, detail: str) -> Begun:
        return Begun(ends_at=ends_at, result=_failure(fault, detail))


def _failure(fault: WorkFault, detail: str) -> Failed:
    return Failed(fault=fault, detail=detail)
