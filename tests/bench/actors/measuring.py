"""CPU time of a verified job without its executions: by actor, by cause, against another commit.

Rule: all rounds of a figure are of one process; two commits take turns in one run, since the speed
of a machine changes more from run to run than most of what is compared.
"""

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Final

import msgspec
from msgspec import Struct

from runtime.terminal.process import GARBAGE_MIN
from tests.bench.actors.mesh import BenchMesh

ROOT: Final = Path(__file__).parents[3]
REPEATS: Final = 5
ROUNDS: Final = 8
WARM_UP_ROUNDS: Final = 4
IN_FLIGHT: Final = 16
SAMPLE_SECONDS: Final = 0.001
CAUSES: Mapping[tuple[str, str], str] = {
    ("runtime/content/codec.py", "encode"): "encode",
    ("runtime/content/codec.py", "decode"): "decode",
    ("runtime/content/typed.py", "to_value"): "records to values",
    ("runtime/content/typed.py", "from_value"): "values to records",
    ("runtime/content/cid.py", "cid_of"): "hash",
    ("runtime/content/cid.py", "matches"): "hash",
    ("runtime/identity/keys.py", "sign"): "sign",
    ("runtime/identity/keys.py", "verify"): "verify",
    ("adapters/rows/layout.py", "stored"): "rows to values",
    ("adapters/rows/layers.py", "put"): "rows put",
    ("adapters/rows/layers.py", "get"): "rows read",
    ("adapters/rows/layers.py", "select"): "rows read",
    ("adapters/rows/layers.py", "due"): "rows read",
    ("adapters/rows/layers.py", "count"): "rows read",
    ("adapters/rows/layers.py", "take"): "layers merged",
    ("adapters/rows/blocks.py", "put"): "blocks put",
    ("adapters/rows/blocks.py", "take"): "layers merged",
    ("adapters/sqlite/rows/store.py", "write"): "rows and blocks written",
    ("adapters/sqlite/connection.py", "transaction"): "begin and commit",
    ("actors/submitter/journal.py", "record"): "steps of jobs",
    ("actors/base.py", "receive"): "actors, besides",
    ("bench/actors/mesh.py", "submit"): "actors, besides",
    ("actors/base.py", "finished"): "actors, besides",
}
"""A sample is counted under the innermost of these functions that it is in."""


class Sample(Struct, frozen=True, kw_only=True):
    """CPU milliseconds a job: of the whole, and of each role's actors."""

    total: float
    by_role: dict[str, float]


def measure_actors() -> None:
    """Print what one job costs, where, and beside it the parent commit."""
    with tempfile.TemporaryDirectory() as folder:
        compare(parent_of_head(), Path(folder))
    print("\n  by cause, sampled")
    causes = sampled()
    for cause, share in causes.most_common():
        print(f"  {share / causes.total():>7.0%}  {cause}")


def compare(commit: str, folder: Path) -> None:
    """Measure this tree and that of `commit`, in turns."""
    check_out(commit, folder)
    here, there = [], []
    for _ in range(REPEATS):
        there.append(sample_in(folder))
        here.append(sample_in(ROOT))
    print(f"\nRecords of a verified job, {IN_FLIGHT} in flight, no execution: CPU ms a job")
    print(f"  {'':<12} {'median':>8} {'min':>8} {'max':>8}   ratio to {commit[:8]}")
    _print("all", [each.total for each in here], [each.total for each in there])
    for role in here[0].by_role:
        _print(
            role,
            [each.by_role[role] for each in here],
            [each.by_role.get(role, 0.0) for each in there],
        )


def _print(name: str, here: list[float], there: list[float]) -> None:
    ratio = median(here) / median(there) if median(there) else 0.0
    print(f"  {name:<12} {median(here):>8.2f} {min(here):>8.2f} {max(here):>8.2f} {ratio:>9.2f}")


def parent_of_head() -> str:
    return _git("rev-parse", "HEAD~1").decode().strip()


def check_out(commit: str, folder: Path) -> None:
    """Write the tree of a commit to a folder, with the benchmark of this one."""
    subprocess.run(["tar", "-x", "-C", folder], input=_git("archive", commit), check=True)
    shutil.copytree(Path(__file__).parent, folder / "tests/bench/actors", dirs_exist_ok=True)


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True).stdout


def sample_in(tree: Path) -> Sample:
    """The figures of a process that runs the code of a tree."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.actors", "--sample"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        check=True,
        stdout=subprocess.PIPE,
    )
    return msgspec.json.decode(done.stdout, type=Sample)


def sample() -> Sample:
    """The figures of this process, after some rounds that are not counted."""
    gc.set_threshold(GARBAGE_MIN)  # as every command does
    with tempfile.TemporaryDirectory() as folder:
        mesh = BenchMesh(Path(folder))
        for _ in range(WARM_UP_ROUNDS):
            mesh.verified(IN_FLIGHT)
        mesh.seconds.clear()
        start = time.process_time()
        for _ in range(ROUNDS):
            mesh.verified(IN_FLIGHT)
        total = time.process_time() - start
        mesh.close()
    milliseconds = 1000 / (ROUNDS * IN_FLIGHT)
    by_role = {role: seconds * milliseconds for role, seconds in sorted(mesh.seconds.items())}
    total *= milliseconds
    return Sample(total=total, by_role={**by_role, "turns, store": total - sum(by_role.values())})


def sampled() -> Counter[str]:
    """Samples of CPU time by cause, from a timer and not from a profiler, which would make short
    functions look long."""
    samples: Counter[str] = Counter()

    def take(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            place = "/".join(Path(code.co_filename).parts[-4:])
            for (file, function), cause in CAUSES.items():
                if code.co_name == function and place.endswith(file):
                    samples[cause] += 1
                    return
            frame = frame.f_back
        samples["turns, besides"] += 1

    with tempfile.TemporaryDirectory() as folder:
        mesh = BenchMesh(Path(folder))
        for _ in range(WARM_UP_ROUNDS):
            mesh.verified(IN_FLIGHT)
        before = signal.signal(signal.SIGPROF, take)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
        try:
            for _ in range(4 * ROUNDS):
                mesh.verified(IN_FLIGHT)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
            mesh.close()
    return samples
