"""Measured fuel is never above the bound; what has no bound is named with its place."""

from dataclasses import dataclass

import pytest
from ccl_machine import CALLER, Kept, run
from drawn_source import StatementWriter
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.bounds import Bound, Formula, Obstacle, bounds_from_value, bounds_to_value
from ccl.pipeline import compile_text
from ccl.wasm.inspect import inspect_module
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.execution import OutcomeKind
from runtime.execution.state import Snapshot, StoredVariable

ARRAY_MAX, NUMBER_MAX = 6, 9


class Writer(StatementWriter):
    """Writes statements whose loops can all be counted, as source."""

    def value(self, depth: int = 2) -> str:
        if not depth or self.draw(st.booleans()):
            return self.one_of("n", "m", "total", "1", "7", "xs.length()", "made.length()")
        sign = self.one_of("+", "-", "*", "/", "%")
        right = self.one_of("3", "n", "m") if sign in "/%" else self.value(depth - 1)
        return f"({self.value(depth - 1)} % 1000 {sign} {right})"

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
            case 6 if self.draw(st.booleans()):
                how = self.one_of("map(x => x % 7)", "filter(x => x < 9)", "map(x => x % n)")
                return f"for y in xs.{how} {{ total += xs.{how}.sum() % 10 + y % 3; }}"
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


@dataclass
class Keeper(Writer):
    """Writes statements on state, texts, structs and the host, none of which grows."""

    def value(self, depth: int = 2) -> str:
        if not depth or self.draw(st.booleans()):
            return self.one_of("n", "k", "1", "7", "note.length()", "at(spot)", "get_reputation()")
        right = self.value(depth - 1)
        return f"({self.value(depth - 1)} % 1000 {self.one_of('+', '-', '*')} {right} % 100)"

    def text(self, depth: int = 1) -> str:
        if not depth or self.draw(st.booleans()):
            return self.one_of(
                "note", '"short"', '"größer"', '"\\(who)"', '"\\(FILE)"', "calculate_cid(note)"
            )
        return f'"\\({self.text(depth - 1)}) has \\({self.value(1)}) of \\(share)"'

    def statement(self, depth: int) -> str:
        match self.draw(st.integers(0, 11 if depth else 8)):
            case 0:
                return f"n = {self.value()} % 100000;"
            case 1:
                return (
                    f"if {self.text()} {self.one_of('==', '<', '!=')} {self.text()} {{ n += 1; }}"
                )
            case 2:
                return f"log({self.text()});"
            case 3:
                return "if caller() == who { open = !open; }"
            case 4:
                return f"spot = {self.one_of('None', 'Some(Point { x: n, who })')};"
            case 5:
                return "kind = if open { Kind.Counted(n, share) } else { Kind.Empty };"
            case 6:
                return "if share < 1000.0 { share = share * 1.01 + 0.25; }"
            case 7:
                name = f"t{next(self.names)}"
                return f"let {name} = {self.text()}; n += {name}.length();"
            case 8:
                return f"require({self.value(1)} < 90000, {self.text()});"
            case 9:
                then = self.statements(depth - 1)
                return (
                    f"match spot {{ Some(p) => {{ if p.who != who {{ {then} }} }}, None => {{}} }}"
                )
            case 10:
                inner = self.statements(depth - 1)
                return (
                    f"match anchor_data(note) {{ Ok(_) => {{ {inner} }}, Err(_) => {{ n -= 1; }} }}"
                )
            case _:
                return self.counted(depth)

    def counted(self, depth: int) -> str:
        name = f"i{next(self.names)}"
        limit = self.one_of("k", "3", "note.length()")
        body = self.statements(depth - 1)
        return f"let {name} = 0; while {name} < {limit} {{ {body} {name} += 1; }}"


@st.composite
def _keepers(draw: st.DrawFn) -> str:
    writer = Keeper(draw)
    return f"""struct Point {{ x: Integer, who: Did }}
enum Kind {{ Empty, Counted(Integer, Decimal) }}
state n: Integer = 0;
state open: Bool = false;
state share: Decimal = 0.5;
state spot: Option<Point> = None;
state kind: Kind = Kind.Empty;
const FILE: Cid = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze";
fn at(spot: Option<Point>) -> Integer {{ match spot {{ Some(p) => p.x, None => 0 }} }}
export fn act(note: String, who: Did, k: Integer) -> Integer {{ {writer.statements(2)} n }}
export fn mark(note: String, who: Did, k: Integer) -> Kind {{ {writer.statements(2)} kind }}
"""


