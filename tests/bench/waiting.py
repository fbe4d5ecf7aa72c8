"""Sixteen `submit-job --wait` at once on one home: processes that share its turns and workers.

The CPU time of all of them moves far less than the clock with what else the machine does.
"""

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import wasmtime

from mesh.embedded.mesh import EmbeddedMesh
from tests.bench.measure import Figure, print_figures
from tests.bench.starts import BIN, NULL_MODULE, SUBMIT, environment

PROCESSES = 16
REPEATS = 5


def measure_waiting() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "null.wasm").write_bytes(wasmtime.wat2wasm(NULL_MODULE))
        with EmbeddedMesh.open(place / "home", environment={}) as mesh:
            mesh.measure()
        samples = [_all_at_once(place) for _ in range(REPEATS + 1)][1:]
    elapsed, used = map(tuple, zip(*samples, strict=True))
    figures = (
        Figure(name=f"{PROCESSES} submit-job --wait at once", samples=elapsed),
        Figure(name="CPU of all of them and their workers", samples=used),
    )
    print_figures("Waiting processes", figures)
    rate, possible = (PROCESSES / each.median for each in figures)
    cores = os.cpu_count() or 1
    print(f"  {rate:.1f} jobs/s (median); at most {cores * possible:.1f} on {cores} cores")


def _all_at_once(place: Path) -> tuple[float, float]:
    """Seconds until all of them have their verified job, and of CPU, with that of the workers."""
    name, *words = (*SUBMIT, "--wait", "--wasm", "null.wasm")
    start, used = time.perf_counter(), _cpu_of_children()
    processes = [
        subprocess.Popen(
            [BIN / name, *words],
            cwd=place,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(PROCESSES)
    ]
    for each in processes:
        _, said = each.communicate()
        assert each.returncode == 0, said.decode()
    return time.perf_counter() - start, _cpu_of_children() - used


def _cpu_of_children() -> float:
    """User and system seconds of all processes that were started here and have ended, and of
    theirs."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    measure_waiting()
