"""The pool under faults: real worker processes that are killed, starved, crowded and given false
answers."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from host_programs import program
from wasm_modules import TRIPLE, executed, faulted, output, request

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.execution import Execution, OutcomeKind
from runtime.execution.state import Snapshot, StoredVariable
from runtime.sandbox.frames import FrameError, FrameReader, frame
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.process import Child, ChildEndedError
from runtime.sandbox.request import Fault, FaultReason
from runtime.sandbox.results import execution_from

SPIN = '(module (func (export "run") (loop $l (br $l))))'
ENDLESS_FUEL = 1 << 50


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(cache_dir=tmp_path / "cache" / "modules", workers=2) as made:
        yield made


def _readable(descriptor: int, seconds: float) -> bool:
    """Waits for something to read; any number of descriptors may be open, unlike for select."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def test_killed_worker_fails_one_execution(pool: Sandbox) -> None:
    ticket = pool.submit(request(SPIN, fuel=ENDLESS_FUEL))
    while not any(worker.job for worker in pool._workers):
        assert not pool.wait((ticket,), timeout_seconds=0.01)
    other = pool.submit(request(TRIPLE, arguments=[14]))
    (busy,) = [worker for worker in pool._workers if worker.job and worker.job.ticket == ticket]
    os.kill(busy.child.pid, signal.SIGKILL)
    result = pool.wait((ticket,))[ticket]
    assert faulted(result) is FaultReason.WORKER_DIED
    assert isinstance(result, Fault)
    assert "signal 9" in result.text
    later = pool.wait((other,))[other]
    assert isinstance(later, Execution)
    assert output(later) == 42
    assert output(executed(pool, TRIPLE, arguments=[5])) == 15


def test_worker_killed_while_idle_costs_nothing(pool: Sandbox) -> None:
    assert output(executed(pool, TRIPLE, arguments=[1])) == 3
    for pid in pool.worker_pids():
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert output(executed(pool, TRIPLE, arguments=[2])) == 6


def test_hanging_execution_is_ended_by_the_wall_clock(pool: Sandbox) -> None:
    result = pool.execute(request(SPIN, fuel=ENDLESS_FUEL, wall_seconds=0.05))
    assert faulted(result) is FaultReason.WALL_CLOCK
    assert output(executed(pool, TRIPLE, arguments=[1])) == 3


def test_cancelled_request_is_a_fault(pool: Sandbox) -> None:
    tickets = [pool.submit(request(SPIN, fuel=ENDLESS_FUEL)) for _ in range(4)]
    while sum(worker.job is not None for worker in pool._workers) < 2:
        pool.wait(tickets, timeout_seconds=0.01)
    for ticket in reversed(tickets):
        pool.cancel(ticket)
    for ticket in tickets:
        assert faulted(pool.wait((ticket,))[ticket]) is FaultReason.CANCELLED
    assert output(executed(pool, TRIPLE, arguments=[1])) == 3


def test_concurrent_requests_get_their_own_results(pool: Sandbox) -> None:
    inputs = {pool.submit(request(TRIPLE, arguments=[n])): n for n in range(200)}
    results: dict[int, object] = {}
    left = set(inputs)
    while left:
        for ticket, result in pool.wait(left).items():
            assert isinstance(result, Execution)
            results[inputs[ticket]] = output(result)
            left.discard(ticket)
    assert results == {n: 3 * n for n in range(200)}
    assert len(pool.worker_pids()) == 2


def test_cancelling_all_that_is_left_starts_no_worker(pool: Sandbox) -> None:
    tickets = [pool.submit(request(SPIN, fuel=ENDLESS_FUEL)) for _ in range(4)]
    while sum(worker.job is not None for worker in pool._workers) < 2:
        pool.wait(tickets, timeout_seconds=0.01)
    pool.cancel(*tickets)
    assert pool.worker_pids() == ()
    for ticket in tickets:
        assert faulted(pool.wait((ticket,))[ticket]) is FaultReason.CANCELLED


def test_ticket_gives_one_result(pool: Sandbox) -> None:
    ticket = pool.submit(request(TRIPLE, arguments=[1]))
    assert pool.wait((ticket,)).keys() == {ticket}
    with pytest.raises(KeyError, match="not outstanding"):
        pool.wait((ticket,))
    pool.cancel(ticket)
    assert pool.wait(()) == {}


def test_large_input_crosses_the_pipe(pool: Sandbox) -> None:
    text = """(module
      (import "icn_host" "host_read_input" (func $read (param i32 i32) (result i32)))
      (memory (export "memory") 160)
      (func (export "run") (result i32)
        (drop (call $read (i32.const 0) (i32.const 10000000)))
        (i32.load8_u (i32.const 9999999))))"""
    assert output(executed(pool, text, input=bytes(9_999_999) + b"\x2a")) == 42


def test_closing_turns_outstanding_requests_into_faults(tmp_path: Path) -> None:
    pool = Sandbox(cache_dir=tmp_path / "cache", workers=1)
    tickets = [pool.submit(request(SPIN, fuel=ENDLESS_FUEL)) for _ in range(2)]
    while not any(worker.job for worker in pool._workers):
        pool.wait(tickets, timeout_seconds=0.01)
    pids = pool.worker_pids()
    pool.close()
    for ticket in tickets:
        assert faulted(pool.wait((ticket,))[ticket]) is FaultReason.CLOSED
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    pool.close()


def test_workers_end_when_their_parent_does(tmp_path: Path) -> None:
    """The parent is killed, so it cannot end them itself."""
    script = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from pathlib import Path
from runtime.sandbox.pool import Sandbox
from wasm_modules import request
pool = Sandbox(cache_dir=Path({str(tmp_path)!r}) / "cache", workers=1)
ticket = pool.submit(request({SPIN!r}, fuel=1 << 50))
while not any(worker.job for worker in pool._workers):
    pool.wait((ticket,), timeout_seconds=0.01)
