"""The page of the protocol is that of the code: records, ways of messages, states, refusals."""

import re
from typing import get_args

import pytest
from protocol_page import ACTORS, PAGE, PARTS, page
from protocol_routes import ROUTES

from mesh.actors.base import MessageRefusal
from mesh.core.jobs import job
from mesh.core.records.membership import Membership
from mesh.core.records.registry import RECORDS
from mesh.core.records.settlement import Ground
from mesh.core.settlement import attempt
from mesh.core.settlement.refusals import AwardRefusal, RequestRefusal

TEXT = PAGE.read_text(encoding="utf-8")


def test_page_is_up_to_date() -> None:
    assert page(TEXT) == TEXT, "docs/protocol.md is out of date: run `make docs`"


def test_page_has_each_generated_part_once() -> None:
    assert sorted(re.findall(r"<!-- generated: ([a-z-]+) -->", TEXT)) == sorted(PARTS)
    assert TEXT.count("<!-- end -->") == len(PARTS)


@pytest.mark.parametrize("role", ACTORS)
def test_messages_go_where_their_actors_take_them(role: str) -> None:
    taken = {*ACTORS[role].handlers, Membership}
    assert {kind for kind, route in ROUTES.items() if role in route.receivers} == taken


def test_every_record_has_a_way_and_a_section() -> None:
    assert ROUTES.keys() == set(RECORDS.values())
    headings = set(re.findall(r"^### (\w+)$", TEXT, re.MULTILINE))
    assert set(RECORDS) <= headings


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {
        each.lower().replace(" ", "-").replace("'", "").replace(",", "") for each in headings
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


def test_every_field_has_a_meaning() -> None:
    empty = [line for line in TEXT.splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert empty == []


def test_tables_have_every_row() -> None:
    for (phase, event), transition in job.TRANSITIONS.items():
        start = "" if phase is None else phase.value
        assert f"| {start} | {event.__name__} | {transition.to.value} |" in TEXT
    for (before, happened), after in attempt.TRANSITIONS.items():
        assert f"| {before.value} | {happened.__name__} | {after.value} |" in TEXT
    assert {each.__name__ for each in get_args(attempt.Event)} <= set(re.findall(r"\w+", TEXT))
    for kind in (MessageRefusal, AwardRefusal, RequestRefusal):
        for each in kind:
            assert f"| `{each.name.lower().replace('_', '-')}` | {each.value} |" in TEXT
    for ground in Ground:
        assert f"| `{ground.value}` |" in TEXT