NOTES = st.text("aé€😀 ", max_size=40)
WHO = st.sampled_from([str(CALLER), "did:x:y", "did:web:" + "a" * 504])


@examples(25)
@given(_keepers(), st.lists(st.tuples(NOTES, WHO, NUMBERS), min_size=2, max_size=4))
def test_programs_that_keep_state_stay_below_their_bounds(
    source: str, calls: list[tuple[str, str, int]]
) -> None:
    module, bounds = _compiled(source)
    kept = Kept()
    for number, (note, who, k) in enumerate(calls):
        entry = ("act", "mark")[number % 2]
        bound = bounds[entry]
        assert isinstance(bound, Formula), bound
        ran = run(module, entry=entry, arguments=[note, who, k], fuel=10**9, kept=kept)
        assert ran.outcome.kind in (OutcomeKind.SUCCEEDED, OutcomeKind.TRAPPED), ran.outcome
        assert ran.fuel_used is not None
        assert ran.fuel_used <= bound.at(
            {"len(note)": len(note), "len(who)": len(who), "|k|": abs(k)}
        )


@pytest.mark.parametrize(
    ("shape", "detail"),
    [
        ("Integer", "not canonical DAG-CBOR"),
        (
            "String",
            "state `n` was stored as String, this program has Integer; "
            "declare fn migrate(old: Data)",
        ),
    ],
)
def test_stored_value_may_be_longer_than_its_shape(shape: str, detail: str) -> None:
    module, bounds = _compiled("state n: Integer = 0;\nexport fn f() -> Integer { n }\n")
    value = encode("x" * 500_000)
    cid = cid_of(value, Codec.DAG_CBOR)
    stored = Snapshot(homes={"example": {"n": StoredVariable(shape=shape, value=cid)}})
    kept = Kept(root=stored.cid, blocks={cid: value, stored.cid: stored.to_block()})
    ran = run(module, entry="f", kept=kept)
    assert (ran.outcome.kind, ran.outcome.detail) == (OutcomeKind.TRAPPED, detail)
    bound = bounds["f"]
    assert isinstance(bound, Formula)
    assert ran.fuel_used is not None
    assert ran.fuel_used <= bound.at({})


SIZE = 200_000
BOUND_AND_SET = {
    "a counter": (
        ("n: Integer", SIZE, "|n|"),
        "match Some(-n) { Some(m) => { if anew { m = 0; } while m < 9 { m += 1; } m }, None => i }",
    ),
    "a limit": (
        ("n: Integer", SIZE, "|n|"),
        "match Some(n) { Some(m) => { if anew { m = 3; } while i < m { i += 1; } i }, None => 0 }",
    ),
    "a text": (
        ("s: String", "x" * SIZE, "len(s)"),
        """match Some(s) {
    Some(t) => { if anew { t = "x"; } for _c in t { let j = 0; while j < 99 { j += 1; } } i },
    None => 0,
  }""",
    ),
    "an array": (
        ("xs: Array<Integer>", [1] * SIZE, "len(xs)"),
        """match Some(xs) {
    Some(ys) => { if anew { ys = [1]; } for _y in ys { let j = 0; while j < 99 { j += 1; } } i },
    None => 0,
  }""",
    ),
}
"""Variables that a pattern binds and one statement sets, on one way of two."""


@pytest.mark.parametrize(("given", "code"), BOUND_AND_SET.values(), ids=BOUND_AND_SET)
def test_variable_bound_by_a_pattern_is_bounded_by_more_than_its_assignment(
    given: tuple[str, object, str], code: str
) -> None:
    parameter, argument, symbol = given
    source = f"export fn f({parameter}, anew: Bool) -> Integer {{\n  let i = 0;\n  {code}\n}}\n"
    module, bounds = _compiled(source)
    ran = run(module, entry="f", arguments=[argument, False], fuel=10**10)
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED
    assert ran.fuel_used is not None
    bound = bounds["f"]
    assert isinstance(bound, Obstacle) or ran.fuel_used <= bound.at({symbol: SIZE})


