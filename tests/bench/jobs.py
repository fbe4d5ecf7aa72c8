"""How long a job takes from submission to a verified receipt, in one warm process.

Nothing is left out: manifest, bids, hold, award, execution, receipt, anchor, three
re-executions, attestations and settlement, in a real store with real worker processes.
"""

import tempfile
import time
from pathlib import Path

import wasmtime

from ccl.pipeline import compile_text
from mesh.job import Phase
from mesh.local import JobRequest, LocalMesh
from runtime.content.cid import Cid
from tests.bench.measure import Figure, print_figures

NULL_MODULE = '(module (func (export "run")))'
EXAMPLES = Path(__file__).parents[2] / "examples" / "election"
LARGEST_WARD = "edinburgh_2022_ward1.csv"


def measure_jobs() -> None:
    with tempfile.TemporaryDirectory() as folder, LocalMesh.open(Path(folder)) as mesh:
        module = mesh.put_block(bytes(wasmtime.wat2wasm(NULL_MODULE)))
        figures = [_batches(mesh, module, in_flight=1, rounds=60)]
        throughput = []
        for in_flight, rounds in ((1, 60), (16, 12)):
            figure = _batches(mesh, module, in_flight=in_flight, rounds=rounds)
            rate = in_flight / figure.median
            throughput.append(f"{in_flight:>3} in flight: {rate:,.0f} verified jobs/s (median)")
        figures += _largest_ward(mesh)
        print_figures("Jobs", figures)
        print("\nThroughput of null jobs, embedded mesh\n  " + "\n  ".join(throughput))


def _batches(mesh: LocalMesh, module: Cid, *, in_flight: int, rounds: int) -> Figure:
    """Submit `in_flight` jobs at once and drive them until all are verified, again and again."""
    request = JobRequest(module=module, resource_amount=1, description="null job")
    samples = []
    for number in range(rounds + 3):
        start = time.perf_counter()
        ids = mesh.submit_all([request] * in_flight)
        mesh.drive(ids, auto_award=True)
        seconds = time.perf_counter() - start
        if number >= 3:
            samples.append(seconds)
    assert all(mesh.job(each).phase is Phase.VERIFIED for each in ids)
    return Figure(
        name=f"null job, {in_flight} in flight, submission to verified", samples=tuple(samples)
    )


def _largest_ward(mesh: LocalMesh) -> list[Figure]:
    path = EXAMPLES / "count.ccl"
    compiled = compile_text(path.read_text("utf-8"), path=path.as_posix())
    assert compiled.wasm is not None
    module = mesh.put_block(compiled.wasm)
    ballots = mesh.put_block((EXAMPLES / "ballots" / LARGEST_WARD).read_bytes())
    request = JobRequest(module=module, input=ballots, resource_amount=500, description="count")
    whole, local = [], []
    for number in range(12):
        start = time.perf_counter()
        (job_id,) = mesh.submit_all([request])
        mesh.drive([job_id], auto_award=True)
        if number >= 2:
            whole.append(time.perf_counter() - start)
            metrics = mesh.job(job_id).metrics
            assert metrics is not None
            local.append(metrics.wall_ms / 1000)
    assert mesh.job(job_id).phase is Phase.VERIFIED
    return [
        Figure(name="count of the largest ward, execution", samples=tuple(local)),
        Figure(name="count of the largest ward, submission to verified", samples=tuple(whole)),
    ]
