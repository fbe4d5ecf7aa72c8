"""Claims and slots over real processes: what the dead held is free at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mesh.embedded.driving.slots import Owner, Slots
from mesh.home.home import Home, find_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home", {})


@contextmanager
def running(script: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A process that has printed its first line, which is given to `said`."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


OWNER = """
import subprocess, sys
from pathlib import Path
from mesh.embedded.driving.slots import Owner
from mesh.home.home import find_home
owner = Owner(find_home(Path(sys.argv[1]), {}))
child = subprocess.Popen(["sleep", "600"])
print(owner.name, child.pid, flush=True)
sys.stdin.readline()
owner.close()
"""
SLOTS = """
import sys
from pathlib import Path
from mesh.embedded.driving.slots import Slots
from mesh.home.home import find_home
slots = Slots(find_home(Path(sys.argv[1]), {}), 3)
print(slots.take(int(sys.argv[2])), flush=True)
sys.stdin.readline()
"""


def line(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_owner_is_alive_until_it_is_killed_whatever_its_children_do(home: Home) -> None:
    own = Owner(home)
    with running(OWNER, home.path) as process:
        name, child = line(process)
        assert own.is_alive(name)
        assert own.is_alive(name), "looking takes nothing away"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        try:
            assert not own.is_alive(name)
            assert not (home.locks / f"owner-{name}.lock").exists()
            assert not own.is_alive(name)
        finally:
            os.kill(int(child), signal.SIGKILL)
    own.close()


def test_owner_that_ends_leaves_no_file(home: Home) -> None:
    own = Owner(home)
    name = own.name
    assert own.is_alive(name)
    own.close()
    assert list(home.locks.glob("owner-*")) == []
    other = Owner(home)
    assert not other.is_alive(name)
    other.close()


@pytest.mark.parametrize("name", ["", "../keys/issuer.key", "1-zz", "x" * 300])
def test_name_that_no_owner_has_is_dead(home: Home, name: str) -> None:
    own = Owner(home)
    assert not own.is_alive(name)
    own.close()


def test_slots_are_shared_by_all_processes_and_freed_by_death(home: Home) -> None:
    slots = Slots(home, 3)
    with running(SLOTS, home.path, 2) as process:
        assert line(process) == ["2"]
        assert slots.take(3) == 1
        assert slots.take(3) == slots.held == 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert slots.take(3) == 3
    assert slots.take(5) == 3
    assert Slots(home, 3).take(1) == 0
    assert slots.take(1) == 1
    other = Slots(home, 3)
    assert other.take(3) == 2
    assert slots.take(0) == other.take(0) == 0
