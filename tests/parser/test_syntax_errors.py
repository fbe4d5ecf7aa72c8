"""Syntax errors: each is reported once, at its place, with its fix, and suppresses no other."""

import pytest

from ccl.diagnostics.model import Diagnostic, Sink
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.syntax import ast

TEN_FAULTS = """\
title: "Ten errors"
version: "1.0.0";
limits { spending: 500; policies { compute: "quota" }
fn one(a: Integer {
  let if = 1;
  let b = ;
  foo(a, b;
  return a + ;
}
fucntion two(x) { return x + 1 }
fn three(x) {
  var y = 2;
  if x == 1 { y = 2; } elif x == 2 { y = 3; }
  let z = [1, 2;
}
const A: Integer 5;
struct Pair { a: Integer }
fn four() -> Integer { 4 }
"""


def read(text: str) -> tuple[ast.Module, tuple[Diagnostic, ...]]:
    sink = Sink()
    module = parse(SourceMap().add("a.ccl", text), sink)
    return module, sink.diagnostics


def errors(text: str) -> list[str]:
    """`code line:column` of each report."""
    source = SourceMap().add("a.ccl", text)
    sink = Sink()
    parse(source, sink)
    places = [(found.code, source.position(found.span.start)) for found in sink.diagnostics]
    return [f"{code} {place.line}:{place.column}" for code, place in places]


def fixed(text: str) -> str:
    """The text with every fix applied."""
    _, found = read(text)
    edits = [edit for error in found for fix in error.fixes[:1] for edit in fix.edits]
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def test_many_errors_are_as_many_reports() -> None:
    assert errors(TEN_FAULTS) == [
        "CCL0111 1:20",
        "CCL0113 3:54",
        "CCL0113 4:18",
        "CCL0116 5:7",
        "CCL0115 6:11",
        "CCL0113 7:11",
        "CCL0115 8:14",
        "CCL0119 10:1",
        "CCL0119 12:3",
        "CCL0119 13:24",
        "CCL0113 14:16",
        "CCL0114 16:17",
    ]


