"""Forms of other languages are reported once, with the form of CCL; pasted, it is read."""

import pytest

from ccl.diagnostics.fixes import apply_edits
from ccl.diagnostics.model import Sink
from ccl.diagnostics.render.prose import prose
from ccl.parser.parse import parse
from ccl.pipeline import check_text
from ccl.source.spans import SourceMap


def fixed(text: str) -> str:
    """The text with the fix of its one error of syntax."""
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    (found,) = sink.diagnostics
    (fix,) = found.fixes
    return apply_edits(text, fix.edits)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("fn f() { xs.map(|x| x + 1) }", "fn f() { xs.map(x => x + 1) }"),
        ("fn f() { xs.fold(0, |a, b| a + b) }", "fn f() { xs.fold(0, (a, b) => a + b) }"),
        ("fn f() { xs.map(|x: Integer| { x }) }", "fn f() { xs.map(x => { x }) }"),
        ("fn f() { xs.each(|| 1) }", "fn f() { xs.each(() => 1) }"),
        ("fn f() { xs.map(fn(x) { x + 1 }) }", "fn f() { xs.map(x => { x + 1 }) }"),
        ("fn f() { xs.map(fn(x: Integer) -> Integer { x }) }", "fn f() { xs.map(x => { x }) }"),
        ("fn f() { xs.map(fn(a, b) => a) }", "fn f() { xs.map((a, b) => a) }"),
        ("fn f() { new A { x: 1 } }", "fn f() { A { x: 1 } }"),
        ("fn f() { .5 * 2 }", "fn f() { 0.5 * 2 }"),
        ("fn f() -> () { }", "fn f() -> Unit { }"),
        ("fn f() -> (Array<Integer>) { }", "fn f() -> Array<Integer> { }"),
        ("share: .5;", "share: 0.5;"),
        ("fn f() { if a { } elif b { } else { } }", "fn f() { if a { } else if b { } else { } }"),
        (
            "if a { b: 1; }\nelif c { b: 2; }\nelse { }",
            "if a { b: 1; }\nelse if c { b: 2; }\nelse { }",
        ),
        ("pub fn f() { }", "export fn f() { }"),
        ("contract C { public fn f() { } }", "contract C { export fn f() { } }"),
        ('test "adds" { let x = 1; }', "test fn adds() { let x = 1; }"),
        ('test "Two, or 3?" { let x = 3; }', "test fn two_or_3() { let x = 3; }"),
        ('test "for" { return; }', "test fn test_for() { return; }"),
        ('test "3" { x += 1; }', "test fn test_3() { x += 1; }"),
        ("fn f() { g(5., 1) }", "fn f() { g(5.0, 1) }"),
        ("fn f() { 1.000.000 }", "fn f() { 1_000_000 }"),
        ("total: 12.345.678;", "total: 12_345_678;"),
        ('a { if b because "1" { c: 1; } }', 'a { if b because article "1" { c: 1; } }'),
        ("a { if b because article 4.2 { c: 1; } }", 'a { if b because article "4.2" { c: 1; } }'),
        ('fn f() { require(a) because "1"; }', 'fn f() { require(a) because article "1"; }'),
        (
            'a { if b { c: 1; } because article "1" }',
            'a { if b because article "1" { c: 1; } }',
        ),
        (
            'a { if b { c: 1; } else if d { c: 2; } else { c: 3; } because article "1" }',
            'a { if b because article "1" { c: 1; } else if d { c: 2; } else { c: 3; } }',
        ),
        (
            'invariant "x" because article "1" { true }',
            'invariant "x" { true } because article "1"',
        ),
        (
            'fn f() { require(a, "x" because article "1"); }',
            'fn f() { require(a, "x") because article "1"; }',
        ),
    ],
)
def test_foreign_form_has_a_fix_that_is_read(written: str, expected: str) -> None:
    text = fixed(written)
    assert text.replace(" ;", ";") == expected
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    assert not sink.diagnostics


@pytest.mark.parametrize(
    "text",
    [
        "fn f(p: (Integer, String)) -> Integer { 1 }",
        "fn f(p: Integer) -> (Integer, String) { 1 }",
        "struct A { p: (Integer, Map<String, Integer>), q: Integer }",
        "fn f() { let p: Array<(Integer, (String, Integer))> = g(); p }",
    ],
)
def test_tuple_type_is_one_error_about_tuples(text: str) -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    assert [(each.code, each.facts["advice"]) for each in sink.diagnostics] == [
        ("CCL0112", "tuple type")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "fn f() { let g = [x => x + 1]; }",
        "fn f() { let g = A { f: x => x + 1 }; }",
        "fn f() { return x => x + 1; }",
        "fn f() { let g = (x, y) => x + y; }",
        "fn f() { x => x + 1 }",
    ],
)
def test_stored_function_is_one_error_about_functions(text: str) -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    assert [each.facts["advice"] for each in sink.diagnostics] == ["function"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("fn f() { let (a, b) = g(); }", "tuple"),
        ("fn f() { g((1, (2, 3))); }", "tuple"),
        ('fn f() { return (1, "a"); }', "tuple"),
        ("fn f(g: (Integer, String) -> Integer) { g(1) }", "function type"),
        ('fn f() { if a because article "1" { g(); } }', "no reason"),
        ('fn f() { let x = 1 because article "1"; }', "no reason"),
        ('a { x: 1 because article "1"; }', "no reason"),
    ],
)
def test_form_that_ccl_lacks_is_one_error_with_its_advice(text: str, advice: str) -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    assert [each.facts["advice"] for each in sink.diagnostics] == [advice]


def test_range_of_constants_in_a_pattern_names_the_guard() -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", "fn f(x) { match x { A..B => 1, _ => 2 } }"), sink)
    assert [each.facts["advice"] for each in sink.diagnostics] == ["bounds"]


def test_call_of_a_struct_becomes_its_literal() -> None:
    text = "struct A { x: Integer }\nexport fn f() -> Integer { A(x: 1).x }\n"
    (found,) = check_text(text, path="a.ccl").sink.diagnostics
    assert (found.code, found.facts["advice"]) == ("CCL0202", "struct")
    fixed = apply_edits(text, found.fixes[0].edits)
    assert fixed.endswith("{ A { x: 1 }.x }\n")
    assert check_text(fixed, path="a.ccl").sink.diagnostics == ()


@pytest.mark.parametrize(
    "declaration", ["let n: Integer;", "let n;", "let n = ;", "let n: Bool = ;"]
)
def test_variable_without_a_value_has_help_with_one(declaration: str) -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", f"execution {{ {declaration} n }}"), sink)
    (found,) = sink.diagnostics
    assert prose(found).title == "expected an initial value, found `;`"
    assert prose(found).help == "initialize it, as in `let total: Integer = 0;`"
