"""Elements of arrays in loops: views agree with the arrays."""

from typing import Any

import pytest
from ccl_machine import run

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

PROGRAMS: dict[str, tuple[str, Any]] = {
    "an array bound by a pattern stays that of the payload when a new one may be set": (
        """fn changed(given: Option<Array<Integer>>, anew: Bool) -> Integer {
  match given {
    Some(row) => {
      if anew { row = [9, 9]; }
      row[0] = 50;
      row[0]
    },
    None => 0,
  }
}
execution {
  let given: Option<Array<Integer>> = Some([1, 2]);
  [changed(given, false), changed(given, true), match given { Some(row) => row[0], None => 0 }]
}""",
        [50, 50, 1],
    ),
    "a copy made before the loop keeps its elements": (
        """execution {
  let xs = [1, 2, 3];
  let before = xs;
  let i = 0;
  while i < xs.length() { xs[i] = xs[i] * 10; i += 1; }
  [xs, before]
}""",
        [[10, 20, 30], [1, 2, 3]],
    ),
    "a copy made in the loop keeps its elements": (
        """execution {
  let xs = [1, 2, 3];
  let kept: Array<Array<Integer>> = [];
  let i = 0;
  while i < xs.length() { kept.push(xs); xs[i] = 0; i += 1; }
  kept
}""",
        [[1, 2, 3], [0, 2, 3], [0, 0, 3]],
    ),
    "an array that grows in the loop has its new length": (
        """execution {
  let xs = [1];
  let i = 0;
  while i < xs.length() && i < 40 { xs.push(xs[i] + 1); i += 1; }
  xs[40]
}""",
        41,
    ),
    "an array set in the loop is the new one": (
        """execution {
  let xs = [1, 2];
  let total = 0;
  let i = 0;
  while i < 3 {
    total += xs[1];
    if i == 1 { xs = [5, 7, 9]; }
    i += 1;
  }
  total + xs.length()
}""",
        2 + 2 + 7 + 3,
    ),
    "a function that changes the array in the loop": (
        """fn grow(xs: Array<Integer>) { xs.push(xs.length()); }
execution {
  let xs = [0];
  let i = 0;
  while i < 20 { grow(xs); i += xs[i] - i + 1; }
  xs.length()
}""",
        21,
    ),
    "a parameter written in nested loops is the caller's": (
        """fn fill(xs: Array<Integer>, of: Array<Integer>) {
  let i = 0;
  while i < xs.length() {
    let j = 0;
    while j < of.length() { xs[i] += of[j]; j += 1; }
    i += 1;
  }
}
execution {
  let xs = [1, 2];
  fill(xs, [1, 2]);
  xs
}""",
        [4, 5],
    ),
    "a for loop runs over what the array was": (
        """execution {
  let xs = [1, 2, 3];
  let total = 0;
  for x in xs { xs[2] = 10; total += x; }
  [total, xs[2]]
}""",
        [6, 10],
    ),
    "conditions jump from their parts": (
        """fn calls(log: Array<Integer>, n: Integer, answer: Bool) -> Bool { log.push(n); answer }
execution {
  let log: Array<Integer> = [];
  if calls(log, 1, true) && !(calls(log, 2, false) || calls(log, 3, true)) { log.push(90); }
  if (calls(log, 4, true) || calls(log, 5, true)) && calls(log, 6, true) { log.push(91); }
  let x = if !(calls(log, 7, true) && calls(log, 8, true)) || calls(log, 9, false) { 1 } else { 2 };
  while calls(log, 10, true) && calls(log, 11, log.length() < 14) { log.push(92); }
  log.push(x);
  log
}""",
        [1, 2, 3, 4, 6, 91, 7, 8, 9, 10, 11, 92, 10, 11, 92, 10, 11, 2],
    ),
}


@pytest.mark.parametrize("title", PROGRAMS)
def test_program_returns_the_value(title: str) -> None:
    source, expected = PROGRAMS[title]
    compiled = compile_text(source)
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    ran = run(compiled.wasm)
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert ran.value == expected


@pytest.mark.parametrize(("length", "index"), [(3, 3), (3, -1), (0, 0), (2, 2**62)])
def test_index_out_of_range_in_a_loop_traps(length: int, index: int) -> None:
    source = """export fn read(length: Integer, index: Integer) -> Integer {
  let xs: Array<Integer> = [];
  let i = 0;
  while i < length { xs.push(i); i += 1; }
  let total = 0;
  while i >= 0 { total += xs[index]; i -= 1; }
  total
}"""
    compiled = compile_text(source)
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    ran = run(compiled.wasm, entry="read", arguments=[length, index])
    assert ran.outcome.kind is OutcomeKind.TRAPPED
    assert ran.outcome.reason == "index out of range"
