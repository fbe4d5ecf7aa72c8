"""What simplification does, as text before and after."""

import pytest
from syrupy.assertion import SnapshotAssertion
from typed_text import text_of

from ccl.passes.simplify import simplified
from ccl.pipeline import check_text

PROGRAMS = {
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
    "numbers that nobody reads": """fn f(n: Integer) -> Integer {
  let unused = 3;
  let checked = 100 / n;
  let copied = n;
  n
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


@pytest.mark.parametrize("title", PROGRAMS)
def test_before_and_after(title: str, snapshot: SnapshotAssertion) -> None:
    source = PROGRAMS[title]
    checked = check_text(source, "example.ccl")
    assert checked.program is not None, checked.sink.diagnostics
    name = next(n for n, each in checked.program.functions.items() if each.name == "f")
    before = text_of(checked.program.functions[name])
    after = text_of(simplified(checked.program).functions[name])
    assert f"{before}\n{'-' * 40}\n{after}\n" == snapshot
