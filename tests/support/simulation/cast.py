"""The cast of a simulation: its members with keys from the seed, and the actors that ship in their
roles.

Rule: a test that breaks an actor on purpose puts a subclass into its role; nothing else differs.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3

from mesh.actors.actor import Actor, ActorTransaction, Now
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.node.node import Node
from mesh.actors.node.settings import NodeSettings
from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.journal import Settings
from mesh.actors.verifier.rows import VerifierSettings
from mesh.actors.verifier.verifier import Verifier
from mesh.core.fields import NodeId
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.records.membership import Genesis, Member, Role
from runtime.content.did import Did
from runtime.execution.context import MIB, Limits
from runtime.identity.keys import SigningKey
from runtime.tokens.ledger import Refused
from runtime.tokens.token import ResourceType
from simulation.driving.clocks import START
from simulation.driving.machines import Machine, MachineFault
from simulation.faults.plan import Part
from simulation.scenario import Scenario

if TYPE_CHECKING:
    from simulation.world import World

VERIFY_PPM: Final = 150_000
LEASE_MS: Final = 3_000
PRESENCE_SECONDS: Final = 60
GRANT: Final = 100_000
SETTINGS: Final = Settings(
    bid_window_seconds=300,
    job_seconds=3_600,
    presence_seconds=PRESENCE_SECONDS,
    allowed=Limits(fuel=0),
    module_bytes=MIB,
    memory_bytes=256 * MIB,
    description_bytes=4_096,
    token_chain=8,
)


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
    """The actors that ship, or others in their roles."""

    def __init__(
        self,
        *,
        issuer: type[Issuer] = Issuer,
        submitter: type[Submitter] = Submitter,
        node: type[Node] = Node,
        verifier: type[Verifier] = Verifier,
    ) -> None:
        self.issuer = issuer
        self.submitter = submitter
        self.node = node
        self.verifier = verifier

    def machine(self, seed: int, name: str, faults: tuple[MachineFault, ...]) -> Machine:
        """A machine; speeds differ by four times, as their names say."""
        speed = 100_000_000 << (name.encode()[-1] % 3)
        return Machine(seed, name, speed, faults)

    def make(
        self, world: "World", part: Part, machine: Machine, entropy: Callable[[int], bytes]
    ) -> Actor:
        common: dict[str, Any] = {"key": part.key, "archive": world.archive, "entropy": entropy}
        match part.role:
            case Role.ISSUER:
                return self.issuer(**common, lease_ms=LEASE_MS, presence_seconds=PRESENCE_SECONDS)
            case Role.SUBMITTER:
                return self.submitter(**common, settings=SETTINGS)
            case Role.NODE:
                return self.node(**common, machine=machine, beats=True)
            case Role.VERIFIER:
                return self.verifier(**common, machine=machine, beats=True)
            case _:
                raise AssertionError(f"no actor has the role {part.role.value}")

    def prepare(self, world: "World") -> None:
        """Founds the mesh in every store, configures its members and grants units."""
        founding = world.founding
        for station in world.stations.values():
            world.command(
                station,
                lambda actor, tx, now: actor.found(
                    tx, founding.genesis, founding.change, founding.endorsements, now
                ),
            )
        self._configure(world)
        for number, station in enumerate(world.of_role(Role.SUBMITTER)):
            issuers = world.of_role(Role.ISSUER)
            world.command(issuers[number % len(issuers)], partial(_grant, owner=station.did))

    def _configure(self, world: "World") -> None:
        for number, station in enumerate(world.of_role(Role.NODE)):
            settings = NodeSettings(
                node_id=NodeId(station.name),
                location="eu-west",
                rates={ResourceType.COMPUTE.value: 200_000 + 20_000 * (number % 5)},
                # The first has one place, and declines what comes meanwhile.
                running_max=4 if number else 1,
            )
            world.command(station, partial(_configure, settings=settings))
        for station in world.of_role(Role.VERIFIER):
            judge = VerifierSettings(node_id=NodeId(station.name), location="eu-west")
            world.command(station, partial(_configure, settings=judge))


def _grant(actor: Issuer, tx: ActorTransaction, now: Now, *, owner: Did) -> None:
    issued = actor.issue_token(
        tx,
        owner=owner,
        resource_type=ResourceType.COMPUTE,
        amount=GRANT,
        expires_at=START + 10_000_000,
        now=now,
    )
    assert not isinstance(issued, Refused), issued


def _configure(actor: Any, tx: ActorTransaction, now: Now, *, settings: Any) -> None:
    refusal = actor.configure(tx, settings, now)
    assert refusal is None, refusal
