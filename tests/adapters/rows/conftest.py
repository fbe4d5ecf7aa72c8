"""The adapters of the store of actors, under one name: each suite runs over all of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from row_tables import QUOTA_BYTES, TABLES

from mesh.actors.stores import Store
from mesh.adapters.inmemory.store import MemoryStore
from mesh.adapters.sqlite.rows.store import SqliteStore

Opener = Callable[[int], Store]


@pytest.fixture(params=["memory", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the store of this test, with room for so many bytes of blocks."""
    with ExitStack() as stack:

        def opened(quota_bytes: int) -> Store:
            if request.param == "memory":
                return MemoryStore(quota_bytes=quota_bytes)
            path = tmp_path / "mesh.sqlite"
            return stack.enter_context(closing(SqliteStore(path, TABLES, quota_bytes=quota_bytes)))

        yield opened


@pytest.fixture
def store(open_store: Opener) -> Store:
    return open_store(QUOTA_BYTES)
