"""Presence: the verifiers that may be drawn are those whose profile came lately.

Rule: a later sequence replaces an earlier one; the same profile again renews its presence.
"""

from collections.abc import Mapping

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.evidence import accuse, is_evidence
from mesh.actors.issuer.rows import PRESENCE, PresenceRow
from mesh.actors.presence import seen_within
from mesh.core.ports.tables import RowReader
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Role
from runtime.content.did import Did
from runtime.identity.signed import Signed


def take_profile(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """Note which verifier is present, and on which engine; nodes are not drawn."""
    profile: Signed[NodeProfile] = incoming.record
    members = issuer.members(tx)
    if members.member(profile.signer) is None:
        return MessageRefusal.NOT_A_MEMBER
    if not members.has_role(profile.signer, Role.VERIFIER, now.wall):
        is_node = members.has_role(profile.signer, Role.NODE, now.wall)
        return None if is_node else MessageRefusal.WRONG_ROLE
    rows = tx.rows(PRESENCE)
    known = rows.get(profile.signer)
    sequence = profile.body.sequence
    if known is not None and sequence < known.sequence:
        return MessageRefusal.OVER
    if known is not None and sequence == known.sequence and profile.cid != known.profile:
        accuse(issuer, tx, known.profile, profile, now)
        return MessageRefusal.EQUIVOCATION
    if known is None or sequence > known.sequence:
        issuer.keep(tx, profile)
        if known is not None and not is_evidence(tx, known.profile):
            tx.blocks.delete(known.profile)
    rows.put(
        PresenceRow(
            member=profile.signer,
            sequence=sequence,
            profile=profile.cid,
            engine=profile.body.engine.text,
            seen_at=now.monotonic,
            boot=now.boot,
        )
    )
    return None


def engines_present(issuer: IssuerCore, tx: ActorTransaction, now: Now) -> Mapping[Did, str]:
    """The engine of each verifier that counts as present."""
    return {
        row.member: row.engine
        for row in tx.rows(PRESENCE).derived(_all)
        if seen_within(row, issuer.presence_seconds, now)
    }


def _all(rows: RowReader[PresenceRow]) -> tuple[PresenceRow, ...]:
    return rows.select()
