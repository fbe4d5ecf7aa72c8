"""From an award to a receipt in the DAG: what the executor's node is asked to do, and signs.

Rule: records are signed inside the transaction that stores them, so that a number in a chain
is never signed twice.
"""

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.findings import Finding
from mesh.dag import check_anchor, next_anchor
from mesh.federation import Ticket as Lot
from mesh.federation import draw
from mesh.job import Effect, Job
from mesh.journal import Recorded, record
from mesh.local.archive import missing_block
from mesh.local.content import Content
from mesh.local.members import SECRET, profile_of
from mesh.local.owned import surrounding
from mesh.local.problems import recorded
from mesh.local.world import World
from mesh.ports import ChainKind, Head
from mesh.receipts import check_previous, usage_of, verify_receipt
from mesh.records import Award, Bid, JobManifest, Receipt
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Execution
from runtime.identity.signed import sign
from runtime.sandbox.request import Request
from runtime.terminal.errors import CommandError, ExitCode


def start(tx: SqliteTransaction, job: Job, *, now: int) -> Recorded:
    """Record that the attempt is under way."""
    return recorded(record(tx, job.key, ev.ExecutionStarted(attempt=job.attempt), now), job)


def request_for(tx: SqliteTransaction, world: World, content: Content, job: Job) -> Request:
    """What executor and verifiers execute alike. Raises CommandError `block-missing`."""
    manifest = world.archive.get(tx, JobManifest, job.manifest).body
    module = content.module(tx, manifest.module)
    if module is None:
        raise missing_block(manifest.module, "module")
    given = None if manifest.input is None else tx.blocks.get(manifest.input)
    if manifest.input is not None and given is None:
        raise missing_block(manifest.input, "input")
    cid = manifest.module
    if cid.codec is Codec.DAG_PB:
        # The file's bytes were checked piece by piece; the sandbox checks them as one block.
        cid = cid_of(module, Codec.RAW)
    context = context_of(tx, world, job)
    blocks = surrounding(tx, context, {})
    return Request(module=module, module_cid=cid, context=context, input=given, blocks=blocks)


def context_of(tx: SqliteTransaction, world: World, job: Job) -> Context:
    """The context that the job's award names."""
    assert job.award is not None, "only an awarded job has a context"
    return world.archive.context(tx, world.archive.get(tx, Award, job.award).body.context)


def deliver(
    tx: SqliteTransaction,
    world: World,
    job: Job,
    context: Context,
    execution: Execution,
    *,
    started_at: int,
    now: int,
) -> Recorded:
    """The executor's receipt: signed, checked by the submitter, recorded."""
    assert job.award is not None and job.executor is not None and job.node_id is not None
    award = world.archive.get(tx, Award, job.award)
    bid = world.archive.get(tx, Bid, award.body.bid)
    manifest = world.archive.get(tx, JobManifest, job.manifest)
    head = tx.chains.head(ChainKind.RECEIPTS, job.executor)
    receipt = sign(
        Receipt(
            job=job.manifest,
            award=award.cid,
            context=award.body.context,
            module=manifest.body.module,
            node_id=job.node_id,
            engine=world.engine,
            deterministic=execution.deterministic,
            metrics=execution.metrics,
            usage=usage_of(execution.deterministic, bid.body),
            started_at=started_at,
            ended_at=now,
            previous=None if head is None else head.record,
        ),
        mesh=world.members.mesh,
        key=world.members.key_of(job.executor),
    )
    findings = verify_receipt(
        receipt, manifest=manifest, bid=bid, award=award, context=context, now=now
    )
    findings += check_previous(receipt, None if head is None else head.record, job.executor)
    refuse(findings, f"receipt of {job.node_id}")
    for cid, data in execution.blocks.items():
        tx.blocks.put(cid, data)
    world.archive.put(tx, receipt)
    sequence = 1 if head is None else head.sequence + 1
    tx.chains.advance(ChainKind.RECEIPTS, job.executor, Head(sequence=sequence, record=receipt.cid))
    verifiers = draw(award.cid, lots(tx, world), manifest.body.trust.verifiers)
    event = ev.ReceiptAccepted(attempt=job.attempt, receipt=receipt.cid, verifiers=verifiers)
    return recorded(record(tx, job.key, event, now), job)


def lots(tx: SqliteTransaction, world: World) -> tuple[Lot, ...]:
    """The federation nodes in a draw, with the secrets they have revealed by now."""
    return tuple(
        Lot(
            verifier=member.did,
            commitment=profile_of(tx, world.archive, member.node_id).body.commitment,
            secret=tx.settings.get(SECRET + member.node_id),
        )
        for member in world.members.federation
    )


def drawn_for(tx: SqliteTransaction, world: World, job: Job) -> tuple[Did, ...]:
    """Who verifies the job's present attempt."""
    assert job.award is not None, "verifiers are drawn by the award"
    manifest = world.archive.get(tx, JobManifest, job.manifest).body
    return draw(job.award, lots(tx, world), manifest.trust.verifiers)


def anchor(tx: SqliteTransaction, world: World, job: Job, *, now: int) -> Recorded:
    """Append the receipt to the executor's chain."""
    assert job.receipt is not None and job.executor is not None
    head = tx.chains.head(ChainKind.ANCHORS, job.executor)
    others = tx.chains.heads(ChainKind.ANCHORS)
    signed = sign(
        next_anchor(job.receipt, head, others, job.executor),
        mesh=world.members.mesh,
        key=world.members.key_of(job.executor),
    )
    findings = check_anchor(signed, receipt=job.receipt, executor=job.executor, head=head)
    refuse(findings, f"anchor of {job.node_id}")
    world.archive.put(tx, signed)
    tx.chains.advance(
        ChainKind.ANCHORS,
        job.executor,
        Head(sequence=signed.body.sequence, record=signed.cid),
    )
    answer = recorded(record(tx, job.key, ev.ReceiptAnchored(anchor=signed.cid), now), job)
    finish_work(tx, job, Effect.ANCHOR, job.executor)
    return answer


def finish_work(tx: SqliteTransaction, job: Job, effect: Effect, actor: Did) -> None:
    """Take what an actor has done for a job off the queue."""
    for work in tx.work.pending(job.key):
        if work.effect is effect and work.actor == actor:
            tx.work.done(work.id)


def refuse(findings: tuple[Finding, ...], what: str) -> None:
    """Raise CommandError `record-refused` if anything was found."""
    if findings:
        raise CommandError(
            ExitCode.VERIFICATION,
            "record-refused",
            f"{what}: {findings[0]}",
            hint="meshctl doctor",
            details={"findings": [str(each) for each in findings]},
        )
