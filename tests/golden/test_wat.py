"""Code of common constructs beside their source: the program's own functions as text."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ccl.pipeline import compile_text

PROGRAMS = {
    "an integer loop allocates nothing": """export fn triangle(n: Integer) -> Integer {
  let total = 0;
  let i = 1;
  while i <= n { total += i; i += 1; }
  total
}
""",
    "a for loop holds a snapshot": """export fn total(xs: Array<Integer>) -> Integer {
  let sum = 0;
  for x in xs {
    if x < 0 { continue; }
    if x > 1000 { break; }
    sum += x * 3;
  }
  sum
}
""",
    "a text grows in place": """export fn stars(n: Integer) -> String {
  let line = "";
  for _i in array_slice([1, 2, 3], 0, n) { line = line + "*"; }
  line
}
""",
    "a write makes its path unique": """struct Box { n: Integer, xs: Array<Integer> }
fn fill(box: Box, n: Integer) {
  box.n = n;
  box.xs[0] += n;
}
export fn run_it(given: Array<Box>) -> Array<Box> {
  let boxes = given;
  fill(boxes[0], 5);
  boxes
}
""",
    "a submission unwraps its result": """execution {
  require(1 + 1 == 2, "sums");
  submit_job(
    wasm_cid: "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze",
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: 1000,
    priority: "medium"
  );
}
""",
}


def _own_functions(wat: str) -> str:
    """Returns the functions of the source, without those of the library and of types."""
    kept: list[str] = []
    own = False
    for line in wat.splitlines():
        if line.startswith("  ("):
            own = line.startswith(("  (func $fn.", "  (func $entry.", "  (import ", "  (export "))
        if own:
            kept.append(line)
    return "\n".join(kept)


@pytest.mark.parametrize("title", PROGRAMS)
def test_text_of_the_module(title: str, snapshot: SnapshotAssertion) -> None:
    source = PROGRAMS[title]
    compiled = compile_text(source, "example.ccl")
    assert compiled.wat is not None, compiled.compilation.sink.diagnostics
    assert f"{source}\n{'-' * 80}\n{_own_functions(compiled.wat)}\n" == snapshot
