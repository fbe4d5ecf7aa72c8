"""A founded mesh, copied for each test of `meshctl`, with modules to submit beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import check_answer
from cclccommand import Shell
from embedded_mesh import ENDLESS, copied, found
from meshcommand import ECHO, RAW, TRAP, Meshctl, Result
from warm_sandboxes import Kept, KeptModules, modules_kept, workers_kept

from mesh.cli.app import run


@pytest.fixture(scope="session")
def modules() -> KeptModules:
    return {}


@pytest.fixture(autouse=True, scope="module")
def warm_sandboxes(workers: list[Kept], modules: KeptModules) -> Iterator[None]:
    """For the tests of this folder alone: a session's fixture would reach those that follow."""
    with workers_kept(workers), modules_kept(modules):
        yield


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("meshctl") / "home"
    found(home)
    return home


@pytest.fixture
def home(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = copied(founded, tmp_path / "home")
    for name, module in (("echo", ECHO), ("raw", RAW), ("trap", TRAP), ("endless", ENDLESS)):
        (tmp_path / f"{name}.wasm").write_bytes(bytes(module))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESH_HOME", str(copy))
    monkeypatch.setenv("MESH_WORKERS", "1")
    return copy


@pytest.fixture
def meshctl(home: Path, capfd: pytest.CaptureFixture[str]) -> Meshctl:
    """Runs one command, and checks that it shows no stack trace."""

    def command(*words: str) -> Result:
        code = run(list(words))
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        check_answer("meshctl", words, captured.out, code)
        return Result(code, captured.out, captured.err)

    return command


@pytest.fixture
def cclc(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    for variable in ("NO_COLOR", "FORCE_COLOR", "CCL_DEBUG", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    return Shell(capfd)
