"""Keys by name, and a mesh of one founder, for tests of records and of what they grant."""

from typing import Final

from blake3 import blake3

from mesh.core.records.membership import Genesis
from mesh.core.records.registry import sign
from runtime.identity.keys import SigningKey

START: Final = 1_800_000_000


def key(name: str) -> SigningKey:
    """Gives the same key for the same name."""
    return SigningKey(blake3(name.encode()).digest())


GENESIS: Final = sign(
    Genesis(
        name="test",
        created_at=START,
        founders=(key("founder").did,),
        threshold=1,
        limits={},
        quorum=1,
        sealed=False,
        verify_ppm=0,
    ),
    mesh=None,
    key=key("founder"),
)
MESH: Final = GENESIS.cid
