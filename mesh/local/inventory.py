"""The contents a store must have: every record and block that histories and records name.

Rule: each block is read and hashed anew and each signature verified anew; a block that is not
there is told by what names it.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.events import Event, Stored
from mesh.job import Job
from mesh.local.archive import Archive, missing_block
from mesh.local.content import Content
from mesh.local.credentials import CREDENTIAL
from mesh.local.members import PROFILE, TOKEN
from mesh.records import (
    Anchor,
    Attestation,
    Award,
    Bid,
    Cancel,
    Credential,
    Decline,
    Genesis,
    Hold,
    JobManifest,
    NodeProfile,
    Policy,
    Receipt,
    Settlement,
)
from runtime.content.cid import Cid
from runtime.terminal.errors import CommandError
from runtime.tokens.token import ResourceToken, ResourceType

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


def lost_of_mesh(mesh: "LocalMesh", tx: SqliteTransaction, archive: Archive) -> Iterator[str]:
    """What is missing or changed of what the mesh itself consists of."""
    for noun, kind, cid in records_of_mesh(mesh, tx):
        try:
            (Archive(None) if kind is Genesis else archive).get_fresh(tx, kind, cid)
        except CommandError as problem:
            yield f"{noun}: {problem.message}"


def records_of_mesh(
    mesh: "LocalMesh", tx: SqliteTransaction
) -> Iterator[tuple[str, type[Any], Cid]]:
    """The records that the mesh itself consists of: (what it is, its kind, CID)."""
    named: list[tuple[str, type[Any], Cid]] = [("genesis", Genesis, mesh.members.mesh)]
    kept = ((PROFILE, NodeProfile), (TOKEN, ResourceToken), (CREDENTIAL, Credential))
    for prefix, kind in kept:
        for name in tx.settings.names(prefix):
            noun = name.replace("/", " ") if kind is NodeProfile else prefix.removesuffix("/")
            named.append((noun, kind, tx.settings.get(name)))
    issuer = mesh.members.issuer.did
    for resource in ResourceType:
        policy = tx.ledger.policy(issuer, resource)
        if policy is not None:
            named.append((f"policy for {resource.value}", Policy, policy.cid))
    yield from named


def lost_of_job(
    tx: SqliteTransaction, archive: Archive, job: Job, history: Iterable[Stored]
) -> Iterator[str]:
    """What is missing or changed of what a job's history names."""
    for stored in history:
        for kind, cid in records_of(stored.event):
            yield from _lost_record(tx, archive, job, kind, cid)


def records_of(event: Event) -> tuple[tuple[type[Any], Cid], ...]:
    """The signed record that an event tells of."""
    match event:
        case ev.JobCreated(manifest=cid):
            return ((JobManifest, cid),)
        case ev.BidReceived(bid=cid):
            return ((Bid, cid),)
        case ev.BidDeclined(decline=cid):
            return ((Decline, cid),)
        case ev.JobAwarded(award=cid):
            return ((Award, cid),)
        case ev.ReceiptAccepted(receipt=cid):
            return ((Receipt, cid),)
        case ev.ReceiptAnchored(anchor=cid):
            return ((Anchor, cid),)
        case ev.AttestationReceived(attestation=cid):
            return ((Attestation, cid),)
        case ev.JobCancelled(cancel=cid, settlement=None):
            return ((Cancel, cid),)
        case ev.JobCancelled(cancel=cid, settlement=Cid() as settlement):
            return ((Cancel, cid), (Settlement, settlement))
        case (
            ev.AttemptLost()
            | ev.LastAttemptLost()
            | ev.ModuleNotCompiled()
            | ev.QuorumConfirmed()
            | ev.QuorumRefuted()
            | ev.QuorumMissed()
        ):
            return ((Settlement, event.settlement),)
        case _:
            return ()


def _lost_record(
    tx: SqliteTransaction, archive: Archive, job: Job, kind: type[Any], cid: Cid
) -> Iterator[str]:
    name = f"job {job.key.job_id}"
    try:
        blocks = tuple(_blocks_of(tx, job, archive.get_fresh(tx, kind, cid).body))
    except CommandError as problem:
        yield f"{name}: {problem.message}"
        return
    for noun, block in blocks:
        try:
            if noun == "hold":
                archive.get_fresh(tx, Hold, block)
            elif tx.blocks.get(block) is None:
                raise missing_block(block, noun)
        except CommandError as problem:
            yield f"{name}: {problem.message}"


def _blocks_of(tx: SqliteTransaction, job: Job, body: Any) -> Iterator[tuple[str, Cid]]:
    """What a record names: (what it is, CID). A job that waits for its module names none."""
    match body:
        case JobManifest() if job.award is not None or job.attempt > 0:
            for noun, root in (("module", body.module), ("input", body.input)):
                if root is not None:
                    yield noun, root
            for piece in Content().missing(tx, body):
                if piece not in (body.module, body.input):
                    yield "file piece", piece
        case Award():
            yield "hold", body.hold
            yield "context", body.context
        case Receipt():
            result = body.deterministic
            for noun, block in (
                ("output", result.output),
                ("effects", result.effects),
                ("logs", result.logs),
            ):
                if block is not None:
                    yield noun, block
        case Settlement():
            for applied in body.applied:
                if applied.record is not None:
                    yield "applied data", applied.record
        case _:
            return
