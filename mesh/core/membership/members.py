"""Members in force: their roles and cooperatives, from the genesis and an endorsed list.

Rule: a list counts with the threshold of endorsements of its predecessor's founders; expiry is
judged at a moment that the caller names.
"""

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from mesh.core.records.membership import Endorsement, Genesis, Member, Membership, Role
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed


class Members(Struct, frozen=True, kw_only=True, dict=True):
    """The members from one change on."""

    genesis: Signed[Genesis]
    change: Signed[Membership]

    @property
    def mesh(self) -> Cid:
        return self.genesis.cid

    @cached_property
    def _by_did(self) -> dict[Did, Member]:
        return {each.member: each for each in self.change.body.members}

    def member(self, did: Did) -> Member | None:
        return self._by_did.get(did)

    def has_role(self, did: Did, role: Role, at: int) -> bool:
        """Whether a DID has a role that had not expired at a time (Unix seconds)."""
        member = self.member(did)
        return member is not None and role in member.roles and not _is_expired(member, at)

    def with_role(self, role: Role, at: int) -> tuple[Member, ...]:
        """The members with a role at a time, in the order of the list."""
        return tuple(
            each
            for each in self.change.body.members
            if role in each.roles and not _is_expired(each, at)
        )

    def cooperative(self, did: Did) -> str:
        """The cooperative that a key works for; a stranger stands for itself."""
        member = self.member(did)
        return did if member is None else member.cooperative

    def name(self, did: Did) -> str:
        """The name that people read; the DID of a stranger."""
        member = self.member(did)
        return did if member is None else member.name


def counts(
    change: Signed[Membership],
    endorsements: Iterable[Signed[Endorsement]],
    *,
    genesis: Genesis,
    before: Signed[Membership] | None,
) -> bool:
    """Whether a change follows its predecessor (None: the genesis), and enough founders of that one
    endorse it."""
    body = change.body
    if before is None:
        founders, threshold, sequence, previous = genesis.founders, genesis.threshold, 1, None
    else:
        founders, threshold = before.body.founders, before.body.threshold
        sequence, previous = before.body.sequence + 1, before.cid
    if (body.sequence, body.previous) != (sequence, previous):
        return False
    assenting = {
        each.signer
        for each in endorsements
        if each.body.change == change.cid
        and each.body.sequence == body.sequence
        and each.signer in founders
    }
    return len(assenting) >= threshold


def _is_expired(member: Member, at: int) -> bool:
    return member.expires_at is not None and at >= member.expires_at
