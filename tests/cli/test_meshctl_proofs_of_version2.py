"""`meshctl verify` of files of version 2: a job's proof, and a fault with its evidence."""

import json
from pathlib import Path
from typing import Any

import pytest
from meshcommand import Meshctl
from msgspec.structs import replace
from sample_job import KEYS, SampleJob, key, sample_job
from sample_proofs import OTHER, signed_again

from mesh.core.car.files import write_car
from mesh.core.membership.equivocation import fault_of
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground
from runtime.identity.signed import Signed

JOB = sample_job(liars=("verifier-1",))


def written(path: Path, root: Signed[Any], job: SampleJob, *more: Signed[Any]) -> str:
    blocks = job.blocks | {each.cid: each.block for each in (root, *more)}
    path.write_bytes(write_car((root.cid,), blocks.items()))
    return str(path)


@pytest.fixture
def proof(tmp_path: Path) -> str:
    return written(tmp_path / "job.proof.car", JOB.hold, JOB)


@pytest.fixture
def fault(tmp_path: Path) -> str:
    second = signed_again(JOB.anchor, KEYS[JOB.anchor.signer], receipt=OTHER)
    accusation = sign(fault_of(JOB.anchor, second), mesh=JOB.mesh, key=key("submitter"))
    return written(tmp_path / "fault.car", accusation, JOB, second)


def test_proof_is_verified_where_its_mesh_is_named(meshctl: Meshctl, proof: str) -> None:
    done = meshctl("verify", proof, "--mesh", str(JOB.mesh), "--no-reexecute")
    assert done.code == 0, done
    assert done.out.splitlines() == [
        f"Receipt CID: {JOB.receipt.cid}",
        f"Mesh: {JOB.mesh}",
        "Outcome: the program succeeded",
        "Award, bid, hold and context belong together ✓",
        "Receipt signed and consistent ✓",
        "Receipt anchored to DAG ✓",
        "Federation agrees (2/3) ✓",
        "Settled by the issuer ✓",
        "Not executed again",
    ]


@pytest.mark.parametrize("is_refuted", [True, False])
def test_what_no_quorum_confirms_has_no_check_mark(
    meshctl: Meshctl, tmp_path: Path, is_refuted: bool
) -> None:
    job = sample_job(liars=("node",) if is_refuted else ())
    left = dict(job.blocks)
    if not is_refuted:
        del left[job.settlement.cid]
    file = tmp_path / "job.proof.car"
    file.write_bytes(write_car((job.hold.cid,), left.items()))
    done = meshctl("verify", str(file), "--mesh", str(job.mesh), "--no-reexecute")
    assert done.code == 8
    marks = dict(line.rsplit(" ", 1) for line in done.out.splitlines())
    agreed = "Federation agrees (0/3)" if is_refuted else "Federation agrees (3/3)"
    assert (marks[agreed], marks["Settled by the issuer"]) == ("✗", "✗")
    assert marks["Receipt signed and consistent"] == "✓"


def test_cancelled_attempt_has_no_check_mark_for_a_receipt(
    meshctl: Meshctl, tmp_path: Path
) -> None:
    none = dict.fromkeys(("receipt", "anchor", "opening"))
    empty = dict.fromkeys(("draws", "attestations", "payments"), ())
    ended = signed_again(
        JOB.settlement,
        ground=Ground.CANCELLED,
        cancel=JOB.cancel.cid,
        refunded=JOB.hold.body.amount,
        **none,
        **empty,
    )
    left = {cid: block for cid, block in JOB.blocks.items() if cid != JOB.settlement.cid}
    blocks = left | {each.cid: each.block for each in (ended, JOB.cancel)}
    file = tmp_path / "job.proof.car"
    file.write_bytes(write_car((JOB.hold.cid,), blocks.items()))
    done = meshctl("verify", str(file), "--mesh", str(JOB.mesh), "--no-reexecute")
    assert done.code == 8
    lines = done.out.splitlines()
    assert "Receipt CID: none" in lines
    for text in ("Receipt signed and consistent", "Receipt anchored to DAG"):
        assert f"{text} ✗" in lines
    assert "Federation agrees (0/0) ✗" in lines


def test_proof_of_an_unknown_mesh_is_not_trusted(meshctl: Meshctl, proof: str) -> None:
    done = meshctl("verify", proof, "--no-reexecute", "-o", "json")
    value = json.loads(done.out)
    assert done.code == 8
    assert (value["verified"], value["trusted"], value["findings"]) == (False, False, [])
    assert value["error"]["code"] == "not-trusted"
    text = meshctl("verify", proof, "--no-reexecute").out
    assert f"Mesh: {JOB.mesh} (unknown to you)" in text
    assert "Settled by the issuer (the file's own word)" in text


def test_forged_proof_is_refused_with_its_finding(meshctl: Meshctl, tmp_path: Path) -> None:
    payments = (replace(JOB.settlement.body.payments[0], amount=400),)
    forged = signed_again(JOB.settlement, payments=payments, refunded=0)
    job = sample_job(liars=("verifier-1",))
    blocks = {cid: block for cid, block in job.blocks.items() if cid != JOB.settlement.cid}
    path = tmp_path / "forged.car"
    path.write_bytes(write_car((JOB.hold.cid,), (blocks | {forged.cid: forged.block}).items()))
    done = meshctl("verify", str(path), "--mesh", str(JOB.mesh), "--no-reexecute", "-o", "json")
    assert done.code == 8
    value = json.loads(done.out)
    assert {each["fault"] for each in value["findings"]} == {"PAYMENTS_WRONG"}
    assert value["error"]["code"] == "verification-failed"


def test_fault_is_proven_by_its_file(meshctl: Meshctl, fault: str) -> None:
    done = meshctl("verify", fault, "--mesh", str(JOB.mesh), "--no-reexecute")
    assert done.code == 0, done
    assert done.out.splitlines() == [
        f"Fault: equivocation of {JOB.anchor.signer}",
        f"Mesh: {JOB.mesh}",
        "Proven by its evidence ✓",
    ]
    unknown = meshctl("verify", fault, "--no-reexecute", "-o", "json")
    assert unknown.code == 8
    assert json.loads(unknown.out)["trusted"] is False


def test_fault_without_evidence_is_refused(meshctl: Meshctl, tmp_path: Path) -> None:
    second = signed_again(JOB.anchor, KEYS[JOB.anchor.signer], receipt=OTHER)
    accusation = sign(fault_of(JOB.anchor, second), mesh=JOB.mesh, key=key("submitter"))
    path = written(tmp_path / "fault.car", accusation, JOB)
    done = meshctl("verify", path, "--mesh", str(JOB.mesh), "--no-reexecute")
    assert done.code == 8
    assert "Proven by its evidence ✗" in done.out


def test_second_manifest_of_a_job_takes_its_check_mark(meshctl: Meshctl, tmp_path: Path) -> None:
    other = signed_again(JOB.manifest, KEYS[JOB.manifest.signer], description="another")
    file = written(tmp_path / "job.proof.car", JOB.hold, JOB, other)
    done = meshctl("verify", file, "--mesh", str(JOB.mesh), "--no-reexecute")
    assert done.code == 8
    assert "Award, bid, hold and context belong together ✗" in done.out.splitlines()
