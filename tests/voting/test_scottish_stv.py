"""examples/stv against an independent count, stage by stage.

Lots are drawn by the program, from its seed; the reference is given what was drawn, and checks
that a lot was due between just these candidates.
"""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ccl_machine import Ran, run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from scottish_count import Election, Result, count, read_ward

from ccl.pipeline import compile_file
from runtime.execution.execution import OutcomeKind

EXAMPLES = Path(__file__).parents[2] / "examples"
BALLOTS = EXAMPLES / "election" / "ballots"
EXPECTED = json.loads((BALLOTS / "expected.json").read_text("utf-8"))


@cache
def module() -> bytes:
    compiled = compile_file(EXAMPLES / "stv" / "count.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def counted(text: str) -> Ran:
    return run(module(), text=text, fuel=2_000_000_000)


def value_of(ran: Ran) -> dict[str, Any]:
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert isinstance(ran.value, dict)
    return ran.value


def ward_text(election: Election) -> str:
    lines = [f"{len(election.candidates)},{election.seats},"]
    for voters, preferences in election.ballots:
        numbers = [voters, *(election.candidates.index(name) + 1 for name in preferences)]
        lines.append(",".join(map(str, numbers)) + ",")
    for number, name in enumerate(election.candidates, 1):
        lines.append(f'"Candidate {number}","{name}","Party",')
    return "\n".join([*lines, '"Somewhere",']) + "\n"


def reference(election: Election, value: dict[str, Any]) -> Result:
    drawn = [lot for stage in value["stages"] for lot in stage["lots"]]

    def draw(tied: tuple[str, ...]) -> str:
        lot = drawn.pop(0)
        assert sorted(lot["among"]) == sorted(tied)
        assert lot["drawn"] in tied
        return str(lot["drawn"])

    result = count(election, draw)
    assert drawn == []
    return result


def agree(election: Election, value: dict[str, Any]) -> None:
    """Everything that the program says about each stage is what the reference finds."""
    result = reference(election, value)
    assert value["quota"] == result.quota
    assert value["elected"] == result.elected
    assert len(value["stages"]) == len(result.stages)
    valid = sum(voters for voters, preferences in election.ballots if preferences)
    for said, found in zip(value["stages"], result.stages, strict=True):
        assert said["kind"] == found.kind
        assert said["from"] == found.moved_from
        assert fractions(said["transfers"]) == found.transfers
        assert fractions(said["votes"]) == found.votes
        assert Fraction(said["non_transferable"]) == found.non_transferable
        assert Fraction(said["ignored"]) == found.ignored
        assert said["elected"] == found.elected
        assert said["excluded"] == ([found.moved_from] if found.kind == "Exclusion" else [])
        assert sum(found.votes.values()) + Fraction(said["not_effective"]) == valid


def fractions(pairs: list[list[str]]) -> dict[str, Fraction]:
    return {name: Fraction(votes) for name, votes in pairs}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real_ward_is_counted_stage_by_stage_as_the_reference_does(name: str) -> None:
    text = (BALLOTS / name).read_text("utf-8")
    value = value_of(counted(text))
    agree(read_ward(text), value)
    expected = EXPECTED[name]
    assert sorted(value["elected"]) == sorted(expected["elected"])
    first = fractions(value["stages"][0]["votes"])
    assert first == expected["first_preferences"]
    assert (value["ward"], value["seats"], value["ballots"], value["quota"]) == (
        expected["ward"],
        expected["seats"],
        expected["ballots"],
        expected["quota"],
    )


@st.composite
def elections(draw: st.DrawFn) -> Election:
    """Small ones with few voters a ballot, so that ties and chains of transfers are common."""
    names = tuple("ABCDEFG"[: draw(st.integers(1, 7))])
    ballot = st.tuples(
        st.integers(0, draw(st.sampled_from((1, 3, 40)))),
        st.lists(st.sampled_from(names), unique=True).map(tuple),
    )
    return Election(
        candidates=names,
        seats=draw(st.integers(1, 5)),
        ballots=tuple(draw(st.lists(ballot, max_size=14))),
    )


@given(elections())
@examples(150)
def test_small_elections_are_counted_as_the_reference_does(election: Election) -> None:
    value = value_of(counted(ward_text(election)))
    agree(election, value)
    blank = sum(voters for voters, preferences in election.ballots if not preferences)
    assert value["rejected"] == blank
    assert len(value["elected"]) == min(election.seats, len(election.candidates))
