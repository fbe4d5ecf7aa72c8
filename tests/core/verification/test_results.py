"""Blocks of results: equal results have equal blocks, and nothing else is read."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.verification.results import read_result, result_block
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import CodecError, encode
from runtime.execution.execution import Deterministic, Outcome, OutcomeKind

CIDS = st.none() | st.binary(max_size=4).map(lambda data: cid_of(data, Codec.DAG_CBOR))
TEXTS = st.text(max_size=8)
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
    output=CIDS,
    effects=CIDS,
    logs=CIDS,
    fuel_used=st.none() | st.integers(0, 2**63 - 1),
)


@examples(100)
@given(RESULTS, RESULTS)
def test_what_is_written_is_read_again_and_equality_is_the_block_s(
    one: Deterministic, two: Deterministic
) -> None:
    cid, data = result_block(one)
    assert read_result(data) == one
    assert (result_block(two)[0] == cid) == (one == two)


TRUE = Deterministic(
    outcome=Outcome(kind=OutcomeKind.SUCCEEDED), output=None, effects=None, logs=None, fuel_used=1
)


@pytest.mark.parametrize(
    "changes",
    [
        {"fuel_used": -1},
        {"fuel_used": True},
        {"fuel_used": "1"},
        {"output": b"bytes"},
        {"outcome": {"kind": "succeeded"}},
        {"outcome": {"kind": "else", "reason": "", "detail": "", "place": "", "article": None}},
        {"outcome": {"kind": "failed", "reason": 1, "detail": "", "place": "", "article": None}},
        {"more": 1},
    ],
    ids=repr,
)
def test_other_blocks_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CodecError):
        read_result(encode(TRUE.to_value() | changes))


def test_not_even_a_map_is_refused() -> None:
    for value in ([], 1, None, "x"):
        with pytest.raises(CodecError):
            read_result(encode(value))
    assert read_result(encode(replace(TRUE, fuel_used=2).to_value())).fuel_used == 2
