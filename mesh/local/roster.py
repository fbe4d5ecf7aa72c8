"""The first members of an embedded mesh: data, and nothing but data.

Rule: after creation the signed profiles and the stored settings are the truth; nothing reads
this table again.
"""

from typing import Final

from msgspec import Struct

from mesh.core.fields import NodeId

GIB: Final = 1 << 30
MESH_NAME: Final = "local"
GRANT_UNITS: Final = 1_000_000
"""Compute units that the issuer grants the submitter on first use."""
GRANT_SECONDS: Final = 10 * 366 * 24 * 3600

SUBMITTER: Final = "submitter"
ISSUER: Final = "issuer"
"""Names of key files; nodes and federation nodes use their node ids."""


class NodeSetup(Struct, frozen=True, kw_only=True):
    """One executor. rate_micro: tokens per compute unit in millionths.

    share_ppm: the part of one of this machine's cores that the node promises; what it says of
    its speed is the measured one times this. surcharge_ppm: added to each of its prices.
    """

    node_id: NodeId
    location: str
    rate_micro: int
    share_ppm: int
    memory_bytes: int
    storage_bytes: int
    cpu_cores: int = 1
    surcharge_ppm: int = 0


class FederationSetup(Struct, frozen=True, kw_only=True):
    """One verifier."""

    node_id: NodeId
    location: str


NODES: Final = (
    NodeSetup(
        node_id=NodeId("mesh-node-1"),
        location="eu-west",
        rate_micro=210_000,
        share_ppm=1_000_000,
        memory_bytes=4 * GIB,
        storage_bytes=64 * GIB,
        cpu_cores=2,
    ),
    NodeSetup(
        node_id=NodeId("mesh-node-2"),
        location="us-east",
        rate_micro=160_000,
        share_ppm=500_000,
        memory_bytes=2 * GIB,
        storage_bytes=32 * GIB,
    ),
    NodeSetup(
        node_id=NodeId("mesh-node-3"),
        location="ap-south",
        rate_micro=120_000,
        share_ppm=250_000,
        surcharge_ppm=500_000,
        memory_bytes=1 * GIB,
        storage_bytes=16 * GIB,
    ),
)

FEDERATION: Final = (
    FederationSetup(node_id=NodeId("federation-1"), location="eu-west"),
    FederationSetup(node_id=NodeId("federation-2"), location="us-east"),
    FederationSetup(node_id=NodeId("federation-3"), location="ap-south"),
)
