"""A node's appraisal: prices in exact integers, and each reason against a bid in its order."""

from typing import Any

import pytest
from attempt_world import ENGINE, START, World, key
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mesh.core.fields import MICRO, NodeId
from mesh.core.market.appraisal import (
    DOUBLING_SECONDS,
    Enquiry,
    NodeState,
    appraise,
    load_of,
    price_of,
    units_of,
)
from mesh.core.records.market import Bid, Decline, DeclineReason
from mesh.core.records.terms import Capability, Constraint, Requirements, Trust
from runtime.content.codec import INTEGER_MAX
from runtime.tokens.policy import AllowAll, PermitList, Quota, Usage

WORLD = World()
ISSUER = WORLD.issuer.did
IDLE = MICRO
NODE = NodeState(
    node_id=NodeId("node-0"),
    location="here",
    capabilities=(
        Capability(name="accelerator"),
        Capability(name="arch", text="x86_64"),
        Capability(name="gpu.count", amount=2),
    ),
    memory_bytes=1 << 30,
    cpu_cores=2,
    storage_bytes=1 << 20,
    rates={"compute": 160_000},
    surcharge_ppm=0,
    fuel_per_second=100_000_000,
    queued_fuel=0,
    running=0,
    running_max=1,
    engine=ENGINE,
    accepted_issuers=frozenset({ISSUER}),
    credentials={"audited": frozenset({ISSUER})},
    credential_cids=(),
    submitter_verifiers=False,
    policy=AllowAll(),
    usage=Usage(),
)


def _answer(
    node: dict[str, Any] | None = None,
    enquiry: dict[str, Any] | None = None,
    **manifest: Any,
) -> Bid | Decline:
    asked = Enquiry(
        manifest=WORLD.manifest(**manifest),
        issuers=frozenset({ISSUER}),
        bound_units=None,
        missing_bytes=0,
    )
    return appraise(replace(NODE, **node or {}), replace(asked, **enquiry or {}), START)


def _reason(*args: Any, **kwargs: Any) -> DeclineReason | None:
    answer = _answer(*args, **kwargs)
    return answer.reason if isinstance(answer, Decline) else None


@pytest.mark.parametrize(
    ("units", "rate_micro", "load_ppm", "price"),
    [
        (500, 160_000, IDLE, 80),
        (500, 160_000, 2 * IDLE, 160),
        (1, 1, IDLE, 1),
        (1, 1, 1, 1),
        (0, 160_000, IDLE, 0),
        (500, 0, IDLE, 0),
    ],
)
def test_price_is_rounded_up(units: int, rate_micro: int, load_ppm: int, price: int) -> None:
    assert price_of(units, rate_micro, load_ppm) == price


@examples(60)
@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_load_doubles_with_each_minute_of_waiting_work(fuel: int, speed: int) -> None:
    assert load_of(0, speed) == MICRO
    assert load_of(fuel + DOUBLING_SECONDS * speed, speed) == load_of(fuel, speed) + MICRO


def test_surcharge_and_load_multiply() -> None:
    node = {
        "surcharge_ppm": 500_000,
        "queued_fuel": 60 * 100_000_000,
        "running_max": 9,
    }
    bid = _answer(node, resource_amount=500)
    assert isinstance(bid, Bid) and bid.price == 240


def test_bound_is_priced_within_the_ceiling() -> None:
    for bound, units in ((None, 100), (7, 7), (0, 1), (101, 100)):
        manifest = WORLD.manifest().body
        assert units_of(manifest, bound) == units
        bid = _answer(enquiry={"bound_units": bound})
        assert isinstance(bid, Bid) and bid.units == units


def test_work_and_queue_are_estimated_apart() -> None:
    bid = _answer({"queued_fuel": 700_000_000, "running_max": 9}, resource_amount=250)
    assert isinstance(bid, Bid)
    assert (bid.work_seconds, bid.estimated_seconds) == (3, 10)


