"""A job from its manifest to its end through the core alone: no SQLite, no asyncio, no process."""

import pytest
from meshfolk import ENGINE, GRANT, START, false_sums
from meshnet import Message
from msgspec.structs import replace
from village import Village

from mesh.core.fields import MICRO
from mesh.core.ids import hold_id
from mesh.events import JobKey
from mesh.job import ATTEMPTS_MAX, VERIFY_SECONDS, Job, Phase, StepRefusal
from mesh.journal import Conflict, Recorded
from mesh.market import BID_SECONDS
from mesh.ports import Transaction
from mesh.records import Bid, DeclineReason, Receipt, Settlement, Verdict, read_as
from mesh.reputation import reputation
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import sign
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.ledger import Refused
from runtime.tokens.policy import Quota
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import Account, AccountKey


def test_honest_job_is_verified_paid_and_proven() -> None:
    village = Village()
    key = village.submit()
    village.run()
    job = village.job(key)
    assert job.phase is Phase.VERIFIED
    assert [vote.verdict for vote in job.votes] == [Verdict.CONFIRMED] * 3
    assert job.anchor is not None and job.settlement is not None
    price = 80
    assert job.node_id == "mesh-node-2"
    assert balance(village, village.folk.submitter.did) == GRANT - price
    assert job.executor is not None
    assert balance(village, job.executor) == price
    with village.store.read() as tx:
        assert reputation(tx.evidence.tally(job.executor)).score == 60
        block = tx.blocks.get(job.settlement)
    assert block is not None
    settlement = read_as(Settlement, block, village.folk.mesh).body
    assert settlement.receipt == job.receipt
    village.audit()


def test_bids_follow_from_rate_speed_and_surcharge() -> None:
    village = Village()
    key = village.submit()
    village.coordinator.awards_by_itself = False
    village.pass_time(3)
    assert {b.node_id: (b.price, b.estimated_seconds) for b in bids(village, key)} == {
        "mesh-node-1": (105, 2),
        "mesh-node-2": (80, 3),
        "mesh-node-3": (90, 5),
    }
    changed = village.node_list[1]
    changed.state = replace(
        changed.state, rates={"compute": 200_000}, fuel_per_second=50_000_000, surcharge_ppm=MICRO
    )
    again = village.submit(2)
    village.pass_time(3)
    node_2 = next(b for b in bids(village, again) if b.node_id == "mesh-node-2")
    assert (node_2.price, node_2.estimated_seconds) == (200, 10)


def test_one_lying_verifier_is_outvoted_and_loses_reputation() -> None:
    village = Village()
    liar = village.verifier_list[0]
    liar.execute = false_sums
    key = village.submit()
    village.run()
    job = village.job(key)
    assert job.phase is Phase.VERIFIED
    verdicts = {vote.verifier: vote.verdict for vote in job.votes}
    assert verdicts[liar.key.did] is Verdict.REFUTED
    assert list(verdicts.values()).count(Verdict.CONFIRMED) == 2
    with village.store.read() as tx:
        assert reputation(tx.evidence.tally(liar.key.did)).score < 50
    village.audit()


def test_lying_executor_is_disputed_unpaid_and_loses_reputation() -> None:
    village = Village()
    for node in village.node_list:
        node.execute = false_sums
    key = village.submit()
    village.run()
    job = village.job(key)
    assert job.phase is Phase.DISPUTED
    assert job.executor is not None
    assert balance(village, job.executor) == 0
    assert balance(village, village.folk.submitter.did) == GRANT
    with village.store.read() as tx:
        found = reputation(tx.evidence.tally(job.executor))
    assert (found.score, found.is_evident) == (14, True)
    village.audit()


def test_no_quorum_is_escalated_once_and_then_fails_with_the_hold_voided() -> None:
    village = Village()
    first, second, third = village.verifier_list
    first.is_silent = True
    second.engine = third.engine = replace(ENGINE, version="2")
    key = village.submit()
    village.run()
    job = village.job(key)
    assert job.phase is Phase.FAILED
    assert job.escalated
    assert job.reason == "no quorum of verifiers spoke in time"
    assert {vote.verdict for vote in job.votes} == {Verdict.INCONCLUSIVE}
    # The silent one was given the time twice: before the escalation and after it.
    assert job.changed_at - START >= 2 * VERIFY_SECONDS
    assert balance(village, village.folk.submitter.did) == GRANT
    village.audit()


def test_verifier_that_wakes_up_after_the_escalation_makes_the_quorum() -> None:
    village = Village()
    first, second, _ = village.verifier_list
    first.is_silent = second.is_silent = True
    key = village.submit()
    village.run(until=Phase.COMPLETED)
    village.pass_time(VERIFY_SECONDS + 2)
    assert village.job(key).escalated
    second.is_silent = False
    village.run()
    assert village.job(key).phase is Phase.VERIFIED
    village.audit()


def test_lost_lease_gives_the_next_attempt_and_the_old_receipt_is_refused() -> None:
    village = Village()
    key = village.submit()
    village.run(until=Phase.ASSIGNED)
    lost = village.job(key)
    assert lost.executor is not None
    late = village.nodes.pop(lost.executor)
    village.nodes[lost.executor] = _Deaf(late)  # type: ignore[assignment]
    village.pass_time(70)
    village.run(until=Phase.ASSIGNED)
    job = village.job(key)
    assert (job.attempt, job.lost) == (2, 1)
    assert job.executor != lost.executor
    village.nodes[lost.executor] = late
    kept = village.nodes[lost.executor].kept
    assert not any(kind == "receipt" for kind, _ in kept)
    village.run()
    done = village.job(key)
    assert done.phase is Phase.VERIFIED and done.attempt == 2
    with village.store.read() as tx:
        assert tx.evidence.tally(lost.executor).lease_lost == 1
    village.audit()


