"""One sandbox for the tests of a process; its cache is new each time."""

from collections.abc import Iterator

import pytest
from stateful_runs import Owner
from wasm_modules import HereMachine

from runtime.sandbox.pool import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(cache_dir=tmp_path_factory.mktemp("sandbox") / "modules", workers=2) as pool:
        yield pool


@pytest.fixture(scope="session")
def machine() -> HereMachine:
    return HereMachine()


@pytest.fixture
def owner(machine: HereMachine) -> Owner:
    return Owner(machine)
