"""Modules that a command loads: a short one takes as long as its imports.

Rule: a process runs commands and names what it has loaded besides; nothing is timed.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from commands import MESH, environment_of
from embedded_mesh import ANSWER, found, opened, put_block

from mesh.core.jobs.request import JobRequest

ENGINES: Final = ("wasmtime", "lark", "ccl.pipeline", "ccl.syntax.tables")
SLOW: Final = (
    "asyncio",
    "cffi.api",
    "ctypes",
    "dataclasses",
    "hashlib",
    "pydantic",
    "rich",
    "tempfile",
    "yaml",
)
"""Most take ten milliseconds or more, and no short command needs one."""
DRIVING: Final = (
    "mesh.actors.issuer.issuer",
    "mesh.actors.node.node",
    "mesh.actors.submitter.actor",
    "mesh.embedded.driving.driver",
    "mesh.embedded.driving.turns",
    "runtime.host",
    "runtime.sandbox.pool",
)
"""Modules that drive a mesh and execute programs; commands that only read need none of them."""
START: Final = """
import os, sys
from mesh.cli.app import run
shown, sys.stdout = sys.stdout, open(os.devnull, "w")
for words in sys.argv[1].split(";"):
    code = run(words.split())
    assert code == 0, (words, code)
print(*sys.modules, file=shown)
"""


READING: Final = (
    "list-jobs",
    "list-nodes",
    "job-status {job}",
    "get-bids {job}",
    "tokens balance",
    "policy show",
    "identity show",
    "state",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loaded")
    found(folder / MESH)
    return folder


@pytest.fixture(scope="module")
def job(home: Path) -> str:
    """One with bids, in the mesh of `home`."""
    with opened(home / MESH) as mesh:
        module = put_block(mesh, ANSWER)
        (job_id,) = mesh.submit_all((JobRequest(module=module, resource_amount=1),))
        mesh.drive((job_id,))
    return job_id


def loaded(home: Path, *commands: str) -> set[str]:
    """The modules of a process that has run these commands."""
    done = subprocess.run(
        [sys.executable, "-c", START, ";".join(commands)],
        env=environment_of(home),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def of(modules: set[str], *unwanted: str) -> list[str]:
    """Those that are one of the unwanted, or a part of one."""
    return sorted(
        name for name in modules if any(f"{name}.".startswith(f"{each}.") for each in unwanted)
    )


def test_command_that_reads_loads_nothing_that_drives(home: Path, job: str) -> None:
    modules = loaded(home, *(words.format(job=job) for words in READING))
    assert "mesh.embedded.mesh" in modules
    assert of(modules, *ENGINES, *SLOW, *DRIVING) == []


def test_submission_loads_no_engine(home: Path) -> None:
    (home / "answer.wasm").write_bytes(ANSWER)
    modules = loaded(home, "submit-job --wasm answer.wasm --resource-amount 1")
    assert "mesh.actors.submitter.actor" in modules
    assert of(modules, *ENGINES, *SLOW, "runtime.host.calls") == []


def test_help_loads_no_mesh(home: Path) -> None:
    modules = loaded(home, "submit-job --help")
    assert "mesh.cli.jobs.submitting" in modules
    assert (
        of(
            modules,
            *ENGINES,
            *SLOW,
            *DRIVING,
            "mesh.embedded",
            "mesh.adapters",
            "mesh.core.records",
        )
        == []
    )
