"""Bids that have all expired: it is said, and whoever waits or awards gets new ones."""

from collections.abc import Callable

import pytest
from changed_mesh import audit, configure
from embedded_mesh import ANSWER_CID

from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.appraisal import BID_SECONDS
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.progress_events import BidArrived, ProgressEvent
from mesh.queries.jobs.view import JobView
from runtime.terminal.errors import CommandError, ExitCode

NODE = NodeId("mesh-node-2")
JOB = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
Opener = Callable[[int], EmbeddedMesh]
LATER = BID_SECONDS + 1


def offered(mesh: EmbeddedMesh) -> JobView:
    """A job with the bids of three nodes."""
    mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
    mesh.drive([JOB])
    job = mesh.job(JOB)
    assert len(job.bids) == 3 and not any(bid.is_expired for bid in job.bids)
    return job


def change_rate(mesh: EmbeddedMesh, rate_micro: int) -> None:
    configure(mesh, NODE, rates={"compute": rate_micro})


def code_of(job: JobView) -> str | None:
    held_up = obstacle(job, needs_award=True)
    return None if held_up is None else held_up.code


def test_reading_says_that_the_bids_have_expired_and_changes_nothing(
    mesh: EmbeddedMesh, open_later: Opener
) -> None:
    offered(mesh)
    mesh = open_later(LATER)
    job = mesh.job(JOB)
    assert code_of(job) == "bids-expired"
    assert [bid.is_expired for bid in job.bids] == [True] * 3
    assert mesh.job(JOB) == job


def test_waiting_submitter_gets_new_bids_for_the_same_job(
    mesh: EmbeddedMesh, open_later: Opener
) -> None:
    before = offered(mesh)
    mesh = open_later(LATER)
    news: list[ProgressEvent] = []
    mesh.drive([JOB], on_event=news.append)
    after = mesh.job(JOB)
    assert [type(each) for each in news] == [BidArrived] * 3
    assert after.manifest == before.manifest and after.phase is Phase.SUBMITTED
    assert not any(bid.is_expired for bid in after.bids)
    assert code_of(after) == "award-missing"
    mesh.drive([JOB], on_event=news.append)
    assert len(news) == 3, "bids that stand are not asked for again"
    mesh.drive([JOB], auto_award=True)
    assert mesh.job(JOB).phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_expired_bid_is_renewed_by_accepting_it(mesh: EmbeddedMesh, open_later: Opener) -> None:
    offered(mesh)
    mesh = open_later(LATER)
    mesh.accept(JOB, NODE)
    mesh.drive([JOB])
    job = mesh.job(JOB)
    assert job.award is not None and (job.award.node_id, job.award.price) == (NODE, 80)
    assert job.phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_price_is_at_most_the_accepted_bid(mesh: EmbeddedMesh, open_later: Opener) -> None:
    offered(mesh)
    change_rate(mesh, 320_000)
    mesh = open_later(LATER)
    with pytest.raises(CommandError, match="over 80 has expired, and it asks 160 now") as caught:
        mesh.accept(JOB, NODE)
    assert (caught.value.exit_code, caught.value.code) == (ExitCode.FAILED, "bid-dearer")
    assert mesh.job(JOB).phase is Phase.SUBMITTED
    mesh.accept(JOB, NODE)
    award = mesh.job(JOB).award
    assert award is not None and award.price == 160


def test_cheaper_new_bid_is_taken(mesh: EmbeddedMesh, open_later: Opener) -> None:
    offered(mesh)
    change_rate(mesh, 80_000)
    mesh = open_later(LATER)
    mesh.accept(JOB, NODE)
    award = mesh.job(JOB).award
    assert award is not None and award.price == 40


def test_node_that_bids_no_more_is_named(mesh: EmbeddedMesh, open_later: Opener) -> None:
    offered(mesh)
    change_rate(mesh, 100_000_000)
    mesh = open_later(LATER)
    with pytest.raises(CommandError, match="has no bid of 'mesh-node-2'"):
        mesh.accept(JOB, NODE)
    job = mesh.job(JOB)
    assert {bid.node_id for bid in job.bids} == {"mesh-node-1", "mesh-node-3"}
    assert [decline.node_id for decline in job.declines] == [NODE]
