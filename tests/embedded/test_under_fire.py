"""Eight processes on one home, killed at random, and two that award one job at once.

The seed is printed. It takes a few seconds here, a minute in `make fire-ci`, which CI runs too, and
ten in `make fire`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import firing
import pytest
from changed_mesh import audit, paid_of
from embedded_mesh import GRANT, answer, balances, findings_of, opened

from mesh.actors.base import REFUSALS
from mesh.core.jobs.job import FINAL, Phase
from mesh.embedded.driving.set_aside import set_aside_rows
from mesh.embedded.mesh import EmbeddedMesh

PROCESSES = 8
SECONDS = float(os.environ.get("MESH_FIRE_SECONDS", "4"))
KILLS = max(13, round(SECONDS / 1.5))
"""In a minute so rarely that the processes get work done and no job's time runs out."""
AWARDS = 50


def started(home: Path, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, firing.__file__, str(home), *command],
        env={"PYTHONPATH": ":".join(each for each in sys.path if each)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill it, unless it has failed: then that is the finding."""
    failed = process.poll()
    os.kill(process.pid, signal.SIGKILL) if failed is None else None
    _, said = process.communicate()
    assert failed is None, said
    assert process.returncode == -signal.SIGKILL


def test_processes_that_are_killed_at_random_lose_nothing(mesh_home: Path) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    running = [started(mesh_home, "submit") for _ in range(PROCESSES)]
    try:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0, 2 * SECONDS / KILLS))
            kill(running.pop(dice.randrange(len(running))))
            running.append(started(mesh_home, "submit"))
    finally:
        for each in running:
            kill(each)
    with opened(mesh_home) as mesh:
        ids = mesh.job_ids()
        assert ids, "they have submitted something"
        assert mesh.drive(ids, auto_award=True) == {}
        check_all_verified(mesh)


def check_all_verified(mesh: EmbeddedMesh) -> None:
    jobs = [mesh.job(each) for each in mesh.job_ids()]
    assert {each.phase for each in jobs} == {Phase.VERIFIED}
    assert Phase.VERIFIED in FINAL
    assert all(findings_of(mesh, each.job_id, reexecute=False) == () for each in jobs)
    paid = sum(sum(paid_of(each).values()) for each in jobs)
    assert balances(mesh)["compute"] == GRANT - paid
    assert audit(mesh) == ()
    assert mesh.store.check() == ()
    with mesh.store.view() as view:
        assert set_aside_rows(view) == ()
        assert view.open_work().count() == 0
        assert view.unanswered().count() == 0
        for actor in mesh.actors:
            assert view.rows(actor.did, REFUSALS).select() == ()


@pytest.mark.parametrize("nodes", [("mesh-node-1", "mesh-node-2")])
def test_one_of_two_awards_at_once_is_made(
    mesh: EmbeddedMesh, mesh_home: Path, nodes: tuple[str, str]
) -> None:
    jobs = mesh.submit_all(answer() for _ in range(AWARDS))
    processes = [started(mesh_home, "accept", node) for node in nodes]
    winners = set()
    try:
        assert [line_of(each) for each in processes] == [["open"], ["open"]]
        for job_id in jobs:
            for each in processes:
                assert each.stdin is not None
                each.stdin.write(f"{job_id}\n")
                each.stdin.flush()
            said = dict(line_of(each) for each in processes)
            assert said.keys() == {"accepted", "job-not-open"}
            assert said["accepted"] == said["job-not-open"], "the other is told to whom"
            winners.add(said["accepted"])
    finally:
        for each in processes:
            kill(each)
    assert mesh.drive(jobs) == {}
    assert len(winners) == 2, "both have come first sometimes"
    check_all_verified(mesh)
