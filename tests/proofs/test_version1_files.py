"""Files of version 1: executed again by the real engine, and changes of a file noticed."""

from collections.abc import Iterator

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from version1_proofs import (
    STRANGER,
    data_of,
    from_bytes,
    key,
    proof_of,
    signed_again,
    verified,
)

from mesh.adapters.reexecution import executed_in
from mesh.core.car.files import car_parts, read_car
from mesh.core.findings import Fault
from mesh.core.proofs.contents import REPEATED, UNREACHED, Ignored, ProofError
from mesh.core.proofs.version1.proof import Proof
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.identity.signed import Signed, sign
from runtime.sandbox.engine import engine_text
from runtime.sandbox.pool import Sandbox

EXECUTED = ("input", "state-empty", "state", "trapped", "escapes", "out-of-fuel", "one-refutes")
PROOF, OTHER = proof_of("sums"), proof_of("sums-other")
GARBAGE = encode(["anything", 7])
GARBAGE_CID = cid_of(GARBAGE, Codec.DAG_CBOR)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with Sandbox(cache_dir=folder / "modules", cache_key_path=folder / "key", workers=1) as opened:
        yield opened


@pytest.mark.parametrize("name", EXECUTED)
def test_old_proof_is_executed_again_where_it_is_whole(name: str, sandbox: Sandbox) -> None:
    proof = proof_of(name)
    found = verified(proof, reexecute=executed_in(sandbox))
    assert (found.findings, found.is_verified) == ((), True)
    is_whole = not any(each.is_executed_with for each in found.missing)
    is_our_engine = proof.context.engine == engine_text()
    assert found.executed_again is (True if is_whole and is_our_engine else None)


def with_blocks(*more: tuple[Cid, bytes], without: frozenset[Cid] = frozenset()) -> Proof:
    kept = [each for each in PROOF.blocks if each[0] not in without]
    return from_bytes(b"".join(car_parts((PROOF.receipt.cid,), [*kept, *more])))


def with_records(*more: Signed[object], without: frozenset[Cid] = frozenset()) -> Proof:
    return with_blocks(*((each.cid, each.block) for each in more), without=without)


def faults(proof: Proof) -> list[Fault]:
    return [each.fault for each in verified(proof).findings]


def test_file_without_more_has_nothing_to_ignore() -> None:
    assert with_records() == PROOF


@pytest.mark.parametrize(
    ("cid", "block"),
    [
        (cid_of(b"anything", Codec.RAW), b"anything"),
        (GARBAGE_CID, GARBAGE),
        *((each.cid, each.block) for each in OTHER.records if each not in PROOF.records),
        (OTHER.context.cid, OTHER.context.to_block()),
    ],
)
def test_block_that_the_root_does_not_reach_is_ignored_and_listed(cid: Cid, block: bytes) -> None:
    proof = with_blocks((cid, block))
    assert proof.ignored == (Ignored(cid=cid, reason=UNREACHED),)
    assert replace(proof, ignored=()) == PROOF
    assert verified(proof).is_verified


def test_block_that_is_there_twice_is_listed() -> None:
    section = next(car_parts((), ()))
    twice = b"".join(car_parts((), [(GARBAGE_CID, GARBAGE)]))[len(section) :] * 2
    proof = from_bytes(data_of("sums") + twice)
    assert [each.reason for each in proof.ignored] == [UNREACHED, REPEATED]
    assert verified(proof).is_verified


def test_records_of_strangers_and_of_another_mesh_change_nothing() -> None:
    assert PROOF.anchor is not None and PROOF.settlement is not None
    elsewhere = cid_of(b"another mesh", Codec.DAG_CBOR)
    foreign = [
        signed_again(PROOF.anchor, STRANGER),
        signed_again(PROOF.settlement, STRANGER),
        signed_again(PROOF.attestations[0], STRANGER),
        sign(PROOF.anchor.body, mesh=elsewhere, key=key("node-1"), version=1),
    ]
    proof = with_records(*foreign)
    assert {each.cid for each in proof.ignored} == {each.cid for each in foreign}
    assert replace(proof, ignored=()) == PROOF


def test_settlement_and_attestations_of_another_job_do_not_count() -> None:
    assert PROOF.settlement is not None and OTHER.settlement is not None
    proof = with_records(OTHER.settlement, without=frozenset({PROOF.settlement.cid}))
    assert Fault.MISSING in faults(proof)
    own = frozenset(each.cid for each in PROOF.attestations)
    assert Fault.NO_QUORUM in faults(with_records(*OTHER.attestations, without=own))


def test_attestation_that_the_settlement_names_cannot_be_left_out() -> None:
    for each in PROOF.attestations:
        assert faults(with_records(without=frozenset({each.cid}))) == [Fault.MISSING]


def test_two_records_of_one_signer_for_one_place_are_found() -> None:
    assert PROOF.anchor is not None and PROOF.settlement is not None
    engine = replace(PROOF.attestations[0].body.engine, version="2")
    for second in (
        signed_again(PROOF.anchor, sequence=2, parents=(GARBAGE_CID,)),
        signed_again(PROOF.settlement, settled_at=PROOF.settlement.body.settled_at + 1),
        signed_again(PROOF.attestations[0], engine=engine),
    ):
        assert Fault.EQUIVOCATION in faults(with_records(second)), type(second.body)


TOKEN = PROOF.manifest.body.resource_token
BLOCKS = dict([*PROOF.blocks, *OTHER.blocks])
NEEDED = {cid for cid, _ in PROOF.blocks} - {TOKEN}


@examples(150)
@given(st.permutations(list(BLOCKS)), st.integers(0, len(BLOCKS)))
def test_file_of_any_blocks_is_the_proof_or_lacks_something(names: list[Cid], left: int) -> None:
    kept = {TOKEN, *names[left // 3 :]}
    blocks = [(cid, BLOCKS[cid]) for cid in names if cid in kept]
    try:
        proof = from_bytes(b"".join(car_parts((PROOF.receipt.cid,), blocks)))
    except ProofError:
        assert not kept >= NEEDED
        return
    found = verified(proof)
    if kept >= NEEDED:
        assert replace(proof, ignored=()) == PROOF
        assert found.is_verified
    else:
        assert found.findings or found.missing


def test_record_under_a_wrong_root_is_named() -> None:
    for roots, words in (
        ((PROOF.bid.cid,), "a record of another type"),
        ((), "0 roots"),
        ((GARBAGE_CID,), "receipt: a block that is needed is not there"),
    ):
        with pytest.raises(ProofError, match=words):
            from_bytes(b"".join(car_parts(roots, PROOF.blocks)))


def frames(data: bytes) -> Iterator[int]:
    """Each byte that is not within a block, and every 61st of those that are."""
    inside = {
        at
        for section in read_car(data).sections.values()
        for at in range(section.offset, section.offset + section.size)
    }
    return (at for at in range(len(data)) if at not in inside or at % 61 == 0)


@pytest.mark.parametrize("name", ["state", "one-refutes"])
def test_each_flipped_bit_is_noticed(name: str) -> None:
    data = data_of(name)
    before = verified(from_bytes(data))
    for at in frames(data):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                proof = from_bytes(bytes(flipped))
            except ProofError:
                continue
            found = verified(proof)
            is_noticed = found.findings or (found.missing != before.missing and proof.ignored)
            assert is_noticed, f"bit {bit} of byte {at}"