def test_valid_items_beside_errors_are_kept() -> None:
    module, _ = read(TEN_FAULTS)
    kinds = (ast.Function, ast.Const, ast.Struct)
    names = [item.name.text for item in module.items if isinstance(item, kinds)]
    assert names == ["one", "two", "three", "A", "Pair", "four"]
    three = next(item for item in module.items if isinstance(item, ast.Function))
    assert len(three.body.statements) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # spelling
        ("a: 1 @;", ["CCL0101 1:6"]),
        ("a: “x”;", ["CCL0101 1:4", "CCL0101 1:6"]),
        ("a:\u00a01;", ["CCL0101 1:3"]),
        ('a: "x;\nb: 2;', ["CCL0102 1:4"]),
        ('execution { log("x); }\nfn f() { }', ["CCL0102 1:17"]),
        ('limits { a: "x; }\nb: 1;', ["CCL0102 1:13"]),
        ('a: "x \\(b;\nc: 1;', ["CCL0102 1:4"]),
        ("a: 1; /* b", ["CCL0103 1:7"]),
        ('a: "\\q \\u{110000} \\";', ["CCL0102 1:4", "CCL0104 1:5", "CCL0104 1:8"]),
        ("a: 9223372036854775809;", ["CCL0105 1:4"]),
        ("a: " + "9" * 5000 + ";", ["CCL0105 1:4"]),
        ("a: 9999999999999.5;", ["CCL0105 1:4"]),
        ("a: 999999999999y;", ["CCL0105 1:4"]),
        ("a: 1.1234567;", ["CCL0106 1:4"]),
        ("a: 1.1234560;", []),
        ("a: 12abc;", ["CCL0107 1:6"]),
        ("a: 1e5;", ["CCL0107 1:5"]),
        ("a: 0xZZ;", ["CCL0107 1:4"]),
        ("a: 1.5h;", ["CCL0108 1:4"]),
        ("a: 2026-01-15T10:30:00;", ["CCL0108 1:4"]),
        ("a: 2026-13-15T10:30:00Z;", ["CCL0108 1:4"]),
        ("a: 1;\x00 b: 2;", ["CCL0109 1:6"]),
        ("a: 'x y';", ["CCL0110 1:4"]),
        ("fn f() { log('a'); log(1) log(2); }", ["CCL0110 1:14", "CCL0111 1:26"]),
        ("fn f() { log(don't); log(1) log(2); }", ["CCL0101 1:17"]),
        # ends and brackets
        ("a: 1", ["CCL0111 1:5"]),
        ("a { b: 1 }", []),
        ("a: 1 b: 2;", ["CCL0111 1:5"]),
        ("v { threshold 50% window 7d }", ["CCL0111 1:18"]),
        ("v { threshold 0.5% window: 7d; b 2; }", ["CCL0111 1:19"]),
        ("v { threshold: 50% window 7d }", ["CCL0111 1:19"]),
        ("v { threshold: 50% window: 7d, b: 2 }", ["CCL0111 1:19"]),
        ('v { threshold 50% "window": 7d }', ["CCL0111 1:18"]),
        ("fn f() { let a = 5 % ; }", ["CCL0115 1:22"]),
        ("fn f() { let a = 1 let b = 2; }", ["CCL0111 1:19"]),
        ("fn f() {", ["CCL0113 1:9"]),
        ("fn f() { g(1, [2, 3); }", ["CCL0113 1:20"]),
        ("a: [1, 2;", ["CCL0113 1:9"]),
        ("a { b 1; }\n}\nc: 1;", ["CCL0122 2:1"]),
        ("fn f() { a) }", ["CCL0122 1:11"]),
        # names and values
        ("fn f() { let if = 1; }", ["CCL0116 1:14"]),
        ("fn f() { let if: Integer = 1; }", ["CCL0116 1:14"]),
        ("fn f(match) { }", ["CCL0116 1:6"]),
        ("a: ;", ["CCL0115 1:4"]),
        ("fn () { }", ["CCL0115 1:4"]),
        # foreign words
        ("def f(x) { 2 }", ["CCL0119 1:1"]),
        ("fn f() { var x = 1; }", ["CCL0119 1:10"]),
        ("fn f() { const x = 1; }", ["CCL0119 1:10"]),
        ("fn f() { if a and not b { } }", ["CCL0119 1:15", "CCL0119 1:19"]),
        ("fn f() { x++; }", ["CCL0119 1:11"]),
        ("fn f() { let a = b ? 1 : 2; }", ["CCL0119 1:20"]),
        ("fn f() { if a = 1 { } }", ["CCL0119 1:15"]),
        ("fn f() { match a { 1 -> 2 } }", ["CCL0119 1:22"]),
        ("a = 1;", ["CCL0119 1:3"]),
        ("retrun x;\nfn f() { retrun x; }", ["CCL0119 2:10"]),
        ("contarct A { }\nfn f( { }", ["CCL0119 1:1", "CCL0113 2:6"]),
        # places
        ("let x = 1;", ["CCL0123 1:1"]),
        ("a: { fn f() { } };", ["CCL0124 1:6"]),
        ('on "e" { mint { execution { } } }', ["CCL0124 1:17"]),
        ("fn f() { a < b < c }", ["CCL0117 1:16"]),
        ("fn f() { a == b != c }", ["CCL0117 1:17"]),
        ("fn f() { g(a: 1, 2) }", ["CCL0118 1:18"]),
        ('"a \\(b)": 1;', ["CCL0121 1:1"]),
    ],
)
def test_error_is_reported_once_with_its_code(text: str, expected: list[str]) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a: 1 b: 2;", "a: 1; b: 2;"),
        ('a: "x\nb: 2', 'a: "x";\nb: 2;'),
        ("a: 'x';", 'a: "x";'),
        ("fn f() { g(1, [2, 3); }", "fn f() { g(1, [2, 3]); }"),
        ("fn f() { if a { } elif b { } }", "fn f() { if a { } else if b { } }"),
        ("fn f() { a < b < c }", "fn f() { a < b && b < c }"),
        ("fn f() { x++; }", "fn f() { x+= 1; }"),
        ("a: 1.1234567;", "a: 1.123457;"),
        ("a: 2026-01-15T10:30:00;", "a: 2026-01-15T10:30:00Z;"),
        ("const A: Integer 5;", "const A: Integer = 5;"),
        ("fn f() { let if = 1; }", "fn f() { let if_ = 1; }"),
    ],
)
def test_fix_removes_its_error(text: str, whole: str) -> None:
    once = fixed(text)
    assert fixed(once) == whole
    assert errors(whole) == []


def test_unclosed_bracket_is_labelled_at_its_opening() -> None:
    _, (found,) = read("fn f() { g(1, 2; }")
    assert [(label.span.start, label.text) for label in found.labels] == [(10, "opened here")]


