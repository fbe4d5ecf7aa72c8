"""Each error is reported once, at its place, without consequences, and hides no other."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.fixes import apply_edits
from ccl.pipeline import check_text

MANY = """\
resources { compute: 1000; compute: 5; }
const LIMIT: String = 500;
struct Member { name: String, since: Integer }

fn label(m: Member) -> String {
  m.nam
}

fn fee(senior: Bool) -> Integer {
  if senior { return 5; }
}

execution {
  let m = Member { name: "Ana" };
  let total = totl + 1;
  let text = label(m) + 5;
  let again = total + text;
  submit_job(wasm_cid: "bafy", description: "d", resource_type: "compute",
    resource_amount: 1000, priority: "urgent");
  again.push(fee("yes"));
  if fee(true) { log(LIMIT); }
  break;
}
"""


def errors(text: str) -> list[tuple[int, str]]:
    compilation = check_text(text, path="test.ccl")
    return [
        (compilation.sources.of(d.span).position(d.span.start).line, d.code)
        for d in compilation.sink.diagnostics
        if severity_of(d.code) is Severity.ERROR
    ]


def test_each_error_of_many_is_reported_once() -> None:
    assert errors(MANY) == [
        (1, "CCL0301"),
        (2, "CCL0401"),
        (6, "CCL0210"),
        (11, "CCL0501"),
        (14, "CCL0414"),
        (15, "CCL0201"),
        (16, "CCL0402"),
        (18, "CCL0419"),
        (19, "CCL0430"),
        (20, "CCL0401"),
        (21, "CCL0401"),
        (22, "CCL0502"),
    ]


def test_invalid_value_causes_no_further_error() -> None:
    text = """
    execution {
      let a = missing;
      let b = a + 1;
      let c = [b, a];
      for x in c { log("\\(x.name)"); }
      if a { b.push(c[a]); }
      a(b)
    }
    """
    assert [code for _, code in errors(text)] == ["CCL0201", "CCL0209"]


def test_fix_removes_its_error() -> None:
    text = "execution { let a = 1; let a = a + 1; let b: Integer = 2; let b: Integer = 3; a + b }"
    found = check_text(text, path="test.ccl").sink.diagnostics
    assert [d.code for d in found] == ["CCL0901", "CCL0901"]
    edits = [edit for d in found for fix in d.fixes for edit in fix.edits]
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    assert text == "execution { let a = 1; a = a + 1; let b: Integer = 2; b = 3; a + b }"
    assert check_text(text, path="test.ccl").sink.diagnostics == ()


@pytest.mark.parametrize("sign", [";", ","])
def test_fix_of_an_unused_import_removes_the_whole_line(sign: str) -> None:
    text = f'import "std/text" as text{sign}\nexecution {{ 1 }}'
    (found,) = check_text(text, path="test.ccl").sink.diagnostics
    assert found.code == "CCL0904"
    assert apply_edits(text, found.fixes[0].edits) == "\nexecution { 1 }"


def test_malformed_cid_is_reported_at_the_wrong_character() -> None:
    text = 'export fn f() -> Cid { "bafybeih1q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze" }'
    (found,) = check_text(text, path="test.ccl").sink.diagnostics
    assert [text[label.span.start : label.span.end] for label in found.labels] == ["1"]


_BLOCK = re.compile(r"^```ccl\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r'\w+|"[^"\n]*"|\s+|.', re.DOTALL)
PROGRAMS = [
    match[1]
    for path in sorted((Path(__file__).parent.parent / "spec").glob("*.md"))
    for match in _BLOCK.finditer(path.read_text(encoding="utf-8"))
]
TOKENS = sorted({token for text in PROGRAMS for token in _TOKEN.findall(text) if token.strip()})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_text_crashes_the_checker(data: st.DataObject) -> None:
    """Programs with tokens dropped, replaced and put in: a program, or a reason why not."""
    tokens = _TOKEN.findall(data.draw(st.sampled_from(PROGRAMS)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        new = data.draw(st.none() | st.sampled_from(TOKENS))
        tokens[at : at + data.draw(st.integers(0, 1))] = [] if new is None else [" ", new, " "]
        if not tokens:
            return
    compilation = check_text("".join(tokens), path="test.ccl")
    assert (compilation.program is None) == compilation.sink.has_errors
    for diagnostic in compilation.sink.diagnostics:
        text = compilation.sources.of(diagnostic.span).text
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


def test_type_parameter_of_a_struct_is_unknown_outside_of_it() -> None:
    assert errors("struct P<T> { a: T, b: Array<T>, c: U }") == [(1, "CCL0203")]
    assert errors("struct P<T> { a: T }\nstruct Q { b: T }") == [(2, "CCL0203")]
    assert errors("enum E<T> { A(T), B(Option<T>) }\nfn f(e: E<Integer>) {}") == []


def test_file_without_an_entry_has_no_unused_functions() -> None:
    library = "fn area(a: Integer, b: Integer) -> Integer { a * b }"
    assert check_text(library, path="lib.ccl").sink.diagnostics == ()
    program = library + "\nexecution { 1 }"
    assert [d.code for d in check_text(program, path="p.ccl").sink.diagnostics] == ["CCL0903"]


def test_struct_literal_in_a_head_is_one_error() -> None:
    text = """\
