"""Long documents in published styles are accepted as they are, and they run."""

from pathlib import Path
from typing import Any

import pytest
from ccl_machine import CALLER, Ran, run

from ccl.cli.charter.forms import charter_value
from ccl.cli.charter.view import undecided
from ccl.formatter.format import format_text
from ccl.pipeline import compile_text
from runtime.content.codec import decode
from runtime.execution.execution import OutcomeKind
from runtime.sandbox.results import nested_charter

FOLDER = Path(__file__).parent / "documents"
DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.ccl"))
OTHER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.ccl").read_text(encoding="utf-8")


def module_of(name: str) -> bytes:
    compiled = compile_text(text_of(name), path=f"{name}.ccl")
    found = [(each.code, each.span) for each in compiled.compilation.sink.diagnostics]
    assert found == []
    assert compiled.wasm is not None
    return compiled.wasm


def emitted(ran: Ran) -> list[tuple[str, Any]]:
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    return [(f["name"], decode(f["data"])) for kind, f in ran.effects if kind == "emit"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_accepted_without_diagnostics(name: str) -> None:
    assert len(text_of(name).splitlines()) > 80
    assert format_text(text_of(name)).text == text_of(name)
    ran = run(module_of(name), entry="charter")
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert len(charter_value(nested_charter(ran.charter))) > 5


def test_bylaws_depend_on_the_proposal() -> None:
    module = module_of("bylaws")
    small = {"proposal": {"type": "budget", "urgent": False}, "member": {"status": "active"}}
    ran = run(module, entry="charter", records=small)
    value = charter_value(nested_charter(ran.charter))
    assert value["assembly"]["quorum"] == "40%"
    assert [each.missing for each in undecided(nested_charter(ran.charter))] == ["member.years"]
    large = {"proposal": {"type": "sale_of_house", "urgent": True}, "member": {"years": 12}}
    ran = run(module, entry="charter", records=large)
    value = charter_value(nested_charter(ran.charter))
    assert value["assembly"]["quorum"] == "25%", "what overrides wins"
    assert value["assembly"]["threshold"] == "consensus"
    (treasurer,) = (each for each in value["role"] if each["$value"] == "treasurer")
    assert treasurer["duties"] == {
        "meetings": 2,
        "hours_per_year": 20,
        "minutes": True,
    }


def test_nomination_is_anchored_and_announced() -> None:
    ctx = {"name": "Ana", "role": "clerk", "endorsements": 12}
    ran = run(module_of("election"), entry="on:nomination.submitted", arguments=[ctx])
    assert emitted(ran) == [
        ("nomination.submitted", {"status": "proposed", "candidate": "Ana"}),
    ]
    assert [kind for kind, _ in ran.effects] == ["put-block", "anchor", "emit"]
    assert ran.log == ["committee: a nomination (Ana)"]
    ran = run(
        module_of("election"),
        entry="on:nomination.submitted",
        arguments=[ctx | {"endorsements": 2}],
    )
    assert "three endorsements" in ran.outcome.detail
    assert ran.effects == []


@pytest.mark.parametrize(
    ("choices", "status"), [(["Ana", "Zoe"], "counted"), ([], "spoilt"), (["Ana"] * 6, "spoilt")]
)
def test_ballot_is_counted_or_spoilt(choices: list[str], status: str) -> None:
    ballot = {"voter": str(CALLER), "choices": choices, "weight": 1}
    ran = run(module_of("election"), entry="on:ballot.cast", arguments=[{"ballot": ballot}])
    if status == "counted":
        # without a ballot paper of one's own none can be handed in
        assert ran.outcome.kind is OutcomeKind.TRAPPED
        assert "ballot_paper" in ran.outcome.detail
    else:
        assert emitted(ran) == [("ballot.cast", {"status": status, "choices": choices})]
        assert ran.log == ["ballot: seen"], "the second handler runs as well"


def test_every_voter_gets_a_paper() -> None:
    ctx = {"voters": [str(CALLER), OTHER], "batches": 2}
    ran = run(module_of("election"), entry="on:voting.opened", arguments=[ctx])
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    minted = [f["to"] for kind, f in ran.effects if kind == "mint"]
    assert minted == [str(CALLER), OTHER]
    assert [kind for kind, _ in ran.effects[2:]] == ["record-usage", "record-usage"]


def test_budget_adds_up() -> None:
    ran = run(module_of("budget"))
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert ran.value == {"spent": 2950, "reserve": 8000, "left": 9050}
    ran = run(module_of("budget"), entry="charter", records={"request": {"amount": 600}})
    value = charter_value(nested_charter(ran.charter))
    (emergency,) = (each for each in value["categories"] if each.get("$value") == "emergency")
    assert emergency["staff"]["amount"] == 72_000
    assert value["approval"]["share"][0] == {"$from": "0%", "$to": "10%", "class": "small"}


def test_result_is_judged() -> None:
    days = [{"day": "mon", "watt_hours": 13_000}, {"day": "tue", "watt_hours": 2}]
    ctx = {"state": "verified", "job": "3a9f", "units": 7, "days": days}
    ran = run(module_of("job_request"), entry="on:job.completed", arguments=[ctx])
    assert emitted(ran) == [
        ("job.completed", {"outcome": "verified", "units": 7, "good_days": 1}),
    ]
    ran = run(
        module_of("job_request"), entry="on:job.completed", arguments=[ctx | {"state": "disputed"}]
    )
    assert emitted(ran) == [("job.completed", {"outcome": "unverified", "job": "3a9f"})]


def test_request_is_submitted_with_the_values_of_the_charter() -> None:
    ran = run(module_of("job_request"))
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    ((kind, job),) = ran.effects
    assert kind == "submit-job"
    assert (job["resource_amount"], job["budget"], job["priority"]) == (1000, 900, "low")
    assert job["requirements"]["memory_bytes"] == 2 << 30
    assert job["trust"]["quorum"] == 3
