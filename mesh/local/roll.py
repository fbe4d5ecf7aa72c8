"""The nodes of the mesh as people look at them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesh.local.bidding import BUSY
from mesh.local.members import node_settings, profile_of
from mesh.local.speed import known_speed
from mesh.records import MICRO, NodeId
from mesh.reputation import Reputation, reputation
from runtime.content.did import Did
from runtime.tokens.token import ResourceType

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One executor. fuel_per_second: 0 while this machine's speed was not measured."""

    node_id: NodeId
    did: Did
    role: str
    location: str
    capabilities: tuple[str, ...]
    memory_bytes: int
    cpu_cores: int
    rate_micro: int
    load_ppm: int
    share_ppm: int
    fuel_per_second: int
    running: int
    reputation: Reputation


def node_views(mesh: "LocalMesh") -> tuple[NodeView, ...]:
    """Every node, in the order of the genesis settings."""
    with mesh.store.read() as tx:
        speed = known_speed(tx, mesh.engine) or 0
        busy = tx.jobs.in_phases(BUSY)
        views = []
        for member in mesh.members.nodes:
            profile = profile_of(tx, mesh.archive, member.node_id).body
            settings = node_settings(tx, member.node_id)
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
                    load_ppm=settings.load_ppm,
                    share_ppm=settings.share_ppm,
                    fuel_per_second=speed * settings.share_ppm // MICRO,
                    running=sum(job.executor == member.did for job in busy),
                    reputation=reputation(tx.evidence.tally(member.did)),
                )
            )
    return tuple(views)
