"""One file that proves what happened: whole, tampered, incomplete, and of another mesh."""

from collections.abc import Mapping
from typing import Any

import pytest
from meshfolk import START, false_sums, key, sums
from msgspec.structs import replace
from village import Village

from mesh.car import read_car, write_car
from mesh.events import JobKey
from mesh.findings import Fault
from mesh.job import Phase
from mesh.proof import Proof, ProofError, collect, from_car, to_car, verify_proof
from mesh.records import Verdict
from runtime.content.cid import Cid, Codec, cid_of
from runtime.context import Context
from runtime.execution import Deterministic
from runtime.identity.signed import sign

NOW = START + 100


def proven(lying_verifiers: int = 0) -> tuple[Village, Proof]:
    village = Village()
    for verifier in village.verifier_list[:lying_verifiers]:
        verifier.execute = false_sums
    name = village.submit()
    village.run()
    return village, collected(village, name)


def collected(village: Village, name: JobKey) -> Proof:
    job = village.job(name)
    with village.store.read() as tx:
        return collect(job, village.folk.mesh, tx.blocks.get)


VILLAGE, PROOF = proven()
MESH = VILLAGE.folk.mesh


def faults(proof: Proof, **changes: Any) -> list[Fault]:
    given = {"mesh": MESH, "reexecute": sums, "now": NOW, **changes}
    return [each.fault for each in verify_proof(proof, **given)]


def test_a_whole_proof_is_accepted_and_survives_its_file() -> None:
    assert faults(PROOF) == []
    data = to_car(PROOF)
    assert to_car(PROOF) == data
    again = from_car(data)
    assert again == PROOF
    assert faults(again, mesh=None) == []
    assert read_car(data).roots == (PROOF.receipt.cid,)


def test_one_liar_among_three_does_not_spoil_the_proof() -> None:
    village, proof = proven(lying_verifiers=1)
    assert [each.body.verdict for each in proof.attestations].count(Verdict.REFUTED) == 1
    assert faults(proof, mesh=village.folk.mesh) == []


def test_executing_again_is_what_decides() -> None:
    assert faults(PROOF, reexecute=false_sums) == [Fault.RESULT_DIFFERS]
    finding = verify_proof(PROOF, mesh=MESH, reexecute=false_sums, now=NOW)[0]
    assert "output" in finding.detail and "outcome" not in finding.detail
    assert faults(PROOF, reexecute=None) == []


