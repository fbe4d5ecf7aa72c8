"""A delegate: it awards what it is offered, by score or by hand, and nothing else."""

from typing import Any

import pytest
from attempt_world import NO_SURROUNDINGS
from issuing.records import key_of
from msgspec.structs import replace
from refusals import refusing
from submitting import Market

from mesh.actors.actor import Instant
from mesh.actors.submitter.delegation.rows import OFFERED_BIDS
from mesh.actors.submitter.market.awarding import AwardFault, AwardRefusal
from mesh.core.fields import NodeId
from mesh.core.jobs.job import Phase
from mesh.core.market.terms import context_for
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.settlement import Answer
from mesh.core.records.work import Hold
from runtime.execution.context import Context
from runtime.identity.signed import Signed


class Offers:
    """Bids for a job of the other submitter of a market, whose actor is the delegate's."""

    def __init__(self, **changes: Any) -> None:
        self.market = Market()
        self.market.is_held_back = lambda mail: isinstance(mail.record.body, Award)
        named = {
            "award_delegate": self.market.submitter.did,
            "accepted_issuers": (self.market.issuer_key.did,),
        }
        self.manifest: Signed[JobManifest] = self.market.manifest(
            self.market.delegate, **{**named, **changes}
        )

    def bid(self, number: int, price: int, **changes: Any) -> Signed[Bid]:
        node = NodeId(f"node-{number}")
        key = self.market.nodes[number]
        return self.market.bid(self.manifest, key, node_id=node, price=price, **changes)

    def context(self, bid: Signed[Bid]) -> Context:
        return context_for(self.manifest, bid.body, surroundings=NO_SURROUNDINGS)

    def offer(self, bid: Signed[Bid], context: Context | None = None) -> None:
        block = (context or self.context(bid)).to_block()
        self.market.deliver(bid, self.manifest.block, block)

    def dear_and_cheap(self) -> tuple[Signed[Bid], Signed[Bid]]:
        """The bids of two nodes, which are offered."""
        dear, cheap = self.bid(0, 900), self.bid(1, 100)
        for each in (dear, cheap):
            self.offer(each)
        return dear, cheap

    def accept(self, node: str) -> Signed[Award] | AwardRefusal:
        return self.market.within(
            lambda tx: self.market.actor.accept_offered(
                tx, self.manifest.cid, NodeId(node), self.market.now
            )
        )

    def wait(self) -> None:
        self.market.skip(300)
        self.market.tick()

    def awarded(self) -> list[Any]:
        return [each.record.body.bid for each in self.market.mails(Award)]

    def refuse(self, key: Any, reason: str = "balance-too-low") -> None:
        answer = refusing(self.market.last(Award).cid, reason)
        self.market.deliver(self.market.signed(key, answer))


def test_best_of_the_bids_offered_is_awarded_once() -> None:
    offers = Offers()
    dear, cheap = offers.bid(0, 900), offers.bid(1, 100)
    for each in (dear, cheap, dear):
        offers.offer(each)
    assert offers.awarded() == []
    for _ in range(3):
        offers.wait()
    assert offers.awarded() == [cheap.cid]
    award = offers.market.last(Award)
    assert award.body.context == offers.context(cheap).cid
    assert award.body.attempt == 1


def test_user_of_the_delegate_chooses_another_bid() -> None:
    offers = Offers()
    dear, _ = offers.dear_and_cheap()
    offers.accept("node-0")
    offers.wait()
    assert offers.awarded() == [dear.cid]


@pytest.mark.parametrize(
    ("node", "fault"),
    [("node-9", AwardFault.NO_SUCH_BID), (None, AwardFault.NOT_THE_DELEGATE)],
)
def test_bid_that_was_not_offered_is_not_awarded(node: str | None, fault: AwardFault) -> None:
    offers = Offers()
    bid = offers.bid(0, 100)
    if node is not None:
        offers.offer(bid)
    found = offers.accept(node or "node-0")
    assert isinstance(found, AwardRefusal) and found.fault is fault


def test_next_best_bid_follows_a_refusal_of_the_issuer_alone() -> None:
    offers = Offers()
    dear, cheap = offers.dear_and_cheap()
    offers.wait()
    offers.refuse(offers.market.node)
    assert offers.awarded() == [cheap.cid]
    offers.refuse(offers.market.issuer_key)
    assert offers.awarded() == [cheap.cid, dear.cid]


def test_nothing_is_awarded_before_the_bids_were_collected() -> None:
    offers = Offers()
    offers.offer(offers.bid(0, 900))
    offers.market.tick()
    assert offers.awarded() == []
    cheap = offers.bid(1, 100)
    offers.offer(cheap)
    offers.wait()
    assert offers.awarded() == [cheap.cid]


