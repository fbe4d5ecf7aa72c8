"""Credentials that an issuer gives and takes back, as roles of submitters and trust in nodes."""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.owners.accounts import note_revocation
from mesh.actors.issuer.rows import CREDENTIALS, REVOCATIONS, CredentialRow
from mesh.core.ports.messages import Outgoing
from mesh.core.records.market import Credential
from mesh.core.records.settlement import Revocation
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed


def grant(
    issuer: IssuerCore,
    tx: ActorTransaction,
    *,
    subject: Did,
    name: str,
    expires_at: int,
) -> Signed[Credential]:
    """State that a subject has a name, and send it the credential. Raises ShapeError."""
    credential = issuer.sign(tx, Credential(subject=subject, name=name, expires_at=expires_at))
    tx.rows(CREDENTIALS).put(
        CredentialRow(credential=credential.cid, subject=subject, name=name, expires_at=expires_at)
    )
    tx.outbox.put(Outgoing(to=(subject,), record=credential.cid))
    return credential


def withdraw(
    issuer: IssuerCore,
    tx: ActorTransaction,
    *,
    subject: Did,
    name: str,
    reason: str,
    now: Now,
) -> tuple[Cid, ...]:
    """Take back all credentials of a subject by this name that are in force; their CIDs. Raises
    ShapeError."""
    taken = tuple(
        row.credential
        for row in tx.rows(CREDENTIALS).select(subject=subject)
        if row.name == name
        and now.wall < row.expires_at
        and tx.rows(REVOCATIONS).get(row.credential) is None
    )
    for cid in taken:
        revocation = issuer.sign(tx, Revocation(target=cid, reason=reason, revoked_at=now.wall))
        note_revocation(tx, revocation)
        tx.outbox.put(Outgoing(to=(subject,), record=revocation.cid, attached=(cid,)))
    return taken
