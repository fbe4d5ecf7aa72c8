"""Jobs that wait for each other take their turns by priority, then by age."""

from pathlib import Path

import pytest
from changed_mesh import open_at
from embedded_mesh import ANSWER_CID

from mesh.core.fields import JobId
from mesh.core.ids import execution_seed
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import Priority
from mesh.embedded.mesh import EmbeddedMesh
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import Request, Ticket


def submit(mesh: EmbeddedMesh, priority: Priority, amount: int = 500) -> JobId:
    return mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=amount, priority=priority))


def test_most_urgent_and_then_the_oldest_is_executed_first(
    mesh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what waits for a worker, in the order in which it was awarded."""
    executed: list[bytes] = []
    honest = Sandbox.submit

    def watched(self: Sandbox, request: Request) -> Ticket:
        executed.append(request.context.seed)
        return honest(self, request)

    monkeypatch.setattr(Sandbox, "submit", watched)
    with open_at(mesh_home) as early, open_at(mesh_home, 20) as late:
        low = submit(early, Priority.LOW)
        old = submit(early, Priority.MEDIUM)
        high = submit(early, Priority.HIGH)
        award_all(early, low, old, high)
        young = submit(late, Priority.MEDIUM)
        critical = submit(late, Priority.CRITICAL)
        award_all(late, young, critical)
        wanted = [critical, high, old, young, low]
        assert late.drive(wanted) == {}
        seeds = {
            execution_seed(late.job(job_id).manifest.cid, late.submitter.did): job_id
            for job_id in wanted
        }
        begun = [seeds[seed] for seed in dict.fromkeys(executed) if seed in seeds]
        assert begun == wanted
        assert {late.job(job_id).phase for job_id in wanted} == {Phase.VERIFIED}


def award_all(mesh: EmbeddedMesh, *job_ids: JobId) -> None:
    for job_id in job_ids:
        mesh.accept(job_id, mesh.job(job_id).bids[0].node_id)


def test_work_that_has_waited_is_as_urgent_as_the_next_priority(
    mesh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[bytes] = []
    honest = Sandbox.submit

    def watched(self: Sandbox, request: Request) -> Ticket:
        executed.append(request.context.seed)
        return honest(self, request)

    monkeypatch.setattr(Sandbox, "submit", watched)
    with open_at(mesh_home) as early, open_at(mesh_home, 35) as late:
        low = submit(early, Priority.LOW)
        award_all(early, low)
        medium = submit(late, Priority.MEDIUM)
        award_all(late, medium)
        assert late.drive([medium, low]) == {}
        seeds = {
            execution_seed(late.job(each).manifest.cid, late.submitter.did): each
            for each in (low, medium)
        }
    begun = [seeds[seed] for seed in dict.fromkeys(executed) if seed in seeds]
    assert begun == [low, medium], "it was there first"


def test_awarded_work_ahead_is_part_of_what_a_node_promises(mesh: EmbeddedMesh) -> None:
    first, second = submit(mesh, Priority.LOW, 30_000), submit(mesh, Priority.HIGH, 30_000)
    node = mesh.job(first).bids[0].node_id
    mesh.accept(first, node)
    third = submit(mesh, Priority.HIGH, 30_000)
    before, after = (
        next(bid for bid in mesh.job(job_id).bids if bid.node_id == node)
        for job_id in (second, third)
    )
    assert before.estimated_seconds < after.estimated_seconds, "the node has to do both"
