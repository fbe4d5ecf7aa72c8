"""The audit of blocks: those that rows and records name are here, and sound.

Rule: a block that another member of this home holds is copied from it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from mesh.actors.base import MEMBERSHIPS
from mesh.actors.issuer import rows as issuer
from mesh.actors.node import rows as node
from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter import rows as submitter
from mesh.actors.verifier import rows as verifier
from mesh.core.ports.tables import Table
from mesh.core.records.jobs import Award
from mesh.core.records.membership import Role
from mesh.core.records.work import Hold
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from mesh.queries.blocks.inventory import lost_of_job, lost_of_mesh, lost_state
from mesh.queries.reader import Reader
from runtime.content.cid import Cid, CidError, parse_cid


def check_blocks(store: ActorStore) -> Iterator[Finding]:
    """The blocks that a submitter's mesh, jobs and state consist of."""
    home = store.home
    issuing = next(home.with_role(Role.ISSUER))
    reader = Reader(
        view=home.view,
        archive=home.archive,
        members=home.members,
        owner=store.did,
        issuer=issuing.did,
        now=home.now,
    )
    texts = [*lost_of_mesh(reader), *lost_state(reader)]
    for row in reader.rows(submitter.JOBS).select():
        texts += lost_of_job(reader, row)
    for text in dict.fromkeys(texts):
        yield _lost(store, text)


def _lost(store: ActorStore, text: str) -> Finding:
    cid = cid_in(text)
    mend = None
    if cid is not None and not store.blocks.has(cid):
        holder = store.home.holder_of(cid)
        data = None if holder is None else holder.data(cid)
        mend = None if data is None else partial(_copy, cid, data)
    return Finding(
        kind=Kind.BLOCK_MISSING,
        actor=store.did,
        subject=str(cid) if cid is not None else text,
        text=text,
        mend=mend,
    )


def _copy(cid: Cid, data: bytes, tx: DeliveryTransaction) -> None:
    tx.blocks.put(cid, data)


def check_copies(store: ActorStore) -> Iterator[Finding]:
    """The records that an actor's rows name, and that another member of the home has."""
    for table in _OF_RECORDS:
        for row in store.rows(table):
            for name in row.__struct_fields__:
                cid = getattr(row, name)
                # The executor's seal is shown to a verifier, and not kept by it.
                if isinstance(cid, Cid) and cid not in store.held and name != "first":
                    yield from _copied(store, cid)
    for cid in sorted(_rested_on(store) - store.held):
        yield from _copied(store, cid)


def _copied(store: ActorStore, cid: Cid) -> Iterator[Finding]:
    holder = store.home.holder_of(cid)
    data = None if holder is None else holder.data(cid)
    if holder is not None and data is not None:
        yield Finding(
            kind=Kind.BLOCK_MISSING,
            actor=store.did,
            subject=str(cid),
            text=f"{store.name}: block {cid} is not in the store; {holder.name} has it",
            mend=partial(_copy, cid, data),
        )


def _rested_on(store: ActorStore) -> set[Cid]:
    """What the orders of an actor rest on."""
    found: set[Cid] = set()
    for hold in store.all(Hold):
        body = hold.body
        found |= {body.award, body.job, body.bid, body.eligible, body.members}
        award = store.get(Award, body.award)
        if award is not None:
            found.add(award.body.context)
    return found


_OF_RECORDS: Final[tuple[Table[Any], ...]] = (
    MEMBERSHIPS,
    issuer.ATTEMPTS,
    issuer.ANSWERS,
    issuer.CANCELS,
    issuer.POLICIES,
    issuer.REVOCATIONS,
    issuer.STATEMENTS,
    issuer.TOKENS,
    issuer.TRANSFERS,
    issuer.SLOTS,
    issuer.HEADS,
    node.ATTEMPTS,
    node.CHAIN,
    verifier.DUTIES,
    verifier.OBSERVATIONS,
    verifier.VERIFIED_RECEIPTS,
    submitter.HOLDS,
    submitter.SETTLED,
    submitter.STATEMENTS,
    submitter.POLICIES,
    submitter.TOKENS,
    submitter.ANCHORS,
)
"""Tables whose rows name blocks of their actor's own store."""


def cid_in(text: str) -> Cid | None:
    """The first CID that a text names."""
    for word in text.split():
        try:
            return parse_cid(word.rstrip(":,."))
        except CidError:
            continue
    return None
