"""Scenarios: drawn from seeds, shrunk to what matters, and drawn as sequence diagrams."""

import pytest
from simulation.cast import parts_of
from simulation.diagram import Step, sequence_diagram
from simulation.driving.clocks import START, Clock, ClockFaults
from simulation.driving.programs import ProgramKind
from simulation.faults.kinds import KINDS
from simulation.scenario import Injected, Scenario, scenario_of
from simulation.shrinking import shrunk

from mesh.actors.actor import Instant


def test_table_has_enough_kinds_of_fault() -> None:
    assert len(KINDS) >= 50


def test_consecutive_seeds_go_through_all_kinds() -> None:
    played = {each.kind for seed in range(len(KINDS)) for each in scenario_of(seed).faults}
    assert played == set(KINDS)


def test_seed_draws_the_same_scenario_again() -> None:
    assert [scenario_of(seed) for seed in range(20)] == [scenario_of(seed) for seed in range(20)]


def test_every_kind_changes_the_plan_of_what_is_wrong() -> None:
    calm = Scenario(seed=1, is_sealed=True)
    parts = parts_of(calm)
    nothing = calm.plan(parts)
    for kind in KINDS:
        faulty = Scenario(seed=1, is_sealed=True, faults=(Injected(kind=kind, number=1),))
        assert faulty.plan(parts) != nothing, kind


def test_shrinking_leaves_what_the_failure_needs() -> None:
    def fails(scenario: Scenario) -> str | None:
        kinds = {each.kind for each in scenario.faults}
        programs = {job.program for job in scenario.jobs}
        is_wrong = "lose awards" in kinds and ProgramKind.PAY in programs and scenario.nodes >= 2
        return "jobs end" if is_wrong else None

    failing = next(each for seed in range(100_000) if fails(each := scenario_of(seed)) is not None)
    smallest = shrunk(failing, fails)
    assert [each.kind for each in smallest.faults] == ["lose awards"]
    assert [job.program for job in smallest.jobs] == [ProgramKind.PAY]
    assert (smallest.nodes, smallest.verifiers, smallest.submitters) == (2, 2, 1)


def test_shrinking_does_not_change_what_fails() -> None:
    def fails(scenario: Scenario) -> str | None:
        return "quorum" if scenario.nodes > 3 else "jobs end"

    failing = Scenario(seed=1, nodes=5)
    assert fails(shrunk(failing, fails)) == "quorum"


def test_diagram_shows_losses_notes_and_no_arrow_twice() -> None:
    steps = (
        Step(at=1, sender="node-1", to="issuer-1", text="Receipt", is_lost=True),
        Step(at=2, sender="node-1", to="issuer-1", text="Receipt"),
        Step(at=3, sender="node-1", to="issuer-1", text="Receipt"),
        Step(at=4, sender="issuer-1", to=None, text="starts again"),
    )
    assert sequence_diagram(steps, ("issuer-1", "node-1", "node-2")) == (
        "sequenceDiagram\n"
        "    participant issuer_1 as issuer-1\n"
        "    participant node_1 as node-1\n"
        "    node_1-xissuer_1: Receipt\n"
        "    node_1->>issuer_1: Receipt\n"
        "    Note over issuer_1: starts again\n"
    )


@pytest.mark.parametrize(
    ("faults", "wall"),
    [
        (ClockFaults(), START + 10),
        (ClockFaults(skew_ms=-3_000), START + 7),
        (ClockFaults(drift_ppm=100_000), START + 11),
        (ClockFaults(steps=((5_000, 60_000), (11_000, 1))), START + 70),
    ],
)
def test_clock_shows_its_faults(faults: ClockFaults, wall: int) -> None:
    assert Clock("node-1", faults).now(10_000).wall == wall


def test_clock_of_a_new_boot_begins_anew() -> None:
    clock = Clock("node-1", ClockFaults())
    before = clock.now(10_000)
    clock.boot(12_000)
    after = clock.now(13_000)
    assert (before.monotonic, after.monotonic) == (10_000, 1_000)
    assert before.boot != after.boot
    assert clock.when(Instant(1_000)) == 13_000