struct P { n: Integer }
execution {
  if P { n: 1 } == P { n: 2 } {
    log("x");
  }
  while P { n: 1 } != P { n: 1 } { log("y"); }
}
"""
    assert errors(text) == [(3, "CCL0125"), (6, "CCL0125")]


def test_consequences_of_a_syntax_error_are_not_reported() -> None:
    text = """\
fn f() -> Integer {
  cells: Array<Integer> = [];
  cells.push(1);
  cells[0]
}
fn g() -> Integer { "a" }
execution { f() + g() + totl + totl }
"""
    found = errors(text)
    assert all(line in (2, 6, 7) for line, _ in found)
    assert (6, "CCL0401") in found, "other items are still checked"
    assert found.count((7, "CCL0201")) == 1, "an unknown name is told once"


def similar(text: str) -> list[str | None]:
    found = check_text(text, path="test.ccl").sink.diagnostics
    return [each.facts.get("similar") for each in found]


def test_names_that_contain_the_missing_one_are_suggested() -> None:
    imports = 'import "std/voting" as v;\nimport "std/text" as text;\n'
    calls = 'v.stv([], 1); text.csv("a"); [1].map_to(x => x); budget("x"); quorate();'
    assert similar(f"{imports}execution {{ {calls} }}") == [
        "`scottish_stv`",
        "`csv_read`, `csv_records` or `csv_write`",
        "`map`",
        "`create_budget`, `allocate_budget_funds` or `get_budget_balance`",
        None,
    ]


def test_argument_of_an_unknown_function_counts_as_read() -> None:
    assert errors("execution { let y = 2; tallied(x => x + y + z); }") == [(1, "CCL0202")]
    assert similar("execution { let y = 2; tallied(x => x + y); }") == [None]


def type_facts(written: str, before: str = "") -> tuple[str | None, str | None]:
    program = f"{before} export fn f(x: {written}) {{ }}"
    found = next(d for d in check_text(program).sink.diagnostics if d.code == "CCL0203")
    return found.facts.get("nearest"), found.facts.get("advice")


def test_type_name_of_another_language_has_a_fix() -> None:
    assert type_facts("Int") == ("Integer", "foreign")
    assert type_facts("u64") == ("Integer", "foreign")
    assert type_facts("Str") == ("String", "foreign")
    assert type_facts("double") == ("Decimal", "foreign")
    assert type_facts("vec") == ("Array<Integer>", "foreign")
    assert type_facts("Vec<String>") == ("Array", "foreign")
    assert type_facts("dict") == ("Map<String, Integer>", "foreign")
    assert type_facts("null") == (None, "nothing")
    assert type_facts("Sting") == ("String", None)
    assert type_facts("vec", "struct Vec { x: Integer }") == ("Vec", None)


def test_missing_name_is_not_reported_as_unknown() -> None:
    broken = """\
import "std/text" as ;
enum Purse { , Running }

execution {
  let lines = text.lines("a");
  let parts = text.split("a", "b");
  let other = nothing(lines, parts);
  Purse::Petty
}
"""
    assert errors(broken) == [(1, "CCL0115"), (2, "CCL0115"), (7, "CCL0202"), (8, "CCL0215")]
    assert errors("enum Purse { , Running }\nexecution { Purse::Petty }") == [(1, "CCL0115")]


def advice_on_the_result(body: str) -> str | None:
    given = 'fn f() -> Result<Integer, String> { Err("no") }\n'
    (found,) = check_text(f"{given}export fn g() {{ {body} }}").sink.diagnostics
    assert found.code == "CCL0442"
    return found.facts.get("advice")


def test_question_mark_without_an_ok_value_explains_the_result() -> None:
    assert advice_on_the_result('let x = f()?; log("\\(x)");') == "question"
    assert advice_on_the_result('if 1 > 2 { let x = f()?; log("\\(x)"); }') == "question"
