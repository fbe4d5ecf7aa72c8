"""The founding of a mesh: a genesis, the first list of members, and the founders' assent to it.

Rule: the founders sign with their own keys; nobody else can make a first list that counts.
"""

from collections.abc import Sequence

from msgspec import Struct

from mesh.core.membership.members import Members, counts
from mesh.core.records.membership import Endorsement, Genesis, Member, Membership
from mesh.core.records.registry import sign
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


class Founding(Struct, frozen=True, kw_only=True):
    """The records by which a mesh begins."""

    genesis: Signed[Genesis]
    change: Signed[Membership]
    endorsements: tuple[Signed[Endorsement], ...]

    @property
    def members(self) -> Members:
        return Members(genesis=self.genesis, change=self.change)


def found_mesh(
    genesis: Genesis, members: Sequence[Member], founders: Sequence[SigningKey]
) -> Founding:
    """Signs the genesis (the first founder), the first list of members, and the assent of all
    founders. Raises ShapeError."""
    assert tuple(key.did for key in founders) == genesis.founders, "all founders are here"
    first = sign(genesis, mesh=None, key=founders[0])
    change = sign(
        Membership(
            sequence=1,
            previous=None,
            founders=genesis.founders,
            threshold=genesis.threshold,
            members=tuple(members),
        ),
        mesh=first.cid,
        key=founders[0],
    )
    endorsements = tuple(
        sign(Endorsement(change=change.cid, sequence=1), mesh=first.cid, key=key)
        for key in founders
    )
    assert counts(change, endorsements, genesis=genesis, before=None), "all founders assent"
    return Founding(genesis=first, change=change, endorsements=endorsements)
