"""Every adapter of the store port, under one name: the suite runs over all of them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mesh.adapters.memory import MemoryStore
from mesh.adapters.sqlite.store import SqliteStore
from mesh.ports import Store

SMALL_QUOTA_BYTES = 4096
QUOTA_BYTES = 1 << 24


@pytest.fixture(params=["memory", "sqlite"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def opened(adapter: str, folder: Path, quota_bytes: int) -> Iterator[Store]:
    match adapter:
        case "memory":
            yield MemoryStore(quota_bytes=quota_bytes)
        case "sqlite":
            with closing(SqliteStore(folder / "mesh.sqlite", quota_bytes=quota_bytes)) as store:
                yield store


@pytest.fixture
def store(adapter: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store with room for 4 KiB of blocks."""
    with opened(adapter, tmp_path, SMALL_QUOTA_BYTES) as store:
        yield store


@pytest.fixture
def roomy_store(adapter: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store with room for a mesh."""
    with opened(adapter, tmp_path, QUOTA_BYTES) as store:
        yield store
