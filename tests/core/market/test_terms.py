"""Terms of an attempt: each contradiction of context, award and hold is found by its name."""

from typing import Any

import pytest
from attempt_world import ENGINE, START, World, key
from msgspec.structs import replace

from mesh.core.findings import Fault, Finding
from mesh.core.market.terms import check_award, check_context, check_hold
from mesh.core.records.jobs import Award
from mesh.core.records.market import Bid
from runtime.content.cid import Codec, cid_of
from runtime.execution.context import Context
from runtime.identity.signed import Signed
from runtime.tokens.transfers import TransferId

WORLD = World()
MANIFEST = WORLD.manifest()
BID = WORLD.bid(MANIFEST)
TRUE = WORLD.attempt(BID, MANIFEST)
OTHER = cid_of(b"other", Codec.DAG_CBOR)
STRANGER = key("stranger")


def faults(findings: tuple[Finding, ...]) -> set[Fault]:
    return {each.fault for each in findings}


def award(by: Any = WORLD.submitter, **changes: Any) -> Signed[Award]:
    signed: Signed[Award] = WORLD.sign(replace(TRUE.award.body, **changes), by)
    return signed


def of_award(
    award: Signed[Award] = TRUE.award, bid: Signed[Bid] = BID, context: Context = TRUE.context
) -> set[Fault]:
    return faults(check_award(award, manifest=MANIFEST, bid=bid, context=context))


def of_hold(by: Any = WORLD.issuer, **changes: Any) -> set[Fault]:
    return faults(
        check_hold(
            WORLD.sign(replace(TRUE.hold.body, **changes), by),
            award=TRUE.award,
            manifest=MANIFEST,
            bid=BID,
            genesis=WORLD.founding.genesis.body,
            issuers=(WORLD.issuer.did,),
        )
    )


def test_true_award_is_accepted() -> None:
    assert of_award() == set()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"job": OTHER}, Fault.OTHER_JOB),
        ({"bid": OTHER}, Fault.OTHER_BID),
        ({"context": OTHER}, Fault.OTHER_CONTEXT),
        ({"fuel_limit": 1}, Fault.FUEL_LIMIT_WRONG),
        ({"by": STRANGER}, Fault.NOT_THE_SUBMITTERS),
        ({"by": WORLD.node}, Fault.NOT_THE_SUBMITTERS),
    ],
    ids=lambda each: each.name if isinstance(each, Fault) else next(iter(each)),
)
def test_award_with_a_contradiction_is_refused(changes: dict[str, Any], fault: Fault) -> None:
    assert of_award(award(**changes)) == {fault}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"job": OTHER}, Fault.OTHER_JOB),
        ({"price": MANIFEST.body.budget + 1}, Fault.OVER_BUDGET),
        ({"units": MANIFEST.body.resource_amount + 1}, Fault.OVER_BUDGET),
        ({"engine": replace(ENGINE, version="2")}, Fault.ENGINE_DIFFERS),
    ],
)
def test_bid_with_a_contradiction_is_refused(changes: dict[str, Any], fault: Fault) -> None:
    assert fault in of_award(bid=WORLD.bid(MANIFEST, **changes))


def test_delegate_may_award() -> None:
    manifest = WORLD.manifest(award_delegate=STRANGER.did)
    true = WORLD.attempt(WORLD.bid(manifest), manifest)
    by_delegate = WORLD.sign(true.award.body, STRANGER)
    found = check_award(by_delegate, manifest=manifest, bid=true.bid, context=true.context)
    assert found == ()


LIMITS = TRUE.context.limits


@pytest.mark.parametrize(
    "changes",
    [
        {"entry": "other"},
        {"owner": STRANGER.did},
        {"caller": STRANGER.did},
        {"now": START + 1},
        {"received_at": START + 1},
        {"seed": bytes(32)},
        {"arguments": b"\x80"},
        {"input": OTHER},
        {"limits": replace(LIMITS, fuel=LIMITS.fuel - 1)},
        {"limits": replace(LIMITS, memory_bytes=LIMITS.memory_bytes - 1)},
        {"limits": replace(LIMITS, output_bytes=LIMITS.output_bytes + 1)},
        {"limits": replace(LIMITS, effects=LIMITS.effects + 1)},
    ],
)
def test_context_that_does_not_follow_is_found(changes: dict[str, Any]) -> None:
    context = replace(TRUE.context, **changes)
    assert faults(check_context(context, MANIFEST, BID.body)) == {Fault.CONTEXT_DIFFERS}


def test_awarder_may_allow_less_than_the_most() -> None:
    less = replace(LIMITS, output_bytes=1, log_bytes=0, effects=0, input_bytes=1)
    assert check_context(replace(TRUE.context, limits=less), MANIFEST, BID.body) == ()


def test_engine_that_the_manifest_does_not_name_is_found() -> None:
    manifest = WORLD.manifest(engine="other 1 0 any")
    true = WORLD.attempt(WORLD.bid(manifest), manifest)
    found = check_context(true.context, manifest, true.bid.body)
    assert faults(found) == {Fault.ENGINE_DIFFERS}


def test_true_hold_is_accepted() -> None:
    assert of_hold() == set()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"award": OTHER}, Fault.OTHER_AWARD),
        ({"job": OTHER}, Fault.OTHER_JOB),
        ({"bid": OTHER}, Fault.OTHER_BID),
        ({"executor": STRANGER.did}, Fault.OTHER_NODE),
        ({"id": TransferId(bytes(32))}, Fault.OTHER_HOLD),
        ({"token": OTHER}, Fault.OTHER_TOKEN),
        ({"amount": BID.body.price - 1}, Fault.AMOUNT_WRONG),
        ({"pot": 0}, Fault.POT_WRONG),
        ({"max_seconds": 1}, Fault.MAX_SECONDS_WRONG),
        ({"by": STRANGER}, Fault.NOT_AN_ISSUERS),
        ({"issued_at": START - 301}, Fault.TIMES_WRONG),
        ({"issued_at": MANIFEST.body.expires_at}, Fault.TIMES_WRONG),
    ],
    ids=lambda each: each.name if isinstance(each, Fault) else next(iter(each)),
)
def test_hold_with_a_contradiction_is_refused(changes: dict[str, Any], fault: Fault) -> None:
    assert of_hold(**changes) == {fault}


def test_hold_of_another_attempt_is_refused() -> None:
    assert Fault.OTHER_ATTEMPT in of_hold(attempt=2)
