"""Equivocation: which two records prove that their signer contradicts itself."""

from typing import Any

import pytest
from msgspec.structs import replace

from mesh.core.membership.equivocation import SLOTS, contradict, fault_of, slots_of
from mesh.core.records.jobs import Award
from mesh.core.records.membership import FaultGround
from mesh.core.records.registry import RECORDS, sign
from mesh.core.records.work import Anchor, Draw
from runtime.content.cid import Cid, Codec, cid_of
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

SIGNER, OTHER = SigningKey(bytes([1] * 32)), SigningKey(bytes([2] * 32))
MESH = cid_of(b"mesh", Codec.DAG_CBOR)
A, B = cid_of(b"a", Codec.DAG_CBOR), cid_of(b"b", Codec.DAG_CBOR)


def signed(body: Any, key: SigningKey = SIGNER, mesh: Cid = MESH) -> Signed[Any]:
    return sign(body, mesh=mesh, key=key)


ANCHOR = Anchor(receipt=A, parents=(), sequence=3)
DRAW = Draw(hold=A, first=B, secret=bytes(32), verifiers=(OTHER.did,), round=1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ANCHOR, replace(ANCHOR, receipt=B)),
        (DRAW, replace(DRAW, first=A)),
    ],
)
def test_two_records_of_one_signer_for_one_slot_are_a_fault(first: Any, second: Any) -> None:
    one, two = signed(first), signed(second)
    assert contradict(one, two) and contradict(two, one)
    fault = fault_of(one, two)
    assert fault == fault_of(two, one)
    assert (fault.ground, fault.accused) == (FaultGround.EQUIVOCATION, SIGNER.did)
    assert set(fault.evidence) == {one.cid, two.cid}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (signed(ANCHOR), signed(ANCHOR)),
        (signed(ANCHOR), signed(replace(ANCHOR, sequence=4))),
        (signed(ANCHOR), signed(replace(ANCHOR, receipt=B), OTHER)),
        (signed(ANCHOR), signed(replace(ANCHOR, receipt=B), mesh=A)),
        (signed(DRAW), signed(replace(DRAW, round=2))),
        (signed(DRAW), signed(replace(DRAW, hold=B))),
    ],
)
def test_records_for_different_slots_or_signers_are_no_fault(
    one: Signed[Any], two: Signed[Any]
) -> None:
    assert not contradict(one, two)


def test_award_after_a_refused_one_is_no_fault() -> None:
    award = Award(job=A, bid=A, attempt=1, context=A, fuel_limit=1)
    one, two = signed(award), signed(replace(award, bid=B))
    assert slots_of(one) == ()
    assert not contradict(one, two)


def test_slots_are_of_record_types() -> None:
    assert set(SLOTS) <= set(RECORDS.values())
