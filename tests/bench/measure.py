"""Repeated measurements and how they are printed.

Wall-clock seconds of this process, or of a child process; the median is the figure to
quote, the spread says how quiet the machine was.
"""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`samples` in seconds, one per repeat."""

    name: str
    samples: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        return median(self.samples)


def repeat(name: str, action: Callable[[], object], *, repeats: int, note: str = "") -> Figure:
    """Time `action` in this process; one run before is not counted."""
    action()
    samples = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        samples.append(time.perf_counter() - start)
    return Figure(name=name, samples=tuple(samples), note=note)


def repeat_command(name: str, command: Sequence[str], *, repeats: int, note: str = "") -> Figure:
    """Time a command as a whole process; one run before is not counted."""

    def run() -> None:
        subprocess.run(command, check=True, capture_output=True)

    return repeat(name, run, repeats=repeats, note=note)


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    print(f"\n{title}")
    width = max(len(figure.name) for figure in figures)
    print(f"  {'':<{width}}  {'median':>10}  {'min':>10}  {'max':>10}  repeats")
    for figure in figures:
        low, mid, high = min(figure.samples), figure.median, max(figure.samples)
        print(
            f"  {figure.name:<{width}}  {_time(mid)}  {_time(low)}  {_time(high)}  "
            f"{len(figure.samples):>7}  {figure.note}".rstrip()
        )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:>7.2f} ms"
