"""Files of version 2: cut, mixed with other records, contradicted, and read by their root."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sample_job import KEYS, sample_job
from sample_proofs import (
    NOW,
    OTHER,
    STRANGER,
    collected,
    from_bytes,
    in_memory,
    signed_again,
    verified,
)
from version1_proofs import data_of

from mesh.core.car.files import car_parts, read_car, write_car
from mesh.core.fields import JobId
from mesh.core.findings import Fault
from mesh.core.proofs import version1
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.contents import REPEATED, UNREACHED, Ignored, ProofError
from mesh.core.proofs.files import read_file
from mesh.core.proofs.proof import Proof, to_car
from mesh.core.records.jobs import JobManifest
from mesh.core.records.work import Anchor
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.identity.signed import Signed

JOB = sample_job()
PROOF = collected(JOB)


def of_the_next_job(body: Any) -> Any:
    match body:
        case JobManifest():
            return replace(body, job_id=JobId("019b2f5e-8c00-7000-8000-000000000002"))
        case Anchor():
            return replace(body, sequence=2, parents=(JOB.anchor.cid,))
        case _:
            return body


ANOTHER = collected(sample_job(alter=of_the_next_job))
GARBAGE = encode(["anything", 7])
GARBAGE_CID = cid_of(GARBAGE, Codec.DAG_CBOR)
both = pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "unsealed"])


def with_blocks(*more: tuple[Cid, bytes], without: frozenset[Cid] = frozenset()) -> Proof:
    kept = [each for each in PROOF.blocks if each[0] not in without]
    return in_memory(from_bytes(b"".join(car_parts((PROOF.hold.cid,), [*kept, *more]))))


def with_records(*more: Signed[Any], without: frozenset[Cid] = frozenset()) -> Proof:
    return with_blocks(*((each.cid, each.block) for each in more), without=without)


def faults(proof: Proof) -> list[Fault]:
    return [each.fault for each in verified(proof, reexecute=None).findings]


def test_root_says_what_a_file_is() -> None:
    assert isinstance(read_file(BytesIO(to_car(PROOF))), Proof)
    old = read_file(BytesIO(data_of("state")))
    assert type(old).__module__ == f"{version1.__name__}.proof"


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (PROOF.bid.cid, "a record of another type"),
        (OTHER, "root: a block that is needed is not there"),
        (GARBAGE_CID, "not a signed record"),
    ],
)
def test_file_with_a_wrong_root_is_refused(root: Cid, words: str) -> None:
    with pytest.raises(ProofError, match=words):
        from_bytes(write_car((root,), [*PROOF.blocks, (GARBAGE_CID, GARBAGE)]))


def test_file_without_one_root_and_no_car_are_refused() -> None:
    with pytest.raises(ProofError, match="0 roots"):
        from_bytes(write_car((), PROOF.blocks))
    with pytest.raises(ProofError, match="file: a block is malformed"):
        from_bytes(b"no car at all")


@pytest.mark.parametrize(
    ("cid", "block"),
    [
        (cid_of(b"anything", Codec.RAW), b"anything"),
        (GARBAGE_CID, GARBAGE),
        *((each.cid, each.block) for each in ANOTHER.records if each not in PROOF.records),
        (JOB.cancel.cid, JOB.cancel.block),
    ],
)
def test_block_that_the_root_does_not_reach_is_ignored_and_listed(cid: Cid, block: bytes) -> None:
    proof = with_blocks((cid, block))
    assert proof.ignored == (Ignored(cid=cid, reason=UNREACHED),)
    assert replace(proof, ignored=()) == PROOF
    assert verified(proof).is_verified


def test_block_that_is_there_twice_is_listed() -> None:
    head = next(car_parts((), ()))
    twice = b"".join(car_parts((), [(GARBAGE_CID, GARBAGE)]))[len(head) :] * 2
    proof = from_bytes(to_car(PROOF) + twice)
    assert [each.reason for each in proof.ignored] == [UNREACHED, REPEATED]
    assert verified(proof).is_verified


def test_records_of_strangers_change_nothing() -> None:
    assert PROOF.receipt is not None and PROOF.settlement is not None
    records = (PROOF.receipt, PROOF.settlement, PROOF.attestations[0], PROOF.seals[0])
    foreign = [signed_again(each, STRANGER) for each in records]
    proof = with_records(*foreign)
    assert {each.cid for each in proof.ignored} == {each.cid for each in foreign}
    assert replace(proof, ignored=()) == PROOF


RIVALS = {
    "hold": {"issued_at": PROOF.hold.body.issued_at + 1},
    "receipt": {"started_at": PROOF.hold.body.issued_at},
    "anchor": {"parents": (GARBAGE_CID,)},
    "opening": {"seals": (GARBAGE_CID,)},
    "settlement": {"detail": "another one"},
    "manifest": {"description": "another one"},
}


@pytest.mark.parametrize("part", RIVALS)
def test_second_record_of_its_signer_for_one_slot_is_found(part: str) -> None:
    record = getattr(PROOF, part)
    second = signed_again(record, KEYS[record.signer], **RIVALS[part])
    found = with_records(second)
    assert found.rivals == (second,)
    assert Fault.EQUIVOCATION in faults(found)


def test_second_attestation_draw_and_seal_of_one_signer_are_found() -> None:
    for second in (
        signed_again(PROOF.attestations[0], deterministic=GARBAGE_CID),
        signed_again(PROOF.draws[0], secret=bytes(32)),
        signed_again(PROOF.seals[1], digest=bytes(32)),
    ):
        assert with_records(second).rivals == (second,)


def test_record_that_the_settlement_names_cannot_be_left_out() -> None:
    needed = (PROOF.receipt, PROOF.anchor, PROOF.opening, *PROOF.draws, *PROOF.attestations)
    for each in (*needed, *PROOF.seals):
        assert each is not None
        found = faults(with_records(without=frozenset({each.cid})))
        assert Fault.MISSING in found, type(each.body)


ALL = dict([*PROOF.blocks, *ANOTHER.blocks])
OPTIONAL = {each.cid for each in PROOF.policies}
NEEDED = {cid for cid, _ in PROOF.blocks} - OPTIONAL


@examples(150)
@given(st.permutations(list(ALL)), st.integers(0, len(ALL)))
def test_file_of_any_blocks_is_the_proof_or_lacks_something(names: list[Cid], left: int) -> None:
    kept = {*OPTIONAL, *names[left // 3 :]}
    blocks = [(cid, ALL[cid]) for cid in names if cid in kept]
    try:
        proof = from_bytes(b"".join(car_parts((PROOF.hold.cid,), blocks)))
    except ProofError:
        assert not kept >= NEEDED
        return
    found = verified(proof)
    if kept >= NEEDED:
        assert in_memory(replace(proof, ignored=())) == PROOF
        assert found.is_verified
    else:
        assert found.findings or found.missing


def test_file_cut_anywhere_is_noticed() -> None:
    data = to_car(PROOF)
    for end in range(0, len(data), 97):
        try:
            proof = from_bytes(data[:end])
        except ProofError as error:
            assert error.findings[0].fault in (Fault.MISSING, Fault.UNREADABLE)
        else:
            found = verified(proof)
            assert found.findings or found.missing, "a file cut between two blocks lacks something"


def places(data: bytes) -> Iterator[int]:
    """Each byte that is not within a block, and every 61st of those that are."""
    inside = {
        at
        for section in read_car(data).sections.values()
        for at in range(section.offset, section.offset + section.size)
    }
    return (at for at in range(len(data)) if at not in inside or at % 61 == 0)


@both
def test_each_flipped_bit_is_noticed(is_sealed: bool) -> None:
    data = to_car(collected(sample_job(is_sealed=is_sealed)))
    for at in places(data):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                proof = from_bytes(bytes(flipped))
            except ProofError:
                continue
            found = verified(proof, reexecute=None)
            is_noticed = found.findings or found.missing or proof.ignored
            assert is_noticed, f"bit {bit} of byte {at}"


def test_forgery_with_a_mesh_of_its_own_is_trusted_by_nobody() -> None:
    forged = collected(sample_job(is_sealed=False))
    assert forged.genesis.cid != PROOF.genesis.cid
    found = verify_proof(forged, mesh=None, reexecute=None, now=NOW)
    assert (found.findings, found.is_verified) == ((), False)
    trusted = verify_proof(forged, mesh=PROOF.genesis.cid, reexecute=None, now=NOW)
    assert [each.fault for each in trusted.findings] == [Fault.OTHER_MESH]
    assert not trusted.trusted
