"""`make install` with missing parts: an error of one line, and nothing half made."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copies the files that `make install` reads into a folder of its own."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def install(checkout: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))
    }
    return subprocess.run(
        ["make", "install"],
        cwd=checkout,
        env=inherited | settings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_python_without_venv_is_reported_in_one_line(checkout: Path, module: str) -> None:
    """Debian has both modules in a package of their own."""
    without = checkout / "without"
    without.mkdir()
    (without / f"{module}.py").write_text(f"raise ModuleNotFoundError('No module named {module}')")
    for _ in range(2):
        done = install(checkout, PYTHONPATH=str(without))
        assert done.returncode != 0
        said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
        assert len(said) == 1, done.stderr
        assert "apt install python3-venv" in said[0]
        assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("python", ["exit 1", None], ids=["too old", "absent"])
def test_old_or_absent_python_is_reported(checkout: Path, python: str | None) -> None:
    program = checkout / "python3"
    if python is not None:
        program.write_text(f"#!/bin/sh\n{python}\n")
        program.chmod(0o755)
    done = install(checkout, PYTHON=str(program))
    assert done.returncode != 0
    assert "Python 3.11 or later is needed; set PYTHON=" in done.stderr
    assert not (checkout / ".venv").exists()


MAKES_AN_ENVIRONMENT = """#!/bin/sh
case "$*" in
  "-m venv --clear .venv") rm -rf .venv ;;
  "-m venv"*) exit 1 ;;
  *) exit 0 ;;
esac
mkdir -p .venv/bin
printf '#!/bin/sh\\nexit 1\\n' > .venv/bin/python
chmod +x .venv/bin/python
"""
"""A Python whose environments install nothing, as on a day without a network."""


def test_incomplete_environment_is_made_again(checkout: Path) -> None:
    program = checkout / "python3"
    program.write_text(MAKES_AN_ENVIRONMENT)
    program.chmod(0o755)
    half = checkout / ".venv" / "left-behind"
    half.mkdir(parents=True)
    for _ in range(2):
        done = install(checkout, PYTHON=str(program))
        assert done.returncode != 0
        assert (checkout / ".venv" / "bin" / "python").exists(), "it got as far as installing"
        assert not (checkout / ".venv" / ".installed").exists()
        assert not half.exists()
