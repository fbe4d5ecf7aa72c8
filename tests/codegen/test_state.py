"""State in modules: imported files, unreachable state, sections, bounds."""

import re
from pathlib import Path
from typing import Any

import pytest
from ccl_machine import Kept, run

from ccl.abi.bounds import Obstacle
from ccl.abi.sections import Abi, StateVariable
from ccl.pipeline import Compiled, compile_file, compile_text
from ccl.wasm.inspect import inspect_module
from runtime.execution.execution import OutcomeKind

LEDGER = """/// What everybody has.
state balances: Map<String, Integer> = map_new();
state entries: Integer = 0;

invariant "nobody owes" { lowest() >= 0 }

fn lowest() -> Integer {
  let low = 0;
  for _, balance in balances {
    low = min(low, balance);
  }
  low
}

/// Adds to what somebody has.
export fn add(who: String, amount: Integer) -> Integer {
  balances[who] = if balances.contains_key(who) { balances[who] + amount } else { amount };
  entries += 1;
  balances[who]
}
"""
PROGRAM = """import "shop/ledger" as ledger;

state visits: Integer = 0;

export fn visit(who: String, amount: Integer) -> Integer {
  visits += 1;
  ledger.add(who, amount)
}

export fn report() -> String {
  "\\(visits) visits, \\(ledger.entries) entries, \\(ledger.balances.size()) people"
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "ledger.ccl").write_text(LEDGER, encoding="utf-8")
    return tmp_path


def compiled(folder: Path, text: str) -> Compiled:
    path = folder / "program.ccl"
    path.write_text(text, encoding="utf-8")
    return compile_file(path)


def codes(made: Compiled) -> list[str]:
    return [each.code for each in made.compilation.sink.diagnostics]


def test_state_of_an_imported_file_has_that_file_as_its_home(shop: Path) -> None:
    made = compiled(shop, PROGRAM)
    assert made.wasm is not None, codes(made)
    kept = Kept()
    assert run(made.wasm, entry="visit", arguments=["ana", 5], kept=kept).value == 5
    assert run(made.wasm, entry="visit", arguments=["ana", 2], kept=kept).value == 7
    assert kept.stored == {
        "program": {"visits": 2},
        "shop/ledger": {"balances": [["ana", 7]], "entries": 2},
    }
    assert run(made.wasm, entry="report", kept=kept).value == "2 visits, 2 entries, 1 people"


def test_invariants_of_an_imported_file_are_checked(shop: Path) -> None:
    made = compiled(shop, PROGRAM)
    assert made.wasm is not None
    kept = Kept()
    ran = run(made.wasm, entry="visit", arguments=["ana", -1], kept=kept)
    assert ran.outcome.kind is OutcomeKind.TRAPPED
    assert ran.outcome.reason == 'invariant "nobody owes" does not hold'
    assert ran.outcome.place == "shop/ledger.ccl:5:11"
    assert kept.stored == {}


@pytest.mark.parametrize(
    "change",
    [
        "ledger.entries = 5;",
        "ledger.entries += 1;",
        'ledger.balances["ana"] = 5;',
        'map_insert(ledger.balances, "ana", 5);',
        "clear(ledger.balances);",
    ],
)
def test_change_of_state_from_another_file_is_rejected(shop: Path, change: str) -> None:
    text = f"""import "shop/ledger" as ledger;

fn clear(all: Map<String, Integer>) {{ all["ana"] = 0; }}

execution {{
  {change}
  let none: Map<String, Integer> = map_new();
  clear(none);
}}
"""
    assert codes(compiled(shop, text)) == ["CCL0427"]


def test_unknown_state_of_a_file_is_rejected(shop: Path) -> None:
    text = 'import "shop/ledger" as ledger;\n\nexecution { ledger.entry }\n'
    made = compiled(shop, text)
    assert codes(made) == ["CCL0207"]


def sections(wasm: bytes) -> tuple[Abi, dict[str, Any]]:
    found = inspect_module(wasm)
    assert found.abi is not None
    return found.abi, {each.name: each for each in found.imports}


def test_unreachable_state_is_left_out() -> None:
    text = """state used: Integer = 1;
state unused: Array<String> = [];

fn dead() {
  array_push(unused, "x");
}

export fn read() -> Integer {
  used
}

export fn plain(n: Integer) -> Integer {
  n
}
"""
    made = compile_text(text, path="left.ccl")
    assert made.wasm is not None
    abi, imports = sections(made.wasm)
    assert abi.states == (StateVariable(home="left", name="used", type="Integer", shape="Integer"),)
    assert "host_write_state" not in imports, "what only reads does not write"
    assert made.wat is not None
    assert '"load used"' in made.wat
    assert not re.search('"(load|check|write) unused"', made.wat)
    assert "$state.used" in made.wat and "$state.unused" not in made.wat


def test_program_without_state_imports_no_state_calls() -> None:
    made = compile_text("execution { 1 }", path="left.ccl")
    assert made.wasm is not None
    abi, imports = sections(made.wasm)
    assert (abi.states, imports) == ((), {})


def test_shapes_spell_out_structs_and_enums() -> None:
    text = """enum Status { Open, Moved(Did), Both(Integer, String) }
struct Vote { by: Did, weight: Decimal }
struct Motion { title: String, status: Status, votes: Array<Vote>, parts: Array<Motion> }
struct Pair<T> { a: T, b: T }

state motions: Map<Integer, Motion> = map_new();
state last: Option<Pair<Vote>> = None;

export fn count() -> Integer {
  let found = match last { Some(_) => 1, None => 0 };
  motions.size() + found
}
"""
    made = compile_text(text, path="shapes.ccl")
    assert made.wasm is not None, codes(made)
    abi, _ = sections(made.wasm)
    shapes = {each.name: each.shape for each in abi.states}
    vote = "Vote { by: Did, weight: Decimal }"
    assert shapes == {
        "motions": "Map<Integer, Motion { title: String, "
        "status: Status { Open, Moved(Did), Both(Integer, String) }, "
        f"votes: Array<{vote}>, parts: Array<Motion> }}>",
        "last": f"Option<Pair<Vote> {{ a: {vote}, b: Vote }}>",
    }
    assert abi.structs["Vote"] == (("by", "Did"), ("weight", "Decimal"))


def test_obstacle_of_a_bound_names_the_state() -> None:
    text = """state totals: Array<Integer> = [1];
state count: Integer = 0;

export fn read() -> Integer {
  totals.length()
}

export fn counted() -> Integer {
  count += 1;
  count
}

export fn plain(n: Integer) -> Integer {
  n
}
"""
    made = compile_text(text, path="bound.ccl")
    assert made.wasm is not None
    bounds = inspect_module(made.wasm).bounds
    assert bounds is not None
    assert bounds["read"] == Obstacle(
        file="bound.ccl",
        line=1,
        column=7,
        reason="the state `totals` is as large as what is stored",
    )
    assert not isinstance(bounds["plain"], Obstacle)
    assert not isinstance(bounds["counted"], Obstacle), "a number has so many bytes at most"


def test_two_variables_of_one_name_are_rejected() -> None:
    text = """state total: Integer = 1;

contract Register {
  state total: Integer = 2;
  public { fn read() -> Integer { total } }
}

export fn read() -> Integer {
  total
}
"""
    assert "CCL0230" in codes(compile_text(text, path="Register.ccl"))
    assert "CCL0230" not in codes(compile_text(text, path="other.ccl"))
