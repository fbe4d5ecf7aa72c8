"""Processes that drive a home, and what they say."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType

import asking_actors
import embedded_mesh
from saying import DRIVING

WORKERS = 2


@contextmanager
def _driver(program: ModuleType, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A module of the tests as a program of its own, which has begun to drive."""
    with subprocess.Popen(
        [sys.executable, str(program.__file__), *words],
        env={"PYTHONPATH": ":".join(each for each in sys.path if each)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            await_lines(process, DRIVING)
            yield process
        finally:
            process.kill()


def another_driver(
    home: Path, workers: int = WORKERS
) -> AbstractContextManager["subprocess.Popen[str]"]:
    """A process that drives a home of `asking_actors` until no work is open."""
    return _driver(asking_actors, str(home), str(workers))


def mesh_driver(home: Path, *command: str) -> AbstractContextManager["subprocess.Popen[str]"]:
    """A process that drives an embedded mesh, as `embedded_mesh` says."""
    return _driver(embedded_mesh, str(home), *command)


def await_lines(process: "subprocess.Popen[str]", *lines: str) -> None:
    """Wait until a process has said all of these, in any order."""
    missing = set(lines)
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        missing.discard(line.strip())
        if not missing:
            return
    raise AssertionError(f"it has ended without {missing}")
