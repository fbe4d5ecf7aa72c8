"""A founded mesh of the actors, copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded_mesh import ANSWER, ENDLESS, opened

from mesh.embedded.mesh import EmbeddedMesh


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the others are copied from; nothing is changed in it."""
    home = tmp_path_factory.mktemp("mesh") / "home"
    with opened(home) as mesh:
        mesh.put_block(ANSWER)
        mesh.put_block(ENDLESS)
        mesh.measure()
    return home


@pytest.fixture
def mesh_home(founded: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "mesh"
    shutil.copytree(founded, copy)
    return copy


@pytest.fixture
def mesh(mesh_home: Path) -> Iterator[EmbeddedMesh]:
    with opened(mesh_home) as made:
        yield made
