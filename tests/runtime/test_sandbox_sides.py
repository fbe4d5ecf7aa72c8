"""Executors and verifiers of one context never share a worker process."""

from collections import defaultdict
from pathlib import Path

import pytest
from msgspec.structs import replace
from wasm_modules import output, request

from runtime.content.cid import Cid
from runtime.execution.execution import Execution
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import Request, Side
from runtime.sandbox.workers import Job, Worker

TRIPLE = """(module (func (export "run") (param i64) (result i64)
  (i64.mul (local.get 0) (i64.const 3))))"""
SPIN = """(module (func (export "run") (param i64) (result i64)
  (loop (br 0)) (unreachable)))"""
ENDLESS_FUEL = 1 << 40


class Observed:
    """The sides that each process has executed, by context, and how many were busy at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sides: dict[tuple[int, Cid], set[Side | None]] = defaultdict(set)
        begin = Worker.begin

        def observed(worker: Worker, job: Job) -> None:
            self.sides[worker.child.pid, job.request.context.cid].add(job.request.side)
            begin(worker, job)

        monkeypatch.setattr(Worker, "begin", observed)

    @property
    def mixed(self) -> int:
        return sum(len(sides) > 1 for sides in self.sides.values())


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Observed:
    return Observed(monkeypatch)


def of(side: Side | None, number: int, module: str = TRIPLE) -> Request:
    return replace(request(module, arguments=[number], fuel=ENDLESS_FUEL), side=side)


@pytest.mark.parametrize("workers", [1, 2])
def test_sides_of_a_context_have_processes_of_their_own(
    tmp_path: Path, observed: Observed, workers: int
) -> None:
    with Sandbox(cache_dir=tmp_path / "cache", workers=workers) as pool:
        for number in range(20):
            for side in (Side.EXECUTOR, Side.VERIFIER, Side.VERIFIER, Side.VERIFIER):
                result = pool.execute(of(side, number))
                assert isinstance(result, Execution)
                assert output(result) == 3 * number
        assert len(pool.worker_pids()) == 2
    assert len(observed.sides) == 40
    assert not observed.mixed


def test_many_jobs_at_once_keep_their_sides_apart(tmp_path: Path, observed: Observed) -> None:
    busy = []
    with Sandbox(cache_dir=tmp_path / "cache", workers=2) as pool:
        left = {
            pool.submit(of(side, number)): 3 * number
            for number in range(50)
            for side in (Side.EXECUTOR, Side.VERIFIER, Side.VERIFIER)
        }
        while left:
            busy.append(sum(worker.job is not None for worker in pool._workers))
            for ticket, result in pool.wait(left).items():
                assert isinstance(result, Execution)
                assert output(result) == left.pop(ticket)
        assert len(pool.worker_pids()) <= 4
    assert max(busy) == 2
    assert not observed.mixed


def test_short_execution_is_waited_for_rather_than_another_process(tmp_path: Path) -> None:
    limits = SandboxLimits(held_up_seconds=600)
    with Sandbox(cache_dir=tmp_path / "cache", workers=2, limits=limits) as pool:
        for number in range(5):
            pool.execute(of(Side.EXECUTOR, number))
            left = {pool.submit(of(Side.VERIFIER, number)) for _ in range(3)}
            while left:
                left -= pool.wait(left).keys()
        assert len(pool.worker_pids()) == 2


def test_long_execution_is_waited_for_no_longer_than_another_process_takes(tmp_path: Path) -> None:
    with Sandbox(cache_dir=tmp_path / "cache", workers=2) as pool:
        pool.execute(of(Side.EXECUTOR, 1))
        endless = pool.submit(of(Side.VERIFIER, 1, SPIN))
        while not pool.is_begun(endless):
            pool.wait((endless,), timeout_seconds=0.01)
        result = pool.execute(of(Side.VERIFIER, 1))
        assert isinstance(result, Execution)
        assert output(result) == 3
        assert len(pool.worker_pids()) == 3
        pool.cancel(endless)


def test_process_that_no_side_takes_makes_room_for_another(
    tmp_path: Path, observed: Observed
) -> None:
    """Two contexts that met the two processes the other way round leave none for a third side."""
    with Sandbox(cache_dir=tmp_path / "cache", workers=1) as pool:
        pool.execute(of(Side.EXECUTOR, 1))
        pool.execute(of(Side.VERIFIER, 1))
        before = pool.worker_pids()
        for worker in pool._workers:
            worker._sides[of(None, 2).context.cid] = Side.VERIFIER
        result = pool.execute(of(Side.EXECUTOR, 2))
        assert isinstance(result, Execution)
        assert output(result) == 6
        assert len(pool.worker_pids()) == 2
        assert len(set(before) & set(pool.worker_pids())) == 1
    assert not observed.mixed


def test_executions_without_a_side_share_a_process(tmp_path: Path) -> None:
    with Sandbox(cache_dir=tmp_path / "cache", workers=2) as pool:
        for _ in range(4):
            pool.execute(of(None, 7))
        assert len(pool.worker_pids()) == 1
