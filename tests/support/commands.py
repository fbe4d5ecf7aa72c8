"""Running the real commands, each test in a home of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command said; `code` is its exit code."""

    code: int
    out: str
    err: str


def run(
    *command: str | Path,
    home: Path,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    before: Sequence[str] = (),
) -> Done:
    """Run one of our commands as its users do. No stack trace may ever be seen.

    before: words that go before the command, of a program that starts it.
    """
    name, *arguments = map(str, command)
    done = subprocess.run(
        [*before, str(BIN / name), *arguments],
        cwd=cwd or ROOT,
        env=environment_of(home),
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=120,
        check=False,
    )
    result = Done(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
    assert "Traceback" not in result.out + result.err
    return result


def environment_of(home: Path) -> dict[str, str]:
    """What a command sees of its surroundings: nothing of the person who runs the tests."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "MESH_HOME": str(home / "mesh"),
        "NO_COLOR": "1",
        "LANG": "C.UTF-8",
    }


def without_roots_rights() -> list[str]:
    """What to put before a command so that permissions hold for it, also where root tests."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and setpriv is not here")
    return ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


def kill_at(text: str, *command: str | Path, home: Path) -> None:
    """Start a command, and kill it (SIGKILL) once it prints a line that holds `text`."""
    name, *arguments = map(str, command)
    with subprocess.Popen(
        [str(BIN / name), *arguments],
        cwd=ROOT,
        env=environment_of(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any(text in line for line in process.stdout), f"no line holds {text!r}"
        process.kill()
