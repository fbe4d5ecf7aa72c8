"""Jobs that wait for each other take their turns by priority, then by age."""

import pytest
from localmesh import ANSWER_CID, Opener

from mesh.core.fields import JobId
from mesh.core.ids import execution_seed
from mesh.job import Phase
from mesh.local import JobRequest, LocalMesh
from mesh.local.news import Awarded, News
from mesh.records import Priority
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import Request, Ticket


def submit(mesh: LocalMesh, priority: Priority, amount: int = 500) -> JobId:
    return mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=amount, priority=priority))


def test_most_urgent_and_then_the_oldest_comes_first(
    open_mesh: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[bytes] = []
    honest = Sandbox.submit

    def watched(self: Sandbox, request: Request) -> Ticket:
        executed.append(request.context.seed)
        return honest(self, request)

    monkeypatch.setattr(Sandbox, "submit", watched)
    early, late = open_mesh(), open_mesh(60)
    low = submit(early, Priority.LOW)
    young = submit(late, Priority.MEDIUM)
    old = submit(early, Priority.MEDIUM)
    critical = submit(late, Priority.CRITICAL)
    high = submit(early, Priority.HIGH)
    news: list[News] = []
    late.drive([low, young, old, critical, high], on_event=news.append, auto_award=True)
    wanted = [critical, high, old, young, low]
    assert [each.job_id for each in news if isinstance(each, Awarded)] == wanted
    seeds = {
        execution_seed(late.job(job_id).manifest.cid, late.submitter.did): job_id
        for job_id in wanted
    }
    begun = [seeds[seed] for seed in dict.fromkeys(executed) if seed in seeds]
    assert begun == wanted
    assert {late.job(job_id).phase for job_id in wanted} == {Phase.VERIFIED}


def test_more_urgent_is_promised_the_earlier_end(open_mesh: Opener) -> None:
    mesh = open_mesh()
    low = submit(mesh, Priority.LOW, 30_000)
    high = submit(mesh, Priority.HIGH, 30_000)
    mesh.drive([low, high], auto_award=True)
    award = mesh.job(high).award
    assert award is not None
    first, second = (
        next(bid for bid in mesh.job(job_id).bids if bid.node_id == award.node_id)
        for job_id in (high, low)
    )
    assert first.estimated_seconds < second.estimated_seconds, "the node has to do both"
