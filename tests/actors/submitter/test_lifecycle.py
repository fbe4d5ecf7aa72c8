"""A job of a submitter from request to settlement, with a real issuer."""

import pytest
from submitting import Market

from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Phase
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Hold


def test_job_is_verified_and_its_history_replays() -> None:
    market = Market()
    job = market.assign()
    assert job.phase is Phase.ASSIGNED
    market.tell_both(market.progress())
    assert market.job(job.job_id).phase is Phase.RUNNING
    market.complete(job)
    assert market.job(job.job_id).phase is Phase.COMPLETED
    market.attest(market.drawn)
    job = market.job(job.job_id)
    assert job.phase is Phase.VERIFIED
    assert market.refusals() == {}
    assert market.replayed(job.job_id) == job


def test_award_waits_for_the_issuer() -> None:
    market = Market()
    market.is_held_back = lambda mail: mail.to == market.issuer_key.did
    job = market.submit()
    market.offer(job)
    market.accept(job)
    job = market.job(job.job_id)
    assert (job.phase, job.awaits_issuer) == (Phase.SUBMITTED, True)
    market.is_held_back = lambda mail: False
    market.forward(market.held_back[0])
    assert market.job(job.job_id).phase is Phase.ASSIGNED


def test_best_bid_is_awarded_when_all_have_answered() -> None:
    market = Market()
    job = market.submit()
    market.within(lambda tx: market.actor.auto_award(tx, job.job_id, market.now, is_on=True))
    market.offer(job, 0, price=200)
    assert market.job(job.job_id).phase is Phase.SUBMITTED
    market.offer(job, 1, price=100)
    job = market.job(job.job_id)
    assert (job.phase, job.node_id) == (Phase.ASSIGNED, "node-1")


def test_best_bid_is_awarded_at_the_end_of_a_round() -> None:
    market = Market()
    job = market.submit()
    market.within(lambda tx: market.actor.auto_award(tx, job.job_id, market.now, is_on=True))
    market.offer(job, 0)
    market.wait(250, step=250)
    assert market.job(job.job_id).phase is Phase.ASSIGNED


def test_lost_attempt_asks_again_and_the_third_fails() -> None:
    market = Market()
    job = market.submit()
    for attempt in (1, 2, 3):
        for number in (0, 1):
            market.offer(job, number, expires_at=market.now.wall + 3_000)
        market.accept(job)
        assert market.job(job.job_id).attempt == attempt
        market.wait(10_000)
        job = market.job(job.job_id)
    assert job.phase is Phase.FAILED
    assert job.lost_by == (market.node.did,) * 3
    assert market.replayed(job.job_id) == job


def test_sealed_results_come_with_the_settlement() -> None:
    market = Market(sealed=True)
    job = market.assign()
    market.deliver(market.seal(market.node), to=market.issuer_key.did)
    assert market.job(job.job_id).phase is Phase.RUNNING
    for key in market.drawn:
        market.deliver(market.seal(key), to=market.issuer_key.did)
    receipt, anchor, block = market.receipt(market.asked(job))
    market.deliver(receipt, anchor.block, block)
    assert market.job(job.job_id).receipt is None
    market.deliver(receipt, anchor.block, block, to=market.issuer_key.did)
    for key in market.drawn:
        attestation, result = market.attestation(key)
        market.deliver(attestation, result, to=market.issuer_key.did)
    job = market.job(job.job_id)
    assert (job.phase, job.receipt) == (Phase.VERIFIED, receipt.cid)
    assert market.refusals() == {"NOT_ADDRESSED": 1}


@pytest.mark.parametrize("kind", [Hold, Settlement])
def test_repeated_records_change_nothing(kind: type) -> None:
    market = Market()
    job = market.verify(market.assign())
    for mail in market.mails(kind):
        market.forward(mail)
    assert market.job(job.job_id) == job
    assert market.refusals() == {}


def test_every_event_names_its_proof_and_signer() -> None:
    market = Market()
    job = market.verify(market.assign())
    unproved = {type(event) for event in market.events(job.job_id) if ev.proof_of(event) is None}
    assert unproved == {ev.JobSubmitted, ev.NodesAsked}


def test_attestation_after_the_settlement_is_counted() -> None:
    market = Market()
    job = market.assign()
    market.complete(job)
    market.attest(market.drawn[:2])
    market.wait(10_000)
    job = market.job(job.job_id)
    assert job.phase is Phase.VERIFIED
    market.deliver(market.attestation(market.drawn[2])[0])
    assert market.job(job.job_id) == job
    assert market.refusals() == {"OVER": 1}
