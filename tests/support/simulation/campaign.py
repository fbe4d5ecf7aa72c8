"""A campaign: many seeds played, each failure shrunk to a short trace that is drawn.

    python -m simulation.campaign FIRST COUNT

Rule: a failing seed is printed with the smallest scenario that fails alike, and its diagram.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from time import process_time
from typing import Final

from msgspec import Struct

from simulation import users
from simulation.cast import Cast
from simulation.checking.invariants import Violation
from simulation.diagram import Step, sequence_diagram
from simulation.faults.kinds import KINDS
from simulation.scenario import Scenario, scenario_of
from simulation.shrinking import shrunk
from simulation.world import World, play

STEPS_SHOWN: Final = 80


class Played(Struct, frozen=True, kw_only=True):
    """The course of one seed. phases: of its jobs; lies: the fields that liars changed, of
    `chances`; failure: a report, empty if nothing failed."""

    seed: int
    kinds: tuple[str, ...]
    phases: tuple[str, ...]
    deliveries: int
    lies: frozenset[str]
    chances: frozenset[str]
    failure: str = ""


def play_seed(seed: int, cast: Cast | None = None) -> Played:
    """Plays one seed, and shrinks it where it fails."""
    cast = cast or Cast()
    scenario = scenario_of(seed)
    world, violation = play(scenario, cast)
    return Played(
        seed=seed,
        kinds=tuple(each.kind for each in scenario.faults),
        phases=tuple(row.phase.value for _, row in users.jobs(world)),
        deliveries=world.deliveries,
        lies=frozenset(world.lies),
        chances=frozenset(world.chances),
        failure="" if violation is None else report(scenario, violation, cast),
    )


def report(scenario: Scenario, violation: Violation, cast: Cast) -> str:
    """The smallest scenario that fails as this one does, with its trace."""

    def fails(candidate: Scenario) -> str | None:
        found = play(candidate, cast)[1]
        return None if found is None else found.name

    smallest = shrunk(scenario, fails)
    world, found = play(smallest, cast)
    return (
        f"seed {scenario.seed} fails: {violation}\n"
        f"shrunk to:\n{smallest}\nwhich fails: {found}\n{diagram_of(world)}"
    )


def diagram_of(world: World, *, is_cut: bool = True) -> str:
    """The trace of a world after its founding, the last steps where there are many."""
    first = next((n for n, step in enumerate(world.steps) if step.text == "JobManifest"), 0)
    steps: list[Step] = [step for step in world.steps[first:] if step.text != "NodeProfile"]
    if is_cut:
        steps = steps[-STEPS_SHOWN:]
    return sequence_diagram(steps, [part.name for part in world.parts])


def summary(played: Iterable[Played], seconds: float) -> str:
    """The table of kinds with how often each was played, and what came of the jobs."""
    everything = tuple(played)
    kinds = Counter(kind for each in everything for kind in each.kinds)
    phases = Counter(phase for each in everything for phase in each.phases)
    lies = frozenset(lie for each in everything for lie in each.lies)
    chances = lies.union(*(each.chances for each in everything))
    width = max(map(len, KINDS))
    rows = [f"{kind:<{width}}  {kinds[kind]:>6}" for kind in KINDS]
    ends = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items()))
    return "\n".join(
        (
            *rows,
            f"{len(everything)} seeds, {len(KINDS)} kinds of fault, "
            f"{sum(each.deliveries for each in everything)} deliveries, {seconds:.0f} s",
            f"fields that liars changed: {len(lies)} of {len(chances)}; not: "
            f"{', '.join(sorted(chances - lies)) or 'none'}",
            f"jobs: {ends}",
        )
    )


def _timed(seed: int) -> tuple[Played, float]:
    begun = process_time()
    return play_seed(seed), process_time() - begun


def main(first: int, count: int) -> int:
    played, seconds = [], 0.0
    with ProcessPoolExecutor() as pool:
        for each, took in pool.map(_timed, range(first, first + count), chunksize=4):
            played.append(each)
            seconds += took
            if each.failure:
                print(each.failure, flush=True)
    print(summary(played, seconds))
    failed = [each.seed for each in played if each.failure]
    print("failed:", *failed or ("none",))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
