"""Time of a job from submission to a verified receipt, in one warm process.

Nothing is left out: manifest, bids, hold, award, execution, receipt, anchor, three
re-executions, attestations and settlement, in a real store with real worker processes.
Beside the clock stands the CPU time that this process spent on a job: the figure that
other work on the machine moves least. Four more executions per job run in the workers.
"""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import FrameType

import wasmtime

from ccl.pipeline import compile_text
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec, cid_of
from tests.bench.measure import Figure, print_figures

NULL_MODULE = '(module (func (export "run")))'
EXAMPLES = Path(__file__).parents[2] / "examples" / "election"
LARGEST_WARD = "edinburgh_2022_ward1.csv"


SAMPLE_SECONDS = 0.001
STAGES: Mapping[tuple[str, str], str] = {
    ("runtime/identity/keys.py", "sign"): "signatures",
    ("runtime/identity/signed.py", "sign"): "encoding and hashing of records",
    ("runtime/sandbox/pool.py", "submit"): "talking to the workers",
    ("runtime/sandbox/pool.py", "wait"): "talking to the workers",
    ("mesh/adapters/sqlite/file/connection.py", "commit"): "commits, synchronous=FULL",
    ("mesh/adapters/sqlite/rows/store.py", "write"): "writing rows and blocks",
    ("mesh/adapters/rows/query.py", "select"): "reading rows",
    ("embedded/driving/executions.py", "claim"): "claims",
    ("embedded/driving/turns.py", "receive"): "taking in messages",
    ("embedded/driving/turns.py", "tick"): "deciding what time decides",
    ("embedded/driving/turns.py", "_finished"): "taking in results",
    ("mesh/queries/jobs/view.py", "job_view"): "looking at jobs",
}
"""A sample is counted under the innermost of these functions that it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """Rounds of jobs. cpu_seconds: of this process, one per round, without the workers'."""

    in_flight: int
    wall: Figure
    cpu_seconds: tuple[float, ...]

    @property
    def line(self) -> str:
        rate = self.in_flight / self.wall.median
        best = self.in_flight / min(self.wall.samples)
        cpu = median(self.cpu_seconds) / self.in_flight * 1000
        return (
            f"{self.in_flight:>3} in flight: {rate:,.0f} verified jobs/s (median), "
            f"{best:,.0f} (best); {cpu:.2f} ms CPU of the main process per job"
        )


def _put(mesh: EmbeddedMesh, data: bytes) -> Cid:
    cid = cid_of(data, Codec.RAW)
    mesh.put_blocks([(cid, data)])
    return cid


def measure_jobs() -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedMesh.open(Path(folder)) as mesh:
        module = _put(mesh, bytes(wasmtime.wat2wasm(NULL_MODULE)))
        single = _batches(mesh, module, in_flight=1, rounds=60)
        many = _batches(mesh, module, in_flight=16, rounds=25)
        shares = _stages(mesh, module)
        print_figures("Jobs", [single.wall, *_largest_ward(mesh)])
        print("\nThroughput of null jobs, embedded mesh")
        print(f"  {single.line}\n  {many.line}")
        print("\nWhere the main process spends its CPU time, 16 in flight")
        for name, share in shares.most_common():
            print(f"  {share / shares.total():>5.0%}  {name}")


def _batches(mesh: EmbeddedMesh, module: Cid, *, in_flight: int, rounds: int) -> Batches:
    """Submit `in_flight` jobs at once and drive them until all are verified, again and again."""
    wall, cpu = [], []
    for number in range(rounds + 3):
        start, cpu_start = time.perf_counter(), time.process_time()
        _verified(mesh, module, in_flight)
        if number >= 3:
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - cpu_start)
    name = f"null job, {in_flight} in flight, submission to verified"
    return Batches(
        in_flight=in_flight, wall=Figure(name=name, samples=tuple(wall)), cpu_seconds=tuple(cpu)
    )


def _verified(mesh: EmbeddedMesh, module: Cid, in_flight: int) -> None:
    request = JobRequest(module=module, resource_amount=1, description="null job")
    ids = mesh.submit_all([request] * in_flight)
    assert mesh.drive(ids, auto_award=True) == {}
    assert mesh.job(ids[-1]).phase is Phase.VERIFIED


def _stages(mesh: EmbeddedMesh, module: Cid) -> Counter[str]:
    """Samples of this process's CPU time by stage, from a timer and not from a profiler, which
    would make short functions look long."""
    samples: Counter[str] = Counter()

    def sample(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            place = "/".join(Path(code.co_filename).parts[-4:])
            for (file, function), stage in STAGES.items():
                if code.co_name == function and place.endswith(file):
                    samples[stage] += 1
                    return
            frame = frame.f_back
        samples["the driver, and the rest"] += 1

    before = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
    try:
        for _ in range(25):
            _verified(mesh, module, 16)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return samples


def _largest_ward(mesh: EmbeddedMesh) -> list[Figure]:
    path = EXAMPLES / "count.ccl"
    compiled = compile_text(path.read_text("utf-8"), path=path.as_posix())
    assert compiled.wasm is not None
    module = _put(mesh, compiled.wasm)
    ballots = _put(mesh, (EXAMPLES / "ballots" / LARGEST_WARD).read_bytes())
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
