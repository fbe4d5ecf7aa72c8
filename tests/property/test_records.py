"""Every record survives its encoding, and no block with a changed bit is read."""

from typing import Any, get_args

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import Folk, key

from mesh.core.fields import MICRO, NodeId
from mesh.core.ids import hold_id, new_job_id
from mesh.records import (
    RECORDS,
    SURCHARGE_PPM_MAX,
    Anchor,
    AppliedEffect,
    Attestation,
    Award,
    Bid,
    Cancel,
    Credential,
    Decline,
    DeclineReason,
    Engine,
    Genesis,
    Hold,
    HoldEnd,
    JobManifest,
    NodeProfile,
    PendingEffect,
    Policy,
    Priority,
    Receipt,
    Record,
    Requirements,
    Revocation,
    Settlement,
    Trust,
    Verdict,
    read,
    read_as,
)
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX, decode, encode
from runtime.content.typed import from_value, to_value
from runtime.execution.execution import Deterministic, Metrics, Outcome, OutcomeKind
from runtime.identity.signed import RecordError, RecordFault, sign
from runtime.tokens.policy import AllowAll, PermitList, Quota, RateLimit
from runtime.tokens.token import ResourceToken, ResourceType

FOLK = Folk()
MESH = FOLK.mesh
SIGNER = key("signer")

