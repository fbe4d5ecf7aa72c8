"""A constant is what the same expression is when it runs, and is refused where that traps."""

from typing import Any

from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typed_interpreter import Interpreter
from typed_numbers import Stopped

from ccl.diagnostics.model import is_error
from ccl.pipeline import check_text

DECLARED = """struct P { name: String, marks: Array<Integer>, seconded: Option<Bool> }
enum E { Open, Moved(Integer), Held(P) }
const SEATS = 3;
const RATE: Decimal = 0.25;
const WORD = "Åse";
const MARKS: Array<Integer> = [6, -1, 4];
const ADA: P = P { name: "Ada", marks: [5, SEATS], seconded: Some(true) };
const STATE: E = E::Moved(7);
"""
LEAVES: dict[str, list[str]] = {
    "Integer": ["0", "1", "-2", "7", "SEATS", "9223372036854775807", "ADA.marks[1]", "MARKS[0]"],
    "Decimal": ["0.5", "RATE", "-1.25", "3.0"],
    "Bool": ["true", "false"],
    "String": ['"a"', '""', "WORD", '"12"', "ADA.name"],
    "Array<Integer>": ["MARKS", "[1, 2]", "ADA.marks", "[5]"],
    "P": ["ADA"],
    "E": ["STATE", "E::Open", "E::Held(ADA)"],
    "Option<Integer>": ["Some(4)", "None"],
}
FORMS: dict[str, list[str]] = {
    "Integer": [
        *("({Integer} + {Integer})", "({Integer} * {Integer})", "({Integer} - SEATS)"),
        *("({Integer} / (SEATS - 3 + {Integer}))", "({Integer} % (SEATS + 1))", "(-{Integer})"),
        *("{Array<Integer>}[{Integer}]", "{Array<Integer>}.length()", "{P}.marks[{Integer}]"),
        *("{String}.length()", "{String}.index_of({String}, {Integer})", "max({Integer}, 2)"),
        *("abs({Integer})", "pow({Integer}, {Integer})", "sqrt({Integer})", "floor({Decimal})"),
        *("round({Decimal})", "sum({Array<Integer>})", "percentage({Integer}, {Integer})"),
        *("shift_left({Integer}, {Integer})", "bit_xor({Integer}, {Integer})"),
        "(match {E} {{ E::Open => 0, E::Moved(n) if n > 3 => n, E::Moved(n) => -n, "
        "E::Held(p) => p.marks.length() }})",
        "(match {Array<Integer>} {{ [] => 0, [a] => a, [a, .., b] => a - b }})",
        "(match {Option<Integer>} {{ Some(n) => n, None => {Integer} }})",
        "(match {Integer} {{ 0..3 => 1, 3 | 7 => 2, n => n }})",
        "(match {P} {{ P {{ seconded: Some(true), marks: [a, ..], .. }} => a, _ => 9 }})",
        "(try parse_integer({String}) catch {Integer})",
        "{{ let x = {Integer}; let y = x + 1; y * x }}",
    ],
    "Decimal": [
        *("({Decimal} + {Decimal})", "({Decimal} * {Decimal})", "({Decimal} / {Decimal})"),
        *("decimal({Integer})", "div_floor({Decimal}, {Decimal})", "min({Decimal}, RATE)"),
        "(try parse_decimal({String}) catch {Decimal})",
    ],
    "Bool": [
        *("({Integer} < {Integer})", "({String} <= {String})", "(!{Bool})", "({E} == {E})"),
        *("({Bool} && {Bool})", "({Bool} || {Bool})", "({P} != {P})", "({Integer} == SEATS)"),
        *("{Array<Integer>}.contains({Integer})", "{String}.contains({String})"),
        "({Array<Integer>} == {Array<Integer>})",
        "(match {P}.seconded {{ Some(b) => b, None => false }})",
    ],
    "String": [
        *("({String} + {String})", "{String}.substring({Integer}, {Integer})", "{P}.name"),
        *('"<\\({Integer})|\\({Decimal})|\\({Bool})|\\({String})>"', "{String}.to_upper()"),
        *("string({Decimal})", "char_at({String}, {Integer})", "string_from_code_point({Integer})"),
        '"\\(2026-01-15T10:30:00Z + 1s * {Integer}) \\(1s * {Integer})"',
        '(if {Bool} {{ {String} }} else {{ "other" }})',
        '(match {String} {{ "a" => "one", "12" | "Ada" => "two", t => t }})',
    ],
    "Array<Integer>": [
        *("[{Integer}, {Integer}]", "{Array<Integer>}.slice({Integer}, {Integer})", "{P}.marks"),
        "(match {Array<Integer>} {{ [_, ..rest] => rest, _ => [] }})",
    ],
    "P": ["P {{ name: {String}, marks: {Array<Integer>}, seconded: Some({Bool}) }}"],
    "E": ["E::Moved({Integer})", "E::Held({P})"],
    "Option<Integer>": ["Some({Integer})", "parse_integer({String})"],
}


class _Parts(dict[str, str]):
    """Draws a part for each hole of a form."""

    def __init__(self, draw: st.DrawFn, depth: int) -> None:
        super().__init__()
        self._draw, self._depth = draw, depth

    def __missing__(self, kind: str) -> str:
        return self._draw(_expressions(kind, self._depth))


@st.composite
def _expressions(draw: st.DrawFn, kind: str, depth: int) -> str:
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))
    form: str = draw(st.sampled_from(FORMS[kind]))
    return form.format_map(_Parts(draw, depth - 1))


def _constant_of(kind: str, written: str) -> tuple[Any, set[str]]:
    """Its value, and the codes of what is reported."""
    text = f"{DECLARED}const X: {kind} = {written};\nfn f() -> {kind} {{ X }}\nexecution {{ f(); }}"
    return _value_of(text)


def _value_of(text: str) -> tuple[Any, set[str]]:
    compilation = check_text(text, "constant.ccl")
    codes = {each.code for each in compilation.sink.diagnostics if is_error(each)}
    if compilation.program is None:
        return None, codes
    (name,) = (each.id for each in compilation.program.functions.values() if each.name == "f")
    try:
        return Interpreter(compilation.program).call(name), codes
    except Stopped as stopped:
        return stopped, codes


@settings(examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FORMS)).flatmap(lambda k: st.tuples(st.just(k), _expressions(k, 3))))
def test_constant_is_the_value_that_the_running_program_has(written: tuple[str, str]) -> None:
    kind, expression = written
    text = f"{DECLARED}fn f() -> {kind} {{ {expression} }}\nexecution {{ f(); }}"
    meant, codes = _value_of(text)
    if codes:  # two literals that cannot be divided, or the like, which is no constant either
        return
    value, found = _constant_of(kind, expression)
    if isinstance(meant, Stopped):
        assert found == {"CCL0424"}, (expression, meant)
    else:
        assert (value, found) == (meant, set()), expression


def test_long_chains_of_constants_are_computed_in_either_order() -> None:
    links = [f"const C{n} = C{n - 1} + 1;" for n in range(1, 3001)]
    for order in (links, links[::-1]):
        text = "\n".join([*order, "const C0 = 1;", "fn f() -> Integer { C3000 }"])
        assert _value_of(f"{text}\nexecution {{ f(); }}") == (3001, set())
    circle = "\n".join([*links, "const C0 = C3000;", "fn f() -> Integer { C3000 }"])
    assert _value_of(f"{circle}\nexecution {{ f(); }}")[1] == {"CCL0213"}