BIG = {"resource_amount": INTEGER_MAX, "budget": INTEGER_MAX}
TRUSTED = Trust(required_credentials=("audited",))
LADDER: list[tuple[str, DeclineReason, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("unfit", DeclineReason.MODULE, {}, {"unfit": "no entry"}, {}),
    ("memory", DeclineReason.REQUIREMENTS, {"memory_bytes": 1}, {}, {}),
    ("cores", DeclineReason.REQUIREMENTS, {"cpu_cores": 0}, {}, {}),
    (
        "storage",
        DeclineReason.REQUIREMENTS,
        {"storage_bytes": 3},
        {},
        {"requirements": Requirements(storage_bytes=4)},
    ),
    ("not offered", DeclineReason.REQUIREMENTS, {"rates": {"storage": 1}}, {}, {}),
    (
        "feature",
        DeclineReason.FEATURES,
        {},
        {},
        {"requirements": Requirements(features=("tpu",))},
    ),
    (
        "amount",
        DeclineReason.FEATURES,
        {},
        {},
        {"requirements": Requirements(constraints=(Constraint(name="gpu.count", least=3),))},
    ),
    (
        "amount of a flag",
        DeclineReason.FEATURES,
        {},
        {},
        {"requirements": Requirements(constraints=(Constraint(name="accelerator", least=1),))},
    ),
    (
        "text",
        DeclineReason.FEATURES,
        {},
        {},
        {"requirements": Requirements(constraints=(Constraint(name="arch", text="arm"),))},
    ),
    ("location", DeclineReason.LOCATION, {}, {}, {"trust": Trust(locations=("there",))}),
    ("credential", DeclineReason.TRUST, {"credentials": {}}, {}, {"trust": TRUSTED}),
    (
        "credential of a stranger",
        DeclineReason.TRUST,
        {"credentials": {"audited": frozenset({key("x").did})}},
        {},
        {"trust": TRUSTED},
    ),
    ("issuer", DeclineReason.ISSUER, {"accepted_issuers": frozenset()}, {}, {}),
    (
        "issuer of the job",
        DeclineReason.ISSUER,
        {},
        {},
        {"accepted_issuers": (key("another").did,)},
    ),
    ("engine", DeclineReason.ENGINE, {}, {}, {"engine": "wasmtime 99"}),
    ("quota", DeclineReason.POLICY, {"policy": Quota(limit=99)}, {}, {}),
    ("permit", DeclineReason.POLICY, {"policy": PermitList(dids=())}, {}, {}),
    ("places", DeclineReason.CAPACITY, {"running": 1}, {}, {}),
    (
        "time",
        DeclineReason.CAPACITY,
        {"fuel_per_second": 100_000_000 * 3 // 600 // 1 - 1},
        {},
        {},
    ),
    ("budget", DeclineReason.BUDGET, {}, {}, {"budget": 15}),
]


@pytest.mark.parametrize(
    ("reason", "node", "enquiry", "manifest"),
    [each[1:] for each in LADDER],
    ids=[each[0] for each in LADDER],
)
def test_each_reason_declines(
    reason: DeclineReason, node: dict[str, Any], enquiry: dict[str, Any], manifest: dict[str, Any]
) -> None:
    assert _reason() is None
    assert _reason(node, enquiry, **manifest) is reason


@pytest.mark.parametrize("position", range(len(LADDER) - 1))
def test_first_reason_in_order_counts(position: int) -> None:
    """Each with the next one of another reason: the earlier is said."""
    _, reason, node, enquiry, manifest = LADDER[position]
    for _, later, other_node, other_enquiry, other_manifest in LADDER[position + 1 :]:
        if later is reason or set(manifest) & set(other_manifest):
            continue
        both = {**other_node, **node}, {**other_enquiry, **enquiry}
        assert _reason(*both, **other_manifest, **manifest) is reason, later


def test_what_is_asked_for_and_there_is_bid_for() -> None:
    needs = Requirements(
        features=("accelerator",),
        constraints=(
            Constraint(name="gpu.count", least=2),
            Constraint(name="gpu.count"),
            Constraint(name="arch", text="x86_64"),
        ),
    )
    trust = Trust(required_credentials=("audited",), locations=("there", "here"))
    assert _reason(requirements=needs, trust=trust, engine=ENGINE.text) is None


def test_credential_counts_by_the_issuers_that_the_job_names() -> None:
    other = key("another").did
    node = {
        "accepted_issuers": frozenset({ISSUER, other}),
        "credentials": {"audited": frozenset({other})},
    }
    assert _reason(node, trust=TRUSTED) is DeclineReason.TRUST
    assert _reason(node, trust=TRUSTED, accepted_issuers=(other,)) is None


@examples(60)
@given(st.integers(1, 600), st.integers(1, 10**9), st.integers(0, 10**12))
def test_node_never_plans_more_than_a_third_of_the_time(
    max_seconds: int, speed: int, queued: int
) -> None:
    needs = Requirements(max_seconds=max_seconds)
    node = {"fuel_per_second": speed, "queued_fuel": queued, "rates": {"compute": 0}}
    reason = _reason(node, requirements=needs)
    fits = 3 * (queued + 100 * 1_000_000) <= max_seconds * speed
    assert reason is (None if fits else DeclineReason.CAPACITY)


def test_bid_expires_with_the_job() -> None:
    soon = _answer(expires_at=START + 60)
    late = _answer(expires_at=START + 86_400)
    assert isinstance(soon, Bid) and isinstance(late, Bid)
    assert (soon.expires_at, late.expires_at) == (START + 60, START + 3600)
