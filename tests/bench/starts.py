"""The CPU time of each command as a user pays it: user and system, with its children's.

Every command is a process of its own in the same home, where jobs have ended, wait and are
new. CPU time moves far less than the clock with what else the machine does.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import wasmtime

from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Codec, cid_of
from tests.bench.measure import Figure, print_figures

REPEATS = 15
BIN = Path(sys.executable).parent
NULL_MODULE = '(module (func (export "run") (result i64) (i64.const 1)))'
NULL_PROGRAM = "export { fn run() -> Integer { return 1; } }\n"
SUBMIT = ("meshctl", "submit-job", "--resource-amount", "1", "-q")
OLDER_JOBS = 8
"""Jobs that have ended before the commands are measured: a home is seldom empty."""


def measure_starts() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "null.wasm").write_bytes(wasmtime.wat2wasm(NULL_MODULE))
        (place / "null.ccl").write_text(NULL_PROGRAM, "utf-8")
        commands = _commands(place)
        figures = [*(_cpu(command, place) for command in commands), _cpu_of_new_modules(place)]
    print_figures("CPU of a whole command, user and system, with its children", figures)


def _commands(place: Path) -> Sequence[Sequence[str]]:
    """What is measured, in a home where one job is verified and one has bids."""
    ended, waiting = ended_and_waiting(place / "home")
    return (
        ("cclc", "--help"),
        ("cclc", "check", "null.ccl"),
        ("cclc", "compile", "null.ccl"),
        ("ccl", "--help"),
        ("ccl", "run", "null.ccl"),
        ("meshctl", "--help"),
        ("meshctl", "submit-job", "--help"),
        (*SUBMIT, "--wasm", "null.wasm"),
        ("meshctl", "list-jobs"),
        ("meshctl", "list-nodes"),
        ("meshctl", "job-status", ended),
        ("meshctl", "job-status", waiting),
        ("meshctl", "get-bids", waiting),
        ("meshctl", "results", ended),
        ("meshctl", "logs", ended),
        ("meshctl", "receipt", ended),
        ("meshctl", "verify", ended, "--no-reexecute"),
        ("meshctl", "verify", ended),
        ("meshctl", "tokens", "balance"),
        ("meshctl", "identity", "show"),
    )


def ended_and_waiting(home: Path) -> tuple[str, str]:
    """A home with some jobs: one that has ended, and one that has bids."""
    with EmbeddedMesh.open(home, environment={}) as mesh:
        null = bytes(wasmtime.wat2wasm(NULL_MODULE))
        module = cid_of(null, Codec.RAW)
        mesh.put_blocks([(module, null)])
        request = JobRequest(module=module, resource_amount=1, description="null job")
        ended = mesh.submit_all([request] * OLDER_JOBS)
        mesh.drive(ended, auto_award=True)
        (waiting,) = mesh.submit_all([request])
        mesh.drive([waiting])
        assert mesh.job(ended[-1]).phase is Phase.VERIFIED
        return ended[-1], waiting


def _cpu(command: Sequence[str], place: Path) -> Figure:
    """CPU seconds of one command, one run before is not counted."""
    samples = [cpu_seconds(command, place) for _ in range(REPEATS + 1)][1:]
    words = [word if len(word) < 30 else "…" + word[-4:] for word in command]
    return Figure(name=" ".join(words), samples=tuple(samples))


def _cpu_of_new_modules(place: Path) -> Figure:
    """CPU seconds of submitting a module that the home has not checked yet."""
    samples = []
    for number in range(REPEATS):
        module = NULL_MODULE.replace("i64.const 1", f"i64.const {number + 2}")
        (place / "new.wasm").write_bytes(wasmtime.wat2wasm(module))
        samples.append(cpu_seconds((*SUBMIT, "--wasm", "new.wasm"), place))
    return Figure(name=f"{' '.join(SUBMIT)}, of a new module", samples=tuple(samples))


def cpu_seconds(command: Sequence[str], place: Path) -> float:
    """User and system time of a command and of the children that it waited for."""
    name, *words = command
    process = subprocess.Popen(
        [BIN / name, *words],
        cwd=place,
        env=environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    with process.stderr as pipe:
        said = pipe.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{' '.join(command)}: {said.decode()}"
    return used.ru_utime + used.ru_stime


def environment(place: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "MESH_HOME": str(place / "home"),
        "LANG": "C.UTF-8",
    }


if __name__ == "__main__":
    measure_starts()
