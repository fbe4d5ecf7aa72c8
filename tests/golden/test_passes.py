"""Passes over the typed tree, as text before and after."""

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from typed_text import program_text

from ccl.ir.typed import Program
from ccl.passes import PASSES
from ccl.passes.dead_stores import without_dead_stores
from ccl.passes.simplify import simplified
from ccl.passes.state_wrappers import with_state
from ccl.passes.unreachable import without_unreachable
from ccl.pipeline import check_text

REACHABLE = {
    "a function without callers": """fn unused(n: Integer) -> Integer { helper(n) }
fn helper(n: Integer) -> Integer { n }
fn used(n: Integer) -> Integer { n + 1 }
execution { used(1) }
""",
    "functions that call each other": """fn even(n: Integer) -> Bool { n == 0 || odd(n - 1) }
fn odd(n: Integer) -> Bool { n != 0 && even(n - 1) }
fn lonely(n: Integer) -> Bool { lonely(n) }
execution { even(4) }
""",
}

SIMPLIFIED = {
    "arithmetic of constants": """fn f(n: Integer) -> Integer {
  n * (2 + 3 * 4) + 7 % 3 - -(5) + 9 / 3 * 0
}
execution { f(1) }
""",
    "what would trap stays": """fn f(n: Integer) -> Integer {
  if n == 0 { 9223372036854775807 + 1 } else { n / (3 - 3) }
}
execution { f(1) }
""",
    "nothing is added": """fn f(n: Integer, d: Decimal) -> Decimal {
  let m = n + 0;
  let k = m * 1 / 1 - 0;
  if k > 0 { d * 1.0 } else { 0.5 * 0.3 + 0.000001 / 2.0 }
}
execution { f(1, 0.5) }
""",
    "branches that are decided": """const LIMIT: Integer = 10;
fn f(n: Integer) -> Integer {
  if LIMIT > 5 && n > 0 { return 1; }
  if LIMIT < 5 || !(n == 2) { return 2; }
  if "b" < "a" { return 3; }
  while LIMIT == 11 { log("never"); }
  require(LIMIT == 10, "ten");
  if false { 4 } else { 5 }
}
execution { f(1) }
""",
    "behind the end": """fn f(n: Integer) -> Integer {
  while n > 0 {
    if n == 1 { return 7; }
    n -= 1;
    continue;
    log("never");
  }
  return n;
}
execution { f(3) }
""",
    "an insertion into a map": """fn f(n: Integer) -> Integer {
  let m: Map<Integer, Array<Integer>> = map_new();
  m.insert(n, [n]);
  m.size()
}
execution { f(3) }
""",
    "texts are joined": """const NAME: String = "co-op";
fn f(n: Integer) -> String {
  "\\(NAME) has \\(40 + 2) members, " + "\\(n) of them here"
}
execution { f(3) }
""",
}

DEAD_STORES = {
    "numbers that are never read": """fn f(n: Integer) -> Integer {
  let unused = 3;
  let checked = 100 / n;
  let copied = n;
  n
}
execution { f(3) }
""",
    "a parameter and a text": """fn f(n: Integer) -> Integer {
  let text = "kept";
  let counter = 0;
  for i in [1, 2] { counter = i; }
  n = 2;
  7
}
execution { f(3) }
""",
}

WITH_STATE = {
    "a variable that an export changes": """state total: Integer = 3;

invariant "no debts" { total >= 0 }

export fn add(amount: Integer) -> Integer {
  total += amount;
  total
}
""",
    "an export without state": """state total: Integer = 3;

export fn twice(n: Integer) -> Integer { 2 * n }
""",
    "an export that returns a Result": """state names: Array<String> = [];

export fn join(name: String) -> Result<Integer, String> {
  if names.contains(name) { return Err("there already"); }
  names.push(name);
  Ok(names.length())
}
""",
}

CASES = [
    *((without_unreachable, title, text) for title, text in REACHABLE.items()),
    *((simplified, title, text) for title, text in SIMPLIFIED.items()),
    *((without_dead_stores, title, text) for title, text in DEAD_STORES.items()),
    *((with_state, title, text) for title, text in WITH_STATE.items()),
]


@pytest.mark.parametrize(("run", "title", "source"), CASES, ids=[title for _, title, _ in CASES])
def test_pass_before_and_after(
    run: Callable[[Program], Program], title: str, source: str, snapshot: SnapshotAssertion
) -> None:
    checked = check_text(source, "example.ccl")
    assert checked.program is not None, checked.sink.diagnostics
    before, after = program_text(checked.program), program_text(run(checked.program))
    line = "-" * 40
    assert f"{source.rstrip()}\n{line}\n{before}\n{line}\n{after}\n" == snapshot


def test_each_pass_has_such_a_text() -> None:
    assert {each.run for each in PASSES} == {run for run, _, _ in CASES}