NATURAL = st.integers(0, INTEGER_MAX)
POSITIVE = st.integers(1, INTEGER_MAX)
CIDS = st.binary(max_size=4).map(lambda data: cid_of(data, Codec.RAW))
DIDS = st.sampled_from([key(str(n)).did for n in range(4)])
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
WORD_LISTS = st.lists(WORDS, max_size=3).map(tuple)
DID_LISTS = st.lists(DIDS, max_size=3).map(tuple)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
NODE_IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True).map(NodeId)
TYPES = st.sampled_from(ResourceType)
ENGINES = st.builds(Engine, name=WORDS, version=WORDS, config=WORDS, arch=WORDS)
OUTCOMES = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    reason=TEXTS,
    detail=TEXTS,
    place=TEXTS,
    article=st.none() | TEXTS,
)
RESULTS = st.builds(
    Deterministic,
    outcome=OUTCOMES,
    output=st.none() | CIDS,
    effects=st.none() | CIDS,
    logs=st.none() | CIDS,
    fuel_used=st.none() | NATURAL,
)
RULES = st.one_of(
    st.builds(AllowAll),
    st.builds(Quota, limit=NATURAL),
    st.builds(
        RateLimit,
        amount=POSITIVE,
        per_seconds=st.integers(1, 1000),
        burst=st.integers(1, INTEGER_MAX // 1000),
    ),
    st.builds(PermitList, dids=DID_LISTS),
)
JOB_IDS = st.builds(new_job_id, st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
HOLD_IDS = st.builds(hold_id, CIDS, st.integers(1, 9))
AMOUNT_MAPS = st.dictionaries(WORDS, NATURAL, max_size=3)
EFFECTS = st.lists(st.builds(AppliedEffect, position=NATURAL, record=st.none() | CIDS), max_size=2)
WAITING = st.lists(st.builds(PendingEffect, position=NATURAL, reason=TEXTS), max_size=2)


@st.composite
def manifests(draw: st.DrawFn) -> JobManifest:
    created, bidding, expiry = sorted(draw(st.tuples(NATURAL, NATURAL, NATURAL)))
    return JobManifest(
        job_id=draw(JOB_IDS),
        description=draw(TEXTS),
        module=draw(CIDS),
        entry=draw(WORDS),
        arguments=draw(st.none() | st.binary(max_size=20)),
        input=draw(st.none() | CIDS),
        ccl=draw(st.none() | CIDS),
        requirements=draw(
            st.builds(
                Requirements,
                memory_bytes=NATURAL,
                cpu_cores=NATURAL,
                storage_bytes=NATURAL,
                features=WORD_LISTS,
                max_seconds=st.integers(1, 1000),
            )
        ),
        resource_type=draw(TYPES),
        resource_amount=draw(POSITIVE),
        budget=draw(POSITIVE),
        scope=draw(TEXTS),
        priority=draw(st.sampled_from(Priority)),
        resource_token=draw(CIDS),
        accepted_issuers=draw(DID_LISTS),
        engine=draw(st.none() | WORDS),
        trust=draw(
            st.builds(
                Trust,
                min_reputation=st.integers(0, 100),
                locations=WORD_LISTS,
                required_credentials=WORD_LISTS,
                verifiers=st.integers(2, 3),
                quorum=st.just(2),
            )
        ),
        award_delegate=draw(st.none() | DIDS),
        bid_deadline=bidding,
        expires_at=expiry,
        created_at=created,
    )


BODIES: dict[str, st.SearchStrategy[Any]] = {
    "Genesis": st.builds(
        Genesis, name=WORDS, issuers=DID_LISTS, federation=DID_LISTS, created_at=NATURAL
    ),
    "JobManifest": manifests(),
    "Bid": st.builds(
        Bid,
        job=CIDS,
        node_id=NODE_IDS,
        price=NATURAL,
        units=POSITIVE,
        estimated_seconds=NATURAL,
        location=WORDS,
        capabilities=WORD_LISTS,
        missing_bytes=NATURAL,
        expires_at=NATURAL,
    ),
    "Decline": st.builds(
        Decline,
        job=CIDS,
        node_id=NODE_IDS,
        reason=st.sampled_from(DeclineReason),
        detail=TEXTS,
    ),
    "Hold": st.builds(Hold, id=HOLD_IDS, token=CIDS, amount=NATURAL, expires_at=NATURAL),
    "Award": st.builds(
        Award,
        job=CIDS,
        bid=CIDS,
        attempt=POSITIVE,
        hold=CIDS,
        context=CIDS,
        fuel_limit=NATURAL,
        lease_expires_at=NATURAL,
    ),
    "Receipt": st.builds(
        Receipt,
        job=CIDS,
        award=CIDS,
        context=CIDS,
        module=CIDS,
        node_id=NODE_IDS,
        engine=ENGINES,
        deterministic=RESULTS,
        metrics=st.builds(Metrics, wall_ms=NATURAL, memory_peak_bytes=NATURAL, host_calls=NATURAL),
        usage=AMOUNT_MAPS,
        started_at=NATURAL,
        ended_at=NATURAL,
        previous=st.none() | CIDS,
    ),
    "Anchor": st.builds(
        Anchor, receipt=CIDS, parents=st.lists(CIDS, max_size=3).map(tuple), sequence=POSITIVE
    ),
    "Attestation": st.builds(
        Attestation,
        receipt=CIDS,
        deterministic=RESULTS,
        verdict=st.sampled_from(Verdict),
        engine=ENGINES,
    ),
    "ResourceToken": st.builds(
        ResourceToken,
        resource_type=TYPES,
        amount=POSITIVE,
        scope=TEXTS,
        expires_at=NATURAL,
        issuer=DIDS,
        audience=DIDS,
        parent=st.none() | CIDS,
        nonce=st.binary(min_size=16, max_size=16),
    ),
    "Policy": st.builds(Policy, resource_type=TYPES, rule=RULES, effective_at=NATURAL),
    "Cancel": st.builds(Cancel, job=CIDS, reason=TEXTS),
    "Settlement": st.builds(
        Settlement,
        job=CIDS,
        hold=CIDS,
        end=st.sampled_from(HoldEnd),
        receipt=st.none() | CIDS,
        attestations=st.lists(CIDS, max_size=3).map(tuple),
        applied=EFFECTS.map(tuple),
        pending=WAITING.map(tuple),
        reason=TEXTS,
        settled_at=NATURAL,
    ),
    "Revocation": st.builds(Revocation, target=CIDS, reason=TEXTS, revoked_at=NATURAL),
    "Credential": st.builds(Credential, subject=DIDS, name=WORDS, expires_at=NATURAL),
    "NodeProfile": st.builds(
        NodeProfile,
        surcharge_ppm=st.integers(0, SURCHARGE_PPM_MAX),
        share_ppm=st.integers(1, MICRO),
        node_id=NODE_IDS,
        sequence=POSITIVE,
        location=WORDS,
        capabilities=WORD_LISTS,
        memory_bytes=NATURAL,
        cpu_cores=NATURAL,
        storage_bytes=NATURAL,
        rates=AMOUNT_MAPS,
        engine=st.none() | ENGINES,
        commitment=st.none() | st.binary(min_size=32, max_size=32),
    ),
}
ANY_BODY = st.one_of(*BODIES.values())


def test_every_record_has_a_strategy() -> None:
    assert BODIES.keys() == RECORDS.keys() == {kind.__name__ for kind in get_args(Record)}


@examples(40)
@given(st.data())
@pytest.mark.parametrize("name", sorted(BODIES))
def test_reading_gives_back_what_was_signed(name: str, data: st.DataObject) -> None:
    body = data.draw(BODIES[name])
    mesh = None if name == "Genesis" else MESH
    signed = sign(body, mesh=mesh, key=SIGNER)
    assert read(signed.block, MESH) == signed
    assert read_as(RECORDS[name], signed.block, MESH).body == body
    assert encode(decode(signed.block)) == signed.block
    assert sign(body, mesh=mesh, key=SIGNER).block == signed.block, "the same bytes each time"


@examples(300)
@given(ANY_BODY, st.data())
def test_no_block_with_a_changed_bit_is_read(body: Any, data: st.DataObject) -> None:
    signed = sign(body, mesh=None if isinstance(body, Genesis) else MESH, key=SIGNER)
    bit = data.draw(st.integers(0, 8 * len(signed.block) - 1))
    block = bytearray(signed.block)
    block[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RecordError):
        read(bytes(block), MESH)


@examples(100)
@given(ANY_BODY, st.data())
def test_unknown_a_missing_or_a_foreign_field_is_refused_although_signed(
    body: Any, data: st.DataObject
) -> None:
    """The signature is right; the shape is not."""
    name = type(body).__name__
    mesh = None if isinstance(body, Genesis) else MESH
    value = decode(sign(body, mesh=mesh, key=SIGNER).block)
    envelope = {"version", "type", "mesh", "signer", "sig"}
    field = data.draw(st.sampled_from(sorted(value.keys() - envelope)))
    fault = data.draw(st.sampled_from(["unknown", "missing", "foreign"]))
    if fault == "unknown":
        value["colour"] = "green"
    elif fault == "missing":
        del value[field]
    else:
        value[field] = -7 if type(value[field]) is not int else "seven"
    del value["sig"]
    message = b"icn-mesh/1\0" + name.encode() + b"\0" + encode(value)
    value["sig"] = SIGNER.sign(message)
    with pytest.raises(RecordError) as raised:
        read(encode(value), MESH)
    assert raised.value.fault is RecordFault.WRONG_SHAPE
    if fault != "foreign":
        assert fault in raised.value.detail


@examples(200)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    with pytest.raises(RecordError):
        read(data, MESH)


@examples(100)
@given(st.text(max_size=3000), st.integers(1, 3))
def test_whatever_a_program_says_fits_a_receipt(text: str, times: int) -> None:
    said = Outcome(kind=OutcomeKind.TRAPPED, reason=text, detail=text * times, article=text)
    result = Deterministic(
        outcome=said.bounded(), output=None, effects=None, logs=None, fuel_used=None
    )
    assert from_value(Deterministic, to_value(result)) == result
    if len((text * times).encode("utf-8", "replace")) <= 4096:
        assert said.bounded().detail == (text * times).encode("utf-8", "replace").decode()
