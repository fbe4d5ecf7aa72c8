"""Commands of a submitter's user: each refusal by name, and what a command does."""

from typing import Any

import pytest
from issuing.records import key_of
from market_actors import SETTINGS
from msgspec.structs import replace
from refusals import refusing
from submitting import Market

from mesh.actors.submitter.market.awarding import AwardFault, AwardRefusal
from mesh.actors.submitter.rows import PROFILES
from mesh.actors.submitter.submission import SubmissionFault, SubmissionRefusal
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, Phase
from mesh.core.market.ranking import BidFault
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.terms import Requirements, Trust
from runtime.content.cid import Codec, cid_of
from runtime.content.shapes import ShapeError
from runtime.host.policy import POLICIES_MAX
from runtime.tokens.policy import AllowAll, Quota
from runtime.tokens.token import ResourceType

JOB_ID = JobId("01890000-0000-7000-8000-000000000001")


def refused(market: Market, **changes: Any) -> SubmissionRefusal:
    found = market.within(lambda tx: market.actor.submit(tx, market.request(**changes), market.now))
    assert isinstance(found, SubmissionRefusal), str(found)
    return found


# --- submit


LADDER: dict[SubmissionFault, dict[str, Any]] = {
    SubmissionFault.OVER_LIMIT: {"description": "x" * 4_097},
    SubmissionFault.QUORUM_TOO_SMALL: {"trust": Trust(verifiers=1, quorum=1)},
    SubmissionFault.VERIFIERS_TOO_FEW: {"trust": Trust(verifiers=4, quorum=4)},
    SubmissionFault.DELEGATE_UNKNOWN: {"award_delegate": key_of("stranger").did},
    SubmissionFault.NOT_SOLD: {"resource_type": ResourceType.STORAGE},
    SubmissionFault.MALFORMED: {"entry": ""},
    SubmissionFault.TOKEN: {"budget": 2_000_000},
}


@pytest.mark.parametrize("fault", LADDER, ids=lambda fault: fault.name)
def test_submission_is_refused(fault: SubmissionFault) -> None:
    market = Market()
    assert refused(market, **LADDER[fault]).fault is fault
    assert market.mails(JobManifest) == []


def test_what_is_sold_is_named_in_the_refusal_of_a_resource() -> None:
    found = refused(Market(), resource_type=ResourceType.STORAGE)
    assert (found.detail, found.sold) == ("storage", ("compute",))


def test_resource_that_one_node_sells_needs_a_token() -> None:
    market = Market()
    rates = {"bandwidth": 1, "compute": 1}
    market.deliver(market.node_profile(market.other_node, 1, sequence=2, rates=rates))
    assert refused(market, resource_type=ResourceType.STORAGE).sold == ("bandwidth", "compute")
    found = refused(market, resource_type=ResourceType.BANDWIDTH)
    assert (found.fault, found.detail) == (SubmissionFault.NO_TOKEN, "bandwidth")


def test_resource_is_not_refused_before_a_profile_has_come() -> None:
    market = Market()
    for key in market.nodes:
        market.within(lambda tx, did=key.did: tx.rows(PROFILES).delete(did))
    assert refused(market, resource_type=ResourceType.STORAGE).fault is SubmissionFault.NO_TOKEN


def test_memory_over_the_limit_says_how_much() -> None:
    found = refused(Market(), requirements=Requirements(memory_bytes=1 << 29))
    assert (found.limit, found.most, found.found) == ("memory_bytes", 1 << 28, 1 << 29)


def test_token_that_is_spent_is_exhausted() -> None:
    market = Market(units=1_050)
    market.assign(budget=1_000)
    found = refused(market, budget=1_000)
    assert (found.fault, found.available) == (SubmissionFault.TOKEN_EXHAUSTED, 943)


def test_balance_is_what_the_newest_statement_says() -> None:
    market = Market(units=1_050)
    market.issue(1_000)
    market.assign(budget=1_000)
    market.assign(budget=1_000)
    found = refused(market, budget=1_000, token=market.token.cid)
    assert found.fault is SubmissionFault.TOKEN_EXHAUSTED


