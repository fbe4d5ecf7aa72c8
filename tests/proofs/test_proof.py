"""Proofs of version 2: whole, sealed and not, tampered with in every field, and of another mesh."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from sample_job import KEYS, SampleJob, sample_job
from sample_proofs import (
    JOBS,
    ORDER,
    OTHER,
    PROOFS,
    SEALED,
    Path,
    alternatives,
    both,
    collected,
    faults,
    from_blocks,
    from_bytes,
    in_memory,
    job_row,
    signed_again,
    verified,
)
from sums_engine import false_sums, sums

from mesh.core.findings import Fault
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.execution import LACKING, NOT_ASKED, Impossible
from mesh.core.proofs.proof import Proof, to_car
from mesh.core.proofs.reading import collect
from mesh.core.records.jobs import Award
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic


@both
def test_whole_proof_is_accepted_and_survives_its_file(is_sealed: bool) -> None:
    proof = PROOFS[is_sealed]
    found = verified(proof)
    assert (found.findings, found.missing) == ((), ())
    assert (found.is_verified, found.executed_again) == (True, True)
    data = to_car(proof)
    assert to_car(proof) == data
    again = in_memory(from_bytes(data))
    assert again == proof
    assert set(dict(proof.blocks)) == set(JOBS[is_sealed].blocks)


@both
def test_one_liar_among_three_does_not_spoil_the_proof(is_sealed: bool) -> None:
    proof = collected(sample_job(is_sealed=is_sealed, liars=("verifier-2",)))
    assert len({each.body.deterministic for each in proof.attestations}) == 2
    assert faults(proof) == []


@both
def test_refuted_receipt_proves_a_dispute_and_nothing_else(is_sealed: bool) -> None:
    proof = collected(sample_job(is_sealed=is_sealed, liars=("node",)))
    assert proof.settlement is not None
    assert proof.settlement.body.ground is Ground.REFUTED
    assert faults(proof) == [Fault.NO_QUORUM, Fault.NO_QUORUM, Fault.RESULT_DIFFERS]


def test_executing_again_is_what_decides() -> None:
    found = verified(SEALED, reexecute=false_sums)
    assert [each.fault for each in found.findings] == [Fault.RESULT_DIFFERS]
    assert (found.executed_again, found.is_verified) == (False, False)
    unasked = verified(SEALED, reexecute=None)
    assert (unasked.findings, unasked.is_verified) == ((), True)
    assert (unasked.executed_again, unasked.not_executed) == (None, NOT_ASKED)
    impossible = verified(SEALED, reexecute=lambda *_: Impossible(reason="another engine"))
    assert (impossible.is_verified, impossible.not_executed) == (True, "another engine")


def test_execution_again_gets_what_the_records_name() -> None:
    def asked(
        module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
    ) -> Deterministic:
        assert cid_of(module, Codec.RAW) == SEALED.manifest.body.module
        assert context.cid == SEALED.award.body.context
        assert given is None and not blocks
        return sums(module, context, given)

    assert verified(SEALED, reexecute=asked).executed_again is True


def test_proof_that_lacks_the_module_is_verified_and_not_executed_again() -> None:
    module = SEALED.manifest.body.module
    data = {cid: block for cid, block in SEALED.data.items() if cid != module}
    found = verified(replace(SEALED, data=data))
    assert (found.findings, found.is_verified) == ((), True)
    assert (found.executed_again, found.not_executed) == (None, LACKING)
    assert [(each.subject, each.cid) for each in found.missing] == [("module", module)]


def test_trust_is_named_and_never_taken_from_the_file() -> None:
    unknown = verified(SEALED, mesh=None)
    assert (unknown.findings, unknown.trusted, unknown.is_verified) == ((), False, False)
    other = verified(SEALED, mesh=OTHER)
    assert [each.fault for each in other.findings] == [Fault.OTHER_MESH]
    assert not other.trusted


# --- every field of every record


def replaced(proof: Proof, old: Any, new: Any) -> Proof:
    """The proof with another record in the place of one."""
    for name in proof.__struct_fields__:
        value = getattr(proof, name)
        if getattr(value, "cid", None) == old.cid:
            return replace(proof, **{name: new})
        if isinstance(value, tuple) and old in value:
            return replace(proof, **{name: tuple(new if each is old else each for each in value)})
    (change,) = proof.changes
    if old is change.change:
        return replace(proof, changes=(replace(change, change=new),))
    assert old in change.endorsements
    return replace(proof, changes=(replace(change, endorsements=(new,)),))


UNDECIDED = {
    ("Settlement", ("detail",)): "prose for people",
    ("Settlement", ("issued_at",)): "the issuer's clock, between hold and now",
    ("Policy", ("edition",)): "other editions may be elsewhere",
    ("Policy", ("rule", "limit")): "any limit that allows the job",
    ("Policy", ("scope",)): "a policy for another scope decides nothing here",
    ("Policy", ("resource_type",)): "a policy for another resource decides nothing here",
    ("Policy", ("effective_at",)): "any time before the hold",
}
"""What the signer of a last record, on which no other rests, may say as it likes."""


@both
def test_each_changed_field_of_each_record_is_found(is_sealed: bool) -> None:
    proof = PROOFS[is_sealed]
    undecided = set()
    changes = 0
    for record in proof.records:
        for path, body in alternatives(record.body):
            key = KEYS[record.signer]
            changed = signed_again(
                record, key, **{n: getattr(body, n) for n in body.__struct_fields__}
            )
            found = faults(replaced(proof, record, changed), reexecute=None)
            changes += 1
            if not found:
                undecided.add((type(body).__name__, path))
    assert undecided == UNDECIDED.keys()
    assert changes > 400


RESTED_ON = {
    ("Hold", ("lease_ms",)): "the issuer's parameter, within what max_seconds allows",
    ("Opening", ("seals", ORDER)): "all are listed",
    ("Receipt", ("nonce",)): "of no seal, where results are not sealed",
    ("Attestation", ("nonce",)): "of no seal, where results are not sealed",
    ("Settlement", ("attestations", ORDER)): "all are listed",
    ("Hold", ("issued_at",)): "the issuer's clock, within the times of manifest and bid",
    ("Receipt", ("metrics", "wall_ms")): "measured, never compared",
    ("Receipt", ("metrics", "memory_peak_bytes")): "measured, never compared",
    ("Receipt", ("metrics", "host_calls")): "measured, never compared",
    ("Receipt", ("started_at",)): "the executor's clock, after the hold",
    ("Receipt", ("ended_at",)): "the executor's clock, before the settlement",
    ("Receipt", ("previous",)): "its earlier receipts are not in the file",
    ("Anchor", ("parents",)): "other chains are not in the file",
    ("Settlement", ("detail",)): "prose for people",
    ("Settlement", ("issued_at",)): "the issuer's clock, between receipt and now",
}
"""What a signer may say as it likes even where all later records rest on it."""
LATER = (
    Award,
    Hold,
    Receipt,
    Anchor,
    Draw,
    Opening,
    Seal,
    Attestation,
    Settlement,
)


@both
def test_each_changed_field_is_found_where_all_later_records_rest_on_it(is_sealed: bool) -> None:
    undecided: set[tuple[str, Path]] = set()
    changes = 0
    for record in JOBS[is_sealed].records:
        if not isinstance(record.body, LATER):
            continue
        for path, body in alternatives(record.body):
            job = altered(JOBS[is_sealed], record.body, body, is_sealed=is_sealed)
            if job is None:
                continue
            changes += 1
            if is_accepted(job):
                undecided.add((type(body).__name__, path))
    absent = ("nonce",) if is_sealed else ("seals", ORDER)
    assert undecided == {place for place in RESTED_ON if place[1] != absent}
    assert changes > 150


def altered(job: SampleJob, old: Any, new: Any, *, is_sealed: bool) -> SampleJob | None:
    """The job with another body of one record, and all later ones signed on top of it; None where
    an honest signer cannot even go on."""
    try:
        return sample_job(is_sealed=is_sealed, alter=lambda body: new if body == old else body)
    except (AssertionError, KeyError):
        return None


def is_accepted(job: SampleJob) -> bool:
    try:
        return not faults(from_blocks(job.hold.cid, job.blocks), reexecute=None)
    except ProofError:
        return False


# --- a store that lacks something


def test_job_without_a_hold_has_no_proof() -> None:
    job = JOBS[True]
    row = replace(job_row(job), hold=None)
    with pytest.raises(ProofError, match="none yet"):
        collect(row, job.blocks.get, mesh=job.mesh, changes=(), policies=())


def test_record_lost_from_the_store_is_named() -> None:
    job = JOBS[True]
    for record in (job.manifest, job.bid, job.award, job.receipt, job.seals[0], job.draws[0]):
        left = {cid: block for cid, block in job.blocks.items() if cid != record.cid}
        with pytest.raises(ProofError) as raised:
            collect(job_row(job), left.get, mesh=job.mesh, changes=(), policies=())
        assert raised.value.findings[0].detail == str(record.cid)


def test_job_that_is_not_settled_has_a_proof_that_says_so() -> None:
    job = JOBS[False]
    row = replace(job_row(job), settlement=None)
    proof = collect(row, job.blocks.get, mesh=job.mesh, changes=changes_of(job), policies=())
    assert faults(proof) == [Fault.MISSING, Fault.NO_QUORUM]
    assert proof.receipt is not None and len(proof.attestations) == 3


def changes_of(job: SampleJob) -> Any:
    from mesh.core.proofs.membership import ChangeNames

    assents = tuple(each.cid for each in job.founding.endorsements)
    return (ChangeNames(change=job.founding.change.cid, endorsements=assents),)
