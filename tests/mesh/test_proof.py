"""One file that proves what happened: whole, tampered, incomplete, and of another mesh."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from meshfolk import START, Folk, false_sums, key, sums
from msgspec.structs import replace
from village import Village

from mesh.core.car.files import read_car, write_car
from mesh.core.findings import Fault
from mesh.events import JobKey
from mesh.job import Phase
from mesh.proof import Proof, ProofError, collect, read_proof, to_car
from mesh.proofcheck import LACKING, NOT_ASKED, Impossible, Verification, verify_proof
from mesh.records import AppliedEffect, Attestation, Genesis, HoldEnd, Verdict
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed, sign
from runtime.tokens.token import ResourceType

NOW = START + 100


def proven(lying_verifiers: int = 0) -> tuple[Village, Proof]:
    village = Village()
    for verifier in village.verifier_list[:lying_verifiers]:
        verifier.execute = false_sums
    name = village.submit()
    village.run()
    return village, collected(village, name)


def collected(village: Village, name: JobKey) -> Proof:
    """The proof, with its blocks in memory."""
    job = village.job(name)
    with village.store.read() as tx:
        proof = collect(job, village.folk.mesh, tx.blocks.get)
        return replace(proof, data=dict(proof.data))


VILLAGE, PROOF = proven()
MESH = VILLAGE.folk.mesh


def verified(proof: Proof, **changes: Any) -> Verification:
    given = {"mesh": MESH, "reexecute": sums, "now": NOW, **changes}
    return verify_proof(proof, **given)


def faults(proof: Proof, **changes: Any) -> list[Fault]:
    return [each.fault for each in verified(proof, **changes).findings]


def from_bytes(data: bytes) -> Proof:
    return read_proof(BytesIO(data))


def test_whole_proof_is_accepted_and_survives_its_file() -> None:
    assert faults(PROOF) == []
    data = to_car(PROOF)
    assert to_car(PROOF) == data
    again = from_bytes(data)
    assert again == PROOF
    found = verified(again)
    assert (found.findings, found.is_verified, found.executed_again) == ((), True, True)
    assert read_car(data).roots == (PROOF.receipt.cid,)


def test_one_liar_among_three_does_not_spoil_the_proof() -> None:
    village, proof = proven(lying_verifiers=1)
    assert [each.body.verdict for each in proof.attestations].count(Verdict.REFUTED) == 1
    assert faults(proof, mesh=village.folk.mesh) == []


def test_executing_again_is_what_decides() -> None:
    assert faults(PROOF, reexecute=false_sums) == [Fault.RESULT_DIFFERS]
    found = verified(PROOF, reexecute=false_sums)
    assert (found.executed_again, found.is_verified) == (False, False)
    finding = found.findings[0]
    assert "output" in finding.detail and "outcome" not in finding.detail
    unasked = verified(PROOF, reexecute=None)
    assert (unasked.findings, unasked.is_verified) == ((), True)
    assert (unasked.executed_again, unasked.not_executed) == (None, NOT_ASKED)


def test_reexecution_gets_what_the_records_name() -> None:
    def asked(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic:
        assert cid_of(module, Codec.RAW) == PROOF.manifest.body.module
        assert context.cid == PROOF.award.body.context
        assert given is None and not blocks
        return PROOF.receipt.body.deterministic

    assert faults(PROOF, reexecute=asked) == []


def test_proof_that_lacks_the_module_is_verified_and_not_executed_again() -> None:
    found = verified(replace(PROOF, data={}))
    assert (found.findings, found.is_verified) == ((), True)
    assert (found.executed_again, found.not_executed) == (None, LACKING)
    assert [each.subject for each in found.missing if each.is_executed_with] == ["module"]
    assert found.missing[0].cid == PROOF.manifest.body.module


def test_engine_that_cannot_execute_says_nothing_about_the_job() -> None:
    found = verified(PROOF, reexecute=lambda *_: Impossible(reason="another engine"))
    assert (found.findings, found.is_verified) == ((), True)
    assert (found.executed_again, found.not_executed) == (None, "another engine")


def test_trust_is_named_and_never_taken_from_the_file() -> None:
    unknown = verified(PROOF, mesh=None)
    assert (unknown.findings, unknown.trusted, unknown.is_verified) == ((), False, False)
    assert unknown.executed_again
    other = verified(PROOF, mesh=OTHER)
    assert [each.fault for each in other.findings] == [Fault.OTHER_MESH]
    assert not other.trusted


FOLK = VILLAGE.folk
EXECUTOR = next(each for each in FOLK.nodes if each.did == PROOF.bid.signer)
STRANGER = key("stranger")


def forged(part: str, by: Any, **changes: Any) -> Proof:
    body = replace(getattr(PROOF, part).body, **changes)
    return replace(PROOF, **{part: sign(body, mesh=MESH, key=by)})  # type: ignore[arg-type]


OTHER = cid_of(b"other", Codec.DAG_CBOR)
EFFECTS_NOT_THERE = (AppliedEffect(position=0, record=None),)
VOTERS = {each.did: each for each in FOLK.verifiers}


def attested_by(by: Any) -> Proof:
    """One of the attestations is signed by somebody else."""
    body = PROOF.attestations[0].body
    other = sign(body, mesh=MESH, key=by)
    return replace(PROOF, attestations=(other, *PROOF.attestations[1:]))


def contradicted(first: Signed[Attestation]) -> Signed[Attestation]:
    """Another attestation of the same signer for the same receipt."""
    result = replace(first.body.deterministic, output=OTHER)
    body = replace(first.body, deterministic=result, verdict=Verdict.REFUTED)
    return sign(body, mesh=MESH, key=VOTERS[first.signer])


TWO_OF_ONE = (*PROOF.attestations, contradicted(PROOF.attestations[0]))


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
        (Fault.AMOUNT_WRONG, forged("hold", FOLK.founder, amount=PROOF.bid.body.price + 1)),
        (Fault.HOLD_TOO_SMALL, forged("hold", FOLK.founder, amount=PROOF.bid.body.price - 1)),
        (Fault.OTHER_TOKEN, forged("hold", FOLK.founder, token=OTHER)),
        (Fault.OVER_BUDGET, forged("bid", EXECUTOR, price=501)),
        (Fault.OVER_BUDGET, forged("bid", EXECUTOR, units=501)),
        (Fault.OVER, forged("settlement", FOLK.founder, settled_at=PROOF.hold.body.expires_at)),
        (Fault.OVER, forged("receipt", EXECUTOR, ended_at=PROOF.award.body.lease_expires_at + 300)),
        (Fault.FROM_THE_FUTURE, forged("settlement", FOLK.founder, settled_at=NOW + 301)),
        (Fault.TIMES_WRONG, forged("settlement", FOLK.founder, settled_at=1)),
        (Fault.EFFECTS_WRONG, forged("settlement", FOLK.founder, applied=EFFECTS_NOT_THERE)),
        (Fault.OTHER_JOB, forged("settlement", FOLK.founder, job=OTHER)),
        (Fault.MISSING, forged("settlement", FOLK.founder, attestations=(OTHER,))),
        (Fault.NO_QUORUM, forged("settlement", FOLK.founder, attestations=())),
        (Fault.NO_QUORUM, forged("settlement", FOLK.founder, end=HoldEnd.VOIDED)),
        (Fault.WRONG_PARENT, forged("anchor", EXECUTOR, sequence=2, parents=())),
        (Fault.NOT_A_VERIFIERS, attested_by(EXECUTOR)),
        (Fault.NOT_A_VERIFIERS, attested_by(FOLK.submitter)),
        (Fault.EQUIVOCATION, replace(PROOF, attestations=TWO_OF_ONE)),
        (Fault.MISSING, replace(PROOF, attestations=PROOF.attestations[1:])),
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


def paid_from(signer: Any, **changes: Any) -> Proof:
    """The proof, paid from a token that somebody signed; manifest and hold name it."""
    body = replace(FOLK.token.body, **changes)
    token = sign(body, mesh=MESH, key=signer)
    manifest = forged("manifest", FOLK.submitter, resource_token=token.cid).manifest
    hold = forged("hold", FOLK.founder, token=token.cid).hold
    data = {**PROOF.data, token.cid: token.block}
    return replace(PROOF, manifest=manifest, hold=hold, data=data)


@pytest.mark.parametrize(
    ("reason", "proof"),
    [
        ("made out to another member", paid_from(FOLK.founder, audience=STRANGER.did)),
        ("not signed by its issuer", paid_from(STRANGER)),
        ("of an issuer that is not accepted", paid_from(STRANGER, issuer=STRANGER.did)),
        ("more than the token grants", paid_from(FOLK.founder, amount=1)),
        ("has expired", paid_from(FOLK.founder, expires_at=START - 300)),
        ("outside the token's scope", paid_from(FOLK.founder, scope="garden")),
        ("another kind of resource", paid_from(FOLK.founder, resource_type=ResourceType.STORAGE)),
    ],
)
def test_token_that_does_not_cover_the_job_is_found(reason: str, proof: Proof) -> None:
    found = [each for each in verified(proof).findings if each.fault is Fault.TOKEN_INVALID]
    assert [reason in each.detail for each in found] == [True]


class EveryoneVerifies(Folk):
    """Members whose nodes are federation nodes too."""

    @property
    def genesis(self) -> Signed[Genesis]:
        body = super().genesis.body
        nodes = tuple(each.did for each in self.nodes)
        return sign(replace(body, federation=body.federation + nodes), mesh=None, key=self.founder)


def test_executor_that_is_a_federation_node_does_not_confirm_itself() -> None:
    folk = EveryoneVerifies()
    village = Village(folk=folk)
    name = village.submit()
    village.run()
    proof = collected(village, name)
    assert faults(proof, mesh=folk.mesh) == []
    executor = next(each for each in folk.nodes if each.did == proof.receipt.signer)
    own = sign(proof.attestations[0].body, mesh=folk.mesh, key=executor)
    found = faults(replace(proof, attestations=(*proof.attestations, own)), mesh=folk.mesh)
    assert found == [Fault.NOT_A_VERIFIERS]


def test_disputed_job_is_no_proof_of_anything() -> None:
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


PB_CID = Cid(b"\x01\x70" + OTHER.raw[2:])


@pytest.mark.parametrize("block", [b"", b"\xff", encode(7), encode([[1]]), encode({"pins": []})])
@pytest.mark.parametrize("cid", [OTHER, PB_CID], ids=["dag-cbor", "dag-pb"])
def test_blocks_that_are_not_what_they_should_be_are_named_and_never_crash(
    cid: Cid, block: bytes
) -> None:
    data = {**PROOF.data, cid: block}
    result = replace(PROOF.receipt.body.deterministic, output=cid, effects=cid, logs=cid)
    proof = replace(
        PROOF,
        data=data,
        context=replace(PROOF.context, state_root=cid, tokens=cid),
        receipt=forged("receipt", EXECUTOR, deterministic=result).receipt,
    )
    found = verified(proof)
    state = [each for each in found.findings if each.subject == "state"]
    assert [each.fault for each in state] == [Fault.UNREADABLE]
    assert found.executed_again is False
    module = forged("manifest", FOLK.submitter, module=PB_CID, input=PB_CID)
    found = verified(replace(module, data={PB_CID: block}))
    assert Fault.UNREADABLE in [each.fault for each in found.findings if each.subject == "module"]


# --- files


def test_file_cut_anywhere_is_noticed() -> None:
    data = to_car(PROOF)
    for end in range(0, len(data), 211):
        try:
            proof = from_bytes(data[:end])
        except ProofError as error:
            assert error.findings[0].fault in (Fault.MISSING, Fault.UNREADABLE)
        else:
            assert faults(proof), "a file cut between two blocks lacks something"


@pytest.mark.parametrize("part", ["genesis", "manifest", "bid", "hold", "award", "receipt"])
def test_missing_record_is_named(part: str) -> None:
    without = getattr(PROOF, part).cid
    blocks = [each for each in PROOF.blocks if each[0] != without]
    with pytest.raises(ProofError, match="not there") as raised:
        from_bytes(write_car((PROOF.receipt.cid,), blocks))
    assert raised.value.findings[0].detail == str(without)


def test_record_under_a_wrong_root_is_named() -> None:
    with pytest.raises(ProofError, match="a record of another type"):
        from_bytes(write_car((PROOF.bid.cid,), PROOF.blocks))
    with pytest.raises(ProofError, match="0 roots"):
        from_bytes(write_car((), PROOF.blocks))


def test_job_without_a_receipt_has_no_proof() -> None:
    village = Village()
    name = village.submit(budget=1)
    village.run()
    with pytest.raises(ProofError, match="none yet"):
        collected(village, name)


def test_record_lost_from_the_store_is_named() -> None:
    def fetch(cid: Cid) -> bytes | None:
        return None if cid == PROOF.bid.cid else dict(PROOF.blocks).get(cid)

    with VILLAGE.store.read() as tx:
        job = tx.jobs.in_phases(frozenset(Phase))[0]
    with pytest.raises(ProofError) as raised:
        collect(job, MESH, fetch)
    assert str(raised.value) == f"bid: {Fault.MISSING.value} ({PROOF.bid.cid})"