def test_policy_of_the_issuer_denies() -> None:
    market = Market()
    market._within(
        market.issuer,
        lambda tx: market.issuer.set_policy(
            tx, resource_type=ResourceType.COMPUTE, rule=Quota(limit=50), now=market.now
        ),
    )
    market.issue(1)
    found = refused(market, resource_amount=51)
    assert found.fault is SubmissionFault.POLICY
    assert found.denial is not None and found.denial.available == 50


def test_job_is_awarded_under_as_many_policies_as_may_be_set() -> None:
    market = Market()

    def limit(kind: ResourceType, number: int) -> None:
        market._within(
            market.issuer,
            lambda tx: market.issuer.set_policy(
                tx, resource_type=kind, scope=f"scope {number}", rule=AllowAll(), now=market.now
            ),
        )

    for kind in ResourceType:
        for number in range(POLICIES_MAX):
            limit(kind, number)
        with pytest.raises(ShapeError, match="64 scopes of"):
            limit(kind, POLICIES_MAX)
        limit(kind, 0)
    assert market.assign().phase is Phase.ASSIGNED


def test_module_that_submits_needs_delegation() -> None:
    wasm = bytes.fromhex(
        "0061736d01000000"  # magic
        "010401600000"  # a type: () -> ()
        "021c01" + "08" + b"icn_host".hex() + "0f" + b"host_submit_job".hex() + "0000"
    )
    market = Market()
    cid = cid_of(wasm, Codec.RAW)
    market.within(lambda tx: tx.blocks.put(cid, wasm))
    found = refused(market, module=cid)
    assert (found.fault, found.detail) == (SubmissionFault.NO_DELEGATION, "host_submit_job")


def test_same_request_is_the_same_job_and_another_is_refused() -> None:
    market = Market()
    job = market.submit(job_id=JOB_ID)
    market.skip(5_000)
    assert market.submit(job_id=JOB_ID) == job
    assert market.submit(job_id=JOB_ID, budget=1_000) == job
    found = refused(market, job_id=JOB_ID, description="other", budget=5)
    assert found.fault is SubmissionFault.ID_TAKEN
    assert found.differs_in == ("description", "budget")


def test_scoped_token_pays_for_its_scope_alone() -> None:
    market = Market()
    scoped = market.issue(5_000, scope="org/library")
    assert market.manifest_of(market.submit()).body.resource_token == market.token.cid
    job = market.submit(scope="org/library/scans")
    assert market.manifest_of(job).body.resource_token == scoped.cid
    assert market.manifest_of(market.submit(scope="org")).body.resource_token == market.token.cid


def test_scoped_token_alone_pays_for_nothing_else() -> None:
    market = Market(units=10)
    market.issue(5_000, scope="org")
    assert refused(market).fault is SubmissionFault.TOKEN


def test_revoked_and_expired_tokens_are_passed_over() -> None:
    market = Market()
    short = market.issue(5_000, seconds=1)
    assert market.manifest_of(market.submit()).body.resource_token == short.cid
    market.skip(2_000)
    assert market.manifest_of(market.submit()).body.resource_token == market.token.cid
    market._within(
        market.issuer,
        lambda tx: market.issuer.revoke(tx, token=market.token.cid, reason="lost", now=market.now),
    )
    found = refused(market)
    assert found.fault is SubmissionFault.TOKEN


def test_job_waits_for_a_block_that_nobody_has() -> None:
    market = Market()
    data = b"input"
    job = market.submit(input=cid_of(data, Codec.RAW))
    assert market.mails(JobManifest) == []
    market.within(lambda tx: tx.blocks.put(cid_of(data, Codec.RAW), data))
    market.wait(250, step=250)
    assert {each.to for each in market.mails(JobManifest)} == {key.did for key in market.nodes}
    assert market.job(job.job_id).asked


# --- asking


def test_thirty_two_are_asked_and_then_sixty_four_more() -> None:
    market = Market(nodes=120)
    job = market.submit()
    asked = [len(market.job(job.job_id).asked)]
    for _ in range(3):
        market.wait(250, step=250)
        asked.append(len(market.job(job.job_id).asked))
    assert asked == [32, 96, 120, 120]
    assert len(market.mails(JobManifest)) == 120


def test_no_more_are_asked_after_a_bid() -> None:
    market = Market(nodes=120)
    job = market.submit()
    number = next(n for n, key in enumerate(market.nodes) if key.did in job.asked)
    market.offer(job, number)
    market.wait(1_000, step=250)
    assert len(market.job(job.job_id).asked) == 32


