"""Attestations of version 1: a verdict on a receipt, which must follow from the two results."""

from collections.abc import Iterable

from mesh.core.findings import Fault, Finding, differing
from mesh.core.proofs.version1.records import Attestation, Engine, Receipt, Verdict
from runtime.content.did import Did
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed


def judge(own: Deterministic, own_engine: Engine, receipt: Receipt) -> Verdict:
    """What a verifier's own result says about a receipt's.

    Fuel is compared only within one engine, version, configuration and architecture; on
    another engine nothing is certain, whatever the results are.
    """
    if own_engine != receipt.engine:
        return Verdict.INCONCLUSIVE
    return Verdict.CONFIRMED if own == receipt.deterministic else Verdict.REFUTED


def check_attestation(
    attestation: Signed[Attestation], *, receipt: Signed[Receipt], drawn: Iterable[Did]
) -> tuple[Finding, ...]:
    """What speaks against counting an attestation. Its verdict must follow from its content."""
    body = attestation.body
    subject = f"attestation of {attestation.signer}"
    findings = differing(subject, (Fault.OTHER_RECEIPT, body.receipt, receipt.cid))
    if attestation.signer not in drawn:
        findings += (Finding(fault=Fault.NOT_A_VERIFIERS, subject=subject),)
    wanted = judge(body.deterministic, body.engine, receipt.body)
    return findings + differing(subject, (Fault.VERDICT_WRONG, body.verdict, wanted))


def quorum_of(quorum: int, drawn: int) -> int:
    """How many of `drawn` verifiers must agree: the quorum, and always a majority, so that
    two verdicts never both have one."""
    return max(quorum, drawn // 2 + 1)
