"""The plan of a simulation: its members, and what is wrong with which of its parts and when.

Rule: a plan follows from the seed and the injected faults alone, each with dice of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from msgspec import Struct

from mesh.core.ports.messages import Envelope
from mesh.core.records.membership import Role
from mesh.transport.faults import LinkEffect, LinkRule, Partition
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from simulation.driving.clocks import ClockFaults
from simulation.driving.machines import MachineEffect, MachineFault
from simulation.driving.station import Conduct, CrashPlan
from simulation.faults.dishonest import Stage

BEGIN_MS: Final = 3_000
"""Before it the mesh is founded, without faults."""
HEAL_MS: Final = BEGIN_MS + 25_000
"""From here on the network is whole, and all processes run."""

MakeConduct = Callable[[Stage], Conduct]


class Part(Struct, frozen=True, kw_only=True):
    """One actor of a simulation, before it is made. cooperative: whose it is."""

    name: str
    role: Role
    key: SigningKey
    cooperative: str

    @property
    def did(self) -> Did:
        return self.key.did


class Restore(Struct, frozen=True, kw_only=True):
    """At a moment an actor's store becomes what it was at an earlier one."""

    name: str
    saved_at: int
    restored_at: int


@dataclass
class Plan:
    """Everything that is wrong in one simulation. conducts: of dishonest actors."""

    parts: tuple[Part, ...]
    rules: list[LinkRule] = field(default_factory=list)
    partitions: list[Partition] = field(default_factory=list)
    crashes: dict[str, list[CrashPlan]] = field(default_factory=dict)
    clocks: dict[str, ClockFaults] = field(default_factory=dict)
    machines: dict[str, list[MachineFault]] = field(default_factory=dict)
    conducts: dict[str, tuple[MakeConduct, Random, list[Envelope]]] = field(default_factory=dict)
    restores: list[Restore] = field(default_factory=list)

    def of_role(self, role: Role) -> tuple[Part, ...]:
        return tuple(each for each in self.parts if each.role is role)

    def dids(self, *roles: Role) -> frozenset[Did]:
        return frozenset(each.did for each in self.parts if each.role in roles)

    def one(self, role: Role, dice: Random) -> Part:
        return dice.choice(self.of_role(role))

    def is_dishonest(self, name: str) -> bool:
        return name in self.conducts

    def agreeing_liars(self) -> tuple[Part, ...]:
        """The verifiers whose machines give one common wrong result."""
        return tuple(
            part
            for part in self.of_role(Role.VERIFIER)
            if any(
                fault.effect is MachineEffect.WRONG_ALIKE
                for fault in self.machines.get(part.name, ())
            )
        )

    # --- faults

    def on_links(
        self,
        dice: Random,
        effect: LinkEffect,
        *,
        kinds: frozenset[str] | None = None,
        share_ppm: int | None = None,
        milliseconds: int = 0,
    ) -> None:
        """An effect on the parcels of some kinds, for the whole time of faults."""
        self.rules.append(
            LinkRule(
                name=f"{effect.value} {' '.join(sorted(kinds or ()))} {dice.random()}",
                effect=effect,
                share_ppm=dice.randint(100_000, 700_000) if share_ppm is None else share_ppm,
                milliseconds=milliseconds,
                kinds=kinds,
                since=BEGIN_MS,
                until=HEAL_MS,
            )
        )

    def cut_off(self, dice: Random, island: frozenset[Did], *, is_held: bool = False) -> None:
        """A partition of some seconds between an island and all others."""
        since = dice.randint(BEGIN_MS, HEAL_MS // 2)
        until = min(HEAL_MS, since + dice.randint(2_000, 15_000))
        self.partitions.append(Partition(island=island, since=since, until=until, is_held=is_held))

    def crash(self, part: Part, plan: CrashPlan) -> None:
        self.crashes.setdefault(part.name, []).append(plan)

    def clock(self, part: Part, faults: ClockFaults) -> None:
        self.clocks[part.name] = faults

    def machine(self, part: Part, effect: MachineEffect, share_ppm: int) -> None:
        self.machines.setdefault(part.name, []).append(
            MachineFault(effect=effect, share_ppm=share_ppm)
        )

    def conduct(
        self, part: Part, make: MakeConduct, dice: Random, seen: list[Envelope] | None = None
    ) -> None:
        """Makes an actor dishonest. seen: what its accomplices are sent, too."""
        self.conducts.setdefault(part.name, (make, dice, [] if seen is None else seen))


Inject = Callable[[Plan, Random], None]


class FaultKind(Struct, frozen=True, kw_only=True):
    """A kind of fault. touches: roles whose members it makes dishonest. is_sealed_only: it does
    nothing in an unsealed mesh."""

    name: str
    inject: Inject
    touches: tuple[Role, ...] = ()
    is_sealed_only: bool = False


def table_of(*kinds: FaultKind) -> Mapping[str, FaultKind]:
    table = {kind.name: kind for kind in kinds}
    assert len(table) == len(kinds), "the name of a kind is its own"
    return table
