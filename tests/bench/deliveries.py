"""Deliveries of a job in simulated meshes of 10, 100 and 1 000 nodes, without faults.

Everything counts that goes over a link for the job: records, and requests for blocks with their
answers. Beats of profiles are of the mesh, and not of a job.
"""

import sys
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parents[1] / "support"))

from simulation.cast import Cast
from simulation.driving.programs import ProgramKind
from simulation.faults.plan import BEGIN_MS
from simulation.scenario import JobPlan, Scenario
from simulation.world import play

JOBS: Final = 10
NODES: Final = (10, 32, 100, 1_000)


def deliveries_a_job(nodes: int, *, is_sealed: bool) -> float:
    """Plays ten jobs, one after another, in a mesh of so many nodes and a tenth of verifiers."""
    scenario = Scenario(
        seed=1,
        is_sealed=is_sealed,
        nodes=nodes,
        verifiers=max(5, nodes // 10),
        jobs=tuple(
            JobPlan(
                number=number,
                submitter=0,
                at=BEGIN_MS + 500 * number,
                program=ProgramKind.SUM,
                fuel=20_000_000,
            )
            for number in range(JOBS)
        ),
    )
    world, violation = play(scenario, Cast())
    assert violation is None, violation
    of_jobs = [step for step in world.steps if step.at >= BEGIN_MS and step.text != "NodeProfile"]
    return len(of_jobs) / JOBS


def measure_deliveries() -> None:
    for is_sealed in (False, True):
        mesh = "sealed" if is_sealed else "unsealed"
        for nodes in NODES:
            found = deliveries_a_job(nodes, is_sealed=is_sealed)
            print(f"deliveries a job, {mesh}, {nodes:>5} nodes: {found:.0f} (aim: at most 150)")
