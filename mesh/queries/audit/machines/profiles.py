"""The audit of what nodes and verifiers say of themselves: profiles, credentials, settings."""

from collections.abc import Iterator
from typing import Any

from mesh.actors.profiles import CREDENTIALS, PROFILE, CredentialRow, ProfileRow
from mesh.core.records.market import Credential, NodeProfile
from mesh.core.records.settlement import Revocation
from mesh.queries.audit.compare import compare, undecided
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore

_NUMBER = 1
_STATED = (
    "node_id",
    "location",
    "rates",
    "surcharge_ppm",
    "share_ppm",
    "running_max",
    "accepted_issuers",
)
"""Settings that a profile states."""


def check_profile(store: ActorStore, settings: Any, table: Any) -> Iterator[Finding]:
    """The newest profile, and the settings that it states. settings: the row's, None without."""
    own = sorted(store.own(NodeProfile), key=lambda each: each.body.sequence)
    if own:
        newest = own[-1]
        stored = store.row(PROFILE, _NUMBER)
        known = {each.change.cid for each in (store.home.members,)}
        members = stored.members if stored is not None and stored.members in known else None
        row = ProfileRow(
            number=_NUMBER,
            sequence=newest.body.sequence,
            profile=newest.cid,
            members=members or store.home.members.change.cid,
            sent_at=0,
            beat_at=0,
            boot="",
        )
        yield from compare(
            store,
            PROFILE,
            (row,),
            lambda _: f"{store.name}: profile",
            kept=("sent_at", "beat_at", "boot"),
        )
        yield from _settings(store, settings, table, newest.body)
    yield from compare(
        store, CREDENTIALS, _credentials(store), lambda row: f"credential {row.credential}"
    )


def _settings(store: ActorStore, row: Any, table: Any, profile: NodeProfile) -> Iterator[Finding]:
    for other in store.rows(table):
        if other.number != _NUMBER:
            yield undecided(
                store, table, other, f"{store.name}: settings number {other.number}", Kind.CHAIN
            )
    if row is None:
        return
    for name in _STATED:
        if hasattr(row.settings, name) and getattr(row.settings, name) != getattr(profile, name):
            text = f"{store.name}: its setting {name} is not the one that its profile states"
            yield undecided(store, table, row, text, Kind.ROW_DIFFERS)


def _credentials(store: ActorStore) -> Iterator[CredentialRow]:
    for each in store.all(Credential):
        if each.body.subject == store.did:
            revocations = store.about(Revocation, each.cid, "target")
            is_revoked = any(found.signer == each.signer for found in revocations)
            yield CredentialRow(credential=each.cid, is_revoked=is_revoked)
