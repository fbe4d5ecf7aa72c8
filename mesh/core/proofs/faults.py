"""A Fault with its evidence in one file, and whether that file alone proves it.

Rule: nobody's word counts. Two records contradict each other by what their signer has signed; a
wrong result is refuted by executing what its signer says that it executed, a wrong settlement by
the records that it names.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from mesh.core.car.files import Car
from mesh.core.findings import Fault as Wrong
from mesh.core.findings import Finding, differing
from mesh.core.membership.equivocation import contradict
from mesh.core.proofs.contents import (
    INPUT,
    MODULE,
    REPEATED,
    UNREACHED,
    Fetch,
    Held,
    Ignored,
    Missing,
    ProofError,
    Walk,
)
from mesh.core.proofs.execution import NOT_ASKED, Impossible, Reexecute, compare, execute_again
from mesh.core.proofs.proof import RESULT, unreadable
from mesh.core.proofs.reading import fetch_context, fetch_record, records_of
from mesh.core.proofs.settlements import against_itself, settled_from
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.membership import Fault, FaultGround, Genesis
from mesh.core.records.registry import read_as
from mesh.core.records.settlement import Settlement
from mesh.core.records.terms import Engine
from mesh.core.records.work import Attestation, Hold, Receipt
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed


class Claim(Struct, frozen=True, kw_only=True):
    """A result that somebody signed, and what it is said to be the result of.

    steps: the records that lead from an attestation to module and context.
    """

    module: Cid
    context: Context
    engine: Engine
    deterministic: Cid
    result: Deterministic
    steps: tuple[Signed[Any], ...] = ()


class FaultProof(Struct, frozen=True, kw_only=True):
    """The records of a fault. evidence: those that it names, as far as they are here. claim: of a
    wrong result. data: blocks to execute with, as far as held."""

    genesis: Signed[Genesis]
    fault: Signed[Fault]
    evidence: tuple[Signed[Any], ...]
    claim: Claim | None = None
    data: Mapping[Cid, bytes] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    ignored: tuple[Ignored, ...] = ()

    @property
    def blocks(self) -> tuple[tuple[Cid, bytes], ...]:
        """Every block, the root first."""
        steps = () if self.claim is None else self.claim.steps
        records = (self.fault, self.genesis, *self.evidence, *steps)
        context = () if self.claim is None else (self.claim.context,)
        return (
            *((each.cid, each.block) for each in records),
            *((each.cid, each.to_block()) for each in context),
            *self.data.items(),
        )


class FaultVerification(Struct, frozen=True, kw_only=True):
    """What was found. findings: why the file does not prove what the fault says. trusted: it is of
    the mesh that the reader trusts. not_executed: why executing again could not tell."""

    findings: tuple[Finding, ...]
    trusted: bool
    missing: tuple[Missing, ...] = ()
    not_executed: str = ""

    @property
    def is_proven(self) -> bool:
        return not self.findings and not self.not_executed


def assemble(fault: Signed[Fault], records: Mapping[Cid, Signed[Any]], fetch: Fetch) -> FaultProof:
    """A fault with all that `fetch` gives of what it takes to prove it.

    records: those that may be evidence, by CID. Raises ProofError.
    """
    mesh = fault.mesh
    assert mesh is not None, "only a genesis is of no mesh"
    named = (records.get(cid) for cid in fault.body.evidence)
    bare = FaultProof(
        genesis=fetch_record(Genesis, mesh, None, fetch),
        fault=fault,
        evidence=tuple(each for each in named if each is not None),
    )
    settlement = _settlement(bare)
    if fault.body.ground is FaultGround.WRONG_SETTLEMENT and settlement is not None:
        settled = settled_from(settlement, bare.genesis, fetch, partial(read_as, mesh=mesh))
        return replace(bare, data=Held(settled.blocks, fetch))
    claimed = _claimed(bare)
    if fault.body.ground is not FaultGround.WRONG_RESULT or claimed is None:
        return bare
    claim = _claim_of(claimed, fetch)
    walk = Walk(fetch)
    walk.take(RESULT, claim.deterministic)
    walk.surroundings(claim.context)
    walk.file(MODULE, claim.module)
    if claim.context.input is not None:
        walk.file(INPUT, claim.context.input)
    data = Held(walk.contents.held, fetch)
    return replace(bare, claim=claim, data=data, missing=walk.contents.missing)


def from_car(car: Car) -> FaultProof:
    """Read a file whose root is a Fault. Raises ProofError."""
    fault = fetch_record(Fault, car.roots[0], None, car.get)
    records = {each.cid: each for each in records_of(car, fault.mesh)}
    proof = assemble(fault, records, car.get)
    used = {cid for cid, _ in proof.blocks}
    rest = [Ignored(cid=cid, reason=UNREACHED) for cid in car.sections if cid not in used]
    rest += [Ignored(cid=cid, reason=REPEATED) for cid in car.repeated]
    return replace(proof, ignored=tuple(rest))


def verify_fault(
    proof: FaultProof, *, mesh: Cid | None, reexecute: Reexecute | None
) -> FaultVerification:
    """Whether the file proves what the fault says.

    mesh: the mesh that the reader trusts, None if none. reexecute: None not to execute; then a
    wrong result cannot be proven.
    """
    findings = list(
        differing("genesis", (Wrong.OTHER_MESH, proof.genesis.cid, mesh or proof.genesis.cid))
    )
    here = {each.cid for each in proof.evidence}
    findings += (
        Finding(fault=Wrong.MISSING, subject="evidence", detail=str(cid))
        for cid in proof.fault.body.evidence
        if cid not in here
    )
    not_executed = ""
    match proof.fault.body.ground:
        case FaultGround.EQUIVOCATION:
            findings += _check_equivocation(proof)
        case FaultGround.WRONG_RESULT:
            found = _check_result(proof, reexecute)
            not_executed = found.reason if isinstance(found, Impossible) else ""
            findings += () if isinstance(found, Impossible) else found
        case FaultGround.WRONG_SETTLEMENT:
            findings += _check_settled(proof)
        case _:
            assert_never(proof.fault.body.ground)
    return FaultVerification(
        findings=tuple(findings),
        trusted=mesh == proof.genesis.cid,
        missing=proof.missing,
        not_executed=not_executed,
    )


def _check_equivocation(proof: FaultProof) -> tuple[Finding, ...]:
    by_accused = _by(proof.fault.body.accused, proof.evidence)
    for number, first in enumerate(by_accused):
        if any(contradict(first, second) for second in by_accused[number + 1 :]):
            return ()
    return (_unproven("no two records of the accused contradict each other"),)


def _check_settled(proof: FaultProof) -> tuple[Finding, ...]:
    settlement = _settlement(proof)
    if settlement is None:
        return (_unproven("the evidence is not one settlement of the accused"),)
    read = partial(read_as, mesh=proof.genesis.cid)
    if against_itself(settled_from(settlement, proof.genesis, proof.data.get, read)):
        return ()
    return (_unproven("the settlement follows from the records that it names"),)


def _check_result(
    proof: FaultProof, reexecute: Reexecute | None
) -> tuple[Finding, ...] | Impossible:
    claim = proof.claim
    if claim is None:
        return (_unproven("the evidence is not one receipt or attestation of the accused"),)
    if claim.engine.text != claim.context.engine:
        return (_unproven("it was executed by another engine than its context names"),)
    if reexecute is None:
        return Impossible(reason=NOT_ASKED)
    own = execute_again(
        claim.module,
        claim.context,
        claim.context.input,
        data=proof.data,
        missing=proof.missing,
        reexecute=reexecute,
    )
    found = compare(own, claim.result, "evidence")
    if isinstance(found, Impossible):
        return found
    if found is None:
        return (_unproven("executing again gives the same result"),)
    return () if found.fault is Wrong.RESULT_DIFFERS else (found,)


def _settlement(proof: FaultProof) -> Signed[Settlement] | None:
    """The one settlement of the accused in the evidence."""
    by_accused = _by(proof.fault.body.accused, proof.evidence)
    found = [each for each in by_accused if isinstance(each.body, Settlement)]
    return found[0] if len(found) == 1 else None


def _claimed(proof: FaultProof) -> Signed[Receipt] | Signed[Attestation] | None:
    """The one result of the accused in the evidence."""
    results = [
        each
        for each in _by(proof.fault.body.accused, proof.evidence)
        if isinstance(each.body, Receipt | Attestation)
    ]
    return results[0] if len(results) == 1 else None


def _claim_of(claimed: Signed[Receipt] | Signed[Attestation], fetch: Fetch) -> Claim:
    """Raises ProofError where a record that leads to module and context is missing."""
    body, mesh = claimed.body, claimed.mesh
    steps: tuple[Signed[Any], ...] = ()
    if isinstance(body, Receipt):
        module, context = body.module, body.context
    else:
        hold = fetch_record(Hold, body.hold, mesh, fetch)
        manifest = fetch_record(JobManifest, hold.body.job, mesh, fetch)
        award = fetch_record(Award, hold.body.award, mesh, fetch)
        module, context = manifest.body.module, award.body.context
        steps = (hold, manifest, award)
    return Claim(
        module=module,
        context=fetch_context(context, fetch),
        engine=body.engine,
        deterministic=body.deterministic,
        result=_result(body.deterministic, fetch),
        steps=steps,
    )


def _result(cid: Cid, fetch: Fetch) -> Deterministic:
    block = fetch(cid)
    if block is None:
        raise ProofError((Finding(fault=Wrong.MISSING, subject=RESULT, detail=str(cid)),))
    try:
        return read_result(block)
    except CodecError as error:
        raise ProofError((unreadable(RESULT, str(error)),)) from None


def _by(signer: Did, records: tuple[Signed[Any], ...]) -> tuple[Signed[Any], ...]:
    return tuple(each for each in records if each.signer == signer)


def _unproven(detail: str) -> Finding:
    return Finding(fault=Wrong.FAULT_UNPROVEN, subject="fault", detail=detail)
