"""The turnstile between real processes: one turn at a time, none starves, a dead one frees it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import turns as turns_of_a_process

from mesh.embedded.driving.turnstile import Turnstile
from mesh.home.home import Home

PROCESSES = 8
TURNS = 50
TURN_MS = 5


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.locks.mkdir()
    return found


@contextmanager
def process(home: Home, name: str, turns: int, ms: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that waits to be told to begin."""
    program = [sys.executable, turns_of_a_process.__file__, str(home.path), name]
    with subprocess.Popen(
        [*program, str(turns), str(ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert line(child) == "ready"
            yield child
        finally:
            child.kill()


def begin(child: "subprocess.Popen[str]") -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def log_of(home: Home) -> list[str]:
    return (home.path / "turns.log").read_text("ascii").split()


def test_turns_of_eight_processes_are_shared_fairly(home: Home) -> None:
    with ExitStack() as stack:
        children = [
            stack.enter_context(process(home, str(number), TURNS, TURN_MS))
            for number in range(PROCESSES)
        ]
        for child in children:
            begin(child)
        for child in children:
            last = child.communicate(timeout=60)[0].splitlines()[-1]
            assert last.startswith("waits ")
    log = log_of(home)
    # One turn at a time: each is over before the next begins.
    assert all(begun[1:] == ended[1:] for begun, ended in zip(log[::2], log[1::2], strict=True))
    taken = [each[1:] for each in log[::2]]
    assert len(taken) == PROCESSES * TURNS
    # While all of them wait, none is passed over for long.
    all_wait = taken[: min(last_place(taken, name) for name in set(taken))]
    for name in set(taken):
        places = [-1, *(place for place, each in enumerate(all_wait) if each == name)]
        assert max(after - before for before, after in pairwise(places)) <= 5 * PROCESSES


def last_place(names: list[str], name: str) -> int:
    return max(place for place, each in enumerate(names) if each == name)


def test_killed_holder_frees_the_turn(home: Home) -> None:
    with process(home, "a", 1, 600_000) as child:
        begin(child)
        assert line(child) == "in turn"
        with process(home, "b", 1, 0) as other:
            begin(other)
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert line(other) == "in turn"
            assert other.wait(timeout=30) == 0
    assert log_of(home) == ["+a", "+b", "-b"]


def test_killed_waiter_blocks_nobody(home: Home) -> None:
    turnstile = Turnstile(home)
    with turnstile.turn(), process(home, "a", 1, 0) as child:
        begin(child)
        child.send_signal(signal.SIGKILL)
        child.wait()
    with turnstile.turn(), pytest.raises(AssertionError), turnstile.turn():
        pass
    turnstile.close()


def test_holder_knows_whether_another_process_waits(home: Home) -> None:
    turnstile = Turnstile(home)
    with process(home, "a", 1, 0) as child:
        with turnstile.turn() as is_awaited:
            assert not is_awaited()
            begin(child)
            end = time.monotonic() + 60
            while not is_awaited():
                assert time.monotonic() < end, "it waits"
        assert line(child) == "in turn"
        assert child.wait(timeout=30) == 0
    with turnstile.turn() as is_awaited:
        assert not is_awaited()
    turnstile.close()


def test_turnstile_whose_files_were_removed_waits_at_the_new_ones(home: Home) -> None:
    turnstile = Turnstile(home)
    for path in home.locks.iterdir():
        path.unlink()
    with process(home, "a", 1, 200) as child:
        begin(child)
        assert line(child) == "in turn"
        with turnstile.turn():
            assert log_of(home) == ["+a", "-a"]
    turnstile.close()
