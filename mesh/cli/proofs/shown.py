"""What a verdict shows of a proof, whatever version it has, and of a fault."""

from typing import Any, assert_never

from msgspec import Struct

from mesh.cli.output.describing import describe_result
from mesh.core.proofs.contents import Ignored
from mesh.core.proofs.faults import FaultProof
from mesh.core.proofs.files import AnyProof
from mesh.core.proofs.proof import Proof
from mesh.core.proofs.version1 import proof as version1
from mesh.core.proofs.version1.records import Verdict
from runtime.content.cid import Cid


class Shown(Struct, frozen=True, kw_only=True):
    """The parts of a proof that people and programs read. receipt, job_id: None in a fault.

    is_anchored: whether it has an anchor of its receipt. outcome: of the program, as a value,
    described: in words. confirming: of the attestations. accusation: what a fault says, empty in a
    proof.
    """

    mesh: Cid
    receipt: Cid | None = None
    is_anchored: bool = False
    job_id: str | None = None
    outcome: Any = None
    described: str = ""
    confirming: int = 0
    attestations: int = 0
    ignored: tuple[Ignored, ...] = ()
    accusation: str = ""


def shown(proof: AnyProof) -> Shown:
    match proof:
        case Proof():
            return _shown(proof)
        case FaultProof():
            fault = proof.fault.body
            return Shown(
                mesh=proof.genesis.cid,
                ignored=proof.ignored,
                accusation=f"{fault.ground.value} of {fault.accused}",
            )
        case version1.Proof():
            return _shown_version1(proof)
        case _:
            assert_never(proof)


def _shown(proof: Proof) -> Shown:
    receipt, result = proof.receipt, proof.result
    described, confirming = "has no result", 0
    if receipt is not None and result is not None:
        body = receipt.body
        described = describe_result(result.outcome, body.metrics.frames, proof.data, body.module)
        confirming = sum(
            (each.body.deterministic, each.body.engine) == (body.deterministic, body.engine)
            for each in proof.attestations
        )
    return Shown(
        mesh=proof.genesis.cid,
        receipt=None if receipt is None else receipt.cid,
        is_anchored=proof.anchor is not None,
        job_id=proof.manifest.body.job_id,
        outcome=None if result is None else result.outcome.to_value(),
        described=described,
        confirming=confirming,
        attestations=len(proof.attestations),
        ignored=proof.ignored,
    )


def _shown_version1(proof: version1.Proof) -> Shown:
    body = proof.receipt.body
    outcome = body.deterministic.outcome
    return Shown(
        mesh=proof.genesis.cid,
        receipt=proof.receipt.cid,
        is_anchored=proof.anchor is not None,
        job_id=proof.manifest.body.job_id,
        outcome=outcome.to_value(),
        described=describe_result(outcome, body.metrics.frames, proof.data, body.module),
        confirming=sum(each.body.verdict is Verdict.CONFIRMED for each in proof.attestations),
        attestations=len(proof.attestations),
        ignored=tuple(Ignored(cid=each.cid, reason=each.reason) for each in proof.ignored),
    )
