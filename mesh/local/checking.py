"""Checks of what is stored, made anew each time: anchor, federation, whole proofs.

Rule: every block is read and hashed again and every signature verified again; nothing that
this process remembers counts.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mesh.core.fields import JobId
from mesh.core.findings import Fault, Finding
from mesh.core.ports.blocks import BlockError
from mesh.dag import check_anchor
from mesh.federation import check_attestation
from mesh.job import Job, Phase
from mesh.local.archive import Archive
from mesh.ports import ChainKind, Head
from mesh.proof import Proof, ProofError, collect
from mesh.proofcheck import Impossible, Reexecute, Verification, verify_proof
from mesh.receipts import verify_receipt
from mesh.records import Anchor, Attestation, Award, Bid, JobManifest, Receipt, Verdict
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.sandbox.request import Fault as SandboxFault
from runtime.sandbox.request import Request
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.adapters.sqlite import SqliteTransaction
    from mesh.local.mesh import LocalMesh
    from runtime.sandbox.pool import Sandbox


class FederationCheck(Struct, frozen=True, kw_only=True):
    """How many attestations stood up to the check just made, and what spoke against others."""

    confirmed: int
    drawn: int
    findings: tuple[Finding, ...]


def check_anchored(mesh: "LocalMesh", job_id: JobId) -> tuple[Finding, ...]:
    """What speaks against the receipt being in the DAG, read back now."""
    with mesh.store.read() as tx:
        job = mesh.stored_job(tx, job_id)
        if job.anchor is None or job.receipt is None or job.executor is None:
            return (Finding(fault=Fault.MISSING, subject="anchor"),)
        try:
            anchor = Archive(mesh.members.mesh).get_fresh(tx, Anchor, job.anchor)
        except CommandError as error:
            return (_unreadable("anchor", error),)
        sequence = anchor.body.sequence
        before = tx.chains.at(ChainKind.ANCHORS, job.executor, sequence - 1)
        findings = check_anchor(
            anchor,
            receipt=job.receipt,
            executor=job.executor,
            head=None if before is None else Head(sequence=sequence - 1, record=before),
        )
        if tx.chains.at(ChainKind.ANCHORS, job.executor, sequence) != job.anchor:
            findings += (Finding(fault=Fault.WRONG_SEQUENCE, subject="anchor"),)
        return findings


def check_federation(mesh: "LocalMesh", job_id: JobId) -> FederationCheck:
    """The receipt and each attestation, read back and verified now."""
    with mesh.store.read() as tx:
        job = mesh.stored_job(tx, job_id)
        if job.receipt is None:
            missing = Finding(fault=Fault.MISSING, subject="receipt")
            return FederationCheck(confirmed=0, drawn=0, findings=(missing,))
        archive = Archive(mesh.members.mesh)
        try:
            receipt = archive.get_fresh(tx, Receipt, job.receipt)
            findings = list(_check_receipt(tx, archive, job, now=mesh.now))
        except CommandError as error:
            unreadable = _unreadable("receipt", error)
            return FederationCheck(confirmed=0, drawn=len(job.drawn), findings=(unreadable,))
        confirmed = 0
        for vote in job.votes:
            try:
                attestation = archive.get_fresh(tx, Attestation, vote.attestation)
            except CommandError as error:
                findings.append(_unreadable("attestation", error))
                continue
            against = check_attestation(attestation, receipt=receipt, drawn=job.drawn)
            findings += against
            stands = not against and attestation.signer == vote.verifier
            confirmed += stands and attestation.body.verdict is Verdict.CONFIRMED
    if job.phase is not Phase.VERIFIED:
        reason = job.reason or f"the job is {job.phase.value}"
        findings.append(Finding(fault=Fault.NO_QUORUM, subject="federation", detail=reason))
    return FederationCheck(confirmed=confirmed, drawn=len(job.drawn), findings=tuple(findings))


def _check_receipt(
    tx: "SqliteTransaction", archive: Archive, job: Job, *, now: int
) -> tuple[Finding, ...]:
    assert job.receipt is not None, "the caller has looked"
    receipt = archive.get_fresh(tx, Receipt, job.receipt)
    award = archive.get_fresh(tx, Award, receipt.body.award)
    data = tx.blocks.get(receipt.body.context)
    if data is None:
        return (Finding(fault=Fault.MISSING, subject="context"),)
    return verify_receipt(
        receipt,
        manifest=archive.get_fresh(tx, JobManifest, job.manifest),
        bid=archive.get_fresh(tx, Bid, award.body.bid),
        award=award,
        context=Context.from_block(data),
        now=now,
    )


def proof_of(mesh: "LocalMesh", job_id: JobId) -> Proof:
    """All records of a job; its blocks are read from the store when they are asked for.

    Raises ProofError naming what is missing or unreadable, also where a block is asked for.
    """

    def fetch(cid: Cid) -> bytes | None:
        try:
            with mesh.store.read() as tx:
                return tx.blocks.get(cid)
        except BlockError as error:
            raise ProofError((_unreadable("block", error),)) from None

    with mesh.store.read() as tx:
        job = mesh.stored_job(tx, job_id)
    return collect(job, mesh.members.mesh, fetch)


def whole_proof(mesh: "LocalMesh", job_id: JobId) -> Proof:
    """The proof of a job with every block that it speaks of. Raises ProofError naming what is
    missing."""
    proof = proof_of(mesh, job_id)
    lacking = [
        Finding(fault=Fault.MISSING, subject=each.subject, detail=str(each.cid))
        for each in proof.missing
    ]
    if lacking:
        raise ProofError(tuple(lacking))
    return proof


def verify_job(mesh: "LocalMesh", job_id: JobId, *, reexecute: bool) -> tuple[Finding, ...]:
    """What speaks against a job's proof; empty: it stands."""
    try:
        proof = proof_of(mesh, job_id)
        return verify_here(mesh, proof, trusted=mesh.members.mesh, reexecute=reexecute).findings
    except ProofError as error:
        return error.findings


def verify_here(
    mesh: "LocalMesh", proof: Proof, *, trusted: Cid | None, reexecute: bool
) -> Verification:
    """A proof, checked with the engine and the clock of this mesh."""
    again = executed_again(mesh.sandbox) if reexecute else None
    return verify_proof(proof, mesh=trusted, reexecute=again, now=mesh.now)


def executed_again(sandbox: "Sandbox") -> Reexecute:
    """Execution on this machine, for `verify_proof`."""

    def reexecute(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic | Impossible:
        request = Request(
            module=module,
            module_cid=cid_of(module, Codec.RAW),
            context=context,
            input=given,
            blocks=blocks,
        )
        result = sandbox.execute(request)
        return (
            Impossible(reason=str(result))
            if isinstance(result, SandboxFault)
            else (result.deterministic)
        )

    return reexecute


def _unreadable(subject: str, error: CommandError) -> Finding:
    fault = Fault.MISSING if error.code == "block-missing" else Fault.UNREADABLE
    return Finding(fault=fault, subject=subject, detail=error.message)
