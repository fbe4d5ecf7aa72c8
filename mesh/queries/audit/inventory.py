"""The audit of blocks: those that rows and records name are here, and sound.

Rule: a block that another member of this home holds is copied from it.
"""

from collections.abc import Iterator
from functools import partial

from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter.rows import JOBS
from mesh.core.records.membership import Role
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from mesh.queries.inventory import lost_of_job, lost_of_mesh, lost_state
from mesh.queries.reader import Reader
from runtime.content.cid import Cid, CidError, parse_cid


def check_blocks(store: ActorStore) -> Iterator[Finding]:
    """The blocks that a submitter's mesh, jobs and state consist of."""
    home = store.home
    issuer = next(home.with_role(Role.ISSUER))
    reader = Reader(
        view=home.view,
        archive=home.archive,
        members=home.members,
        owner=store.did,
        issuer=issuer.did,
        now=home.now,
    )
    texts = [*lost_of_mesh(reader), *lost_state(reader)]
    for row in reader.rows(JOBS).select():
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


def cid_in(text: str) -> Cid | None:
    """The first CID that a text names."""
    for word in text.split():
        try:
            return parse_cid(word.rstrip(":,."))
        except CidError:
            continue
    return None
