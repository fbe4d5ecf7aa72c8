"""Roles that the local issuer has granted: its credentials, and those that were taken back."""

from collections.abc import Iterator

from msgspec import Struct

from mesh.actors.issuer.rows import CREDENTIALS, REVOCATIONS
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did


class CredentialView(Struct, frozen=True, kw_only=True):
    cid: Cid
    name: str
    subject: Did
    expires_at: int
    is_expired: bool
    is_revoked: bool


def credentials(reader: Reader) -> Iterator[CredentialView]:
    """All credentials of the issuer, by CID."""
    revoked = reader.view.rows(reader.issuer, REVOCATIONS)
    for row in reader.view.rows(reader.issuer, CREDENTIALS).select():
        yield CredentialView(
            cid=row.credential,
            name=row.name,
            subject=row.subject,
            expires_at=row.expires_at,
            is_expired=reader.now >= row.expires_at,
            is_revoked=revoked.get(row.credential) is not None,
        )
