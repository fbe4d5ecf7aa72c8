"""A delegate that nobody has asked: others' offers do not fill its store, nor its outbox."""

from typing import Any

import pytest
from attempt_world import NO_SURROUNDINGS
from msgspec.structs import replace
from submitting import Market

from mesh.actors.submitter.delegation import choosing
from mesh.actors.submitter.delegation.rows import OFFERED_BIDS
from mesh.core.fields import NodeId
from mesh.core.market.terms import context_for
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from runtime.identity.signed import Signed

OWNED_MAX = 4


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> Market:
    monkeypatch.setattr(choosing, "OFFERED_OF_AN_OWNER_MAX", OWNED_MAX)
    found = Market()
    found.is_held_back = lambda mail: isinstance(mail.record.body, Award)
    return found


def offered(market: Market, **changes: Any) -> tuple[Signed[JobManifest], Signed[Bid]]:
    """A job of another submitter, with a bid that this one may award."""
    named = {
        "award_delegate": market.submitter.did,
        "accepted_issuers": (market.issuer_key.did,),
    }
    manifest = market.manifest(market.delegate, **{**named, **changes})
    return manifest, market.bid(manifest, market.nodes[0], node_id=NodeId("node-0"), price=1)


def offer(market: Market, *, padding: int = 0, **changes: Any) -> None:
    manifest, bid = offered(market, **changes)
    context = context_for(manifest, bid.body, surroundings=NO_SURROUNDINGS)
    context = replace(context, records={"pad": bytes(padding)})
    market.deliver(bid, manifest.block, context.to_block())


def count(market: Market) -> int:
    return market.within(lambda tx: tx.rows(OFFERED_BIDS).count())


def test_bids_of_one_submitter_are_kept_so_often_at_most(market: Market) -> None:
    for _ in range(2 * OWNED_MAX):
        offer(market)
    assert (count(market), market.refusals()) == (OWNED_MAX, {"OVER": OWNED_MAX})


def test_expired_bids_make_room(market: Market) -> None:
    for _ in range(OWNED_MAX):
        offer(market)
    market.skip(500_000)
    offer(market)
    assert (count(market), market.refusals()) == (1, {})


def test_bid_with_a_large_context_is_left_to_its_submitter(market: Market) -> None:
    offer(market, padding=choosing.OFFERED_BYTES_MAX)
    assert (count(market), market.refusals()) == (0, {"TOO_LARGE": 1})


def test_award_is_sent_to_no_stranger(market: Market) -> None:
    offer(market, accepted_issuers=(market.nodes[1].did,))
    market.skip(300)
    market.tick()
    assert (market.mails(Award), market.refusals()) == ([], {"INCONSISTENT": 1})
