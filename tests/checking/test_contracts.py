"""Contracts, roles and proposals over several files."""

from pathlib import Path

import pytest
from ccl_machine import run

from ccl.pipeline import Compiled, compile_file
from runtime.execution.execution import OutcomeKind

BASE = """
const RATE = 3;
fn rated(amount: Integer) -> Integer { amount * RATE }
role Member { requires: true; }

contract Association {
  const LEAST = 1;
  state members: Array<Did> = [];
  fn fee() -> Integer { rated(LEAST) }
  fn dues(years: Integer) -> Integer { fee() * years }
  proposal Amend { electorate: members; voting_period: 1d; execution { log("amended"); } }
}
"""
CLUB = """
import "base.ccl" as base;
const RATE = 1000;
fn rated(amount: Integer) -> Integer { amount + RATE }
role Guest extends base.Member { requires: true; }

contract Club extends base.Association {
  override const LEAST = 2;
  public {
    fn quote(years: Integer) -> Integer { dues(years) + rated(0) + base.RATE }
    fn guest() -> Bool { caller_has_role(base.Member) }
    fn open() -> Integer {
      array_push(members, caller());
      Amend.open()
    }
  }
}
"""


def compiled(folder: Path, club: str = CLUB, base: str = BASE) -> Compiled:
    (folder / "base.ccl").write_text(base)
    (folder / "club.ccl").write_text(club)
    return compile_file(folder / "club.ccl")


def codes(result: Compiled) -> list[str]:
    return [each.code for each in result.compilation.sink.diagnostics]


def test_base_text_resolves_names_in_the_contract_then_in_its_own_file(tmp_path: Path) -> None:
    result = compiled(tmp_path)
    assert codes(result) == []
    assert result.wasm is not None
    ran = run(result.wasm, entry="quote", arguments=[4])
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED
    assert ran.value == 4 * 2 * 3 + 1000 + 3


def test_role_of_an_imported_file_can_be_extended(tmp_path: Path) -> None:
    wasm = compiled(tmp_path).wasm
    assert wasm is not None
    assert run(wasm, entry="guest").value is False
    assert run(wasm, entry="guest", records={"roles": ["Guest"]}).value is True


def test_proposal_of_a_base_is_inherited(tmp_path: Path) -> None:
    wasm = compiled(tmp_path).wasm
    assert wasm is not None
    assert run(wasm, entry="open").value == 1


def test_each_error_of_a_base_is_reported_once(tmp_path: Path) -> None:
    wrong = BASE.replace("fee() * years", "fees() * years")
    result = compiled(tmp_path, base=wrong)
    assert codes(result) == ["CCL0202"]


def test_unknown_base_of_an_import_is_reported(tmp_path: Path) -> None:
    result = compiled(tmp_path, club=CLUB.replace("base.Association", "base.Asociation"))
    assert codes(result) == ["CCL0222"]
    (found,) = result.compilation.sink.diagnostics
    assert found.facts["nearest"] == "base.Association"


def test_unknown_role_of_an_import_is_reported(tmp_path: Path) -> None:
    result = compiled(tmp_path, club=CLUB.replace("extends base.Member", "extends base.Membre"))
    assert codes(result) == ["CCL0320"]


def test_contract_of_an_import_is_reached_through_its_alias(tmp_path: Path) -> None:
    club = 'import "base.ccl" as base;\nexport fn f() -> Integer { base.Association.dues(2) }\n'
    result = compiled(tmp_path, club=club)
    assert codes(result) == []
    assert result.wasm is not None
    assert run(result.wasm, entry="f").value == 6


