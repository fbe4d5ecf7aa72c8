"""No program decides how fast a node seems to be."""

from typing import Any, Final

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.fields import NodeId
from mesh.pace import MEASURABLE_MS, OFF_MOST, Pace, learned
from mesh.records import Engine, Receipt
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.execution.execution import Deterministic, Metrics, Outcome, OutcomeKind

MEASURED: Final = 1_000_000_000
SOME: Final = cid_of(b"some block", Codec.RAW)


def receipt(fuel: int | None, wall_ms: int, kind: OutcomeKind = OutcomeKind.SUCCEEDED) -> Receipt:
    return Receipt(
        job=SOME,
        award=SOME,
        context=SOME,
        module=SOME,
        node_id=NodeId("node"),
        engine=Engine(name="wasmtime", version="1", config="0", arch="any"),
        deterministic=Deterministic(
            outcome=Outcome(kind=kind), output=None, effects=None, logs=None, fuel_used=fuel
        ),
        metrics=Metrics(wall_ms=wall_ms, memory_peak_bytes=0, host_calls=0),
        usage={},
        started_at=0,
        ended_at=0,
        previous=None,
    )


def at(fuel_per_second: int) -> Pace:
    return Pace(fuel_per_second=fuel_per_second, executions=0)


FUELS: Final = st.integers(0, INTEGER_MAX)
RECEIPTS: Final = st.builds(
    receipt, st.one_of(st.none(), FUELS), st.integers(0, 1 << 40), st.sampled_from(OutcomeKind)
)


@examples(100)
@given(st.integers(MEASURED // OFF_MOST, MEASURED * OFF_MOST), RECEIPTS)
def test_one_receipt_moves_the_pace_by_a_twelfth_at_most(known: int, shown: Any) -> None:
    after = learned(at(known), shown, MEASURED)
    assert abs(after.fuel_per_second - known) * 12 <= known + 24


@examples(50)
@given(st.lists(RECEIPTS, max_size=80), st.integers(1, INTEGER_MAX))
def test_no_receipts_move_the_pace_far_from_what_was_measured(
    shown: list[Receipt], measured: int
) -> None:
    pace = at(measured)
    for each in shown:
        pace = learned(pace, each, measured)
        assert measured // OFF_MOST <= pace.fuel_per_second <= measured * OFF_MOST


def test_failed_or_short_execution_shows_no_speed() -> None:
    pace = at(MEASURED)
    for kind in OutcomeKind:
        if kind is not OutcomeKind.SUCCEEDED:
            assert learned(pace, receipt(1_000, 60_000, kind), MEASURED) == pace
    assert learned(pace, receipt(1_000, MEASURABLE_MS - 1), MEASURED) == pace
    assert learned(pace, receipt(None, 60_000), MEASURED) == pace


def test_pace_follows_what_a_node_shows_again_and_again() -> None:
    for shown in (MEASURED // 2, MEASURED * 2):
        pace = at(MEASURED)
        for _ in range(40):
            pace = learned(pace, receipt(shown, 1_000), MEASURED)
        assert abs(pace.fuel_per_second - shown) < shown // 50
        assert pace.executions == 40
