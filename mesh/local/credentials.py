"""Roles that a member holds: credentials that the local issuer has signed.

Rule: a role is held from the credential's signature to its expiry or revocation, whichever is
first; what a program sees of it is the list of names in its context.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from mesh.adapters.sqlite import SqliteTransaction
from mesh.local.world import World
from mesh.records import Credential, Revocation
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.identity.signed import Signed, sign
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

CREDENTIAL: Final = "credential/"
"""Prefix of the settings that name credentials."""


class CredentialView(Struct, frozen=True, kw_only=True):
    cid: Cid
    credential: Credential
    is_expired: bool
    is_revoked: bool


def credentials(tx: SqliteTransaction, world: World, *, now: int) -> Iterator[CredentialView]:
    """All credentials of this store, by CID."""
    for name in tx.settings.names(CREDENTIAL):
        cid: Cid = tx.settings.get(name)
        body = world.archive.get(tx, Credential, cid).body
        yield CredentialView(
            cid=cid,
            credential=body,
            is_expired=now >= body.expires_at,
            is_revoked=tx.ledger.is_revoked(cid),
        )


def roles_of(tx: SqliteTransaction, world: World, member: Did, *, now: int) -> tuple[str, ...]:
    """The names of the roles that a member holds now, each once, in order."""
    return tuple(
        sorted(
            {
                each.credential.name
                for each in credentials(tx, world, now=now)
                if each.credential.subject == member and not each.is_expired | each.is_revoked
            }
        )
    )


def grant_role(mesh: "LocalMesh", *, name: str, subject: Did, expires_at: int) -> Cid:
    """The issuer signs that the subject holds the role. Raises CommandError."""
    if expires_at <= mesh.now:
        raise CommandError(
            ExitCode.USAGE,
            "role-expiry-past",
            f"the role would have ended {mesh.now - expires_at} s ago",
            hint="--expires-in SECONDS counts from now",
        )
    try:
        signed: Signed[Credential] = sign(
            Credential(subject=subject, name=name, expires_at=expires_at),
            mesh=mesh.members.mesh,
            key=mesh.members.issuer,
        )
    except (ShapeError, ValueError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "role-malformed",
            f"the role cannot be granted: {error}",
            hint="meshctl identity grant --help",
        ) from None
    with mesh.store.write() as tx:
        mesh.archive.put(tx, signed)
        tx.settings.put(CREDENTIAL + str(signed.cid), signed.cid)
    return signed.cid


def withdraw_role(mesh: "LocalMesh", *, name: str, subject: Did, reason: str) -> tuple[Cid, ...]:
    """Revoke all credentials for a role in force. Raises CommandError `no-such-role`."""
    now = mesh.now
    with mesh.store.write() as tx:
        found = tuple(
            each.cid
            for each in credentials(tx, mesh.reading, now=now)
            if (each.credential.name, each.credential.subject) == (name, subject)
            and not each.is_expired | each.is_revoked
        )
        for cid in found:
            body = Revocation(target=cid, reason=reason, revoked_at=now)
            revocation = sign(body, mesh=mesh.members.mesh, key=mesh.members.issuer)
            mesh.archive.put(tx, revocation)
            tx.ledger.revoke(cid)
    if not found:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-such-role",
            f"{subject} does not hold the role {name!r}",
            hint="meshctl identity roles",
        )
    return found
