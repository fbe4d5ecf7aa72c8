"""Jobs that go on by themselves, and those that wait for somebody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from market_actors import SETTINGS
from msgspec.structs import replace
from refusals import refusing
from submitting import Market

from mesh.actors.submitter.delegation.handing_over import OWN_AWARD_MS
from mesh.actors.submitter.market.bidding import ROUND_MS
from mesh.core.fields import NodeId
from mesh.core.jobs.job import Job
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Decline, DeclineReason
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.view import find_job_row, job_view
from mesh.queries.jobs.waiting import goes_on
from mesh.queries.reader import Reader
from runtime.content.did import Did


@contextmanager
def reading(market: Market) -> Iterator[Reader]:
    with market.store.view() as view:
        yield Reader(
            view=view,
            archive=market.archive,
            members=market.founding.members,
            owner=market.submitter.did,
            issuer=market.issuer_key.did,
            now=market.now.wall,
        )


def is_going_on(market: Market, job: Job) -> bool:
    with reading(market) as reader:
        return goes_on(reader, find_job_row(reader, job.job_id))


def waits_for(market: Market, job: Job) -> str | None:
    """The code of what a job waits for, None while it goes on by itself."""
    with reading(market) as reader:
        row = find_job_row(reader, job.job_id)
        held_up = obstacle(job_view(reader, row), needs_award=True)
        assert goes_on(reader, row) is (held_up is None)
        return None if held_up is None else held_up.code


def submitted(market: Market, **changes: Any) -> Job:
    """A job of which the best bid is awarded; awards do not arrive."""
    market.is_held_back = lambda mail: isinstance(mail.record.body, Award)
    job = market.submit(**changes)
    market.within(lambda tx: market.actor.auto_award(tx, job.job_id, market.now, is_on=True))
    return job


def decline(market: Market, node: Did) -> None:
    number = [each.did for each in market.nodes].index(node)
    manifest = market.last(JobManifest)
    body = Decline(
        job=manifest.cid,
        node_id=NodeId(f"node-{number}"),
        reason=DeclineReason.BUDGET,
        detail="",
    )
    market.deliver(market.signed(market.nodes[number], body))


def refuse(market: Market, retry_after: int | None) -> None:
    answer = refusing(market.last(Award).cid, "policy", retry_after=retry_after)
    market.deliver(market.signed(market.issuer_key, answer))


def test_job_whose_delegate_is_silent_goes_on_to_its_submitters_award() -> None:
    market = Market(nodes=1)
    job = submitted(market, award_delegate=market.delegate.did)
    market.offer(job)
    assert waits_for(market, job) is None
    market.wait(OWN_AWARD_MS - 1_000)
    assert (waits_for(market, job), market.mails(Award)) == (None, [])
    market.wait(1_000)
    assert len(market.mails(Award)) == 1
    assert waits_for(market, job) is None, "the issuer answers"
    refuse(market, retry_after=None)
    assert waits_for(market, job) == "award-missing"


def test_job_whose_refused_award_is_tried_again_goes_on() -> None:
    market = Market(nodes=1)
    job = submitted(market)
    market.offer(job)
    refuse(market, retry_after=20)
    assert waits_for(market, job) is None
    market.wait(20_000)
    assert len(market.mails(Award)) == 2
    refuse(market, retry_after=None)
    assert waits_for(market, job) == "award-missing"


def test_job_whose_user_chooses_waits_for_that() -> None:
    market = Market(nodes=1)
    job = market.submit(award_delegate=market.delegate.did)
    market.offer(job)
    assert waits_for(market, job) == "award-missing"


def test_job_that_nobody_bids_for_goes_on_while_nodes_are_left_to_ask() -> None:
    market = Market(nodes=2, settings=replace(SETTINGS, bids_per_job=1))
    job = submitted(market)
    decline(market, job.asked[0])
    assert is_going_on(market, job)
    market.wait(ROUND_MS)
    (last,) = {each.did for each in market.nodes} - {job.asked[0]}
    assert market.job(job.job_id).asked == tuple(sorted((job.asked[0], last)))
    assert is_going_on(market, job)
    decline(market, last)
    assert not is_going_on(market, job)
    assert waits_for(market, job) == "no-bids"
