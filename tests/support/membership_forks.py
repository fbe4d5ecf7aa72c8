"""Forks of a list of members: two changes with one number, endorsed by the same founder."""

from msgspec.structs import replace

from mesh.core.membership.founding import Founding
from mesh.core.records.membership import Endorsement, Membership
from mesh.core.records.registry import sign
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


def forks(
    founding: Founding, founder: SigningKey
) -> list[tuple[Signed[Membership], Signed[Endorsement]]]:
    """Two changes after the first list, each without another member."""
    before = founding.change
    found = []
    for left_out in before.body.members[-2:]:
        members = tuple(each for each in before.body.members if each != left_out)
        body = replace(before.body, sequence=2, previous=before.cid, members=members)
        change = sign(body, mesh=founding.genesis.cid, key=founder)
        given = Endorsement(change=change.cid, sequence=2)
        found.append((change, sign(given, mesh=change.mesh, key=founder)))
    return found