SHARED = """
const TOP = 7;
role Boss { requires: true; }
contract Club {
  const LIMIT = 3;
  enum Level { Guest, Full(Integer) }
  struct Card { number: Integer, level: Level }
  role Keeper { requires: true; }
  state spent: Integer = 0;
  proposal Spend {
    electorate: [caller()];
    voting_period: 1d;
    parameters { amount: Integer; }
    execution { spent += amount; }
  }
  fn card(number: Integer) -> Card { Card { number, level: Level.Full(number) } }
}
"""
USER = """
import "base.ccl" as a;
role Chief extends a.Club.Keeper { requires: true; }
proposal Admit {
  electorate: [caller()];
  voting_period: 1d;
  parameters { card: a.Club.Card; level: a::Club::Level; }
}
fn paid(level: a.Club.Level) -> Integer {
  match level {
    a.Club.Level.Guest => 0,
    a::Club::Level::Full(fee) => fee,
  }
}
fn numbered(card: a.Club.Card) -> Integer {
  match card {
    a.Club.Card { number, level: a.Club.Level.Guest } => number,
    a.Club.Card { number, .. } => number * 10,
  }
}
fn named(n: Integer) -> Integer {
  match n {
    a.Club.LIMIT => 1,
    a.TOP => 2,
    _ => 3,
  }
}
fn amount(parameters: a.Club.Spend.Parameters) -> Integer { parameters.amount }
fn held() -> Bool { caller_has_role(a.Club.Keeper) || caller_has_role(a::Club::Keeper) }
export fn all() -> Array<Integer> {
  let guest = a.Club.Card { number: 4, level: a.Club.Level.Guest };
  let id = Admit.open(guest, a::Club::Level::Full(5));
  let open = Admit.get(id).parameters;
  [
    paid(guest.level) + paid(open.level),
    numbered(guest) + numbered(a.Club.card(2)),
    named(3) * 100 + named(7) * 10 + named(0),
    amount(a.Club.Spend.get(a.Club.Spend.open(9)).parameters),
    a.Club.LIMIT + a.Club.spent,
    if held() { 1 } else { 0 },
  ]
}
"""


def test_members_of_an_imported_contract_can_be_named(tmp_path: Path) -> None:
    result = compiled(tmp_path, USER, SHARED)
    assert codes(result) == []
    assert result.wasm is not None
    assert run(result.wasm, entry="all").value == [5, 24, 123, 9, 3, 0]


def test_import_used_only_by_a_base_counts_as_used(tmp_path: Path) -> None:
    club = """
    import "base.ccl" as base;
    contract Club extends base.Plain { export fn a() -> Integer { f() } }
    """
    result = compiled(tmp_path, club, "contract Plain { fn f() -> Integer { 1 } }")
    assert codes(result) == []


def test_imported_contract_reads_its_own_declarations(tmp_path: Path) -> None:
    base = """
    seats: 2;
    contract Base { limit: 5; fn limit() -> Integer { charter.contract.limit + charter.seats } }
    contract Other { limit: 6; fn limit() -> Integer { charter.contract.limit } }
    """
    club = """
    import "base.ccl" as base;
    seats: 1000;
    contract Plain extends base.Base { limits: 7; }
    contract Club extends base.Base { limit: 70; }
    export fn all() -> Array<Integer> {
      [base.Base.limit(), base.Other.limit(), Plain.limit(), Club.limit(), charter.seats]
    }
    """
    result = compiled(tmp_path, club, base)
    assert codes(result) == []
    assert result.wasm is not None
    assert run(result.wasm, entry="all").value == [7, 6, 7, 72, 1000]


def test_two_contracts_of_one_name_do_not_share_their_state(tmp_path: Path) -> None:
    base = "contract Club { state a: Integer = 1; fn get() -> Integer { a } }"
    club = """
    import "base.ccl" as base;
    contract Club { state b: Integer = 2; export fn get() -> Integer { b + base.Club.get() } }
    """
    assert codes(compiled(tmp_path, club, base)) == ["CCL0230"]


@pytest.mark.parametrize("target", ["total", "members[0]", "Fund.total", "Fund.members[0]"])
@pytest.mark.parametrize("operator", ["=", "+="])
def test_state_of_an_import_is_not_assigned(tmp_path: Path, target: str, operator: str) -> None:
    state = "state total: Integer = 0; state members: Array<Integer> = [1];"
    base = f"{state} contract Fund {{ {state} }}"
    club = f'import "base.ccl" as base; execution {{ base.{target} {operator} 2; }}'
    result = compiled(tmp_path, club, base)
    assert [each for each in codes(result) if each.startswith("CCL04")] == ["CCL0427"]
    assert "CCL0201" not in codes(result)
