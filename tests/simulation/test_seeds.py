"""Whole meshes of the actors that ship, by seed: lossy and dishonest networks, crashes, restored
stores, wrong clocks, faulty machines, liars in every role.

`make simulate-ci` plays 500 seeds, `make simulate` 10 000.
"""

import pytest
from effort import seeds
from simulation.campaign import play_seed
from simulation.cast import Cast
from simulation.diagram import sequence_diagram
from simulation.scenario import scenario_of
from simulation.world import World

from tests.bench.deliveries import deliveries_a_job


@pytest.mark.parametrize("seed", seeds(0, 50))
def test_invariants_hold(seed: int) -> None:
    played = play_seed(seed)
    assert not played.failure, played.failure


def test_seed_plays_the_same_course_again() -> None:
    def course() -> tuple[str, int]:
        world = World(scenario_of(11), Cast())
        world.run()
        names = [part.name for part in world.parts]
        return sequence_diagram(world.steps, names), world.deliveries

    assert course() == course()


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
def test_deliveries_of_a_job_do_not_grow_with_the_mesh(is_sealed: bool) -> None:
    small, large = (deliveries_a_job(nodes, is_sealed=is_sealed) for nodes in (32, 320))
    assert large <= 150
    assert 0.9 * small <= large <= 1.1 * small
