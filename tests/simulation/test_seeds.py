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
