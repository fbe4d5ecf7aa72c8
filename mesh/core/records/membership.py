"""Records of who belongs: the genesis, changes of the members and their endorsements, faults."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh.core.fields import MICRO, NodeIdField, Word
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size

FOUNDERS_MAX: Final = 64
MEMBERS_MAX: Final = 4096
EVIDENCE_MAX: Final = 16

Founders = Annotated[tuple[Did, ...], Size(1, FOUNDERS_MAX)]


def _check_threshold(threshold: int, founders: tuple[Did, ...]) -> None:
    """More than half, each counted once: no two changes that follow one list count without a
    founder who has assented to both."""
    if len(set(founders)) < len(founders):
        raise ValueError("a founder is named twice")
    if not len(founders) < 2 * threshold <= 2 * len(founders):
        raise ValueError(f"a threshold of {threshold} of {len(founders)} founders")


class Role(Enum):
    SUBMITTER = "submitter"
    NODE = "node"
    VERIFIER = "verifier"
    ISSUER = "issuer"
    KEEPER = "keeper"
    WITNESS = "witness"


class Genesis(Struct, frozen=True, kw_only=True):
    """Names a mesh: its CID is the `mesh` of every other record. Signed by a founder.

    threshold: of the founders, who must endorse a change of the members; more than half of them.
    limits: bounds that members agree on, by name; no receiver checks them. quorum: the least that a
    manifest may ask for. sealed: whether results are sealed before they are shown. verify_ppm: the
    verifiers' part of each price, in millionths.
    """

    name: Word
    created_at: int
    founders: Founders
    threshold: Annotated[int, Between(1, FOUNDERS_MAX)]
    limits: Annotated[Mapping[Word, int], Size(0, 64)]
    quorum: Annotated[int, Between(1, 64)]
    sealed: bool
    verify_ppm: Annotated[int, Between(0, MICRO)]

    def __post_init__(self) -> None:
        _check_threshold(self.threshold, self.founders)


class Member(Struct, frozen=True, kw_only=True):
    """One key of the mesh. name: unique in its list. cooperative: the owner it works for, by which
    conflicts of interest are judged. expires_at: Unix seconds, None for no end."""

    member: Did
    name: NodeIdField
    cooperative: Word
    roles: Annotated[tuple[Role, ...], Size(1, 6)]
    expires_at: int | None


class Membership(Struct, frozen=True, kw_only=True):
    """All members from a change on. previous: the change before, None for the first. It counts with
    `threshold` Endorsements of the founders of its predecessor (at first of the genesis); that of
    its own founders is more than half of them, too."""

    sequence: Annotated[int, Between(1, INTEGER_MAX)]
    previous: Cid | None
    founders: Founders
    threshold: Annotated[int, Between(1, FOUNDERS_MAX)]
    members: Annotated[tuple[Member, ...], Size(0, MEMBERS_MAX)]

    def __post_init__(self) -> None:
        _check_threshold(self.threshold, self.founders)
        for noun, found in (
            ("key", [each.member for each in self.members]),
            ("name", [each.name for each in self.members]),
        ):
            if len(set(found)) < len(found):
                raise ValueError(f"two members of one {noun}")


class Endorsement(Struct, frozen=True, kw_only=True):
    """A founder's assent to a change (the CID of a Membership). sequence: that of the change."""

    change: Cid
    sequence: Annotated[int, Between(1, INTEGER_MAX)]


class FaultGround(Enum):
    EQUIVOCATION = "equivocation"
    """Two records of one signer for one slot."""
    WRONG_RESULT = "wrong-result"
    """A receipt or attestation that executing again refutes."""
    WRONG_SETTLEMENT = "wrong-settlement"
    """A settlement that does not follow from the records that it names."""


class Fault(Struct, frozen=True, kw_only=True):
    """A provable fault of `accused`. evidence: CIDs of the records that prove it."""

    ground: FaultGround
    accused: Did
    evidence: Annotated[tuple[Cid, ...], Size(1, EVIDENCE_MAX)]
