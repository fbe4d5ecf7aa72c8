"""One process of a home executes for those that wait beside it, which start no workers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_actors import ANSWER, ENDLESS, EXECUTOR, VERIFIER, Driven, ask
from driving_processes import WORKERS, another_driver, await_lines

from mesh.core.ports.work import WorkId
from mesh.embedded.driving.slots import Lead
from mesh.home.home import find_home

EVER = 3600.0
"""Longer than any test takes."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lead(home: Path) -> Iterator[Lead]:
    """That of another process, which does nothing with it."""
    held = Lead(find_home(home, {}))
    assert held.take()
    yield held
    held.free()


@pytest.fixture
def patient(home: Path) -> Iterator[Driven]:
    """One that leaves all work to the process that leads."""
    made = Driven(home, workers=WORKERS, patience_seconds=EVER)
    yield made
    made.close()


def ask_for_answers(driven: Driven, *works: str) -> None:
    for seed, work in enumerate(works, 1):
        driven.driver.command(VERIFIER, lambda tx, now, w=work, n=seed: ask(tx, w, ANSWER, seed=n))


def test_one_process_has_the_lead_until_it_gives_it_back(home: Path, lead: Lead) -> None:
    other = Lead(find_home(home, {}))
    assert lead.take(), "it has it already"
    assert not other.take()
    lead.free()
    assert other.take()
    assert not lead.take()
    other.free()


def test_waiting_for_the_lead_is_seen_until_it_is_over(home: Path, lead: Lead) -> None:
    others = [Lead(find_home(home, {})) for _ in range(2)]
    assert not lead.is_awaited()
    for other in others:
        assert not other.take()
    assert lead.is_awaited()
    others[0].free()
    assert lead.is_awaited()
    others[1].free()
    assert not lead.is_awaited()
    assert not others[0].take()
    lead.free()
    assert others[0].take()
    assert not others[0].is_awaited(), "it waits no longer"
    others[0].free()


@pytest.mark.parametrize("is_awaited", [True, False])
def test_process_that_has_what_it_wanted_goes_on_only_for_others_that_wait(
    home: Path, is_awaited: bool
) -> None:
    driven = Driven(home, workers=1, linger_seconds=EVER)
    other = Lead(driven.home)
    works = [f"answer/{number}" for number in range(20)]
    ask_for_answers(driven, *works)
    assert driven.executions.leads()
    if is_awaited:
        assert not other.take()
    assert driven.driver.run(lambda view: view.open_work().count() < len(works), timeout_seconds=60)
    assert (len(driven.outcomes(VERIFIER)) == len(works)) == is_awaited
    assert other.take()
    other.free()
    driven.close()


def test_waiting_process_leaves_work_to_the_leading_one_and_starts_no_worker(
    home: Path, patient: Driven
) -> None:
    patient.driver.command(EXECUTOR, lambda tx, now: ask(tx, "endless", ENDLESS))
    with another_driver(home) as process:
        await_lines(process, "claimed endless", "begun")
        ask_for_answers(patient, "answer/1", "answer/2")
        assert patient.driver.run(lambda view: view.open_work().count() == 1, timeout_seconds=60)
        outcomes = patient.outcomes(VERIFIER).values()
        assert [row.process for row in outcomes] == [process.pid] * 2
        assert patient.sandbox.worker_pids() == ()


def test_process_that_is_killed_loses_the_lead_to_one_that_waits(
    home: Path, patient: Driven
) -> None:
    patient.driver.command(EXECUTOR, lambda tx, now: ask(tx, "endless", ENDLESS))
    with another_driver(home, workers=1) as process:
        await_lines(process, "claimed endless", "begun")
        ask_for_answers(patient, "answer")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert patient.driver.run(lambda view: view.open_work().count() == 1, timeout_seconds=60)
    assert patient.outcomes(VERIFIER)["answer"].process == os.getpid()


def test_process_that_ends_gives_the_lead_to_one_that_waits(home: Path, patient: Driven) -> None:
    first = Driven(home, workers=WORKERS)
    ask_for_answers(first, "answer")
    assert first.run_all()
    ask_for_answers(first, "another")
    assert patient.run_all()
    assert patient.outcomes(VERIFIER)["another"].process == os.getpid()
    first.close()


@pytest.mark.usefixtures("lead")
def test_work_that_the_leading_process_leaves_is_done_by_others(home: Path) -> None:
    driven = Driven(home, workers=WORKERS, patience_seconds=0.05)
    ask_for_answers(driven, "answer")
    assert driven.run_all()
    driven.close()


@pytest.mark.usefixtures("lead")
def test_patience_lasts_while_the_leading_process_takes_work(home: Path) -> None:
    seconds = [0.0]
    driven = Driven(home, workers=WORKERS, elapsed=lambda: seconds[0], patience_seconds=1.0)
    executions = driven.executions

    def claimed_by_other(work: str, owner: str) -> None:
        with driven.turns.turn() as opened:
            opened.turn.claim(VERIFIER, WorkId(work), owner)
        with driven.store.view() as view:
            executions.refresh(view)

    ask_for_answers(driven, "answer/1", "answer/2", "answer/3")
    assert not executions.wants_turn()
    other = Driven(home, workers=WORKERS)
    seconds[0] += 0.9
    claimed_by_other("answer/1", other.owner.name)
    seconds[0] += 0.9
    assert not executions.wants_turn(), "the other process has taken work meanwhile"
    claimed_by_other("answer/2", other.owner.name)
    claimed_by_other("answer/2", other.owner.name)
    seconds[0] += 0.9
    claimed_by_other("answer/2", other.owner.name)
    assert not executions.wants_turn()
    seconds[0] += 0.2
    assert executions.wants_turn(), "it has taken nothing for so long"
    other.close()
    driven.close()
