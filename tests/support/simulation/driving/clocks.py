"""Simulated clocks: an actor's wall clock with skew, drift and steps, and monotonic ones by boot.

Rule: true time is milliseconds since the simulation began; only the simulation sees it.
"""

from msgspec import Struct

from mesh.actors.actor import Instant, Now
from mesh.core.fields import MICRO

START = 1_800_000_000
"""The wall clock of a correct actor as the simulation begins, in Unix seconds."""


class ClockFaults(Struct, frozen=True, kw_only=True):
    """What is wrong with an actor's wall clock. skew_ms: from the start; drift_ppm: gained over
    time; steps: at which true time it jumps by how many milliseconds."""

    skew_ms: int = 0
    drift_ppm: int = 0
    steps: tuple[tuple[int, int], ...] = ()


class Clock:
    """The clocks of one machine."""

    def __init__(self, name: str, faults: ClockFaults) -> None:
        self.faults = faults
        self._name = name
        self._boot = 1
        self._booted_at = 0

    def now(self, at: int) -> Now:
        faults = self.faults
        stepped = sum(by for when, by in faults.steps if when <= at)
        wall_ms = at + faults.skew_ms + at * faults.drift_ppm // MICRO + stepped
        return Now(
            wall=START + wall_ms // 1000,
            monotonic=Instant(at - self._booted_at),
            boot=f"{self._name}/{self._boot}",
        )

    def when(self, instant: Instant) -> int:
        """The true time at which the monotonic clock of this boot shows an instant."""
        return self._booted_at + instant

    def boot(self, at: int) -> None:
        """Starts the machine again: the monotonic clock begins anew."""
        self._boot += 1
        self._booted_at = at
