"""Speed estimates: no program decides what a node seems to be."""

from attempt_world import execution
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.market.speed_estimate import MEASURABLE_MS, OFF_MOST, initial, learned
from runtime.execution.execution import Execution, Outcome, OutcomeKind

MEASURED = 1_000_000


@examples(80)
@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(MEASURABLE_MS, 10**9)), max_size=60))
def test_estimate_stays_near_what_was_measured(runs: list[tuple[int, int]]) -> None:
    estimate = initial(MEASURED)
    for fuel, wall_ms in runs:
        before = estimate
        estimate = learned(before, execution(fuel=fuel, wall_ms=wall_ms), MEASURED)
        assert abs(estimate.fuel_per_second - before.fuel_per_second) <= (
            before.fuel_per_second // 12 + 1
        )
        assert MEASURED // OFF_MOST <= estimate.fuel_per_second <= MEASURED * OFF_MOST
    assert estimate.executions == len(runs)


def test_estimate_comes_to_the_shown_speed() -> None:
    estimate = initial(MEASURED)
    for _ in range(60):
        estimate = learned(estimate, execution(fuel=2 * MEASURED, wall_ms=1_000), MEASURED)
    assert abs(estimate.fuel_per_second - 2 * MEASURED) < MEASURED // 100


def test_what_shows_nothing_changes_nothing() -> None:
    before = initial(MEASURED)

    def ended(kind: OutcomeKind) -> Execution:
        run = execution(fuel=1, wall_ms=1_000)
        return replace(run, deterministic=replace(run.deterministic, outcome=Outcome(kind=kind)))

    for kind in OutcomeKind:
        changes = learned(before, ended(kind), MEASURED) != before
        assert changes == (kind is OutcomeKind.SUCCEEDED)
    assert learned(before, execution(wall_ms=MEASURABLE_MS - 1), MEASURED) == before
    unknown = execution(wall_ms=1_000)
    unknown = replace(unknown, deterministic=replace(unknown.deterministic, fuel_used=None))
    assert learned(before, unknown, MEASURED) == before
