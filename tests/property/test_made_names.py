"""No diagnostic shows a name that the compiler has made, whatever is wrong with a program."""

import re
from random import Random

import pytest
from effort import seeds

from ccl.desugar.intrinsics import Intrinsic
from ccl.pipeline import check_text
from ccl.resolver.scopes import Proposal, Role
from ccl.source.spans import FileId, Span
from ccl.syntax import ast

PROGRAM = r"""
const QUORUM = 0.5;
state members: Array<Did> = [];
state spent: Integer = 0;
role Member { requires: members.contains(caller()); }
role Keeper extends Member { requires: spent < limit(); }
fn limit() -> Integer { 100 }
fn check(amount: Integer) -> Result<Integer, String> {
  if amount > 0 { Ok(amount) } else { Err("no") }
}
proposal Spend {
  electorate: members;
  voting_period: 7d;
  quorum: QUORUM;
  threshold: supermajority(2/3);
  parameters { amount: Integer; to: Did; }
  execution { spent += check(amount)?; log("to \(to)"); }
}
contract Club {
  state seats: Integer = 3;
  proposal Seat { electorate: members; voting_period: days(seats); execution { seats += 1; } }
  role Chair extends Keeper { requires: seats > 0; }
  public { fn open() -> Integer { Seat.open() } }
}
export fn start(amount: Integer, to: Did) -> Integer {
  require(caller_has_role(Keeper), "for keepers");
  let id = Spend.open(amount, to);
  Spend.vote(id, Vote.Yes);
  Club.Seat.open() + id
}
export fn finish(id: Integer) -> Outcome {
  let parameters = Spend.get(id).parameters;
  spent += parameters.amount - Spend.prune(30d);
  Spend.close(id)
}
"""
WORDS = sorted({*re.findall(r"[A-Za-z_]\w*", PROGRAM), "5", "true", '"x"', "[]", "role_Keeper"})
TOKENS = re.compile(r'[A-Za-z_]\w*|"[^"]*"|\d+\w*|[^\s\w]')
DAMAGES = 40
PLACE = Span(FileId(0), 0, 0)
NAMELESS = ast.Ident(text="", span=PLACE)
ROLE = Role(name=NAMELESS, parent=None, span=PLACE)
PROPOSAL = Proposal(name=NAMELESS)
MADE = re.compile(
    rf"(?:{ROLE.holder_check}|{ROLE.requirements}|{PROPOSAL.execution})\w+"
    rf"|{'|'.join(Intrinsic)}|the outcome|the proposal|.*std/proposals/.*"
)


def damaged(chosen: Random) -> str:
    """The program with a token left out, or another word for it."""
    found = chosen.choice(list(TOKENS.finditer(PROGRAM)))
    other = "" if chosen.random() < 0.3 else chosen.choice(WORDS)
    return f"{PROGRAM[: found.start()]}{other}{PROGRAM[found.end() :]}"


def test_program_is_right() -> None:
    assert [each.code for each in check_text(PROGRAM).sink.diagnostics] == []


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_no_diagnostic_shows_a_made_name(seed: int) -> None:
    chosen = Random(seed)
    for _ in range(DAMAGES):
        text = damaged(chosen)
        compilation = check_text(text)
        for each in compilation.sink.diagnostics:
            shown = [*each.facts.values(), *(fix.title for fix in each.fixes)]
            told = [value for value in shown if MADE.fullmatch(value.strip("`"))]
            assert told == [], (each.code, told, compilation.sources.place(each.span), text)
