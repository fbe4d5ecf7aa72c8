"""One file, several real processes: no turn is lost, and none of a dead process is half there."""

import signal
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import row_counting
from row_tables import ANN, COUNTERS, QUOTA_BYTES, TABLES, Colour, Counter, block

from mesh.adapters.sqlite.rows.store import SqliteStore

PROCESSES = 4
TURNS = 40


def child(path: Path, turns: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, row_counting.__file__, str(path), str(turns)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def count_of(path: Path) -> tuple[int, int]:
    """The counter, and the blocks, that turns have left."""
    with (
        closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store,
        store.view() as view,
    ):
        found = view.rows(ANN, COUNTERS).get(Colour.RED) or Counter(name=Colour.RED, count=0)
        return found.count, len(view.cids(ANN))


def test_no_turn_of_several_processes_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    with ExitStack() as stack:
        children = [stack.enter_context(child(path, TURNS)) for _ in range(PROCESSES)]
        for each in children:
            # All at once: one that still waited for its line would hold the turn of the others.
            assert each.stdin is not None
            each.stdin.write("\n" * TURNS)
            each.stdin.flush()
        for each in children:
            each.communicate(timeout=100)
            assert each.returncode == 0
    assert count_of(path) == (PROCESSES * TURNS, PROCESSES * TURNS)


def test_killed_process_leaves_whole_turns_only(tmp_path: Path) -> None:
    path = tmp_path / "mesh.sqlite"
    with child(path, 2) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "written 0\n"
        assert process.stdout.readline() == "committed 0\n"
        assert process.stdout.readline() == "written 1\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert count_of(path) == (1, 1)
    assert block("1")[0] not in _cids(path)


def _cids(path: Path) -> tuple[object, ...]:
    with (
        closing(SqliteStore(path, TABLES, quota_bytes=QUOTA_BYTES)) as store,
        store.view() as view,
    ):
        return view.cids(ANN)
