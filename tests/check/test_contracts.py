"""Contracts, roles and proposals over several files."""

from pathlib import Path

from ccl_machine import run

from ccl.pipeline import Compiled, compile_file
from runtime.execution import OutcomeKind

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


def test_included_text_sees_the_contract_and_then_its_own_file(tmp_path: Path) -> None:
    result = compiled(tmp_path)
    assert codes(result) == []
    assert result.wasm is not None
    ran = run(result.wasm, entry="quote", arguments=[4])
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED
    assert ran.value == 4 * 2 * 3 + 1000 + 3


def test_a_role_extends_one_of_another_file(tmp_path: Path) -> None:
    wasm = compiled(tmp_path).wasm
    assert wasm is not None
    assert run(wasm, entry="guest").value is False
    assert run(wasm, entry="guest", records={"roles": ["Guest"]}).value is True


def test_a_proposal_comes_with_the_base(tmp_path: Path) -> None:
    wasm = compiled(tmp_path).wasm
    assert wasm is not None
    assert run(wasm, entry="open").value == 1


def test_each_fault_of_a_base_is_told_once(tmp_path: Path) -> None:
    wrong = BASE.replace("fee() * years", "fees() * years")
    result = compiled(tmp_path, base=wrong)
    assert codes(result) == ["CCL0202"]


def test_a_base_that_the_import_does_not_have(tmp_path: Path) -> None:
    result = compiled(tmp_path, club=CLUB.replace("base.Association", "base.Asociation"))
    assert codes(result) == ["CCL0222"]
    (found,) = result.compilation.sink.diagnostics
    assert found.facts["nearest"] == "base.Association"


def test_a_role_that_the_import_does_not_have(tmp_path: Path) -> None:
    result = compiled(tmp_path, club=CLUB.replace("extends base.Member", "extends base.Membre"))
    assert codes(result) == ["CCL0320"]


def test_a_contract_of_an_import_is_reached_through_its_alias(tmp_path: Path) -> None:
    club = 'import "base.ccl" as base;\nexport fn f() -> Integer { base.Association.dues(2) }\n'
    result = compiled(tmp_path, club=club)
    assert codes(result) == []
    assert result.wasm is not None
    assert run(result.wasm, entry="f").value == 6
