"""Receipts: each field that can be checked is."""

from typing import Any

import pytest
from attempt_world import ENGINE, START, World, key, result
from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.core.findings import Fault
from mesh.core.verification.receipts import usage_of, verify_receipt
from runtime.content.cid import Codec, cid_of
from runtime.execution.execution import Deterministic

WORLD = World()
MANIFEST = WORLD.manifest()
ATTEMPT = WORLD.attempt(WORLD.bid(MANIFEST), MANIFEST)
OTHER = cid_of(b"other", Codec.DAG_CBOR)


def _faults(done: Deterministic | None = None, now: int = START + 4, **changes: Any) -> list[Fault]:
    shown = done or result()
    findings = verify_receipt(
        ATTEMPT.receipt(shown, **changes),
        result=shown,
        manifest=MANIFEST,
        bid=ATTEMPT.bid,
        award=ATTEMPT.award,
        hold=ATTEMPT.hold,
        context=ATTEMPT.context,
        now=now,
    )
    return [each.fault for each in findings]


def test_true_receipt_stands() -> None:
    assert _faults() == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"job": OTHER}, Fault.OTHER_JOB),
        ({"award": OTHER}, Fault.OTHER_AWARD),
        ({"hold": OTHER}, Fault.OTHER_HOLD),
        ({"context": OTHER}, Fault.OTHER_CONTEXT),
        ({"module": OTHER}, Fault.OTHER_MODULE),
        ({"node_id": NodeId("another")}, Fault.OTHER_NODE),
        ({"by": key("node-1")}, Fault.NOT_THE_EXECUTORS),
        ({"engine": replace(ENGINE, version="2")}, Fault.ENGINE_DIFFERS),
        ({"deterministic": OTHER}, Fault.RESULT_DIFFERS),
        ({"usage": {"compute": 4}}, Fault.USAGE_WRONG),
        ({"started_at": START - 300}, Fault.TIMES_WRONG),
        ({"started_at": START + 4}, Fault.TIMES_WRONG),
        ({"ended_at": START + 305}, Fault.FROM_THE_FUTURE),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else next(iter(value)),
)
def test_each_wrong_field_is_found(changes: dict[str, Any], fault: Fault) -> None:
    assert _faults(**changes) == [fault]


def test_fuel_over_the_award_is_found() -> None:
    limit = ATTEMPT.award.body.fuel_limit
    assert _faults(result(fuel=limit)) == []
    assert _faults(result(fuel=limit + 1)) == [Fault.FUEL_OVER_LIMIT]


def test_unknown_fuel_is_billed_whole() -> None:
    unknown = replace(result(), fuel_used=None)
    assert usage_of(unknown, ATTEMPT.bid.body) == {"compute": ATTEMPT.bid.body.units}
    assert usage_of(result(fuel=1_000_001), ATTEMPT.bid.body) == {"compute": 2}
