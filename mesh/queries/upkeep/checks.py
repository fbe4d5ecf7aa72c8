"""Checks of what is stored, made anew each time: anchor, federation, whole proofs.

Rule: every block is read and hashed again and every signature verified again; nothing that this
process remembers counts.
"""

from typing import Final

from msgspec import Struct

from mesh.actors.base import MEMBERSHIPS
from mesh.actors.submitter.rows import JOBS, POLICIES, JobRow
from mesh.core.findings import Fault, Finding, differing
from mesh.core.jobs.job import Job, Phase
from mesh.core.ports.blocks import BlockError
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.membership import ChangeNames
from mesh.core.proofs.policies import possible_at
from mesh.core.proofs.proof import Proof
from mesh.core.proofs.reading import OriginNames, collect
from mesh.core.records.settlement import Policy
from mesh.core.records.work import Anchor, Hold
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.terminal.errors import CommandError
from runtime.tokens.token import ResourceType

_OF_THE_ANCHOR: Final = "anchor"


class FederationCheck(Struct, frozen=True, kw_only=True):
    """How many attestations confirm the receipt by the check just made, and what was found."""

    confirmed: int
    drawn: int
    findings: tuple[Finding, ...]


def check_anchored(reader: Reader, row: JobRow) -> tuple[Finding, ...]:
    """What speaks against the receipt being in the DAG, read back now."""
    job = row.job
    if job.anchor is None or job.receipt is None or job.executor is None:
        return (Finding(fault=Fault.MISSING, subject=_OF_THE_ANCHOR),)
    try:
        anchor = reader.fresh_record(Anchor, job.anchor)
    except CommandError as error:
        return (_unreadable(_OF_THE_ANCHOR, error),)
    findings = differing(
        _OF_THE_ANCHOR,
        (Fault.OTHER_RECEIPT, anchor.body.receipt, job.receipt),
        (Fault.NOT_THE_EXECUTORS, anchor.signer, job.executor),
    )
    if anchor.body.sequence > 1 and not anchor.body.parents:
        findings += (Finding(fault=Fault.WRONG_PARENT, subject=_OF_THE_ANCHOR),)
    return findings


def check_federation(reader: Reader, row: JobRow) -> FederationCheck:
    """Draws, attestations and settlement, read back and verified now."""
    job = row.job
    drawn = len(job.drawn)
    if job.receipt is None:
        missing = Finding(fault=Fault.MISSING, subject="receipt")
        return FederationCheck(confirmed=0, drawn=0, findings=(missing,))
    try:
        proof = proof_of(reader, row)
    except ProofError as error:
        return FederationCheck(confirmed=0, drawn=drawn, findings=error.findings)
    checked = verify_proof(proof, mesh=reader.archive.mesh, reexecute=None, now=reader.now)
    findings = [each for each in checked.findings if each.subject != _OF_THE_ANCHOR]
    if job.phase is not Phase.VERIFIED and not findings:
        reason = job.reason or f"the job is {job.phase.value}"
        findings.append(Finding(fault=Fault.NO_QUORUM, subject="federation", detail=reason))
    return FederationCheck(confirmed=confirming(proof), drawn=drawn, findings=tuple(findings))


def confirming(proof: Proof) -> int:
    """How many attestations have the receipt's result, by its engine."""
    if proof.receipt is None:
        return 0
    body = proof.receipt.body
    claimed = (body.deterministic, body.engine)
    return sum(
        (each.body.deterministic, each.body.engine) == claimed for each in proof.attestations
    )


def proof_of(reader: Reader, row: JobRow) -> Proof:
    """All records of a job; its blocks are read from the store when they are asked for.

    Raises ProofError naming what is missing or unreadable, also where a block is asked for.
    """
    blocks = reader.blocks

    def fetch(cid: Cid) -> bytes | None:
        try:
            return blocks.get(cid)
        except BlockError as error:
            raise ProofError((_unreadable("block", error),)) from None

    assert reader.archive.mesh is not None, "jobs are of a mesh"
    return collect(
        row.job,
        fetch,
        mesh=reader.archive.mesh,
        changes=tuple(
            ChangeNames(change=each.change, endorsements=each.endorsements)
            for each in reader.rows(MEMBERSHIPS).select()
        ),
        policies=policies_at(reader, row.job),
        origin=origin_of(reader, row),
    )


def origin_of(reader: Reader, row: JobRow) -> OriginNames | None:
    """The attempt whose program has submitted a job, None where a user has, or it is not known."""
    found = [] if row.cause is None else reader.rows(JOBS).select(manifest=row.cause, limit=1)
    if not found or found[0].job.hold is None or found[0].job.settlement is None:
        return None
    return OriginNames(hold=found[0].job.hold, settlement=found[0].job.settlement)


def policies_at(reader: Reader, job: Job) -> tuple[Cid, ...]:
    """The policies of the issuer that were in force at the hold of a job. Of editions of the same
    second each may have been."""
    if job.hold is None:
        return ()
    found: dict[tuple[ResourceType, str], list[Signed[Policy]]] = {}
    try:
        hold = reader.record(Hold, job.hold)
        for row in reader.rows(POLICIES).select(issuer=hold.signer):
            policy = reader.record(Policy, row.policy)
            found.setdefault((row.resource_type, row.scope), []).append(policy)
    except CommandError as error:
        raise ProofError((_unreadable("hold", error),)) from None
    at = hold.body.issued_at
    return tuple(each.cid for editions in found.values() for each in possible_at(editions, at))


def whole_proof(reader: Reader, row: JobRow) -> Proof:
    """The proof of a job with every block that it speaks of. Raises ProofError naming what is
    missing."""
    proof = proof_of(reader, row)
    lacking = [
        Finding(fault=Fault.MISSING, subject=each.subject, detail=str(each.cid))
        for each in proof.missing
    ]
    if lacking:
        raise ProofError(tuple(lacking))
    return proof


def _unreadable(subject: str, error: CommandError) -> Finding:
    fault = Fault.MISSING if error.code == "block-missing" else Fault.UNREADABLE
    return Finding(fault=fault, subject=subject, detail=error.message)