def test_bid_that_is_offered_again_is_still_the_one_that_was_awarded() -> None:
    offers = Offers()
    dear, cheap = offers.dear_and_cheap()
    offers.wait()
    offers.offer(cheap)
    offers.wait()
    assert offers.awarded() == [cheap.cid]
    offers.refuse(offers.market.issuer_key)
    assert offers.awarded() == [cheap.cid, dear.cid]


def test_delegate_asks_the_issuer_after_a_restart_at_once() -> None:
    """The clock of another boot says nothing of when the bids came."""
    offers = Offers()
    bid = offers.bid(0, 100)
    offers.offer(bid)
    market = offers.market
    market.now = replace(market.now, boot="second", monotonic=Instant(1))
    market.tick()
    assert offers.awarded() == [bid.cid]


def test_expired_job_is_not_awarded_by_hand() -> None:
    offers = Offers()
    offers.offer(offers.bid(0, 100, expires_at=offers.manifest.body.expires_at + 9))
    market = offers.market
    market.skip(1000 * (offers.manifest.body.expires_at - market.now.wall))
    found = offers.accept("node-0")
    assert isinstance(found, AwardRefusal) and found.fault is AwardFault.EXPIRED


def test_bid_or_job_whose_time_is_over_is_no_offer() -> None:
    offers = Offers()
    offers.offer(offers.bid(0, 100, expires_at=offers.market.now.wall))
    late = offers.bid(1, 100, expires_at=offers.manifest.body.expires_at + 9)
    offers.market.skip(1000 * (offers.manifest.body.expires_at - offers.market.now.wall))
    offers.offer(late)
    assert offers.market.refusals() == {"OVER": 2}
    assert offers.market.within(lambda tx: tx.rows(OFFERED_BIDS).count()) == 0


@pytest.mark.parametrize(
    ("owner", "refusal"), [("stranger", "NOT_A_MEMBER"), ("submitter", "NOT_ADDRESSED")]
)
def test_job_of_no_other_submitter_is_no_offer(owner: str, refusal: str) -> None:
    offers = Offers()
    named = {
        "award_delegate": offers.market.submitter.did,
        "accepted_issuers": (offers.market.issuer_key.did,),
    }
    offers.manifest = offers.market.manifest(key_of(owner), **named)
    offers.offer(offers.bid(0, 100))
    offers.wait()
    assert offers.awarded() == []
    assert offers.market.refusals() == {refusal: 1}


def test_award_is_repeated_until_the_hold_of_the_delegates_award_has_come() -> None:
    """The answer that another award was first says not which: the hold does."""
    market = Market()
    job = market.submit(award_delegate=market.delegate.did)
    market.offer(job, 0)
    other = market.offer(job, 1)
    asked = market.ask(market.manifest_of(job), other, signer=market.delegate)
    market.is_held_back = lambda mail: isinstance(mail.record.body, Hold)
    market.deliver(asked.award, *asked.blocks, market.token.block, to=market.issuer_key.did)
    market.accept(job, 0)
    assert market.last(Answer).body.reason == "other-award-stored"
    market.is_held_back = lambda mail: False
    market.skip(60_000)
    market.send_again()
    assert market.job(job.job_id).award == asked.award.cid
    assert market.job(job.job_id).phase is Phase.ASSIGNED
    sent = len(market.mails(Award))
    market.skip(60_000)
    market.send_again()
    again = [each.record for each in market.mails(Award)[sent:]]
    assert again == [asked.award], "of its own it needs no answer any more"


def test_delegate_awards_nothing_more_where_another_award_was_first() -> None:
    offers = Offers()
    _, cheap = offers.dear_and_cheap()
    offers.wait()
    offers.refuse(offers.market.issuer_key, "other-award-stored")
    assert offers.awarded() == [cheap.cid]


def test_manifest_that_names_another_delegate_is_no_offer() -> None:
    offers = Offers(award_delegate=key_of("stranger").did)
    offers.offer(offers.bid(0, 100))
    offers.wait()
    assert offers.awarded() == []
    assert offers.market.refusals() == {"NOT_ADDRESSED": 1}


def test_context_that_does_not_follow_from_the_bid_is_no_offer() -> None:
    offers = Offers()
    bid = offers.bid(0, 100)
    offers.offer(bid, replace(offers.context(bid), entry="other"))
    offers.wait()
    assert offers.awarded() == []
    assert offers.market.refusals() == {"INCONSISTENT": 1}


def test_bid_of_no_node_is_no_offer() -> None:
    offers = Offers()
    bid = offers.market.bid(offers.manifest, key_of("stranger"), price=100)
    offers.offer(bid)
    offers.wait()
    assert offers.awarded() == []
    assert offers.market.within(lambda tx: tx.rows(OFFERED_BIDS).count()) == 0
