"""Faults: each kind is proven from one file alone, and a forged one is refused."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from sample_job import KEYS, START, SampleJob, key, sample_job
from sample_proofs import OTHER, STRANGER, signed_again
from sums_engine import sums

from mesh.core.car.files import write_car
from mesh.core.fields import NodeId
from mesh.core.findings import Fault as Wrong
from mesh.core.membership.equivocation import SLOTS, fault_of
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.execution import NOT_ASKED, Impossible
from mesh.core.proofs.faults import FaultProof, FaultVerification, verify_fault
from mesh.core.proofs.files import read_file
from mesh.core.records.jobs import Transfer, TransferItem
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Fault, FaultGround
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Statement
from mesh.core.records.terms import Parent
from runtime.content.cid import Cid
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

JOB = sample_job()
LYING_NODE = sample_job(liars=("node",))
LYING_VERIFIER = sample_job(liars=("verifier-1",))
ACCUSER = key("submitter")


def signed(body: Any, by: SigningKey, mesh: Cid = JOB.mesh) -> Signed[Any]:
    return sign(body, mesh=mesh, key=by)


def file_of(
    fault: Fault, evidence: tuple[Signed[Any], ...], blocks: Mapping[Cid, bytes], job: SampleJob
) -> FaultProof:
    """The fault, signed by another member and read back from a file."""
    record = signed(fault, ACCUSER, job.mesh)
    parts = {each.cid: each.block for each in (record, job.founding.genesis, *evidence)}
    proof = read_file(BytesIO(write_car((record.cid,), (parts | dict(blocks)).items())))
    assert isinstance(proof, FaultProof)
    return proof


def checked(proof: FaultProof, **changes: Any) -> FaultVerification:
    return verify_fault(proof, **{"mesh": JOB.mesh, "reexecute": sums, **changes})


def wrongs(proof: FaultProof, **changes: Any) -> list[Wrong]:
    return [each.fault for each in checked(proof, **changes).findings]


# --- equivocation

PROFILE = NodeProfile(
    node_id=NodeId("node"),
    sequence=7,
    location="DE",
    capabilities=(),
    memory_bytes=1,
    cpu_cores=1,
    storage_bytes=1,
    rates={},
    surcharge_ppm=0,
    share_ppm=1,
    running_max=1,
    accepted_issuers=(),
    credentials=(),
    engine=JOB.receipt.body.engine,
)
STATEMENT = Statement(
    owner=key("submitter").did,
    sequence=3,
    balances={"compute": 1},
    held={},
    policies=(),
    usage={},
    issued_at=START,
)
ITEM = TransferItem(position=0, to=STRANGER.did, resource_type=ResourceType.COMPUTE, amount=1)
TRANSFER = Transfer(cause=JOB.manifest.cid, items=(ITEM,))
CHILD = replace(JOB.manifest.body, parent=Parent(cause=OTHER, position=0, depth=1))
OTHER_CHILD = replace(CHILD, job_id="019b2f5e-8c00-7000-8000-000000000002")
assert JOB.opening is not None
FIRSTS: tuple[tuple[Signed[Any], Mapping[str, Any]], ...] = (
    (JOB.manifest, {"description": "another"}),
    (JOB.hold, {"award": OTHER}),
    (JOB.draws[0], {"first": OTHER}),
    (JOB.seals[0], {"digest": bytes(32)}),
    (JOB.opening, {"seals": (OTHER,)}),
    (JOB.receipt, {"deterministic": OTHER}),
    (JOB.anchor, {"receipt": OTHER}),
    (JOB.attestations[0], {"deterministic": OTHER}),
    (JOB.settlement, {"payments": ()}),
    (JOB.policy, {"effective_at": START + 1}),
    (JOB.founding.change, {"members": ()}),
    (JOB.founding.endorsements[0], {"change": OTHER}),
    (signed(PROFILE, key("node")), {"location": "FR"}),
    (signed(STATEMENT, key("issuer")), {"balances": {"compute": 2}}),
    (signed(TRANSFER, key("submitter")), {"items": (replace(ITEM, amount=2),)}),
)
PAIRS = {
    type(first.body).__name__: (first, signed_again(first, **changes)) for first, changes in FIRSTS
} | {"child": (signed(CHILD, key("submitter")), signed(OTHER_CHILD, key("submitter")))}


def test_every_slot_has_its_case() -> None:
    assert {type(first.body) for first, _ in FIRSTS} == SLOTS.keys()


@pytest.mark.parametrize("name", PAIRS)
def test_two_records_of_one_signer_for_one_slot_are_proven_from_one_file(name: str) -> None:
    pair = PAIRS[name]
    found = checked(file_of(fault_of(*pair), pair, {}, JOB))
    assert (found.findings, found.is_proven, found.trusted) == ((), True, True)


@pytest.mark.parametrize("name", PAIRS)
def test_equivocation_is_refused_where_it_is_not_the_accused_who_equivocates(name: str) -> None:
    first, second = PAIRS[name]
    fault = fault_of(first, second)
    framed = replace(fault, accused=STRANGER.did)
    assert wrongs(file_of(framed, (first, second), {}, JOB)) == [Wrong.FAULT_UNPROVEN]
    of_two = signed(second.body, STRANGER)
    forged = replace(fault, evidence=(first.cid, of_two.cid))
    assert wrongs(file_of(forged, (first, of_two), {}, JOB)) == [Wrong.FAULT_UNPROVEN]
    alone = replace(fault, evidence=(first.cid,))
    assert wrongs(file_of(alone, (first, second), {}, JOB)) == [Wrong.FAULT_UNPROVEN]
    twice = replace(fault, evidence=(first.cid, first.cid))
    assert wrongs(file_of(twice, (first,), {}, JOB)) == [Wrong.FAULT_UNPROVEN]
    lacking = wrongs(file_of(fault, (first,), {}, JOB))
    assert lacking == [Wrong.MISSING, Wrong.FAULT_UNPROVEN]


def test_two_records_for_two_slots_are_no_equivocation() -> None:
    second = signed_again(JOB.anchor, sequence=2, parents=(JOB.anchor.cid,))
    fault = Fault(
        ground=FaultGround.EQUIVOCATION,
        accused=JOB.anchor.signer,
        evidence=(JOB.anchor.cid, second.cid),
    )
    assert wrongs(file_of(fault, (JOB.anchor, second), {}, JOB)) == [Wrong.FAULT_UNPROVEN]


def test_records_of_another_mesh_are_no_evidence() -> None:
    first = JOB.anchor
    second = sign(replace(first.body, receipt=OTHER), mesh=OTHER, key=key("node"))
    fault = Fault(
        ground=FaultGround.EQUIVOCATION,
        accused=first.signer,
        evidence=(first.cid, second.cid),
    )
    assert wrongs(file_of(fault, (first, second), {}, JOB)) == [
        Wrong.MISSING,
        Wrong.FAULT_UNPROVEN,
    ]


# --- wrong results


def wrong_result(claim: Signed[Any], job: SampleJob, without: frozenset[Cid] = frozenset()) -> Any:
    fault = Fault(ground=FaultGround.WRONG_RESULT, accused=claim.signer, evidence=(claim.cid,))
    blocks = {cid: block for cid, block in job.blocks.items() if cid not in without}
    return file_of(fault, (claim,) if claim.cid not in without else (), blocks, job)


def of_verifier(job: SampleJob, name: str) -> Signed[Any]:
    return next(each for each in job.attestations if each.signer == key(name).did)


LIES = {
    "receipt": (LYING_NODE.receipt, LYING_NODE),
    "attestation": (of_verifier(LYING_VERIFIER, "verifier-1"), LYING_VERIFIER),
}
TRUTHS = {
    "receipt": (LYING_VERIFIER.receipt, LYING_VERIFIER),
    "attestation": (of_verifier(LYING_NODE, "verifier-1"), LYING_NODE),
}


@pytest.mark.parametrize("name", LIES)
def test_wrong_result_is_proven_by_executing_again(name: str) -> None:
    claim, job = LIES[name]
    found = checked(wrong_result(claim, job))
    assert (found.findings, found.is_proven, found.trusted) == ((), True, True)


@pytest.mark.parametrize("name", TRUTHS)
def test_right_result_cannot_be_accused(name: str) -> None:
    claim, job = TRUTHS[name]
    found = checked(wrong_result(claim, job))
    assert [str(each) for each in found.findings] == [
        "fault: its evidence does not prove it (executing again gives the same result)"
    ]


@pytest.mark.parametrize("name", LIES)
def test_wrong_result_that_cannot_be_executed_is_not_proven(name: str) -> None:
    claim, job = LIES[name]
    unasked = checked(wrong_result(claim, job), reexecute=None)
    assert (unasked.findings, unasked.is_proven, unasked.not_executed) == ((), False, NOT_ASKED)
    other = checked(wrong_result(claim, job), reexecute=lambda *_: Impossible(reason="engine"))
    assert (other.is_proven, other.not_executed) == (False, "engine")
    lacking = wrong_result(claim, job, without=frozenset({job.manifest.body.module}))
    found = checked(lacking)
    assert not found.is_proven and found.not_executed
    assert [each.subject for each in found.missing] == ["module"]


def test_wrong_result_of_somebody_else_or_on_another_engine_is_refused() -> None:
    claim, job = LIES["receipt"]
    fault = Fault(ground=FaultGround.WRONG_RESULT, accused=STRANGER.did, evidence=(claim.cid,))
    assert wrongs(file_of(fault, (claim,), job.blocks, job)) == [Wrong.FAULT_UNPROVEN]
    engine = replace(claim.body.engine, version="2")
    elsewhere = signed_again(claim, KEYS[claim.signer], engine=engine)
    assert wrongs(wrong_result(elsewhere, job)) == [Wrong.FAULT_UNPROVEN]
    no_result = replace(fault, accused=job.hold.signer, evidence=(job.hold.cid,))
    assert wrongs(file_of(no_result, (job.hold,), job.blocks, job)) == [Wrong.FAULT_UNPROVEN]


def test_file_that_lacks_what_leads_to_the_context_is_refused() -> None:
    claim, job = LIES["attestation"]
    for cid in (job.hold.cid, job.manifest.cid, job.award.cid, job.context.cid):
        with pytest.raises(ProofError, match="not there"):
            wrong_result(claim, job, without=frozenset({cid}))


def test_trust_is_named() -> None:
    pair = PAIRS["Anchor"]
    proof = file_of(fault_of(*pair), pair, {}, JOB)
    assert not checked(proof, mesh=None).trusted
    assert wrongs(proof, mesh=OTHER) == [Wrong.OTHER_MESH]
