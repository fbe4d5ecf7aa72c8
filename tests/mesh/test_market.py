"""Prices, answers and ranking, in exact integers."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import START, Folk, key
from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.market import (
    Candidate,
    Enquiry,
    NodeState,
    appraise,
    bid_fault,
    estimate_seconds,
    fuel_of,
    load_of,
    price_of,
    rank,
)
from mesh.records import Bid, Decline, DeclineReason, Requirements, Trust
from mesh.reputation import Reputation, Tally, reputation
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.identity.signed import sign
from runtime.tokens.policy import Quota

FOLK = Folk()
NODE = FOLK.node_state(2)
IDLE = 1_000_000


def enquiry(**changes: object) -> Enquiry:
    bound = changes.pop("bound_units", None)
    missing = changes.pop("missing_bytes", 0)
    unfit = changes.pop("unfit", None)
    assert unfit is None or isinstance(unfit, str)
    assert bound is None or isinstance(bound, int)
    assert isinstance(missing, int)
    return Enquiry(
        manifest=FOLK.manifest(**changes),  # type: ignore[arg-type]
        issuer=FOLK.founder.did,
        credential_issuers=frozenset({FOLK.founder.did}),
        bound_units=bound,
        missing_bytes=missing,
        unfit=unfit,
    )


@pytest.mark.parametrize(
    ("units", "rate_micro", "load_ppm", "price"),
    [
        (500, 160_000, IDLE, 80),
        (500, 160_000, 2 * IDLE, 160),
        (1, 1, IDLE, 1),
        (1, 1, 1, 1),
        (0, 160_000, IDLE, 0),
        (500, 0, IDLE, 0),
        (7, 142_857, IDLE, 1),
        (7, 142_858, IDLE, 2),
        (INTEGER_MAX, 1_000_000, IDLE, INTEGER_MAX),
    ],
)
def test_price_is_rounded_up(units: int, rate_micro: int, load_ppm: int, price: int) -> None:
    assert price_of(units, rate_micro, load_ppm) == price


def test_fuel_stays_within_64_bits() -> None:
    assert fuel_of(500) == 500_000_000
    assert fuel_of(INTEGER_MAX) == INTEGER_MAX


def test_estimate_counts_the_queue_and_the_work() -> None:
    assert estimate_seconds(NODE, 500_000_000) == 3
    queued = replace(NODE, queued_fuel=1_000_000_000)
    assert estimate_seconds(queued, 500_000_000) == 8
    assert estimate_seconds(NODE, 1) == 1


def test_load_and_surcharge_make_the_price() -> None:
    minute = NODE.fuel_per_second * 60
    patient = Requirements(max_seconds=600)
    for node, price in (
        (NODE, 80),
        (replace(NODE, queued_fuel=minute), 160),
        (replace(NODE, queued_fuel=minute // 2), 120),
        (replace(NODE, surcharge_ppm=250_000), 100),
        (replace(NODE, queued_fuel=minute, surcharge_ppm=250_000), 200),
    ):
        bid = appraise(node, enquiry(requirements=patient), START)
        assert isinstance(bid, Bid) and bid.price == price
    assert load_of(10, 0) > IDLE


def test_bound_prices_the_work_and_not_the_ceiling() -> None:
    bid = appraise(NODE, enquiry(bound_units=100), START)
    assert isinstance(bid, Bid)
    assert (bid.units, bid.price) == (100, 16)
    over = appraise(NODE, enquiry(bound_units=9999), START)
    assert isinstance(over, Bid) and over.units == 500


R = DeclineReason
NEEDS = Requirements()
LADDER: list[tuple[DeclineReason, NodeState, dict[str, object], str]] = [
    (R.MODULE, NODE, {"unfit": "not valid WebAssembly"}, "not valid WebAssembly"),
    (R.REQUIREMENTS, NODE, {"requirements": replace(NEEDS, memory_bytes=1 << 40)}, "memory_bytes"),
    (R.REQUIREMENTS, NODE, {"requirements": replace(NEEDS, cpu_cores=64)}, "cpu_cores 64"),
    (R.REQUIREMENTS, replace(NODE, rates={"storage": 1}), {}, "compute is not offered"),
    (R.FEATURES, NODE, {"requirements": replace(NEEDS, features=("gpu",))}, "not here: gpu"),
    (R.LOCATION, NODE, {"trust": Trust(locations=("mars",))}, "this is us-east"),
    (R.TRUST, NODE, {"trust": Trust(required_credentials=("coop",))}, "no credential 'coop'"),
    (R.ISSUER, replace(NODE, accepted_issuers=frozenset()), {}, "are not taken here"),
    (R.ENGINE, NODE, {"engine": "other 1 0 any"}, "other 1 0 any asked for"),
    (R.POLICY, replace(NODE, policy=Quota(limit=499)), {}, "499 units available"),
    (R.CAPACITY, replace(NODE, running=4), {}, "4 of 4 places taken"),
    (R.CAPACITY, replace(NODE, fuel_per_second=1_000), {}, "60 s allowed"),
    (R.BUDGET, NODE, {"budget": 79}, "the price is 80, the budget 79"),
]


@pytest.mark.parametrize(("reason", "node", "changes", "detail"), LADDER)
def test_decline_names_reason_and_facts(
    reason: DeclineReason, node: NodeState, changes: dict[str, object], detail: str
) -> None:
    changes.setdefault("requirements", replace(NEEDS, max_seconds=60))
    answer = appraise(node, enquiry(**changes), START)
    assert isinstance(answer, Decline)
    assert answer.reason is reason
    assert detail in answer.detail


def test_decline_can_be_signed_however_much_was_asked_for() -> None:
    wanted = tuple(f"{'é' * 30}{n:02}" for n in range(64))
    answer = appraise(NODE, enquiry(requirements=replace(NEEDS, features=wanted)), START)
    assert isinstance(answer, Decline)
    assert answer.reason is R.FEATURES and answer.detail.endswith("…")
    sign(answer, mesh=FOLK.mesh, key=FOLK.nodes[1])


def test_every_reason_to_decline_is_tested_and_the_first_one_counts() -> None:
    assert {case[0] for case in LADDER} == set(DeclineReason)
    everything: dict[str, object] = {}
    node = NODE
    for reason, worse, changes, _ in reversed(LADDER):
        node = replace(
            node,
            **{
                name: getattr(worse, name)
                for name in ("rates", "accepted_issuers", "policy", "running", "fuel_per_second")
                if getattr(worse, name) != getattr(NODE, name)
            },
        )
        everything |= changes
        answer = appraise(node, enquiry(**everything), START)
        assert isinstance(answer, Decline)
        if "trust" not in changes:
            assert answer.reason is reason


def test_credential_counts_only_from_an_issuer_that_counts() -> None:
    changes: dict[str, object] = {"trust": Trust(required_credentials=("coop",))}
    other = key("other").did
    held = replace(NODE, credentials={"coop": frozenset({other})})
    assert isinstance(appraise(held, enquiry(**changes), START), Decline)
    named = enquiry(**changes, accepted_issuers=(other,))
    assert isinstance(appraise(held, named, START), Bid)


# --- ranking

MANIFEST = FOLK.manifest()
SURE = Reputation(score=50, is_evident=False)


def candidate(
    number: int = 1, score: int = 50, missing_bytes: int = 0, **changes: object
) -> Candidate:
    body = Bid(
        job=MANIFEST.cid,
        node_id=NodeId(f"node-{number}"),
        price=100,
        units=500,
        estimated_seconds=10,
        location="here",
        capabilities=(),
        missing_bytes=missing_bytes,
        expires_at=START + 60,
    )
    bid = sign(replace(body, **changes), mesh=FOLK.mesh, key=key(f"bidder-{number}"))  # type: ignore[arg-type]
    return Candidate(bid=bid, reputation=replace(SURE, score=score))


def test_score_is_made_of_price_match_reputation_and_timeliness() -> None:
    best, worst = rank(
        [
            candidate(1, price=80, estimated_seconds=10, score=95),
            candidate(2, price=160, estimated_seconds=20, score=50, missing_bytes=7),
        ],
        MANIFEST,
        START,
    )
    assert (best.price_ppm, best.timeliness_ppm) == (IDLE, IDLE)
    assert (worst.price_ppm, worst.timeliness_ppm) == (IDLE // 2, IDLE // 2)
    assert (best.match_ppm, worst.match_ppm) == (IDLE, IDLE // 2)
    assert best.reputation_ppm == 950_000
    assert best.score_ppm == 985_000
    assert worst.score_ppm == (4 * 500_000 + 2 * 500_000 + 3 * 500_000 + 500_000) // 10


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (candidate(job=cid_of(b"x", Codec.RAW)), "another job"),
        (candidate(expires_at=START), "expired"),
        (candidate(units=501), "501 units"),
        (candidate(price=501), "its price is 501"),
    ],
)
def test_bid_that_cannot_be_awarded_is_left_out(bad: Candidate, reason: str) -> None:
    fault = bid_fault(bad, MANIFEST, START)
    assert fault is not None and reason in fault
    assert rank([bad], MANIFEST, START) == ()


def test_trust_is_the_awarders_to_judge() -> None:
    wary = FOLK.manifest(trust=Trust(min_reputation=60, locations=("here",)))
    far = replace(candidate(score=90, job=wary.cid, location="there"))
    poor = candidate(score=59, job=wary.cid)
    good = candidate(score=60, job=wary.cid)
    assert bid_fault(far, wary, START) == "its location is there"
    assert bid_fault(poor, wary, START) == "its reputation is 59, 60 is the least"
    assert bid_fault(good, wary, START) is None


def test_bidder_that_lost_an_attempt_comes_last() -> None:
    good, bad = candidate(1, price=200), candidate(2, price=1)
    assert rank([good, bad], MANIFEST, START)[0].candidate == bad
    ranked = rank([good, bad], MANIFEST, START, avoid=(bad.bid.signer,))
    assert [each.candidate for each in ranked] == [good, bad]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.integers(1, 4),
        st.integers(0, 100),
        st.integers(0, 10),
        price=st.integers(0, 5),
        estimated_seconds=st.integers(0, 3),
    ),
    max_size=6,
)


@examples(80)
@given(CANDIDATES, st.randoms(use_true_random=False))
def test_order_is_total(bids: list[Candidate], dice: object) -> None:
    ranked = rank(bids, MANIFEST, START)
    shuffled = list(bids)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(shuffled, MANIFEST, START) == ranked
    assert all(0 <= each.score_ppm <= IDLE for each in ranked)
    scores = [each.score_ppm for each in ranked]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("tally", "score"),
    [
        (Tally(), 50),
        (Tally(verified=1), 60),
        (Tally(verified=36), 95),
        (Tally(lease_lost=1), 40),
        (Tally(disputed=1), 14),
        (Tally(verified=36, disputed=1), 76),
        (Tally(agreed=6), 80),
        (Tally(agreed=6, dissented=1), 40),
    ],
)
def test_reputation_follows_from_evidence(tally: Tally, score: int) -> None:
    assert reputation(tally) == Reputation(score=score, is_evident=tally != Tally())
