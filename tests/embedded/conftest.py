"""A founded mesh of the actors, copied for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from changed_mesh import open_at
from embedded_mesh import copied, found, opened
from warm_sandboxes import Kept, workers_kept

from mesh.embedded.mesh import EmbeddedMesh


@pytest.fixture(autouse=True, scope="module")
def warm_sandboxes(workers: list[Kept]) -> Iterator[None]:
    """For the tests of this folder alone: a session's fixture would reach those that follow."""
    with workers_kept(workers):
        yield


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the others are copied from; nothing is changed in it."""
    home = tmp_path_factory.mktemp("mesh") / "home"
    found(home)
    return home


@pytest.fixture
def mesh_home(founded: Path, tmp_path: Path) -> Path:
    return copied(founded, tmp_path / "mesh")


@pytest.fixture
def mesh(mesh_home: Path) -> Iterator[EmbeddedMesh]:
    with opened(mesh_home) as made:
        yield made


@pytest.fixture
def open_later(mesh_home: Path) -> Iterator[Callable[[int], EmbeddedMesh]]:
    """Opens the test's mesh once more, with clocks that are ahead by some seconds."""
    meshes: list[EmbeddedMesh] = []

    def opened_later(ahead_seconds: int) -> EmbeddedMesh:
        meshes.append(open_at(mesh_home, ahead_seconds))
        return meshes[-1]

    yield opened_later
    for each in meshes:
        each.close()
