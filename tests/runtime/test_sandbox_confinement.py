"""Confinement of the sandbox and its self-test."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from msgspec.structs import replace
from wasm_modules import HereMachine, output, request, wasm

from runtime.execution.execution import Execution
from runtime.sandbox.confinement.findings import memory_promises
from runtime.sandbox.confinement.selftest import KERNEL, UnusableError, calibrate, self_test
from runtime.sandbox.engine import engine
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Fault, FaultReason, Request

KERNEL_TEXT = """(module
  (memory (export "memory") 1)
  (func $step (param $x i64) (result i64)
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
    (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
  (func (export "run") (param $rounds i64) (result i64)
    (local $x i64) (local $at i32)
    (local.set $x (i64.const 88172645463325252))
    (loop $next
      (local.set $x (call $step (local.get $x)))
      (local.set $at (i32.and (i32.wrap_i64 (local.get $x)) (i32.const 65528)))
      (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (local.get $x)))
      (local.set $rounds (i64.sub (local.get $rounds) (i64.const 1)))
      (br_if $next (i64.gt_s (local.get $rounds) (i64.const 0))))
    (i64.add (local.get $x) (i64.load (local.get $at))))
  (func (export "nan") (param $numerator i64) (result i64)
    (i64.reinterpret_f64
      (f64.div (f64.convert_i64_s (local.get $numerator)) (f64.const 0))))
  (func (export "grow") (result i32)
    (block $full
      (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (br $more)))
    (memory.size))
  (func (export "spin") (loop $for_ever (br $for_ever)))
  (func $deeper (export "recurse") (param $n i64) (result i64)
    (i64.add (i64.const 1) (call $deeper (i64.add (local.get $n) (i64.const 1)))))
  (func (export "divide") (param $by i64) (result i64)
    (i64.div_s (i64.const 1) (local.get $by))))"""


def xorshift(rounds: int) -> int:
    """Computes the result of the kernel in Python."""
    mask, x, memory, at = (1 << 64) - 1, 88172645463325252, {}, 0
    for _ in range(rounds):
        x ^= x << 13 & mask
        x ^= x >> 7
        x ^= x << 17 & mask
        at = x & 65528
        memory[at] = memory.get(at, 0) + x & mask
    total = x + memory[at] & mask
    return total - (1 << 64) if total >> 63 else total


def test_kernel_is_assembled_from_its_text() -> None:
    assert wasm(KERNEL_TEXT) == KERNEL


@pytest.mark.parametrize("rounds", [1, 2, 1000])
def test_kernel_gives_the_expected_result(machine: HereMachine, rounds: int) -> None:
    result = machine.execute(request(KERNEL, arguments=[rounds]))
    assert isinstance(result, Execution)
    assert output(result) == xorshift(rounds)


def test_self_test_passes_on_this_machine(sandbox: Sandbox) -> None:
    findings = self_test(sandbox)
    assert len(findings) == 7
    assert [finding for finding in findings if not finding.holds] == []


class Lying:
    """A sandbox whose results are one too high."""

    def __init__(self, true: Sandbox) -> None:
        self.true = true
        self.fuel = 0

    def execute(self, asked: Request) -> Result:
        result = self.true.execute(asked)
        assert isinstance(result, Execution)
        self.fuel += 1
        done = result.deterministic
        return replace(
            result,
            deterministic=replace(done, fuel_used=self.fuel, output=None),
        )


def test_self_test_fails_for_different_results(sandbox: Sandbox) -> None:
    findings = {f.name: f.holds for f in self_test(Lying(sandbox))}  # type: ignore[arg-type]
    assert not findings["arithmetic"]
    assert not findings["same fuel twice"]
    assert not findings["canonical NaN"]
    assert findings["endless loop ends"]


class Broken:
    def execute(self, asked: Request) -> Result:
        return Fault(reason=FaultReason.WORKER_UNUSABLE, text="no memory")


def test_self_test_without_workers_is_unusable() -> None:
    findings = self_test(Broken())  # type: ignore[arg-type]
    assert not any(finding.holds for finding in findings)
    assert all("no memory" in finding.text for finding in findings)
    with pytest.raises(UnusableError, match="no memory"):
        calibrate(Broken())  # type: ignore[arg-type]


def test_fuel_rate_is_measured(sandbox: Sandbox) -> None:
    rate = calibrate(sandbox)
    assert 10_000_000 < rate.fuel_per_second < 1_000_000_000_000
    assert rate.engine == engine().text
    assert rate.cpu


def test_engine_is_named_as_installed() -> None:
    described = engine()
    assert described.version == version("wasmtime")
    assert described.text == f"wasmtime {described.version} {described.config} {described.arch}"
    assert len(described.config) == 16


@pytest.mark.skipif(sys.platform != "linux", reason="measures of Linux")
def test_workers_are_confined(sandbox: Sandbox) -> None:
    findings = {finding.name: finding for finding in sandbox.confinement()}
    assert set(findings) == {
        "files",
        "network",
        "processes",
        "memory",
        "CPU time",
        "core dumps",
        "environment",
        "descriptors",
        "memory promises",
        "namespaces",
        "Landlock",
        "user",
        "capabilities",
        "new privileges",
        "system calls",
    }
    assert [finding.text for finding in findings.values() if not finding.holds] == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_status_of_a_worker_is_read(sandbox: Sandbox) -> None:
    sandbox.confinement()
    status = Path(f"/proc/{sandbox.worker_pids()[0]}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


UNCONFINED = """
import json, sys
sys.path[:0] = {path!r}
from runtime.sandbox.confinement.probes import attempts, bounds
from runtime.sandbox.confinement.process_status import observed_findings
import os
found = [*attempts(), *bounds(5, (), 0), *observed_findings(os.getpid())]
print(json.dumps([[f.name, f.holds, f.text] for f in found]))
"""


def test_unconfined_process_is_reported() -> None:
    """The same attempts succeed without confinement, and are reported so."""
    ran = subprocess.run(
        [sys.executable, "-c", UNCONFINED.format(path=sys.path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "A_SECRET": "1"},
    )
    findings = {name: (holds, text) for name, holds, text in json.loads(ran.stdout)}
    for name in ("files", "network", "processes", "memory"):
        holds, text = findings[name]
        assert not holds
        assert text.startswith("not confined")
    assert not findings["environment"][0]
    assert not findings["CPU time"][0]


CONFINED = """
import os, sys
sys.path[:0] = {path!r}
from runtime.sandbox.confinement.confine import allow_few_syscalls, give_up_privileges
from runtime.sandbox.confinement.confine import limit_resources
{measure}
try:
    {attempt}
except (OSError, MemoryError) as error:
    print(type(error).__name__)
else:
    print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures of Linux")
@pytest.mark.parametrize(
    ("measure", "attempt"),
    [
        ("give_up_privileges(os.getppid())", "open('/etc/hostname')"),
        ("give_up_privileges(os.getppid())", "open('made-by-a-worker', 'w')"),
        ("give_up_privileges(os.getppid())", "os.listdir('/')"),
        ("give_up_privileges(os.getppid())", "os.execv('/bin/true', ['true'])"),
        ("import socket; allow_few_syscalls()", "socket.socket()"),
        ("allow_few_syscalls()", "os.fork() or os._exit(0)"),
        ("allow_few_syscalls()", "os.open('/dev/null', 0)"),
        ("allow_few_syscalls()", "os.kill(os.getppid(), 0)"),
        (
            "limit_resources(address_bytes=1 << 29, cpu_seconds=5, open_files=16)",
            "__import__('mmap').mmap(-1, 1 << 30)",
        ),
        (
            "limit_resources(address_bytes=1 << 29, cpu_seconds=5, open_files=16)",
            "[os.dup(0) for _ in range(20)]",
        ),
    ],
)
def test_each_measure_is_reported_by_itself(measure: str, attempt: str, tmp_path: Path) -> None:
    """The attempt fails under the measure, and works without."""

    def attempted(measure: str) -> str:
        script = CONFINED.format(path=sys.path, measure=measure, attempt=attempt)
        return subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        ).stdout.strip()

    assert attempted(measure) in ("PermissionError", "OSError", "MemoryError")
    assert attempted("import socket") in ("done", "")


@pytest.mark.parametrize(("setting", "holds"), [("0\n", True), ("1\n", True), ("2\n", False)])
def test_strict_overcommit_is_reported(tmp_path: Path, setting: str, holds: bool) -> None:
    path = tmp_path / "overcommit_memory"
    assert memory_promises(path).holds
    path.write_text(setting)
    finding = memory_promises(path)
    assert finding.holds is holds
    assert ("vm.overcommit_memory is 2" in finding.text) is not holds


def test_engine_is_not_loaded_where_keys_are() -> None:
    script = "import sys, runtime.sandbox; print('wasmtime' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
