"""Proof files: those that were once made, and what is done to a file to make it say more.

`tests/proofs/version1/` holds files as earlier versions wrote them. They are verified for ever, so
none is ever made anew.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import Folk, key
from msgspec.structs import replace
from village import Village

from mesh.core.car.files import car_parts, read_car
from mesh.core.findings import Fault
from mesh.local.checking import executed_again
from mesh.proof import REPEATED, UNREACHED, Ignored, Proof, ProofError, read_proof, to_car
from mesh.proofcheck import LACKING, Verification, verify_proof
from mesh.records import Anchor, Attestation, Settlement
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.execution import OutcomeKind
from runtime.identity.signed import Signed, sign
from runtime.sandbox.engine import engine_text
from runtime.sandbox.pool import Sandbox

PROOFS = Path(__file__).parents[1] / "proofs" / "version1"
NOW = 2_000_000_000
OLD = {
    "input": OutcomeKind.SUCCEEDED,
    "lacking": OutcomeKind.SUCCEEDED,
    "state-empty": OutcomeKind.SUCCEEDED,
    "state": OutcomeKind.SUCCEEDED,
    "trapped": OutcomeKind.TRAPPED,
    "escapes": OutcomeKind.TRAPPED,
    "out-of-fuel": OutcomeKind.OUT_OF_FUEL,
    "one-refutes": OutcomeKind.SUCCEEDED,
}


def data_of(name: str) -> bytes:
    return (PROOFS / f"{name}.car").read_bytes()


def from_bytes(data: bytes) -> Proof:
    return read_proof(BytesIO(data))


def verified(proof: Proof, sandbox: Sandbox | None = None) -> Verification:
    again = None if sandbox is None else executed_again(sandbox)
    return verify_proof(proof, mesh=proof.genesis.cid, reexecute=again, now=NOW)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with Sandbox(cache_dir=folder / "modules", cache_key_path=folder / "key", workers=1) as opened:
        yield opened


@pytest.mark.parametrize("name", OLD)
def test_proof_that_was_once_made_is_verified(name: str, sandbox: Sandbox) -> None:
    proof = from_bytes(data_of(name))
    assert proof.receipt.body.deterministic.outcome.kind is OLD[name]
    found = verified(proof, sandbox)
    assert (found.findings, found.is_verified) == ((), True)
    assert not proof.ignored
    is_whole = not any(each.is_executed_with for each in found.missing)
    is_our_engine = proof.context.engine == engine_text()
    assert found.executed_again is (True if is_whole and is_our_engine else None)


def test_old_proof_that_lacks_module_and_input_names_them(sandbox: Sandbox) -> None:
    proof = from_bytes(data_of("lacking"))
    found = verified(proof, sandbox)
    assert found.not_executed == LACKING
    assert [(each.subject, each.cid) for each in found.missing] == [
        ("module", proof.manifest.body.module),
        ("input", proof.manifest.body.input),
    ]


def test_old_proof_of_a_disputed_job_stays_one() -> None:
    found = [each.fault for each in verified(from_bytes(data_of("disputed"))).findings]
    assert found.count(Fault.NO_QUORUM) == 2


def test_settlement_that_carries_out_other_effects_is_found() -> None:
    proof = from_bytes(data_of("state"))
    assert proof.settlement is not None
    (first,) = proof.settlement.body.applied
    other = cid_of(b"other", Codec.DAG_CBOR)
    for applied in (
        (first, first),
        (replace(first, record=other),),
        (replace(first, record=None),),
        (first, replace(first, position=1)),
    ):
        body = replace(proof.settlement.body, applied=applied)
        forged = sign(body, mesh=proof.genesis.cid, key=STRANGER)
        found = [each.fault for each in verified(replace(proof, settlement=forged)).findings]
        assert found == [Fault.NOT_AN_ISSUERS, Fault.EFFECTS_WRONG], applied


# --- what is done to a file

MESH = Folk()
VILLAGE = Village(folk=MESH)
JOBS = [VILLAGE.submit(number) for number in (1, 2)]
VILLAGE.run()


def proof_of(number: int) -> Proof:
    from mesh.proof import collect

    job = VILLAGE.job(JOBS[number])
    with VILLAGE.store.read() as tx:
        proof = collect(job, MESH.mesh, tx.blocks.get)
        return replace(proof, data=dict(proof.data))


PROOF, OTHER = proof_of(0), proof_of(1)
STRANGER = key("stranger")
GARBAGE = encode(["anything", 7])
GARBAGE_CID = cid_of(GARBAGE, Codec.DAG_CBOR)
KEYS = {each.did: each for each in (*MESH.nodes, *MESH.verifiers, MESH.founder)}


def with_blocks(*more: tuple[Cid, bytes], without: frozenset[Cid] = frozenset()) -> Proof:
    kept = [each for each in PROOF.blocks if each[0] not in without]
    return from_bytes(b"".join(car_parts((PROOF.receipt.cid,), [*kept, *more])))


def with_records(*more: Signed[object], without: frozenset[Cid] = frozenset()) -> Proof:
    return with_blocks(*((each.cid, each.block) for each in more), without=without)


def faults(proof: Proof) -> list[Fault]:
    return [each.fault for each in verified(proof).findings]


def test_file_without_more_has_nothing_to_ignore() -> None:
    assert with_records() == PROOF
    assert from_bytes(to_car(PROOF)).ignored == ()


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
    data = to_car(PROOF)
    section = next(car_parts((), ()))
    twice = data + b"".join(car_parts((), [(GARBAGE_CID, GARBAGE)]))[len(section) :] * 2
    proof = from_bytes(twice)
    assert [each.reason for each in proof.ignored] == [UNREACHED, REPEATED]
    assert verified(proof).is_verified


def test_records_of_strangers_change_nothing() -> None:
    assert PROOF.anchor is not None and PROOF.settlement is not None
    foreign = [
        sign(body, mesh=MESH.mesh, key=STRANGER)
        for body in (PROOF.anchor.body, PROOF.settlement.body, PROOF.attestations[0].body)
    ]
    proof = with_records(*foreign)
    assert {each.cid for each in proof.ignored} == {each.cid for each in foreign}
    assert replace(proof, ignored=()) == PROOF


def test_records_of_another_mesh_change_nothing() -> None:
    assert PROOF.anchor is not None
    elsewhere = cid_of(b"another mesh", Codec.DAG_CBOR)
    body: object = PROOF.anchor.body
    record = sign(body, mesh=elsewhere, key=KEYS[PROOF.receipt.signer])
    assert with_records(record).ignored == (Ignored(cid=record.cid, reason=UNREACHED),)


def test_settlement_of_another_job_is_no_settlement_of_this_one() -> None:
    assert PROOF.settlement is not None and OTHER.settlement is not None
    proof = with_records(OTHER.settlement, without=frozenset({PROOF.settlement.cid}))
    assert Fault.MISSING in faults(proof)
    assert proof.ignored == (Ignored(cid=OTHER.settlement.cid, reason=UNREACHED),)


def test_attestations_of_another_receipt_make_no_quorum() -> None:
    own = frozenset(each.cid for each in PROOF.attestations)
    proof = with_records(*OTHER.attestations, without=own)
    assert Fault.NO_QUORUM in faults(proof)
    assert len(proof.ignored) == len(OTHER.attestations)


def test_attestation_that_the_settlement_names_cannot_be_left_out() -> None:
    for each in PROOF.attestations:
        assert faults(with_records(without=frozenset({each.cid}))) == [Fault.MISSING]


def contradicting(record: Signed[Anchor] | Signed[Settlement] | Signed[Attestation]) -> object:
    match record.body:
        case Anchor():
            return replace(record.body, sequence=record.body.sequence + 1, parents=(GARBAGE_CID,))
        case Settlement():
            return replace(record.body, settled_at=record.body.settled_at + 1)
        case Attestation():
            return replace(record.body, engine=replace(record.body.engine, version="2"))


@pytest.mark.parametrize(
    "record", [PROOF.anchor, PROOF.settlement, PROOF.attestations[0]], ids=lambda r: r.body
)
def test_two_records_of_one_signer_for_one_place_are_found(
    record: Signed[Anchor] | Signed[Settlement] | Signed[Attestation],
) -> None:
    second = sign(contradicting(record), mesh=MESH.mesh, key=KEYS[record.signer])
    assert Fault.EQUIVOCATION in faults(with_records(second))


def test_forgery_with_a_mesh_of_its_own_is_trusted_by_nobody() -> None:
    forger = Folk(
        founder=key("forger"),
        verifiers=tuple(key(f"forged-{number}") for number in (1, 2, 3)),
    )
    village = Village(folk=forger)
    name = village.submit()
    village.run()
    from mesh.proof import collect

    job = village.job(name)
    with village.store.read() as tx:
        proof = from_bytes(to_car(collect(job, forger.mesh, tx.blocks.get)))
    found = verify_proof(proof, mesh=None, reexecute=None, now=NOW)
    assert (found.findings, found.is_verified) == ((), False)
    trusted = verify_proof(proof, mesh=MESH.mesh, reexecute=None, now=NOW)
    assert [each.fault for each in trusted.findings] == [Fault.OTHER_MESH]
    assert not trusted.trusted


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
        assert found.findings or found.missing != PROOF.missing


def test_root_must_be_in_the_file() -> None:
    blocks = [each for each in PROOF.blocks if each[0] != PROOF.receipt.cid]
    with pytest.raises(ProofError, match="receipt: a block that is needed is not there"):
        from_bytes(b"".join(car_parts((PROOF.receipt.cid,), blocks)))


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
