"""The nodes of the mesh as people look at them."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.core.fields import MICRO, NodeId
from mesh.local.candidates import BUSY, awarded_work
from mesh.local.members import profile_of
from mesh.local.speed import known_speed, pace_of
from mesh.market import load_of
from mesh.reputation import Reputation, reputation
from runtime.content.did import Did
from runtime.tokens.token import ResourceType

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


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


def node_views(mesh: "LocalMesh") -> tuple[NodeView, ...]:
    """Every node, in the order of the genesis settings."""
    with mesh.store.read() as tx:
        measured = known_speed(tx, mesh.engine)
        busy = tx.jobs.in_phases(BUSY)
        views = []
        for member in mesh.members.nodes:
            profile = profile_of(tx, mesh.archive, member.node_id).body
            pace = pace_of(tx, mesh.engine, member.node_id, measured)
            speed = pace.fuel_per_second * profile.share_ppm // MICRO if measured else 0
            taken, queued_fuel = awarded_work(tx, mesh.archive, member.did, busy)
            views.append(
                NodeView(
                    node_id=member.node_id,
                    did=member.did,
                    role="node",
                    location=profile.location,
                    capabilities=profile.capabilities,
                    memory_bytes=profile.memory_bytes,
                    cpu_cores=profile.cpu_cores,
                    rate_micro=profile.rates.get(ResourceType.COMPUTE.value, 0),
                    surcharge_ppm=profile.surcharge_ppm,
                    load_ppm=load_of(queued_fuel, speed),
                    share_ppm=profile.share_ppm,
                    fuel_per_second=speed,
                    executions=pace.executions,
                    running=taken,
                    reputation=reputation(tx.evidence.tally(member.did)),
                )
            )
    return tuple(views)