def test_missing_bracket_does_not_affect_the_next_function() -> None:
    text = "fn f() {\n  if a {\n    g();\n}\n\nfn h() {\n  let x = [1;\n}\n"
    assert [line[:7] for line in errors(text)] == ["CCL0113", "CCL0113"]
    module, _ = read(text)
    assert [item.name.text for item in module.items if isinstance(item, ast.Function)] == ["f", "h"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fn f() {\n  whiletrue { g(); }\n  h();\n}\nfn k() { 1 }", ["CCL0119 2:3"]),
        ("fn f() {\n  ifopen { g(); }\n}", ["CCL0119 2:3"]),
        ("execution\n  let a = 1;\n  log(a);\n}\nfn k() { 1 }", ["CCL0114 1:10"]),
        ('fn f() {\n  if "abc == "abc" {\n    g();\n  }\n  h();\n}', ["CCL0102 2:18"]),
    ],
)
def test_missing_space_brace_or_quote_is_one_error(text: str, expected: list[str]) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("1.1234567", "1.123457"),
        ("0.12345649", "0.123456"),
        ("0.9999999", "1.000000"),
        ("33.3333333%", "33.333333%"),
        ("1_000.0000005", "1000.000001"),
    ],
)
def test_long_decimal_is_rounded(written: str, instead: str) -> None:
    _, (found,) = read(f"share: {written};")
    assert found.code == "CCL0106"
    assert found.fixes[0].title == f"round to `{instead}`"
    assert fixed(f"share: {written};") == f"share: {instead};"


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("execution { 1 << 3 }", "shift_left(number, by)"),
        ('execution { log("a \\(n >> 3) b"); }', "shift_right(number, by)"),
        ("fn f() -> Array<Array<Integer>> { [[(1) >> (2 + 1)]] }", "shift_right(number, by)"),
        ("fn f() { map_new<String, Array<Integer>>(); 1<<n }", "shift_left(number, by)"),
    ],
)
def test_shift_is_fixed_to_a_call(text: str, call: str) -> None:
    _, (found,) = read(text)
    assert (found.code, found.facts["instead"]) == ("CCL0119", call)
    assert found.fixes == ()


def test_comparison_without_its_middle_is_one_error() -> None:
    assert errors("execution { 1 < < 3 }") == ["CCL0115 1:17"]


@pytest.mark.parametrize(
    ("item", "what"),
    [
        ("fn g(x: Integer) -> Integer { if x > 1 { x } else { 1 } }", "a function"),
        ("export test fn g() { assert(true); }", "a function"),
        ("struct P { a: Integer }", "a struct"),
        ("enum E { A, B(Integer) }", "an enum"),
        ("state total: Integer = 0;", "a state variable"),
        ('import "std/voting" as v;', "an import"),
        ("contract C { state a: Integer = 0; }", "a contract"),
        ("role Member { holder: 1; }", "a role"),
        ("proposal Spend extends Base { amount: Integer; }", "a proposal"),
        ('on "job.completed" { log("x"); }', "a handler"),
        ('invariant "x" { true }', "an invariant"),
    ],
)
@pytest.mark.parametrize(
    "code",
    ["fn f() {{\n  {item}\n  1\n}}", "execution {{\n  if a {{ g(); }}\n  {item}\n  b = 1;\n}}"],
)
def test_item_inside_code_is_named_and_skipped(code: str, item: str, what: str) -> None:
    module, (found,) = read(code.format(item=item) + "\nfn last() { 2 }")
    assert (found.code, found.facts["what"], found.facts["place"]) == (
        "CCL0124",
        what,
        "inside code",
    )
    assert len(module.items) == 2


def test_constant_inside_code_becomes_a_variable() -> None:
    text = "fn f() {\n  const A: Integer = 1;\n  state b: Integer = 0;\n  A\n}\n"
    assert errors(text) == ["CCL0119 2:3", "CCL0124 3:3"]


@pytest.mark.parametrize(
    ("head", "column"),
    [("if !is_open( {", 15), ("while xs.length( < size {", 19), ("if a { } else if b( == c {", 22)],
)
def test_missing_parenthesis_in_a_head_is_one_error(head: str, column: int) -> None:
    text = f"fn f() {{\n  {head}\n    return g(1);\n  }}\n  h()\n}}\nfn k() {{ 1 }}"
    assert errors(text) == [f"CCL0113 2:{column}"]
