"""A scenario: what one simulation plays, drawn from its seed, and the smaller ones like it.

Rule: a scenario is a value. Everything that happens follows from it.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.transport.faults import dice_of
from simulation.driving.programs import ProgramKind
from simulation.faults.kinds import KINDS
from simulation.faults.plan import BEGIN_MS, Part, Plan

FAULTS_MAX: Final = 4
JOBS_MAX: Final = 4
JOBS_BEGIN_MS: Final = 6_000


class JobPlan(Struct, frozen=True, kw_only=True):
    """A job. submitter: its number; at, cancel_at: when it is submitted and withdrawn, in
    milliseconds of true time. delegate: the number of the submitter that may award it."""

    number: int
    submitter: int
    at: int
    program: ProgramKind
    fuel: int
    delegate: int | None = None
    cancel_at: int | None = None


class Injected(Struct, frozen=True, kw_only=True):
    """A fault of a kind. number: of its dice."""

    kind: str
    number: int


class Scenario(Struct, frozen=True, kw_only=True):
    """One simulation. Counts are of members of each role."""

    seed: int
    is_sealed: bool = False
    submitters: int = 1
    nodes: int = 3
    verifiers: int = 3
    issuers: int = 1
    jobs: tuple[JobPlan, ...] = ()
    faults: tuple[Injected, ...] = ()

    def plan(self, parts: tuple[Part, ...]) -> Plan:
        """Everything that is wrong in it."""
        plan = Plan(parts=parts)
        for each in self.faults:
            dice = dice_of(self.seed, "fault", each.kind, str(each.number))
            KINDS[each.kind].inject(plan, dice)
        return plan

    def __str__(self) -> str:
        mesh = "sealed" if self.is_sealed else "unsealed"
        members = (
            f"{self.submitters} submitters, {self.nodes} nodes, {self.verifiers} verifiers, "
            f"{self.issuers} issuers"
        )
        jobs = ", ".join(
            f"{each.program.value} at {each.at} ms"
            + ("" if each.cancel_at is None else f", cancelled at {each.cancel_at} ms")
            for each in self.jobs
        )
        faults = "; ".join(each.kind for each in self.faults) or "none"
        return f"seed {self.seed}, {mesh}: {members}\njobs: {jobs}\nfaults: {faults}"


def scenario_of(seed: int) -> Scenario:
    """Draws a scenario. Consecutive seeds go through the table of kinds, with others besides."""
    dice = dice_of(seed, "scenario")
    names = list(KINDS)
    first = names[seed % len(names)]
    kinds = [first, *dice.sample(names, dice.randint(0, FAULTS_MAX - 1))]
    is_sealed = dice.random() < 0.5 or KINDS[first].is_sealed_only
    submitters = dice.randint(1, 2)
    return Scenario(
        seed=seed,
        is_sealed=is_sealed,
        submitters=submitters,
        nodes=dice.randint(3, 5),
        verifiers=dice.randint(3, 5),
        issuers=dice.choice((1, 1, 2)),
        jobs=tuple(
            _job(seed, number, submitters, dice) for number in range(dice.randint(2, JOBS_MAX))
        ),
        faults=tuple(
            Injected(kind=kind, number=number) for number, kind in enumerate(dict.fromkeys(kinds))
        ),
    )


PROGRAMS: Final = (ProgramKind.SUM,) * 4 + tuple(ProgramKind)


def _job(seed: int, number: int, submitters: int, dice: Random) -> JobPlan:
    at = BEGIN_MS + dice.randrange(JOBS_BEGIN_MS)
    cancel_at = at + dice.randint(20, 6_000) if dice.random() < 0.2 else None
    delegates = dice_of(seed, "delegate", str(number))
    return JobPlan(
        delegate=delegates.randrange(submitters) if delegates.random() < 0.25 else None,
        number=number,
        submitter=dice.randrange(submitters),
        at=at,
        program=dice.choice(PROGRAMS),
        fuel=dice.choice((1_000_000, 20_000_000, 200_000_000)),
        cancel_at=cancel_at,
    )


def smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Scenarios with one fault, job or member less, or a simpler job; the largest steps first."""
    for index in range(len(scenario.faults)):
        yield replace(scenario, faults=_without(scenario.faults, index))
    for index in range(len(scenario.jobs)):
        if len(scenario.jobs) > 1:
            yield replace(scenario, jobs=_without(scenario.jobs, index))
    least = {"issuers": 1, "submitters": 1, "nodes": 1, "verifiers": 2}
    for field, count in least.items():
        found: int = getattr(scenario, field)
        if found > count:
            yield replace(scenario, **{field: found - 1})
    if scenario.is_sealed:
        yield replace(scenario, is_sealed=False)
    for index, job in enumerate(scenario.jobs):
        for change in (
            {"cancel_at": None},
            {"delegate": None},
            {"program": ProgramKind.SUM},
            {"at": BEGIN_MS},
        ):
            simpler = replace(job, **change)
            if simpler != job:
                jobs = list(scenario.jobs)
                jobs[index] = simpler
                yield replace(scenario, jobs=tuple(jobs))


def _without(items: tuple, index: int) -> tuple:  # type: ignore[type-arg]
    return items[:index] + items[index + 1 :]
