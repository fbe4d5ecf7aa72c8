"""Cancelling a job: here at once, or by its issuer, which may refuse."""

from typing import Any

from submitting import Market

from mesh.actors.submitter.withdrawal import CancelFault, CancelRefusal
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Phase
from mesh.core.records.jobs import Cancel
from mesh.core.records.work import Hold

JOB_ID = JobId("01890000-0000-7000-8000-000000000001")


def cancelled(market: Market, job_id: JobId) -> Any:
    return market.within(lambda tx: market.actor.cancel(tx, job_id, "mine", market.now))


def test_what_is_only_here_is_cancelled_at_once() -> None:
    market = Market()
    job = cancelled(market, market.submit().job_id)
    assert (job.phase, job.reason) == (Phase.CANCELLED, "mine")
    assert market.mails(Cancel) == []
    assert cancelled(market, JOB_ID) == CancelRefusal(fault=CancelFault.NO_SUCH_JOB)
    again = cancelled(market, job.job_id)
    assert again == CancelRefusal(fault=CancelFault.ENDED, phase=Phase.CANCELLED)


def test_running_job_is_cancelled_by_its_issuer() -> None:
    market = Market()
    job = market.assign()
    market.tell_both(market.progress())
    market.is_held_back = lambda mail: isinstance(mail.record.body, Cancel)
    assert cancelled(market, job.job_id).phase is Phase.RUNNING
    market.forward(market.held_back[0])
    job = market.job(job.job_id)
    assert job.phase is Phase.CANCELLED
    assert job.settlement is not None
    assert market.refusals() == {}
    assert market.replayed(job.job_id) == job


def test_issuer_refuses_to_cancel_a_result() -> None:
    market = Market()
    job = market.assign()
    market.complete(job)
    assert cancelled(market, job.job_id).phase is Phase.COMPLETED
    job = market.job(job.job_id)
    assert (job.phase, job.cancel) == (Phase.COMPLETED, None)
    assert isinstance(market.events(job.job_id)[-1], ev.CancelRefused)
    market.attest(market.drawn)
    assert market.job(job.job_id).phase is Phase.VERIFIED


def test_cancelling_before_the_issuer_has_answered_ends_without_a_hold() -> None:
    market = Market()
    market.is_held_back = lambda mail: mail.to == market.issuer_key.did
    job = market.submit()
    market.offer(job)
    market.within(lambda tx: market.actor.accept(tx, job.job_id, NodeId("node-0"), market.now))
    cancelled(market, job.job_id)
    award, cancel = market.held_back
    market.is_held_back = lambda mail: False
    market.forward(cancel)
    market.forward(award)
    assert market.job(job.job_id).phase is Phase.CANCELLED
    assert market.mails(Hold) == []
