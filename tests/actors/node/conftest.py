"""A node of a small mesh, configured."""

import pytest
from actor_bench import Bench, Chip
from attempt_world import World
from node_runs import node_bench


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def sealed_world() -> World:
    return World(sealed=True)


@pytest.fixture
def node(world: World, chip: Chip) -> Bench:
    return node_bench(world, chip)


@pytest.fixture
def sealed_node(sealed_world: World, chip: Chip) -> Bench:
    return node_bench(sealed_world, chip)