def test_reexecution_gets_what_the_records_name() -> None:
    def asked(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic:
        assert cid_of(module, Codec.RAW) == PROOF.manifest.body.module
        assert context.cid == PROOF.award.body.context
        assert given is None and not blocks
        return PROOF.receipt.body.deterministic

    assert faults(PROOF, reexecute=asked) == []
    assert faults(replace(PROOF, data={}), reexecute=asked) == [Fault.MISSING]


FOLK = VILLAGE.folk
EXECUTOR = next(each for each in FOLK.nodes if each.did == PROOF.bid.signer)
STRANGER = key("stranger")


def forged(part: str, by: Any, **changes: Any) -> Proof:
    body = replace(getattr(PROOF, part).body, **changes)
    return replace(PROOF, **{part: sign(body, mesh=MESH, key=by)})  # type: ignore[arg-type]


OTHER = cid_of(b"other", Codec.DAG_CBOR)


@pytest.mark.parametrize(
    ("fault", "proof"),
    [
        (Fault.MISSING, replace(PROOF, anchor=None)),
        (Fault.MISSING, replace(PROOF, settlement=None)),
        (Fault.NO_QUORUM, replace(PROOF, attestations=())),
        (Fault.NO_QUORUM, replace(PROOF, attestations=PROOF.attestations[:1] * 3)),
        (Fault.NOT_THE_EXECUTORS, forged("anchor", STRANGER)),
        (Fault.OTHER_RECEIPT, forged("anchor", EXECUTOR, receipt=OTHER)),
        (Fault.NOT_AN_ISSUERS, forged("settlement", STRANGER)),
        (Fault.OTHER_HOLD, forged("settlement", FOLK.founder, hold=OTHER)),
        (Fault.NOT_AN_ISSUERS, forged("hold", STRANGER)),
        (Fault.NOT_THE_EXECUTORS, forged("receipt", STRANGER)),
        (Fault.OTHER_MODULE, forged("manifest", FOLK.submitter, module=OTHER)),
        (Fault.CONTEXT_DIFFERS, replace(PROOF, context=replace(PROOF.context, now=1))),
    ],
)
def test_each_forgery_is_found(fault: Fault, proof: Proof) -> None:
    assert fault in faults(proof, reexecute=None)


def test_attestations_by_strangers_make_no_quorum() -> None:
    strangers = tuple(
        sign(each.body, mesh=MESH, key=key(f"sybil-{n}"))
        for n, each in enumerate(PROOF.attestations)
    )
    found = faults(replace(PROOF, attestations=strangers), reexecute=None)
    assert Fault.NOT_A_VERIFIERS in found
    assert Fault.NO_QUORUM in found


def test_a_proof_of_another_mesh_is_found() -> None:
    assert faults(PROOF, mesh=OTHER)[0] is Fault.OTHER_MESH


def test_a_disputed_job_is_no_proof_of_anything() -> None:
    village = Village()
    for node in village.node_list:
        node.execute = false_sums
    name = village.submit()
    village.run()
    assert village.job(name).phase is Phase.DISPUTED
    proof = collected(village, name)
    found = faults(proof, mesh=village.folk.mesh)
    assert found.count(Fault.NO_QUORUM) == 2
    assert Fault.RESULT_DIFFERS in found


# --- files


def test_a_flipped_byte_anywhere_is_noticed() -> None:
    data = to_car(PROOF)
    for at in range(0, len(data), 97):
        broken = bytearray(data)
        broken[at] ^= 0x40
        with pytest.raises(ProofError):
            from_car(bytes(broken))


def test_a_file_cut_anywhere_is_noticed() -> None:
    data = to_car(PROOF)
    for end in range(0, len(data), 211):
        try:
            proof = from_car(data[:end])
        except ProofError as error:
            assert error.findings[0].fault in (Fault.MISSING, Fault.UNREADABLE)
        else:
            assert faults(proof), "a file cut between two blocks lacks something"


@pytest.mark.parametrize("part", ["genesis", "manifest", "bid", "hold", "award", "receipt"])
def test_a_missing_record_is_named(part: str) -> None:
    without = getattr(PROOF, part).cid
    blocks = [each for each in PROOF.blocks if each[0] != without]
    with pytest.raises(ProofError, match="not there") as raised:
        from_car(write_car((PROOF.receipt.cid,), blocks))
    assert raised.value.findings[0].detail == str(without)


def test_a_record_under_a_wrong_root_is_named() -> None:
    with pytest.raises(ProofError, match="a record of another type"):
        from_car(write_car((PROOF.bid.cid,), PROOF.blocks))
    with pytest.raises(ProofError, match="0 roots"):
        from_car(write_car((), PROOF.blocks))


def test_a_job_without_a_receipt_has_no_proof() -> None:
    village = Village()
    name = village.submit(budget=1)
    village.run()
    with pytest.raises(ProofError, match="none yet"):
        collected(village, name)


def test_a_record_lost_from_the_store_is_named() -> None:
    def fetch(cid: Cid) -> bytes | None:
        return None if cid == PROOF.bid.cid else dict(PROOF.blocks).get(cid)

    with VILLAGE.store.read() as tx:
        job = tx.jobs.in_phases(frozenset(Phase))[0]
    with pytest.raises(ProofError) as raised:
        collect(job, MESH, fetch)
    assert str(raised.value) == f"bid: {Fault.MISSING.value} ({PROOF.bid.cid})"