def test_last_lost_attempt_fails_the_job() -> None:
    village = Village()
    key = village.submit()
    for did, node in list(village.nodes.items()):
        village.nodes[did] = _Deaf(node)  # type: ignore[assignment]
    village.run()
    job = village.job(key)
    assert job.phase is Phase.FAILED
    assert job.lost == ATTEMPTS_MAX
    assert job.reason == "the lease ran out before a receipt came"
    assert balance(village, village.folk.submitter.did) == GRANT
    village.audit()


def test_expired_bids_are_requested_again_and_never_awarded() -> None:
    village = Village()
    village.coordinator.awards_by_itself = False
    key = village.submit(expires_at=START + 3 * BID_SECONDS)
    village.pass_time(3)
    before = village.job(key)
    village.pass_time(BID_SECONDS + 10)
    after = village.job(key)
    assert (after.phase, after.round, len(after.bids)) == (Phase.SUBMITTED, 2, 3)
    assert not {bid.record for bid in before.bids} & {bid.record for bid in after.bids}
    assert village.coordinator.award(key, before.bids[0].record) is StepRefusal.BID_NOT_FOUND
    assert isinstance(village.coordinator.award(key, after.bids[0].record), Recorded)
    village.run()
    assert village.job(key).phase is Phase.VERIFIED
    village.audit()


def test_two_accepted_bids_give_one_award() -> None:
    village = Village()
    village.coordinator.awards_by_itself = False
    key = village.submit()
    village.pass_time(3)
    job = village.job(key)
    first, second, _ = (offer.record for offer in job.bids)
    won = village.coordinator.award(key, first, expected=job.revision)
    assert isinstance(won, Recorded)
    lost = village.coordinator.award(key, second, expected=job.revision)
    assert lost == Conflict(expected=job.revision, found=job.revision + 1)
    assert village.job(key).award == won.job.award
    village.run()
    village.audit()


def test_award_that_the_ledger_refuses_changes_nothing() -> None:
    village = Village()
    village.coordinator.awards_by_itself = False
    key = village.submit()
    village.pass_time(3)
    before = village.job(key)
    with village.store.write() as tx:
        policy = PolicyInForce(cid=village.folk.token.cid, rule=Quota(limit=10))
        tx.ledger.set_policy(village.folk.founder.did, ResourceType.COMPUTE, policy)
    refused = village.coordinator.award(key, before.bids[0].record)
    assert isinstance(refused, Refused)
    assert refused.denial is not None and refused.denial.available == 10
    assert village.job(key) == before
    with village.store.read() as tx:
        assert tx.ledger.transfer(hold_id(before.manifest, 1)) is None


def test_job_without_a_capable_node_expires_with_the_reason() -> None:
    village = Village()
    key = village.submit(budget=10)
    village.run()
    job = village.job(key)
    assert job.phase is Phase.EXPIRED
    assert len(job.declines) == 3
    answers = [signed for node in village.node_list for signed in node.kept.values()]
    assert {getattr(each.body, "reason", None) for each in answers} == {DeclineReason.BUDGET}
    village.audit()


@pytest.mark.parametrize("forger", ["a stranger", "the executor, for another award"])
def test_receipt_that_is_not_the_attempts_changes_nothing(forger: str) -> None:
    village = Village()
    key = village.submit()
    village.run(until=Phase.RUNNING)
    job = village.job(key)
    assert job.executor is not None and job.receipt is None
    executor = village.nodes[job.executor]
    true = next(each for (kind, _), each in executor.kept.items() if kind == "receipt")
    assert isinstance(true.body, Receipt)
    if forger == "a stranger":
        stranger = next(node for did, node in village.nodes.items() if did != job.executor)
        forged = sign(true.body, mesh=village.folk.mesh, key=stranger.key)
    else:
        body = replace(true.body, award=job.manifest)
        forged = sign(body, mesh=village.folk.mesh, key=executor.key)
    village.coordinator.hear(Message(subject="receipt", blocks=(forged.block,)))
    assert village.job(key) == job
    village.run()
    assert village.job(key).receipt == true.cid
    village.audit()


class _Deaf:
    """A node that bids and then hears of no award."""

    def __init__(self, node: object) -> None:
        self._node = node

    def hear(self, message: Message) -> None:
        if message.subject != "award":
            self._node.hear(message)  # type: ignore[attr-defined]


def bids(village: Village, key: JobKey) -> list[Bid]:
    job: Job = village.job(key)
    with village.store.read() as tx:
        return [read_bid(tx, village, offer.record) for offer in job.bids]


def read_bid(tx: Transaction, village: Village, cid: Cid) -> Bid:
    block = tx.blocks.get(cid)
    assert block is not None
    return read_as(Bid, block, village.folk.mesh).body


def balance(village: Village, owner: Did) -> int:
    with village.store.read() as tx:
        account: Account = tx.ledger.account(
            AccountKey(
                issuer=village.folk.founder.did,
                unit=ResourceType.COMPUTE,
                owner=owner,
            )
        )
    return account.balance
