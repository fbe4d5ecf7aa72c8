"""Nodes of this home as people look at them: profile, load, speed and reputation."""

from msgspec import Struct

from mesh.actors.node.rows import ATTEMPTS, SPEEDS, AttemptPhase
from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import PROFILES
from mesh.core.fields import MICRO, NodeId
from mesh.core.market.appraisal import load_of
from mesh.core.market.reputation import Reputation
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Role
from mesh.queries.reader import Reader
from runtime.content.did import Did
from runtime.tokens.token import ResourceType


class NodeView(Struct, frozen=True, kw_only=True):
    """One executor. load_ppm: 1 000 000 when idle, by what it was awarded and has not done.

    fuel_per_second: measured, times the promised share; 0 while nothing was measured.
    executions: how many of its own the measurement rests on.
    """

    node_id: NodeId
    did: Did
    role: str
    location: str
    capabilities: tuple[str, ...]
    memory_bytes: int
    cpu_cores: int
    rate_micro: int
    surcharge_ppm: int
    load_ppm: int
    share_ppm: int
    fuel_per_second: int
    executions: int
    running: int
    reputation: Reputation


def node_views(reader: Reader, *, machine: str, measured: int) -> tuple[NodeView, ...]:
    """Every node, in the order of the members. machine: engine and processor; measured: fuel per
    second of one core, 0 while nothing was measured."""
    views = []
    for member in reader.members.with_role(Role.NODE, reader.now):
        row = reader.rows(PROFILES).get(member.member)
        if row is None:
            continue
        profile = reader.record(NodeProfile, row.profile).body
        shown = reader.view.rows(member.member, SPEEDS).get(machine)
        core = measured if shown is None else shown.fuel_per_second
        speed = core * profile.share_ppm // MICRO
        working = reader.view.rows(member.member, ATTEMPTS).select(phase=AttemptPhase.WORKING)
        queued_fuel = sum(each.fuel_limit for each in working)
        views.append(
            NodeView(
                node_id=profile.node_id,
                did=member.member,
                role="node",
                location=profile.location,
                capabilities=tuple(each.name for each in profile.capabilities),
                memory_bytes=profile.memory_bytes,
                cpu_cores=profile.cpu_cores,
                rate_micro=profile.rates.get(ResourceType.COMPUTE.value, 0),
                surcharge_ppm=profile.surcharge_ppm,
                load_ppm=load_of(queued_fuel, speed),
                share_ppm=profile.share_ppm,
                fuel_per_second=speed,
                executions=0 if shown is None else shown.executions,
                running=len(working),
                reputation=reputation_of(reader, member.member),
            )
        )
    return tuple(views)
