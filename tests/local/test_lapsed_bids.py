"""Bids that have all expired: it is said, and whoever waits or awards gets new ones."""

import pytest
from localmesh import ANSWER_CID, Opener

from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.fields import JobId, NodeId
from mesh.job import Phase
from mesh.local import JobRequest, JobView, LocalMesh
from mesh.local.audit import audit
from mesh.local.members import configure_node
from mesh.local.news import BidArrived, News
from mesh.local.views import obstacle
from mesh.market import BID_SECONDS
from runtime.terminal.errors import CommandError, ExitCode

NODE = NodeId("mesh-node-2")
JOB = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
LATER = BID_SECONDS + 1


def offered(mesh: LocalMesh) -> JobView:
    """A job with the bids of three nodes."""
    mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
    mesh.drive([JOB])
    job = mesh.job(JOB)
    assert len(job.bids) == 3 and not any(bid.is_expired for bid in job.bids)
    return job


def change_rate(mesh: LocalMesh, rate_micro: int) -> None:
    node = next(each for each in mesh.members.nodes if each.node_id == NODE)
    with mesh.store.write() as tx:
        assert isinstance(tx, SqliteTransaction)
        configure_node(tx, mesh.archive, node, rates={"compute": rate_micro})


def code_of(job: JobView) -> str | None:
    held_up = obstacle(job, needs_award=True)
    return None if held_up is None else held_up.code


def test_reading_says_that_the_bids_have_expired_and_changes_nothing(open_mesh: Opener) -> None:
    offered(open_mesh())
    mesh = open_mesh(LATER)
    job = mesh.job(JOB)
    assert code_of(job) == "bids-expired"
    assert [bid.is_expired for bid in job.bids] == [True] * 3
    assert mesh.job(JOB) == job


def test_waiting_submitter_gets_new_bids_for_the_same_job(open_mesh: Opener) -> None:
    before = offered(open_mesh())
    mesh = open_mesh(LATER)
    news: list[News] = []
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


def test_expired_bid_is_renewed_by_accepting_it(open_mesh: Opener) -> None:
    offered(open_mesh())
    mesh = open_mesh(LATER)
    mesh.accept(JOB, NODE)
    mesh.drive([JOB])
    job = mesh.job(JOB)
    assert job.award is not None and (job.award.node_id, job.award.price) == (NODE, 80)
    assert job.phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_price_is_at_most_the_accepted_bid(open_mesh: Opener) -> None:
    offered(open_mesh())
    mesh = open_mesh(LATER)
    change_rate(mesh, 320_000)
    with pytest.raises(CommandError, match="over 80 has expired, and it asks 160 now") as caught:
        mesh.accept(JOB, NODE)
    assert (caught.value.exit_code, caught.value.code) == (ExitCode.FAILED, "bid-dearer")
    assert mesh.job(JOB).phase is Phase.SUBMITTED
    mesh.accept(JOB, NODE)
    award = mesh.job(JOB).award
    assert award is not None and award.price == 160


def test_cheaper_new_bid_is_taken(open_mesh: Opener) -> None:
    offered(open_mesh())
    mesh = open_mesh(LATER)
    change_rate(mesh, 80_000)
    mesh.accept(JOB, NODE)
    award = mesh.job(JOB).award
    assert award is not None and award.price == 40


def test_node_that_bids_no_more_is_named(open_mesh: Opener) -> None:
    offered(open_mesh())
    mesh = open_mesh(LATER)
    change_rate(mesh, 100_000_000)
    with pytest.raises(CommandError, match="has no bid of 'mesh-node-2'"):
        mesh.accept(JOB, NODE)
    job = mesh.job(JOB)
    assert {bid.node_id for bid in job.bids} == {"mesh-node-1", "mesh-node-3"}
    assert [decline.node_id for decline in job.declines] == [NODE]
