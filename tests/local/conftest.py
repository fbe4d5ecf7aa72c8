"""A founded mesh, copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from localmesh import Opener, found, open_at

from mesh.local import LocalMesh
from mesh.local.executor import InSandbox, MakeExecutor


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the others are copied from; nothing is changed in it."""
    home = tmp_path_factory.mktemp("mesh") / "home"
    found(home)
    return home


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(founded, copy)
    return copy


@pytest.fixture
def open_mesh(home: Path) -> Iterator[Opener]:
    """Opens the test's mesh; its clock may be ahead."""
    meshes: list[LocalMesh] = []

    def opened(ahead_seconds: int = 0, *, executor: MakeExecutor = InSandbox) -> LocalMesh:
        mesh = open_at(home, ahead_seconds, executor=executor)
        meshes.append(mesh)
        return mesh

    yield opened
    for mesh in meshes:
        mesh.close()


@pytest.fixture
def mesh(open_mesh: Opener) -> LocalMesh:
    return open_mesh()
