"""Processes that drive a home of `asking_actors`, and what they say."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asking_actors

WORKERS = 2


@contextmanager
def another_driver(home: Path, workers: int = WORKERS) -> Iterator["subprocess.Popen[str]"]:
    """A process that drives the home until no work is open."""
    with subprocess.Popen(
        [sys.executable, asking_actors.__file__, str(home), str(workers)],
        env={"PYTHONPATH": ":".join(each for each in sys.path if each)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "driving\n"
            yield process
        finally:
            process.kill()


def await_lines(process: "subprocess.Popen[str]", *lines: str) -> None:
    """Wait until a process has said all of these, in any order."""
    missing = set(lines)
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        missing.discard(line.strip())
        if not missing:
            return
    raise AssertionError(f"it has ended without {missing}")
