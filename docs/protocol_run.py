"""The sequence diagrams of a simulated run: one job in a mesh of the actors that ship."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from simulation.campaign import diagram_of
from simulation.cast import Cast
from simulation.driving.programs import ProgramKind
from simulation.scenario import JOBS_BEGIN_MS, JobPlan, Scenario
from simulation.world import play


def sealed_run() -> str:
    return _run(is_sealed=True)


def unsealed_run() -> str:
    return _run(is_sealed=False)


def _run(*, is_sealed: bool) -> str:
    """A job from submission to settlement, without any fault."""
    job = JobPlan(number=1, submitter=1, at=JOBS_BEGIN_MS, program=ProgramKind.SUM, fuel=1_000_000)
    scenario = Scenario(seed=1, is_sealed=is_sealed, nodes=2, jobs=(job,))
    world, violation = play(scenario, Cast())
    assert violation is None, "nothing is wrong in this run"
    return f"```mermaid\n{diagram_of(world, is_cut=False)}```"