print(pool.worker_pids()[0], flush=True)
pool.wait((ticket,))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        descriptor = os.pidfd_open(worker)
        parent.kill()
    ready = _readable(descriptor, 20)
    os.close(descriptor)
    assert ready, "the worker outlived its parent"


# --- answers of a worker


def test_frames_are_read_in_any_pieces() -> None:
    data = frame({"a": 1}) + frame({"b": b"x" * 1000})
    for size in (1, 3, 7, len(data)):
        reader = FrameReader()
        found = []
        for at in range(0, len(data), size):
            found.extend(reader.feed(data[at : at + size]))
        assert found == [{"a": 1}, {"b": b"x" * 1000}]


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\1\0\0\0\xff", b"\1\0\0\0\x80"])
def test_nonsense_is_not_a_frame(data: bytes) -> None:
    with pytest.raises(FrameError):
        FrameReader().feed(data)


@pytest.mark.parametrize(
    "change",
    [
        {"fuel_used": -1},
        {"fuel_used": True},
        {"output": "text"},
        {"outcome": {"kind": "won"}},
        {"charter": [["end"]]},
        {"charter": [["begin", 5, b""]]},
        {"charter": [["set", "a", b"\xff"]]},
        {"log": [1.5]},
        {"frames": [-1]},
        {"frames": ["f"]},
        {"blocks": [[0x55, "text"]]},
        {"blocks": [[0x99, b"bytes"]]},
        {"rehearsal": {"reached": "1", "entered": None, "compared": None}},
    ],
)
def test_malformed_answer_of_a_worker_is_refused(change: dict[str, object]) -> None:
    answer: dict[str, object] = {
        "outcome": {"kind": "succeeded", "reason": "", "detail": "", "place": "", "article": None},
        "output": b"x",
        "output_is_value": False,
        "effects": None,
        "blocks": [],
        "log": [],
        "charter": [],
        "fuel_used": 1,
        "memory_peak_bytes": 1,
        "host_calls": 0,
        "wall_ns": 1,
        "frames": [],
        "rehearsal": None,
    }
    assert execution_from(answer).metrics.wall_ms == 1
    with pytest.raises(ValueError, match=r".+"):
        execution_from(answer | change)


def test_worker_whose_input_is_closed_ends() -> None:
    child = Child("runtime.sandbox.worker.worker", address_bytes=1280 << 20, cpu_seconds=60)
    assert child._process.stdin is not None
    child._process.stdin.close()
    end = time.monotonic() + 20
    with pytest.raises(ChildEndedError, match="ended with code 0"):
        while time.monotonic() < end:
            _readable(child.output, 1)
            child.receive()
    child.close()


def test_worker_that_gets_nonsense_ends() -> None:
    child = Child("runtime.sandbox.worker.worker", address_bytes=1280 << 20, cpu_seconds=60)
    os.write(child.input, b"\1\0\0\0\xff")
    end = time.monotonic() + 20
    with pytest.raises(ChildEndedError, match="ended with code 1"):
        while time.monotonic() < end:
            _readable(child.output, 1)
            child.receive()
    child.close()


def test_workers_that_cannot_start_fail_waiting_requests(tmp_path: Path) -> None:
    limits = SandboxLimits(worker_address_bytes=40 << 20)
    with Sandbox(cache_dir=tmp_path / "cache", workers=1, limits=limits) as pool:
        result = pool.execute(request(TRIPLE, arguments=[1]))
        assert faulted(result) is FaultReason.WORKER_UNUSABLE
        found = {finding.name: finding.holds for finding in pool.confinement()}
        assert not found["workers"]


def test_system_without_processes_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(cache_dir=tmp_path / "cache", workers=2) as pool:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
        tickets = [pool.submit(request(TRIPLE, arguments=[n])) for n in range(3)]
        for ticket in tickets:
            result = pool.wait((ticket,))[ticket]
            assert isinstance(result, Fault)
            assert "no process could be started: No such file" in result.text
        monkeypatch.undo()
        assert output(executed(pool, TRIPLE, arguments=[2])) == 6


def test_workers_are_started_on_demand(pool: Sandbox) -> None:
    for n in range(5):
        assert output(executed(pool, TRIPLE, arguments=[n])) == 3 * n
    assert len(pool.worker_pids()) == 1


def test_rejections_come_from_the_compiler_too(pool: Sandbox) -> None:
    for _ in range(2):
        outcome = executed(pool, b"\0asm\1\0\0\0\1").deterministic.outcome
        assert outcome.kind is OutcomeKind.REJECTED


def test_incomplete_or_wrong_state_is_refused(sandbox: Sandbox) -> None:
    """Each block that the context names must be there and match; then the program sees it."""
    value = encode(5)
    variable = StoredVariable(shape="Integer", value=cid_of(value, Codec.DAG_CBOR))
    snapshot = Snapshot(homes={"till": {"total": variable}})
    root, block = snapshot.cid, snapshot.to_block()
    text = program(
        "(local.set $n",
        ("read_state", "till", "total"),
        ") (i32.load8_u (i32.const 0))",
        result="(result i32)",
    )
    whole = {root: block, variable.value: value}
    assert output(executed(sandbox, text, state_root=root, blocks=whole)) == 5
    for blocks, named in (
        ({root: block}, variable.value),
        ({variable.value: value}, root),
        ({**whole, variable.value: encode(6)}, variable.value),
    ):
        fault = sandbox.execute(request(text, state_root=root, blocks=blocks))
        assert isinstance(fault, Fault)
        assert fault.reason is FaultReason.WRONG_BLOCK
        assert str(named) in fault.text
