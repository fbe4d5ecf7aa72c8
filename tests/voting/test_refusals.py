"""Refusals of the functions of std/voting, with their reasons."""

import pytest
from ccl_machine import run

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

PROGRAM = """\
import "std/voting" as voting;

fn ballot(voters: Integer, preferences: Array<Integer>) -> voting.Ballot {{
  voting.Ballot {{ voters: voters, preferences: preferences }}
}}

execution {{
  let spent: Map<String, Integer> = map_new();
  spent["C"] = 1;
  let unknown = voting.QuadraticBallot {{ credits: 9, votes: spent }};
  {call};
  log("\\(ballot(1, []).voters) \\(unknown.credits)");
}}
"""


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ('voting.plurality(["A", "A"], [])', "two candidates are called A"),
        ('voting.approval(["A"], [ballot(-1, [0])])', "a ballot has -1 voters"),
        (
            'voting.borda(["A", "B"], [ballot(1, [2])])',
            "a ballot prefers number 2, and the candidates are 0 to 1",
        ),
        (
            'voting.schulze(["A", "B"], [ballot(1, [0, -1])])',
            "a ballot prefers number -1, and the candidates are 0 to 1",
        ),
        ('voting.scottish_stv(["A"], 0, [])', "there is no seat to fill"),
        (
            'voting.scottish_stv(["A"], 1, [ballot(90000001, [0])])',
            "more than 90000000 voters",
        ),
        ('voting.quadratic(["A"], [unknown])', "no candidate is called C"),
        ("voting.quadratic_votes(-1)", "credits are not negative"),
        ("voting.supermajority(1, 1, 3, 2)", "a share is between 0 and 1"),
        (
            "voting.quorum_met(1, 0, 1, 2)",
            "ballots are not negative, and there is an eligible voter",
        ),
    ],
)
def test_senseless_request_is_refused_with_the_reason(call: str, reason: str) -> None:
    program = PROGRAM.format(call=call)
    compiled = compile_text(program)
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    ran = run(compiled.wasm)
    assert ran.outcome.kind is OutcomeKind.TRAPPED
    assert ran.outcome.detail == reason
    assert ran.outcome.place.startswith("std/voting.ccl:")
