"""Whatever a worker says of a program fits a receipt, or is refused."""

from typing import Any

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.verification.results import read_result, result_block
from runtime.content.codec import INTEGER_MAX, CodecError
from runtime.content.shapes import TEXT_BYTES_MAX
from runtime.content.typed import from_value, to_value
from runtime.execution.execution import FRAMES_MAX, Deterministic, Metrics, Outcome, OutcomeKind
from runtime.sandbox.results import execution_from

# Half surrogate pairs among them: a program writes any bytes.
TEXTS = st.one_of(
    st.text(max_size=8),
    st.builds(lambda part, times: part * times, st.text(max_size=4), st.integers(0, 5_000)),
)
OUTCOMES = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    reason=TEXTS,
    detail=TEXTS,
    place=TEXTS,
    article=st.none() | TEXTS,
)
COUNTS = st.integers(0, 9) | st.integers(0, INTEGER_MAX)
ANSWERS = st.fixed_dictionaries(
    {
        "outcome": OUTCOMES.map(lambda outcome: outcome.to_value()),
        "output": st.none() | st.binary(max_size=4),
        "output_is_value": st.booleans(),
        "effects": st.none() | st.binary(max_size=4),
        "log": st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=2),
        "fuel_used": st.none() | COUNTS,
        "blocks": st.just([]),
        "wall_ns": COUNTS,
        "memory_peak_bytes": COUNTS,
        "host_calls": COUNTS,
        "frames": st.lists(COUNTS, max_size=3) | st.lists(COUNTS, min_size=FRAMES_MAX - 1),
        "charter": st.just([]),
        "rehearsal": st.none(),
    }
)


def read_again(result: Deterministic) -> Deterministic:
    return read_result(result_block(result)[1])


def texts(outcome: Outcome) -> list[str]:
    return [outcome.reason, outcome.detail, outcome.place, outcome.article or ""]


@examples(300)
@given(OUTCOMES)
def test_bounded_outcome_fits_a_result(outcome: Outcome) -> None:
    bounded = outcome.bounded()
    result = Deterministic(outcome=bounded, output=None, effects=None, logs=None, fuel_used=0)
    assert read_again(result) == result
    assert all(len(each.encode()) <= TEXT_BYTES_MAX for each in texts(bounded))
    assert bounded.bounded() == bounded
    for before, after in zip(texts(outcome), texts(bounded), strict=True):
        if len(raw := before.encode("utf-8", "replace")) <= TEXT_BYTES_MAX:
            assert after == raw.decode()
        else:
            assert after.endswith("…") and raw.startswith(after[:-1].encode())


@examples(300)
@given(ANSWERS)
def test_answer_of_a_worker_fits_a_receipt(answer: dict[str, Any]) -> None:
    try:
        execution = execution_from(answer)
    except CodecError:
        assert len(answer["frames"]) > FRAMES_MAX
        return
    assert read_again(execution.deterministic) == execution.deterministic
    assert from_value(Metrics, to_value(execution.metrics)) == execution.metrics