def _compiled(source: str) -> tuple[bytes, dict[str, Bound]]:
    compiled = compile_text(source, "example.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    found = inspect_module(compiled.wasm)
    assert found.bounds is not None and not found.problems
    return compiled.wasm, dict(found.bounds)


def test_bound_is_a_formula_over_the_parameters() -> None:
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


@pytest.mark.parametrize("more", ["", ", max_seconds: 30", ', entry: "count", max_seconds: 9'])
@pytest.mark.parametrize("amount", [1000, 2_000_000])
def test_submission_stays_below_its_bound(more: str, amount: int) -> None:
    """An amount that is not there is refused, and the reason read."""
    module, bounds = _compiled(f"""execution {{
  submit_job(
    wasm_cid: "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze",
    description: "count for \\(caller())",
    resource_type: "compute",
    resource_amount: {amount},
    priority: "medium"{more}
  );
}}""")
    bound = bounds["run"]
    assert isinstance(bound, Formula)
    ran = run(module)
    expected = OutcomeKind.TRAPPED if amount > 1_000_000 else OutcomeKind.SUCCEEDED
    assert ran.outcome.kind is expected
    assert ran.fuel_used is not None
    assert ran.fuel_used <= bound.at({})


OBSTACLES = {
    "an unbounded loop": (
        "export fn f(n: Integer) -> Integer {\n  let i = n;\n"
        "  while i != 1 { i = i * 3 % 7; }\n  i\n}",
        (3, "the number of iterations is unbounded"),
    ),
    "a counter that is not always moved": (
        "export fn f(n: Integer) {\n  let i = 0;\n  while i < n {\n    if n > 5 { continue; }\n"
        "    i += 1;\n  }\n}",
        (3, "the number of iterations is unbounded"),
    ),
    "a limit that moves": (
        "export fn f(n: Integer) {\n  let i = 0;\n  let m = n;\n"
        "  while i < m { i += 1; m += 1; }\n}",
        (4, "the number of iterations is unbounded"),
    ),
    "an array that grows while it is counted": (
        "export fn f() {\n  let xs = [1];\n  let i = 0;\n"
        "  while i < xs.length() { xs.push(i); i += 1; }\n}",
        (4, "the number of iterations is unbounded"),
    ),
    "an array that is not only gathered": (
        "fn more(xs: Array<Integer>) -> Array<Integer> {\n  let made: Array<Integer> = [];\n"
        "  for x in xs { made.push(x); if x > 5 { return [1, 2, 3, 4]; } }\n  made\n}\n"
        "export fn f(xs: Array<Integer>) -> Integer {\n  more(xs).sum()\n}",
        (7, "the length of this array is unbounded"),
    ),
    "a text of any length": (
        'fn told(s: String) -> String { "\\(s)!" }\nexport fn f(s: String) {\n  log(told(s));\n}',
        (3, "`host_log_message` moves as many bytes as there are"),
    ),
    "state of any length": (
        "state names: Array<String> = [];\nexport fn f() -> Integer { names.length() }",
        (1, "the state `names` is as large as what is stored"),
    ),
    "recursion": (
        "fn g(n: Integer) -> Integer { if n < 1 { 0 } else { g(n - 1) } }\n"
        "export fn f(n: Integer) -> Integer { g(n) }",
        (1, "`g` calls itself"),
    ),
    "a size that is not known in a call": (
        "fn g(n: Integer) { let i = 0; while i < n { i += 1; } }\n"
        "export fn f(n: Integer) {\n  let m = n;\n  m = m * m * m;\n  g(m);\n}",
        (5, "|n| of `g` is unbounded in this call"),
    ),
}


@pytest.mark.parametrize("title", OBSTACLES)
def test_unbounded_work_is_named_with_its_place(title: str) -> None:
    source, (line, reason) = OBSTACLES[title]
    _, bounds = _compiled(source)
    bound = bounds["f"]
    assert isinstance(bound, Obstacle)
    assert (bound.file, bound.line, bound.reason) == ("example.ccl", line, reason)


@pytest.mark.parametrize("value", [None, [], {"f": {}}, {"f": {"fuel": [[-1, []]]}}])
def test_section_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="malformed ccl:bounds section"):
        bounds_from_value(value)
