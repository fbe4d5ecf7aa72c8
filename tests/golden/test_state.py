"""State as text: what the compiler says of its misuse, and what an export with state becomes."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ccl.diagnostics.render import FULL, render
from ccl.pipeline import check_text, compile_text

FAULTS = {
    "a variable with the name of a state": """state total: Integer = 0;

export fn add(amount: Integer) {
  let total = total + amount;
}
""",
    "a first value that depends on other state": """state members: Array<String> = ["Ana"];
state count: Integer = counted();

fn counted() -> Integer {
  members.length()
}

export fn read() -> Integer {
  count
}
""",
    "state by two ways": """state names: Array<String> = [];

fn told() {
  log("\\(names.length()) so far");
}

fn add(list: Array<String>, name: String) {
  array_push(list, name);
  told();
}

export fn join(name: String) {
  add(names, name);
}
""",
    "an invariant that changes something": """state total: Integer = 0;

fn valid() -> Bool {
  total += 1;
  true
}

invariant "a small total" { valid() }

export fn read() -> Integer {
  total
}
""",
    "a charter that depends on state": """state members: Integer = 3;

fn many() -> Bool {
  members > 2
}

if many() { quorum 60%; }

execution { members += 1; }
""",
    "a migration of another kind": """state total: Integer = 0;

fn migrate() -> Integer {
  total
}

export fn read() -> Integer {
  total
}
""",
    "an event without a name": """execution {
  emit [1, 2];
}
""",
}

KEPT = """state total: Integer = 3;

invariant "no debts" { total >= 0 } because article "3.1";

article "3.1" { text: "No debts." }

export fn add(amount: Integer) -> Integer {
  total += amount;
  total
}
"""


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_said(name: str, snapshot: SnapshotAssertion) -> None:
    text = FAULTS[name]
    compilation = check_text(text, path="register.ccl")
    told = render(compilation.sink.diagnostics, compilation.sources, FULL, color=False, width=100)
    assert "\n".join([text.rstrip(), "─" * 40, told.rstrip()]) == snapshot


def test_an_export_that_keeps_state(snapshot: SnapshotAssertion) -> None:
    """The wrapper of the export, up to the end of the function that it calls."""
    compiled = compile_text(KEPT, path="register.ccl")
    assert compiled.wat is not None
    start = compiled.wat.index("(func $fn.add.2")
    end = compiled.wat.index("\n  (func ", start)
    assert "\n".join([KEPT.rstrip(), "─" * 40, compiled.wat[start:end].rstrip()]) == snapshot
