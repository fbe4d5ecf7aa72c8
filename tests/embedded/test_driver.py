"""The driver over real processes: claims, slots, cancellation, and death in the middle."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_actors import ANSWER, ENDLESS, EXECUTOR, OBEDIENT, VERIFIER, Driven, ask, claimed_by
from driving_processes import WORKERS, another_driver, await_lines

from mesh.core.ports.work import WorkId
from mesh.core.records.terms import Priority


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def driven(home: Path) -> Iterator[Driven]:
    made = Driven(home, workers=WORKERS)
    yield made
    made.close()


def test_what_actors_ask_for_is_executed_and_given_back(driven: Driven) -> None:
    for number in range(40):
        for actor in (EXECUTOR, VERIFIER):
            driven.driver.command(
                actor, lambda tx, now, n=number: ask(tx, f"answer/{n}", ANSWER, seed=n)
            )
    assert driven.run_all()
    for actor in (EXECUTOR, VERIFIER):
        texts = {row.text for row in driven.outcomes(actor).values()}
        assert texts == {"executed"}
        assert len(driven.outcomes(actor)) == 40
    assert driven.slots.held == 0


def test_endless_work_that_is_taken_back_stops_at_once_and_others_go_on(driven: Driven) -> None:
    driven.driver.command(EXECUTOR, lambda tx, now: ask(tx, "endless", ENDLESS))
    assert not driven.run_all(timeout_seconds=1.0)
    driven.driver.command(VERIFIER, lambda tx, now: ask(tx, "answer", ANSWER, seed=1))
    assert driven.driver.run(lambda view: len(view.open_work().select()) == 1, timeout_seconds=60)
    begun = time.monotonic()
    driven.driver.command(EXECUTOR, lambda tx, now: tx.work.cancel(WorkId("endless")))
    assert driven.run_all()
    assert time.monotonic() - begun < 0.25
    assert list(driven.outcomes(VERIFIER)) == ["answer"]
    assert driven.outcomes(EXECUTOR) == {}


def test_other_process_takes_work_back_and_the_worker_is_killed(home: Path, driven: Driven) -> None:
    driven.driver.command(EXECUTOR, lambda tx, now: ask(tx, "endless", ENDLESS))
    with another_driver(home) as process:
        await_lines(process, "claimed endless", "begun")
        begun = time.monotonic()
        driven.driver.command(EXECUTOR, lambda tx, now: tx.work.cancel(WorkId("endless")))
        assert process.wait(timeout=60) == 0
        assert time.monotonic() - begun < 0.5, "which includes the end of the process"


def test_work_of_a_killed_process_is_taken_over(home: Path, driven: Driven) -> None:
    driven.driver.command(EXECUTOR, lambda tx, now: ask(tx, "endless", ENDLESS, max_seconds=600))
    with another_driver(home) as process:
        await_lines(process, "claimed endless")
        name = claimed_by(driven)["endless"]
        assert name is not None
        driven.driver.command(EXECUTOR, lambda tx, now: ask(tx, "answer", ANSWER, seed=1))
        assert not driven.run_all(timeout_seconds=2.0)
        assert claimed_by(driven) == {"endless": name}, "it is at work"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not driven.run_all(timeout_seconds=2.0)
    assert claimed_by(driven) == {"endless": None}, "who ends hands it back"
    assert driven.outcomes()["answer"].text == "executed"


def test_process_that_ends_leaves_its_work_to_the_next(home: Path, driven: Driven) -> None:
    for number in range(4):
        driven.driver.command(
            EXECUTOR, lambda tx, now, n=number: ask(tx, f"answer/{n}", ANSWER, seed=n)
        )
    assert driven.driver.run(lambda view: view.open_work().count() < 4, timeout_seconds=60)
    assert set(claimed_by(driven).values()) <= {None}
    with another_driver(home) as process:
        assert process.wait(timeout=60) == 0
    assert len(driven.outcomes()) == 4


def test_most_urgent_work_is_executed_first_and_waiting_makes_urgent(home: Path) -> None:
    driven = Driven(home, workers=1)
    now = int(time.time())
    wanted = (
        ("low", Priority.LOW, now),
        ("aged low", Priority.LOW, now - 61),
        ("medium", Priority.MEDIUM, now),
        ("critical", Priority.CRITICAL, now),
        ("high", Priority.HIGH, now),
    )
    for seed, (work, priority, since) in enumerate(wanted):
        driven.driver.command(
            EXECUTOR,
            lambda tx, _, w=work, p=priority, s=since, n=seed: ask(
                tx, w, ANSWER, priority=p, since=s, seed=n
            ),
        )
    assert driven.run_all()
    order = sorted(driven.outcomes().values(), key=lambda row: row.number)
    assert [row.work for row in order] == ["critical", "aged low", "high", "medium", "low"]
    driven.close()


def test_work_behind_a_module_that_suddenly_hangs_is_handed_back_and_done_later(
    driven: Driven,
) -> None:
    def asked(work: str, given: int, since: int) -> None:
        seed = len(seen)
        seen.append(work)
        driven.driver.command(
            EXECUTOR,
            lambda tx, now: ask(tx, work, OBEDIENT, given=given, since=since, seed=seed),
        )

    seen: list[str] = []
    for number in range(4):
        asked(f"early/{number}", given=0, since=0)
    assert driven.run_all()
    for number in range(WORKERS):
        asked(f"endless/{number}", given=1, since=0)
    for number in range(6):
        asked(f"late/{number}", given=0, since=1)
    assert not driven.run_all(timeout_seconds=1.0)
    assert not any(work.startswith("late") for work in driven.outcomes())
    for number in range(WORKERS):
        work = WorkId(f"endless/{number}")
        driven.driver.command(EXECUTOR, lambda tx, now, work=work: tx.work.cancel(work))
    assert driven.run_all()
    assert sum(work.startswith("late") for work in driven.outcomes()) == 6


def test_slots_are_shared_by_all_processes(home: Path, driven: Driven) -> None:
    """Whoever has claimed two endless executions holds both slots; no other process executes."""
    for number in range(WORKERS):
        driven.driver.command(
            EXECUTOR, lambda tx, now, n=number: ask(tx, f"endless/{n}", ENDLESS, seed=n)
        )
    with another_driver(home) as process:
        await_lines(process, *(f"claimed endless/{number}" for number in range(WORKERS)))
        assert driven.slots.take(WORKERS) == 0
        # The other process may begin this before the two whose module it still compiles.
        driven.driver.command(VERIFIER, lambda tx, now: ask(tx, "answer", ANSWER, seed=9))
        driven.run_all(timeout_seconds=0.5)
        driven.driver.command(EXECUTOR, lambda tx, now: tx.work.cancel(WorkId("endless/0")))
        assert driven.driver.run(lambda view: view.open_work().count() == 1, timeout_seconds=60)
        driven.driver.command(EXECUTOR, lambda tx, now: tx.work.cancel(WorkId("endless/1")))
    (answer,) = driven.outcomes(VERIFIER).values()
    assert answer.process != os.getpid()
