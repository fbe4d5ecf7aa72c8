"""Sixteen `submit-job --wait` at once on one home: processes that share its turns and workers."""

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
    figure = Figure(name=f"{PROCESSES} submit-job --wait at once", samples=tuple(samples))
    print_figures("Waiting processes", [figure])
    print(f"  {PROCESSES / figure.median:.1f} jobs/s (median)")


def _all_at_once(place: Path) -> float:
    """Seconds until all of them have their verified job."""
    name, *words = (*SUBMIT, "--wait", "--wasm", "null.wasm")
    start = time.perf_counter()
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
    return time.perf_counter() - start


if __name__ == "__main__":
    measure_waiting()
