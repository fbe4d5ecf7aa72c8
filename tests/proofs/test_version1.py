"""Proofs of version 1: those that were once made are verified as before, and forgeries found."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from sums_engine import false_sums, sums
from version1_proofs import (
    NOW,
    STRANGER,
    key,
    proof_of,
    signed_again,
    verified,
)

from mesh.core.findings import Fault
from mesh.core.proofs.contents import Missing
from mesh.core.proofs.execution import LACKING, NOT_ASKED, Impossible
from mesh.core.proofs.version1.proof import Proof
from mesh.core.proofs.version1.records import AppliedEffect, HoldEnd, Verdict
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, OutcomeKind
from runtime.tokens.token import ResourceType

OLD = {
    "input": OutcomeKind.SUCCEEDED,
    "lacking": OutcomeKind.SUCCEEDED,
    "state-empty": OutcomeKind.SUCCEEDED,
    "state": OutcomeKind.SUCCEEDED,
    "trapped": OutcomeKind.TRAPPED,
    "escapes": OutcomeKind.TRAPPED,
    "out-of-fuel": OutcomeKind.OUT_OF_FUEL,
    "one-refutes": OutcomeKind.SUCCEEDED,
    "sums": OutcomeKind.SUCCEEDED,
    "sums-other": OutcomeKind.SUCCEEDED,
}
PROOF = proof_of("sums")
ISSUER = key("issuer")
OTHER = cid_of(b"other", Codec.DAG_CBOR)
START = PROOF.manifest.body.created_at


def faults(proof: Proof, **changes: Any) -> list[Fault]:
    return [each.fault for each in verified(proof, **changes).findings]


def forged(part: str, by: Any = None, **changes: Any) -> Proof:
    return replace(PROOF, **{part: signed_again(getattr(PROOF, part), by, **changes)})


@pytest.mark.parametrize("name", OLD)
def test_proof_that_was_once_made_is_verified(name: str) -> None:
    proof = proof_of(name)
    assert proof.receipt.body.deterministic.outcome.kind is OLD[name]
    assert proof.context.version == 2
    found = verified(proof)
    assert (found.findings, found.is_verified) == ((), True)
    assert (found.executed_again, found.not_executed) == (None, NOT_ASKED)
    assert not proof.ignored


def test_execution_again_gets_what_the_records_name() -> None:
    def asked(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic:
        assert cid_of(module, Codec.RAW) == PROOF.manifest.body.module
        assert context.cid == PROOF.award.body.context
        assert given is None and not blocks
        return PROOF.receipt.body.deterministic

    assert verified(PROOF, reexecute=asked).executed_again is True
    assert verified(PROOF, reexecute=sums).executed_again is True
    found = verified(PROOF, reexecute=false_sums)
    assert (found.executed_again, found.is_verified) == (False, False)
    assert [str(each) for each in found.findings] == [
        "receipt: executing again gives another result (different: output, fuel_used)"
    ]
    impossible = verified(PROOF, reexecute=lambda *_: Impossible(reason="another engine"))
    assert (impossible.is_verified, impossible.not_executed) == (True, "another engine")


def test_proof_without_its_module_is_verified_and_not_executed_again() -> None:
    proof = proof_of("lacking")
    found = verified(proof, reexecute=sums)
    assert (found.executed_again, found.not_executed) == (None, LACKING)
    assert proof.manifest.body.input is not None
    assert found.missing == (
        Missing(subject="module", cid=proof.manifest.body.module),
        Missing(subject="input", cid=proof.manifest.body.input),
    )


def test_disputed_job_stays_one_in_the_same_words() -> None:
    assert [str(each) for each in verified(proof_of("disputed")).findings] == [
        "attestations: no quorum confirms it (0 confirm, 2 are needed)",
        "settlement: no quorum confirms it "
        "(the hold was voided: a quorum of verifiers got another result)",
    ]


def test_trust_is_named_and_never_taken_from_the_file() -> None:
    unknown = verified(PROOF, mesh=None)
    assert (unknown.findings, unknown.trusted, unknown.is_verified) == ((), False, False)
    other = verified(PROOF, mesh=OTHER)
    assert [each.fault for each in other.findings] == [Fault.OTHER_MESH]
    assert not other.trusted


def test_settlement_that_carries_out_other_effects_is_found() -> None:
    proof = proof_of("state")
    assert proof.settlement is not None
    (first,) = proof.settlement.body.applied
    for applied in (
        (first, first),
        (replace(first, record=OTHER),),
        (replace(first, record=None),),
        (first, replace(first, position=1)),
    ):
        settlement = signed_again(proof.settlement, STRANGER, applied=applied)
        found = faults(replace(proof, settlement=settlement))
        assert found == [Fault.NOT_AN_ISSUERS, Fault.EFFECTS_WRONG], applied


FIRST = PROOF.attestations[0]
LIE = replace(FIRST.body.deterministic, output=OTHER)
CONTRADICTED = signed_again(FIRST, deterministic=LIE, verdict=Verdict.REFUTED)
APPLIED = (AppliedEffect(position=0, record=None),)


def attested_by(name: str) -> Proof:
    """One of the attestations is signed by somebody else."""
    return replace(PROOF, attestations=(signed_again(FIRST, key(name)), *PROOF.attestations[1:]))


@pytest.mark.parametrize(
    ("fault", "proof"),
    [
        (Fault.MISSING, replace(PROOF, anchor=None)),
        (Fault.MISSING, replace(PROOF, settlement=None)),
        (Fault.NO_QUORUM, replace(PROOF, attestations=())),
        (Fault.NO_QUORUM, replace(PROOF, attestations=PROOF.attestations[:1] * 3)),
        (Fault.NOT_THE_SUBMITTERS, forged("award", STRANGER)),
        (Fault.OTHER_JOB, forged("award", job=OTHER)),
        (Fault.OTHER_BID, forged("award", bid=OTHER)),
        (Fault.OTHER_HOLD, forged("award", hold=OTHER)),
        (Fault.OTHER_HOLD, forged("award", attempt=2)),
        (Fault.OTHER_CONTEXT, forged("award", context=OTHER)),
        (Fault.FUEL_LIMIT_WRONG, forged("award", fuel_limit=1)),
        (Fault.NOT_THE_EXECUTORS, forged("anchor", STRANGER)),
        (Fault.OTHER_RECEIPT, forged("anchor", receipt=OTHER)),
        (Fault.WRONG_PARENT, forged("anchor", sequence=2, parents=())),
        (Fault.NOT_AN_ISSUERS, forged("settlement", STRANGER)),
        (Fault.OTHER_HOLD, forged("settlement", hold=OTHER)),
        (Fault.OTHER_JOB, forged("settlement", job=OTHER)),
        (Fault.OVER, forged("settlement", settled_at=PROOF.hold.body.expires_at)),
        (Fault.FROM_THE_FUTURE, forged("settlement", settled_at=NOW + 301)),
        (Fault.TIMES_WRONG, forged("settlement", settled_at=1)),
        (Fault.EFFECTS_WRONG, forged("settlement", applied=APPLIED)),
        (Fault.MISSING, forged("settlement", attestations=(OTHER,))),
        (Fault.NO_QUORUM, forged("settlement", attestations=())),
        (Fault.NO_QUORUM, forged("settlement", end=HoldEnd.VOIDED)),
        (Fault.NOT_AN_ISSUERS, forged("hold", STRANGER)),
        (Fault.AMOUNT_WRONG, forged("hold", amount=PROOF.bid.body.price + 1)),
        (Fault.HOLD_TOO_SMALL, forged("hold", amount=PROOF.bid.body.price - 1)),
        (Fault.HOLD_TOO_SHORT, forged("hold", expires_at=START + 61)),
        (Fault.OTHER_TOKEN, forged("hold", token=OTHER)),
        (Fault.OTHER_MODULE, forged("manifest", module=OTHER)),
        (Fault.OVER_BUDGET, forged("bid", price=501)),
        (Fault.OVER_BUDGET, forged("bid", units=501)),
        (Fault.CONTEXT_DIFFERS, replace(PROOF, context=replace(PROOF.context, entry="other"))),
        (Fault.CONTEXT_DIFFERS, replace(PROOF, context=replace(PROOF.context, seed=bytes(32)))),
        (Fault.NOT_THE_EXECUTORS, forged("receipt", STRANGER)),
        (Fault.OTHER_JOB, forged("receipt", job=OTHER)),
        (Fault.OTHER_AWARD, forged("receipt", award=OTHER)),
        (Fault.OTHER_CONTEXT, forged("receipt", context=OTHER)),
        (Fault.OTHER_MODULE, forged("receipt", module=OTHER)),
        (Fault.OTHER_NODE, forged("receipt", node_id="mesh-node-9")),
        (Fault.USAGE_WRONG, forged("receipt", usage={"compute": 999})),
        (Fault.TIMES_WRONG, forged("receipt", started_at=START - 301)),
        (Fault.FROM_THE_FUTURE, forged("receipt", ended_at=NOW + 306)),
        (Fault.OVER, forged("receipt", ended_at=PROOF.award.body.lease_expires_at + 300)),
        (Fault.NOT_A_VERIFIERS, attested_by("node-1")),
        (Fault.NOT_A_VERIFIERS, attested_by("submitter")),
        (Fault.EQUIVOCATION, replace(PROOF, attestations=(*PROOF.attestations, CONTRADICTED))),
        (Fault.MISSING, replace(PROOF, attestations=PROOF.attestations[1:])),
    ],
)
def test_each_forgery_is_found(fault: Fault, proof: Proof) -> None:
    assert fault in faults(proof)


def test_used_fuel_over_the_limit_and_another_engine_are_found() -> None:
    body = PROOF.receipt.body
    result = replace(body.deterministic, fuel_used=PROOF.award.body.fuel_limit + 1)
    units = PROOF.bid.body.units + 1
    over = forged("receipt", deterministic=result, usage={"compute": units})
    assert Fault.FUEL_OVER_LIMIT in faults(over)
    assert Fault.ENGINE_DIFFERS in faults(
        forged("receipt", engine=replace(body.engine, version="2"))
    )
    wrong = signed_again(FIRST, verdict=Verdict.REFUTED)
    proof = replace(PROOF, attestations=(wrong, *PROOF.attestations[1:]))
    assert Fault.VERDICT_WRONG in faults(proof)


def paid_from(signer: Any, **changes: Any) -> Proof:
    """The proof, paid from a token that somebody signed; manifest and hold name it."""
    (token,) = PROOF.token_chain
    other = signed_again(token, signer, **changes)
    manifest = signed_again(PROOF.manifest, resource_token=other.cid)
    hold = signed_again(PROOF.hold, token=other.cid)
    data = {**PROOF.data, other.cid: other.block}
    return replace(PROOF, manifest=manifest, hold=hold, data=data)


@pytest.mark.parametrize(
    ("reason", "proof"),
    [
        ("made out to another member", paid_from(ISSUER, audience=STRANGER.did)),
        ("not signed by its issuer", paid_from(STRANGER)),
        ("of an issuer that is not accepted", paid_from(STRANGER, issuer=STRANGER.did)),
        ("more than the token grants", paid_from(ISSUER, amount=1)),
        ("has expired", paid_from(ISSUER, expires_at=START - 300)),
        ("outside the token's scope", paid_from(ISSUER, scope="garden")),
        ("another kind of resource", paid_from(ISSUER, resource_type=ResourceType.STORAGE)),
    ],
)
def test_token_that_does_not_cover_the_job_is_found(reason: str, proof: Proof) -> None:
    found = [each for each in verified(proof).findings if each.fault is Fault.TOKEN_INVALID]
    assert [reason in each.detail for each in found] == [True]


PB_CID = Cid(b"\x01\x70" + OTHER.raw[2:])


@pytest.mark.parametrize("block", [b"", b"\xff", encode(7), encode([[1]]), encode({"pins": []})])
@pytest.mark.parametrize("cid", [OTHER, PB_CID], ids=["dag-cbor", "dag-pb"])
def test_blocks_that_are_not_what_they_should_be_are_named_and_never_crash(
    cid: Cid, block: bytes
) -> None:
    result = replace(PROOF.receipt.body.deterministic, output=cid, effects=cid, logs=cid)
    proof = replace(
        forged("receipt", deterministic=result),
        data={**PROOF.data, cid: block},
        context=replace(PROOF.context, state_root=cid, tokens=cid),
    )
    found = verified(proof, reexecute=sums)
    state = [each for each in found.findings if each.subject == "state"]
    assert [each.fault for each in state] == [Fault.UNREADABLE]
    assert found.executed_again is False
    module = replace(forged("manifest", module=PB_CID, input=PB_CID), data={PB_CID: block})
    found = verified(module, reexecute=sums)
    assert Fault.UNREADABLE in [each.fault for each in found.findings if each.subject == "module"]
