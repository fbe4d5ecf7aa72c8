"""The cast of a simulation: its members with keys from the seed, and the actors that ship in their
roles.

Rule: a test that breaks an actor on purpose puts a subclass into its role; nothing else differs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from blake3 import blake3

from mesh.actors.actor import Actor
from mesh.core.fields import NodeId
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.records.membership import Genesis, Member, Role
from runtime.identity.keys import SigningKey
from simulation.driving.clocks import START
from simulation.driving.machines import Machine
from simulation.faults.plan import Part
from simulation.scenario import JobPlan, Scenario

if TYPE_CHECKING:
    from simulation.world import World

VERIFY_PPM: Final = 150_000
LEASE_MS: Final = 3_000


def parts_of(scenario: Scenario) -> tuple[Part, ...]:
    """The members, each with a key and a cooperative of its own."""
    counts = (
        (Role.ISSUER, scenario.issuers),
        (Role.SUBMITTER, scenario.submitters),
        (Role.NODE, scenario.nodes),
        (Role.VERIFIER, scenario.verifiers),
    )
    return tuple(
        Part(
            name=(name := f"{role.value}-{number}"),
            role=role,
            key=SigningKey(blake3(f"{scenario.seed}/{name}".encode()).digest()),
            cooperative=f"coop-{name}",
        )
        for role, count in counts
        for number in range(1, count + 1)
    )


def found(scenario: Scenario, parts: tuple[Part, ...]) -> Founding:
    """Founds the mesh: its issuers are the founders."""
    founders = [each.key for each in parts if each.role is Role.ISSUER]
    genesis = Genesis(
        name="simulated",
        created_at=START,
        founders=tuple(key.did for key in founders),
        threshold=len(founders) // 2 + 1,
        limits={},
        quorum=2,
        sealed=scenario.is_sealed,
        verify_ppm=VERIFY_PPM,
    )
    members = tuple(
        Member(
            member=each.did,
            name=NodeId(each.name),
            cooperative=each.cooperative,
            roles=(each.role,),
            expires_at=None,
        )
        for each in parts
    )
    return found_mesh(genesis, members, founders)


class Cast:
    """The actors that ship."""

    def fuel_per_second(self, part: Part) -> int:
        """Speeds of machines differ by eight times, as their names say."""
        return 25_000_000 << (part.name.encode()[-1] % 4)

    def make(
        self, world: "World", part: Part, machine: Machine, entropy: Callable[[int], bytes]
    ) -> Actor:
        raise NotImplementedError

    def prepare(self, world: "World") -> None:
        raise NotImplementedError

    def submit(self, world: "World", job: JobPlan) -> None:
        raise NotImplementedError

    def cancel(self, world: "World", job: JobPlan) -> None:
        raise NotImplementedError

    def is_over(self, world: "World") -> bool:
        raise NotImplementedError

    def check_end(self, world: "World") -> None:
        raise NotImplementedError
