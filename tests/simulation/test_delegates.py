"""Delegates: a submitter that another one's manifest names awards its job, and no other does."""

from typing import Any

import pytest
from simulation import users
from simulation.cast import Cast
from simulation.driving.machines import MachineEffect, MachineFault
from simulation.driving.programs import ProgramKind
from simulation.driving.station import Station
from simulation.faults.plan import BEGIN_MS
from simulation.scenario import JobPlan, Scenario
from simulation.world import World, play

from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.delegation.handing_over import OWN_AWARD_MS
from mesh.actors.submitter.delegation.rows import OFFERED_JOBS
from mesh.actors.submitter.rows import EARLY, JobRow
from mesh.core.jobs.job import Phase
from mesh.core.records.jobs import Award
from mesh.core.records.membership import Role
from mesh.core.records.work import Hold

both = pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])
JOB = JobPlan(
    number=1, submitter=0, delegate=1, at=BEGIN_MS, program=ProgramKind.SUM, fuel=20_000_000
)


class Failing(Cast):
    """The machines of some nodes die."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def machine(self, seed: int, name: str, faults: tuple[MachineFault, ...]) -> Any:
        dies = (MachineFault(effect=MachineEffect.DIE),) if name in self.names else ()
        return super().machine(seed, name, (*faults, *dies))


def played(*, is_sealed: bool, cast: Cast | None = None) -> tuple[World, JobRow]:
    scenario = Scenario(seed=1, is_sealed=is_sealed, submitters=2, jobs=(JOB,))
    world, violation = play(scenario, cast or Cast())
    assert violation is None, violation
    ((station, row),) = users.jobs(world)
    assert station.name == "submitter-1"
    return world, row


def delegate_of(world: World) -> Station:
    return world.of_role(Role.SUBMITTER)[1]


@both
def test_delegate_awards_and_the_submitter_learns_it_with_the_hold(is_sealed: bool) -> None:
    world, row = played(is_sealed=is_sealed)
    assert row.phase is Phase.VERIFIED
    (award,) = world.records.of(Award)
    assert award.signer == delegate_of(world).did
    (hold,) = world.records.of(Hold)
    assert hold.body.award == award.cid
    delegate = delegate_of(world)
    with delegate.store.view() as view:
        assert view.unanswered().count() == 0
        assert view.rows(delegate.did, EARLY).select() == ()


@both
def test_delegate_awards_each_further_attempt(is_sealed: bool) -> None:
    world, row = played(is_sealed=is_sealed, cast=Failing("node-1", "node-2"))
    awards = world.records.of(Award)
    assert {each.signer for each in awards} == {delegate_of(world).did}
    assert sorted(each.body.attempt for each in awards) == [1, 2, 3][: len(awards)]
    assert len(awards) > 1 and row.phase is Phase.VERIFIED


class SilentDelegate(Submitter):
    """Awards nobody's job but its own."""

    def tick(self, tx: Any, now: Any) -> Any:
        for each in tx.rows(OFFERED_JOBS).select():
            tx.rows(OFFERED_JOBS).delete(each.manifest)
        return super().tick(tx, now)


def test_submitter_awards_by_itself_where_its_delegate_stays_silent() -> None:
    world, row = played(is_sealed=False, cast=Cast(submitter=SilentDelegate))
    assert row.phase is Phase.VERIFIED
    (award,) = world.records.of(Award)
    assert award.signer == world.of_role(Role.SUBMITTER)[0].did
    sent = next(step.at for step in world.steps if step.text == "Award")
    assert sent >= BEGIN_MS + OWN_AWARD_MS
