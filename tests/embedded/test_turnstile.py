"""The turnstile between real processes: one turn at a time, none starves, a dead one frees it."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
import turns as turns_of_a_process
from turns import Holding, for_work, until_awaited, until_told

from mesh.embedded.driving.turnstile import Turnstile
from mesh.home.home import Home

PROCESSES = 8
TURNS = 50


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.locks.mkdir()
    return found


@contextmanager
def process(home: Home, name: str, turns: int, holding: Holding) -> Iterator["Popen[str]"]:
    """A process that waits to be told to begin."""
    words = [str(home.path), name, str(turns), holding.__name__]
    program = [sys.executable, turns_of_a_process.__file__, *words]
    with Popen(program, stdin=PIPE, stdout=PIPE, text=True) as child:
        try:
            assert line(child) == "ready"
            yield child
        finally:
            child.kill()


def begin(child: "Popen[str]") -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def line(child: "Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def log_of(home: Home) -> list[str]:
    return (home.path / "turns.log").read_text("ascii").split()


def test_turns_of_eight_processes_are_shared_fairly(home: Home) -> None:
    with ExitStack() as stack:
        children = [
            stack.enter_context(process(home, str(number), TURNS, for_work))
            for number in range(PROCESSES)
        ]
        for child in children:
            begin(child)
        for child in children:
            assert child.communicate(timeout=60)[0].splitlines()[-1] == "done"
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
    with process(home, "a", 1, until_told) as child:
        begin(child)
        assert line(child) == "in turn"
        with process(home, "b", 1, for_work) as other:
            begin(other)
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert line(other) == "in turn"
            assert other.wait(timeout=30) == 0
    assert log_of(home) == ["+a", "+b", "-b"]


def test_killed_waiter_blocks_nobody(home: Home) -> None:
    turnstile = Turnstile(home)
    with turnstile.turn(), process(home, "a", 1, for_work) as child:
        begin(child)
        child.send_signal(signal.SIGKILL)
        child.wait()
    with turnstile.turn(), pytest.raises(AssertionError), turnstile.turn():
        pass
    turnstile.close()


def test_holder_knows_whether_another_process_waits(home: Home) -> None:
    turnstile = Turnstile(home)
    with process(home, "a", 1, for_work) as child:
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
    with process(home, "a", 1, until_awaited) as child:
        begin(child)
        assert line(child) == "in turn"
        with turnstile.turn():
            assert log_of(home) == ["+a", "-a"]
    turnstile.close()
