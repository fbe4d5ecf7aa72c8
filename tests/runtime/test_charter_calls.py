"""Host calls about the charter, replayed and malformed."""

import pytest
from host_programs import program
from wasm_modules import HereMachine, executed

from runtime.content.codec import encode
from runtime.execution.execution import OutcomeKind


def test_charter_is_replayed(machine: HereMachine) -> None:
    text = program(
        ("set_property", "title", encode("Bylaws")),
        ("begin_section", "election", encode("board")),
        ("begin_section", "rules", encode(None)),
        ("set_property", "quorum", encode({"unit": "%", "value": 50})),
        ("end_section",),
        ("end_section",),
    )
    assert executed(machine, text).charter == (
        ["property", "title", "Bylaws"],
        [
            "section",
            "election",
            "board",
            [["section", "rules", None, [["property", "quorum", {"unit": "%", "value": 50}]]]],
        ],
    )


@pytest.mark.parametrize(
    ("steps", "kind", "reason"),
    [
        ((("end_section",),), OutcomeKind.TRAPPED, "host_end_section: no section is open"),
        (
            (("begin_section", "a", encode(None)),),
            OutcomeKind.TRAPPED,
            "host_begin_section: a section was left open",
        ),
        (
            (("set_property", "a", b"\xff"),),
            OutcomeKind.TRAPPED,
            "host_set_property: the value is not canonical DAG-CBOR",
        ),
        (
            (("begin_section", "a", encode(None)),) * 33,
            OutcomeKind.LIMIT,
            "charter sections nested more than 32 deep",
        ),
    ],
)
def test_malformed_charter_calls_are_refused(
    machine: HereMachine, steps: tuple[tuple[str, ...], ...], kind: OutcomeKind, reason: str
) -> None:
    outcome = executed(machine, program(*steps)).deterministic.outcome
    assert (outcome.kind, outcome.reason) == (kind, reason)
