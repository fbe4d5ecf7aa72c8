"""Measured fuel is never above the bound; what has no bound is named with its place."""

from dataclasses import dataclass, field
from itertools import count

import pytest
from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.bounds import Bound, Formula, Obstacle, bounds_from_value, bounds_to_value
from ccl.pipeline import compile_text
from ccl.wasm.inspect import inspect_module
from runtime.execution import OutcomeKind

ARRAY_MAX, NUMBER_MAX = 6, 9


@dataclass
class Writer:
    """Writes statements whose loops can all be counted, as source."""

    draw: st.DrawFn
    names: count = field(default_factory=count)  # type: ignore[type-arg]

    def one_of(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def value(self, depth: int = 2) -> str:
        if not depth or self.draw(st.booleans()):
            return self.one_of("n", "m", "total", "1", "7", "xs.length()", "made.length()")
        sign = self.one_of("+", "-", "*", "/", "%")
        right = self.one_of("3", "n", "m") if sign in "/%" else self.value(depth - 1)
        return f"({self.value(depth - 1)} % 1000 {sign} {right})"

    def statements(self, depth: int) -> str:
        return " ".join(self.statement(depth) for _ in range(self.draw(st.integers(1, 3))))

    def statement(self, depth: int) -> str:
        kind = self.draw(st.integers(0, 9 if depth else 3))
        match kind:
            case 0 | 1:
                return f"total = {self.value()};"
            case 2:
                return f"made.push({self.value(1)});"
            case 3:
                index = self.one_of("0", "total", "made.length() - 1")
                return f"if made.length() > 0 {{ total += made[{index}] % 100; }}"
            case 4:
                return f"for x in xs {{ total += x % 50; {self.statements(depth - 1)} }}"
            case 5:
                then, other = self.statements(depth - 1), self.statements(depth - 1)
                return f"if {self.value(1)} < {self.value(1)} {{ {then} }} else {{ {other} }}"
            case 6:
                return f"total += each(xs, n, {self.one_of('m', '3', 'n')}) % 100;"
            case _:
                return self.counted(depth)

    def counted(self, depth: int) -> str:
        name = f"i{next(self.names)}"
        limit = self.one_of("n", "xs.length()", "4", "n + m", "n * 2")
        body = self.statements(depth - 1)
        step = self.one_of("1", "2")
        leave = self.one_of("", "if total > 500 { break; }")
        match self.draw(st.integers(0, 3)):
            case 0:
                down = f"let {name} = {limit}; while {name} > 0 {{ {body} {leave}"
                return f"{down} {name} -= {step}; }}"
            case 1:
                return f"let {name} = n; while {name} > 0 {{ {body} {name} /= 2; }}"
            case 2:
                return f"let {name} = 1; while {name} < 300 {{ {name} *= 3; {body} }}"
            case _:
                up = f"let {name} = 0; while {name} < {limit} {{ {leave} {body}"
                return f"{up} {name} += {step}; }}"


@st.composite
def _programs(draw: st.DrawFn) -> str:
    writer = Writer(draw)
    return f"""fn each(xs: Array<Integer>, n: Integer, m: Integer) -> Integer {{
  let total = 0;
  for x in xs {{ total += x % 9; }}
  let i = 0;
  while i < m {{ total += i % 5; i += 1; }}
  total
}}
export fn main(xs: Array<Integer>, n: Integer, m: Integer) -> Integer {{
  let total = 0;
  let made: Array<Integer> = [1, 2];
  {writer.statements(3)}
  total
}}
export fn numbers(n: Integer, m: Integer) -> Integer {{
  let total = 0;
  let xs = [4, 5, 6];
  let made: Array<Integer> = [];
  {writer.statements(2)}
  total
}}
"""


NUMBERS = st.integers(-NUMBER_MAX, NUMBER_MAX)


@examples(60)
@given(_programs(), st.lists(st.integers(-(2**40), 2**40), max_size=ARRAY_MAX), NUMBERS, NUMBERS)
def test_measured_fuel_is_never_above_the_bound(source: str, xs: list[int], n: int, m: int) -> None:
    module, bounds = _compiled(source)
    sizes = {"len(xs)": len(xs), "|n|": abs(n), "|m|": abs(m)}
    for entry, arguments in (("main", [xs, n, m]), ("numbers", [n, m])):
        bound = bounds[entry]
        assert isinstance(bound, Formula), bound
        ran = run(module, entry=entry, arguments=arguments, fuel=10**9)
        assert ran.outcome.kind in (OutcomeKind.SUCCEEDED, OutcomeKind.TRAPPED)
        assert ran.fuel_used is not None
        assert ran.fuel_used <= bound.at(sizes)


def _compiled(source: str) -> tuple[bytes, dict[str, Bound]]:
    compiled = compile_text(source, "example.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    found = inspect_module(compiled.wasm)
    assert found.bounds is not None and not found.problems
    return compiled.wasm, dict(found.bounds)


def test_a_bound_is_a_formula_over_the_parameters() -> None:
    _, bounds = _compiled("""export fn f(xs: Array<Integer>, n: Integer) -> Integer {
  let total = 0;
  for x in xs { let i = 0; while i < n { total += x; i += 1; } }
  total
}""")
    bound = bounds["f"]
    assert isinstance(bound, Formula)
    assert bound.symbols() == {"len(xs)", "|n|"}
    assert ("len(xs)", "|n|") in bound.terms
    assert bounds_from_value(bounds_to_value(bounds)) == bounds


OBSTACLES = {
    "a loop that nobody can count": (
        "export fn f(n: Integer) -> Integer {\n  let i = n;\n"
        "  while i != 1 { i = i * 3 % 7; }\n  i\n}",
        (3, "nobody knows how often this loop turns"),
    ),
    "a counter that is not always moved": (
        "export fn f(n: Integer) {\n  let i = 0;\n  while i < n {\n    if n > 5 { continue; }\n"
        "    i += 1;\n  }\n}",
        (3, "nobody knows how often this loop turns"),
    ),
    "a limit that moves": (
        "export fn f(n: Integer) {\n  let i = 0;\n  let m = n;\n"
        "  while i < m { i += 1; m += 1; }\n}",
        (4, "nobody knows how often this loop turns"),
    ),
    "an array that grows while it is counted": (
        "export fn f() {\n  let xs = [1];\n  let i = 0;\n"
        "  while i < xs.length() { xs.push(i); i += 1; }\n}",
        (4, "nobody knows how often this loop turns"),
    ),
    "recursion": (
        "fn g(n: Integer) -> Integer { if n < 1 { 0 } else { g(n - 1) } }\n"
        "export fn f(n: Integer) -> Integer { g(n) }",
        (1, "`g` calls itself"),
    ),
    "a size that is not known in a call": (
        "fn g(n: Integer) { let i = 0; while i < n { i += 1; } }\n"
        "export fn f(n: Integer) {\n  let m = n;\n  m = m * m * m;\n  g(m);\n}",
        (5, "nobody knows |n| of `g` in this call"),
    ),
}


@pytest.mark.parametrize("title", OBSTACLES)
def test_what_has_no_bound_is_named_with_its_place(title: str) -> None:
    source, (line, reason) = OBSTACLES[title]
    _, bounds = _compiled(source)
    bound = bounds["f"]
    assert isinstance(bound, Obstacle)
    assert (bound.file, bound.line, bound.reason) == ("example.ccl", line, reason)


@pytest.mark.parametrize("value", [None, [], {"f": {}}, {"f": {"fuel": [[-1, []]]}}])
def test_a_section_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="malformed ccl:bounds section"):
        bounds_from_value(value)
