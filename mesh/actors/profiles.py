"""Profiles of nodes and verifiers: published on change, and as a beat where presence counts.

Rule: a credential is shown while it is in force and its giver is an issuer of the mesh.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import BaseActor, Incoming, MessageRefusal
from mesh.core.market.credentials import in_force, selected
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import RowReader, Table
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Revocation
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError, Signed

BEAT_SECONDS: Final = 20
"""How often a profile is sent where presence counts."""
_NUMBER: Final = 1


class ProfileRow(Struct, frozen=True, kw_only=True):
    """The newest profile. members: the list to which it was sent; sent_at: Unix seconds; beat_at:
    milliseconds of `boot`."""

    number: int
    sequence: int
    profile: Cid
    members: Cid
    sent_at: int
    beat_at: int
    boot: str


class CredentialRow(Struct, frozen=True, kw_only=True):
    """A credential of this member. is_revoked: by its giver."""

    credential: Cid
    is_revoked: bool


PROFILE: Final = Table(name="profile", row=ProfileRow, key=("number",))
CREDENTIALS: Final = Table(name="credentials", row=CredentialRow, key=("credential",))


def credentials_in_force(
    actor: BaseActor, tx: ActorTransaction, now: Now
) -> tuple[Signed[Credential], ...]:
    """The credentials that are shown, in the order of their CIDs."""
    members = actor.members(tx)
    rows = tx.rows(CREDENTIALS).derived(_all)
    held = (actor.archive.get(tx.blocks, Credential, each.credential) for each in rows)
    revoked = {each.credential for each in rows if each.is_revoked}
    return selected(
        each
        for each in in_force(held, subject=actor.did, revoked=revoked, at=now.wall)
        if members.has_role(each.signer, Role.ISSUER, now.wall)
    )


def _all(rows: RowReader[CredentialRow]) -> tuple[CredentialRow, ...]:
    return rows.select()


def take_credential(
    actor: Any, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """A credential of this member, from its giver."""
    credential: Signed[Credential] = incoming.record
    if credential.body.subject != actor.did:
        return MessageRefusal.NOT_ADDRESSED
    if not actor.members(tx).has_role(credential.signer, Role.ISSUER, now.wall):
        return MessageRefusal.WRONG_ROLE
    if now.wall >= credential.body.expires_at:
        return MessageRefusal.OVER
    if tx.rows(CREDENTIALS).get(credential.cid) is None:
        actor.keep(tx, credential)
        tx.rows(CREDENTIALS).put(CredentialRow(credential=credential.cid, is_revoked=False))
    return None


def take_revocation(
    actor: Any, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """The giver of a credential takes it back; whoever else says so is refused."""
    revocation: Signed[Revocation] = incoming.record
    try:
        target = actor.resting_on(tx, incoming, Credential, revocation.body.target)
    except RecordError:
        return MessageRefusal.UNKNOWN_SUBJECT
    if target.body.subject != actor.did:
        return MessageRefusal.NOT_ADDRESSED
    if target.signer != revocation.signer:
        return MessageRefusal.WRONG_ROLE
    if not actor.members(tx).has_role(target.signer, Role.ISSUER, now.wall):
        return MessageRefusal.WRONG_ROLE
    actor.keep(tx, target, revocation)
    tx.rows(CREDENTIALS).put(CredentialRow(credential=target.cid, is_revoked=True))
    return None


def publish(
    actor: BaseActor,
    tx: ActorTransaction,
    describe: Callable[[int, tuple[Cid, ...]], NodeProfile],
    *,
    beats: bool,
    now: Now,
) -> Instant | None:
    """Send the profile to all submitters and issuers if it changed, if the members did, or if its
    beat is due; the next deadline. describe: the profile with a sequence and credentials."""
    shown = credentials_in_force(actor, tx, now)
    cids = tuple(each.cid for each in shown)
    last = tx.rows(PROFILE).get(_NUMBER)
    members = actor.members(tx)
    # An old copy of the store must not number a profile again that others have: time went on.
    sequence = now.wall if last is None else max(last.sequence + 1, now.wall)
    body = describe(sequence, cids)
    if last is not None:
        before = actor.archive.get(tx.blocks, NodeProfile, last.profile)
        is_same = replace(body, sequence=last.sequence) == before.body
        is_due = beats and (last.boot != now.boot or now.monotonic >= last.beat_at)
        if is_same and last.members == members.change.cid and not is_due:
            return _next(last, shown, beats, now)
    signed = actor.sign(tx, body)
    if last is not None:
        # It was sent, and nothing rests on it.
        tx.blocks.delete(last.profile)
    row = ProfileRow(
        number=_NUMBER,
        sequence=sequence,
        profile=signed.cid,
        members=members.change.cid,
        sent_at=now.wall,
        beat_at=now.after(1000 * BEAT_SECONDS),
        boot=now.boot,
    )
    tx.rows(PROFILE).put(row)
    readers = _readers(actor, tx, now)
    if readers:
        tx.outbox.put(Outgoing(to=readers, record=signed.cid, attached=cids))
    return _next(row, shown, beats, now)


def _readers(actor: BaseActor, tx: ActorTransaction, now: Now) -> tuple[Did, ...]:
    members = actor.members(tx)
    named = (
        *members.with_role(Role.SUBMITTER, now.wall),
        *members.with_role(Role.ISSUER, now.wall),
    )
    return tuple(dict.fromkeys(each.member for each in named if each.member != actor.did))


def _next(
    row: ProfileRow, shown: tuple[Signed[Credential], ...], beats: bool, now: Now
) -> Instant | None:
    """When the profile changes by itself: at its beat, and when a credential expires."""
    deadlines = [now.at(each.body.expires_at) for each in shown]
    if beats:
        deadlines.append(Instant(row.beat_at))
    return min(deadlines, default=None)