def test_bid_of_a_node_that_was_not_asked_is_refused() -> None:
    market = Market(nodes=120)
    job = market.submit()
    number = next(n for n, key in enumerate(market.nodes) if key.did not in job.asked)
    market.offer(job, number)
    assert market.refusals() == {"NOT_ADDRESSED": 1}


def test_absent_nodes_are_not_asked() -> None:
    market = Market(settings=replace(SETTINGS, presence_seconds=60))
    market.skip(61_000)
    job = market.submit()
    assert job.asked == ()
    market.deliver(market.node_profile(market.node, 0, sequence=2))
    assert market.job(job.job_id).asked == (market.node.did,)


def test_lapsed_bids_are_asked_for_again() -> None:
    market = Market()
    job = market.submit()
    market.offer(job, 0, expires_at=market.now.wall + 5)
    market.offer(job, 1, expires_at=market.now.wall + 6)
    market.wait(6_000)
    job = market.job(job.job_id)
    assert (job.round, job.bids, len(job.asked)) == (2, (), 2)


def test_job_without_an_award_expires() -> None:
    market = Market()
    job = market.submit()
    market.skip(3_600_000)
    market.tick()
    assert market.job(job.job_id).phase is Phase.EXPIRED


# --- accept


def accepted(market: Market, job: Job, name: str = "node-0") -> Any:
    return market.within(lambda tx: market.actor.accept(tx, job.job_id, NodeId(name), market.now))


def fault_of(found: Any) -> AwardFault:
    assert isinstance(found, AwardRefusal), str(found)
    return found.fault


def test_award_is_refused_by_name() -> None:
    market = Market()
    nowhere = market.within(
        lambda tx: market.actor.accept(tx, JOB_ID, NodeId("node-0"), market.now)
    )
    assert fault_of(nowhere) is AwardFault.NO_SUCH_JOB
    job = market.submit()
    assert fault_of(accepted(market, job)) is AwardFault.NO_SUCH_BID
    market.offer(job, 0, units=2_000)
    found = accepted(market, job)
    assert fault_of(found) is AwardFault.BID_NOT_AWARDABLE
    assert found.bid.fault is BidFault.UNITS
    market.offer(job, 1)
    market.is_held_back = lambda mail: isinstance(mail.record.body, Award)
    assert isinstance(accepted(market, job, "node-1"), Job)
    assert isinstance(accepted(market, job, "node-1"), Job)
    assert fault_of(accepted(market, job)) is AwardFault.AWAITS_ISSUER
    market.forward(market.held_back[0])
    assert fault_of(accepted(market, job)) is AwardFault.NOT_OPEN


def test_award_that_the_issuer_refuses_leaves_the_job_open_and_says_why() -> None:
    market = Market()
    job = market.submit()
    market._within(
        market.issuer,
        lambda tx: market.issuer.set_policy(
            tx, resource_type=ResourceType.COMPUTE, rule=Quota(limit=1), now=market.now
        ),
    )
    market.offer(job)
    accepted(market, job)
    job = market.job(job.job_id)
    assert (job.phase, job.award, job.attempt) == (Phase.SUBMITTED, None, 0)
    assert "quota" in job.reason
    refusal = market.events(job.job_id)[-1]
    assert isinstance(refusal, ev.AwardRefused)
    assert refusal.signer == market.issuer_key.did


def test_answer_of_a_stranger_refuses_nothing() -> None:
    market = Market()
    market.is_held_back = lambda mail: isinstance(mail.record.body, Award)
    job = market.submit()
    market.offer(job)
    accepted(market, job)
    answer = refusing(market.last(Award).cid, "no")
    market.deliver(market.signed(market.node, answer))
    assert market.job(job.job_id).awaits_issuer
    assert market.refusals() == {"WRONG_ROLE": 1}


def test_delegate_awards_a_job_that_names_it() -> None:
    market = Market()
    job = market.submit(award_delegate=market.delegate.did)
    bid = market.offer(job)
    asked = market.ask(market.manifest_of(job), bid, signer=market.delegate)
    market.deliver(
        asked.award,
        *asked.blocks,
        market.token.block,
        to=market.issuer_key.did,
    )
    job = market.job(job.job_id)
    assert (job.phase, job.award) == (Phase.ASSIGNED, asked.award.cid)
