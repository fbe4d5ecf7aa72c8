"""The audit of who belongs: each actor's list of members, endorsed from the genesis on."""

from collections.abc import Iterator

from msgspec.structs import replace

from mesh.actors.base import MEMBERSHIPS, MembershipRow
from mesh.core.membership.members import counts
from mesh.core.records.membership import Endorsement, Genesis, Membership
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.settled import lost
from runtime.identity.signed import Signed


def check_members(store: ActorStore) -> Iterator[Finding]:
    """The chain of changes that count, in the order of their numbers."""
    mesh = store.home.members.mesh
    genesis = store.get(Genesis, mesh)
    if genesis is None:
        yield lost(store, "members", f"the genesis {mesh}")
        return
    stored = {row.change: row for row in store.rows(MEMBERSHIPS)}
    rows: list[MembershipRow] = []
    before: Signed[Membership] | None = None
    # Of several of one number that of the row is first: it came first.
    changes = sorted(
        store.all(Membership), key=lambda each: (each.body.sequence, each.cid not in stored)
    )
    previous: Signed[Membership] | None = None
    for change in changes:
        endorsements = store.about(Endorsement, change.cid, "change")
        if before is not None and change.body.sequence == before.body.sequence:
            if counts(change, endorsements, genesis=genesis.body, before=previous):
                rows[-1] = replace(rows[-1], is_forked=True)
            continue
        if not counts(change, endorsements, genesis=genesis.body, before=before):
            continue
        row = stored.get(change.cid)
        names = tuple(each.cid for each in endorsements)
        if row is not None and set(row.endorsements) == set(names):
            names = row.endorsements
        rows.append(
            MembershipRow(
                sequence=change.body.sequence,
                change=change.cid,
                endorsements=names,
                genesis=genesis.cid,
                known_at=genesis.body.created_at,
            )
        )
        previous, before = before, change
    if not rows:
        yield lost(store, "members", "a list of members that counts")
        return
    yield from compare(
        store,
        MEMBERSHIPS,
        rows,
        lambda row: f"{store.name}: list of members {row.sequence}",
        kept=("known_at",),
    )
