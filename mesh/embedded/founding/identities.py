"""The members whose actors a home drives, by their DIDs: known without their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.core.records.membership import Role

if TYPE_CHECKING:
    from mesh.core.membership.members import Members
    from runtime.content.did import Did

Entropy = Callable[[int], bytes]
"""Random bytes, as many as asked for."""


class Identities(Struct, frozen=True, kw_only=True):
    """All members of an embedded mesh, in the order in which they are driven."""

    nodes: tuple[Did, ...]
    verifiers: tuple[Did, ...]
    issuer: Did
    submitter: Did

    @staticmethod
    def of(members: Members) -> Identities:
        """By the signed list of members."""
        listed = members.change.body.members

        def having(role: Role) -> tuple[Did, ...]:
            return tuple(each.member for each in listed if role in each.roles)

        (submitter,), (issuer,) = having(Role.SUBMITTER), having(Role.ISSUER)
        return Identities(
            nodes=having(Role.NODE),
            verifiers=having(Role.VERIFIER),
            issuer=issuer,
            submitter=submitter,
        )

    def __iter__(self) -> Iterator[Did]:
        """Those who give signs of life before those who count how long there was none."""
        yield from self.nodes
        yield from self.verifiers
        yield self.issuer
        yield self.submitter
