"""The ranking of bids: each refusal, and an order that everyone computes alike."""

from typing import Any

import pytest
from attempt_world import ENGINE, START, World, key
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.fields import MICRO
from mesh.core.market.ranking import BidFault, Candidate, bid_refusal, rank
from mesh.core.records.terms import Capability, Constraint, Requirements, Trust

WORLD = World(nodes=6)
ISSUERS = (WORLD.issuer.did,)


def _candidate(node: int = 0, reputation: int = 50, **bid: Any) -> Candidate:
    manifest = bid.pop("manifest", None) or WORLD.manifest()
    signed = WORLD.bid(manifest, WORLD.nodes[node], **bid)
    return Candidate(bid=signed, reputation=reputation, credentials={})


@pytest.mark.parametrize(
    ("fault", "bid", "manifest"),
    [
        (BidFault.EXPIRED, {"expires_at": START}, {}),
        (BidFault.UNITS, {"units": 101}, {}),
        (BidFault.BUDGET, {"price": 10_001}, {}),
        (BidFault.LOCATION, {}, {"trust": Trust(locations=("there",))}),
        (BidFault.ENGINE, {"engine": replace(ENGINE, version="2")}, {"engine": ENGINE.text}),
        (
            BidFault.FEATURES,
            {"capabilities": (Capability(name="gpu.count", amount=1),)},
            {"requirements": Requirements(constraints=(Constraint(name="gpu.count", least=2),))},
        ),
        (BidFault.CREDENTIALS, {}, {"trust": Trust(required_credentials=("audited",))}),
        (BidFault.REPUTATION, {}, {"trust": Trust(min_reputation=51)}),
    ],
    ids=lambda value: value.name if isinstance(value, BidFault) else "",
)
def test_each_fault_refuses(fault: BidFault, bid: dict[str, Any], manifest: dict[str, Any]) -> None:
    asked = WORLD.manifest(**manifest)
    candidate = _candidate(manifest=asked, **bid)
    refusal = bid_refusal(candidate, asked, issuers=ISSUERS, now=START)
    assert refusal is not None and refusal.fault is fault
    assert rank([candidate], asked, issuers=ISSUERS, now=START) == ()


def test_bid_for_another_job_is_refused() -> None:
    candidate = _candidate(manifest=WORLD.manifest(2))
    refusal = bid_refusal(candidate, WORLD.manifest(), issuers=ISSUERS, now=START)
    assert refusal is not None and refusal.fault is BidFault.OTHER_JOB


def test_credential_counts_by_its_giver() -> None:
    asked = WORLD.manifest(trust=Trust(required_credentials=("audited",)))
    candidate = _candidate(manifest=asked)
    for giver, counts in ((WORLD.issuer.did, True), (key("x").did, False)):
        shown = replace(candidate, credentials={"audited": frozenset({giver})})
        refusal = bid_refusal(shown, asked, issuers=ISSUERS, now=START)
        assert (refusal is None) == counts


NUMBERS = st.integers(1, 50)
CANDIDATES = st.lists(
    st.tuples(NUMBERS, NUMBERS, st.integers(0, 3), st.integers(0, 100)), min_size=1, max_size=6
)


def _candidates(drawn: list[tuple[int, int, int, int]]) -> list[Candidate]:
    return [
        _candidate(n, reputation, price=price, estimated_seconds=seconds, missing_bytes=missing)
        for n, (price, seconds, missing, reputation) in enumerate(drawn)
    ]


@examples(60)
@given(CANDIDATES, st.randoms(use_true_random=False))
def test_ranking_is_one_order_of_all(drawn: list[tuple[int, int, int, int]], dice: Any) -> None:
    candidates, manifest = _candidates(drawn), WORLD.manifest()
    ranked = rank(candidates, manifest, issuers=ISSUERS, now=START)
    assert len(ranked) == len(candidates)
    scores = [each.score_ppm for each in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= MICRO for score in scores)
    dice.shuffle(candidates)
    assert rank(candidates, manifest, issuers=ISSUERS, now=START) == ranked


@examples(40)
@given(CANDIDATES, NUMBERS, NUMBERS)
def test_better_bid_never_ranks_lower(
    drawn: list[tuple[int, int, int, int]], less_price: int, less_time: int
) -> None:
    """Of two that differ in one point only, the better one is before the other."""
    price, seconds, missing, reputation = drawn[0]
    manifest = WORLD.manifest()
    for better in (
        (max(1, price - less_price), seconds, missing, reputation),
        (price, max(1, seconds - less_time), missing, reputation),
        (price, seconds, 0, reputation),
        (price, seconds, missing, 100),
    ):
        one, other = _candidates([(price, seconds, missing, reputation), better])
        ranked = rank([one, other], manifest, issuers=ISSUERS, now=START)
        assert ranked[0].candidate == other or ranked[0].score_ppm == ranked[1].score_ppm


def test_score_is_made_of_four_parts() -> None:
    cheap = _candidate(0, 0, price=50, estimated_seconds=40, missing_bytes=10)
    quick = _candidate(1, 100, price=100, estimated_seconds=10, missing_bytes=0)
    scores = {
        each.candidate.bid.cid: each.score_ppm
        for each in rank([cheap, quick], WORLD.manifest(), issuers=ISSUERS, now=START)
    }
    assert scores[cheap.bid.cid] == (4 * MICRO + 2 * MICRO // 2 + 0 + MICRO // 4) // 10
    assert scores[quick.bid.cid] == (4 * MICRO // 2 + 2 * MICRO + 3 * MICRO + MICRO) // 10


def test_who_lost_an_attempt_comes_last() -> None:
    best, other = _candidate(0, 90), _candidate(1, 10)
    avoid = (WORLD.nodes[0].did,)
    ranked = rank([best, other], WORLD.manifest(), issuers=ISSUERS, now=START, avoid=avoid)
    assert [each.candidate for each in ranked] == [other, best]
