"""A verifier of a small mesh, configured, and an attempt for which it may be drawn."""

import pytest
from actor_bench import Bench, Chip
from attempt_world import World
from verifier_runs import verifier_bench


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def world() -> World:
    return World(verifiers=5)


@pytest.fixture
def sealed_world() -> World:
    return World(sealed=True, verifiers=5)


@pytest.fixture
def verifier(world: World, chip: Chip) -> Bench:
    return verifier_bench(world, chip)


@pytest.fixture
def sealed_verifier(sealed_world: World, chip: Chip) -> Bench:
    return verifier_bench(sealed_world, chip)
