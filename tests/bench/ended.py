"""Ended jobs: the bytes of the file that each takes once it is pruned, and the listing of many."""

import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parents[1] / "support"))

from ended_jobs import add_listed_jobs, measured_home

from mesh.embedded.mesh import EmbeddedMesh
from tests.bench.measure import Figure, print_figures
from tests.bench.starts import cpu_seconds, ended_and_waiting

JOBS: Final = 200
LISTED: Final = 10_000
REPEATS: Final = 7


def measure_ended() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ended_and_waiting(place / "home")
        with EmbeddedMesh.open(place / "home", environment={}) as mesh:
            add_listed_jobs(mesh, LISTED)
        listing = [_listing(place, *words) for words in ((), ("-o", "json"))]
        print_figures(f"CPU of listing {LISTED:,} jobs", listing)
        print(f"\nBytes of the file for a verified job, pruned ({JOBS} jobs)")
        for name, sealed in (("unsealed", False), ("sealed", True)):
            home, size = measured_home(place / f"{name}.sqlite", sealed=sealed, jobs=JOBS)
            home.close()
            print(f"  {name:<8} {size:>8,.0f}")


def _listing(place: Path, *words: str) -> Figure:
    command = ("meshctl", "list-jobs", *words)
    samples = [cpu_seconds(command, place) for _ in range(REPEATS + 1)][1:]
    return Figure(name=" ".join(command), samples=tuple(samples))


if __name__ == "__main__":
    measure_ended()
