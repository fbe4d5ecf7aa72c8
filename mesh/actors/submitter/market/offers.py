"""Resources that are for sale, by the rates in the profiles of nodes that a submitter has read.

Rule: before the first profile of a node has come, nothing is known, and nothing is refused.
"""

from mesh.actors.submitter.rows import ProfileRow
from mesh.core.membership.members import Members
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.tables import RowReader
from mesh.core.records.archive import Archive
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Role
from runtime.tokens.token import ResourceType


def sold_instead(
    wanted: ResourceType,
    members: Members,
    profiles: RowReader[ProfileRow],
    archive: Archive,
    blocks: BlockReader,
    at: int,
) -> tuple[str, ...] | None:
    """The types that nodes sell at a time (Unix seconds), sorted, where none sells this one; None
    where one does, or no profile of a node is known."""
    others: set[str] = set()
    is_known = False
    for member in members.with_role(Role.NODE, at):
        row = profiles.get(member.member)
        if row is None:
            continue
        rates = archive.get(blocks, NodeProfile, row.profile).body.rates
        if wanted.value in rates:
            return None
        is_known = True
        others.update(rates)
    return tuple(sorted(others)) if is_known else None
