"""A home with jobs of every kind, made once and copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from populated_home import Built, built, opened_copy
from whole_home import WholeHome


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The home that the others are copied from; nothing is changed in it."""
    return built(tmp_path_factory.mktemp("whole"), sealed=False)


@pytest.fixture
def home(whole: Built, tmp_path: Path) -> Iterator[WholeHome]:
    with opened_copy(whole, tmp_path) as copy:
        yield copy
