"""The first members of an embedded mesh: data, and nothing but data.

Rule: after the founding, the signed membership and profiles are the truth; nothing reads this table
again.
"""

from typing import Final

from msgspec import Struct

from mesh.core.fields import NodeId

GIB: Final = 1 << 30
MESH_NAME: Final = "local"
VERIFY_PPM: Final = 150_000
"""The verifiers' part of each price, in millionths."""
GRANT_UNITS: Final = 1_000_000
"""Compute units that the issuer grants the submitter on first use."""
GRANT_SECONDS: Final = 10 * 366 * 24 * 3600

SUBMITTER: Final = NodeId("submitter")
ISSUER: Final = NodeId("issuer")
"""Names of members, and of their key files."""


class DefaultNode(Struct, frozen=True, kw_only=True):
    """An executor. rate_micro: tokens per compute unit in millionths.

    share_ppm: the part of one of this machine's cores that the node promises; the speed that it
    states is the measured one times this. surcharge_ppm: added to each of its prices. running_max:
    attempts at once.
    """

    node_id: NodeId
    location: str
    rate_micro: int
    share_ppm: int
    memory_bytes: int
    storage_bytes: int
    running_max: int
    cpu_cores: int = 1
    surcharge_ppm: int = 0


class DefaultVerifier(Struct, frozen=True, kw_only=True):
    """A verifier."""

    node_id: NodeId
    location: str


NODES: Final = (
    DefaultNode(
        node_id=NodeId("mesh-node-1"),
        location="eu-west",
        rate_micro=210_000,
        share_ppm=1_000_000,
        memory_bytes=4 * GIB,
        storage_bytes=64 * GIB,
        running_max=1024,
        cpu_cores=2,
    ),
    DefaultNode(
        node_id=NodeId("mesh-node-2"),
        location="us-east",
        rate_micro=160_000,
        share_ppm=500_000,
        memory_bytes=2 * GIB,
        storage_bytes=32 * GIB,
        running_max=512,
    ),
    DefaultNode(
        node_id=NodeId("mesh-node-3"),
        location="ap-south",
        rate_micro=120_000,
        share_ppm=250_000,
        surcharge_ppm=500_000,
        memory_bytes=1 * GIB,
        storage_bytes=16 * GIB,
        running_max=256,
    ),
)

VERIFIERS: Final = (
    DefaultVerifier(node_id=NodeId("federation-1"), location="eu-west"),
    DefaultVerifier(node_id=NodeId("federation-2"), location="us-east"),
    DefaultVerifier(node_id=NodeId("federation-3"), location="ap-south"),
)
