"""Depth has a limit, and nothing of any depth exhausts the stack."""

from time import process_time

import pytest

from ccl.diagnostics.model import Sink
from ccl.formatter.format import format_text
from ccl.parser.depth import DEPTH_LIMIT, NESTING_LIMIT
from ccl.parser.parse import parse
from ccl.pipeline import check_text, compile_text
from ccl.source.spans import SourceMap
from ccl.syntax import ast


def codes(text: str) -> list[str]:
    sink = Sink()
    module = parse(SourceMap().add("a.ccl", text), sink)
    assert isinstance(module, ast.Module)
    return [found.code for found in sink.diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        "const A = " + "(" * 5_000 + "1" + ")" * 5_000 + ";",
        "const A = " + "(" * 5_000,
        "const A = " + "[" * 5_000,
        "a {" * 5_000,
        "fn f() {" + "{" * 5_000,
        "fn f() " + "{ if a " * 5_000,
        "const A = " + "1 + " * 5_000 + "1;",
        "const A = " + "-" * 5_000 + "1;",
        "const A = " + "!" * 5_000 + "a;",
        "const A = a" + ".b" * 5_000 + ";",
        "const A = a" + "()" * 5_000 + ";",
        "const A = a" + "[0]" * 5_000 + ";",
        "const A = a" + "?" * 5_000 + ";",
        "fn f() { if a { }" + " else if a { }" * 5_000 + " }",
        "if a { }" + " else if a { }" * 5_000,
        "fn f() { a(" + "x => " * 5_000 + "1) }",
        "fn f() { " + "return " * 5_000 + " }",
        "fn f() { " + "try " * 5_000 + " }",
        "const A: " + "Array<" * 5_000 + "Integer;",
        "const A = " + '"\\(' * 5_000,
        "fn f() { match a { " + "Some(" * 5_000,
    ],
)
def test_too_deep(text: str) -> None:
    assert codes(text) == ["CCL0601"] or '"' in text


def test_just_below_the_limit() -> None:
    inner = NESTING_LIMIT - 2
    assert codes("const A = " + "(" * inner + "1" + ")" * inner + ";") == []
    assert codes("const A = " + "1 + " * (DEPTH_LIMIT - 2) + "1;") == []


def test_length_is_not_depth() -> None:
    assert codes("fn f() { " + "a = a + b.c; " * 3_000 + "}") == []
    assert codes("const A = [" + "1 + 2, " * 3_000 + "];") == []
    assert codes("fn f() { " + "if a { b; } " * 3_000 + "}") == []
    assert codes("a { b: 1; } " * 3_000) == []


@pytest.mark.parametrize("line", ["§\n", '"abc\n', "a b c d e;\n", "x: foo(;\n"])
def test_file_of_errors_is_parsed_in_linear_time(line: str) -> None:
    sink = Sink()
    began = process_time()
    parse(SourceMap().add("a.ccl", line * 20_000), sink)
    assert process_time() - began < 5
    assert len(sink.diagnostics) >= 20_000


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a { " * 3000 + "}" * 3000, "sections"),
        ("const X = " + "(" * 3000 + ")" * 3000 + ";", "values"),
        ("list: " + "[" * 3000 + "]" * 3000 + ";", "values"),
        ("fn f() { x(" + "(" * 3000 + ")" * 3000 + "); }", None),
        ("execution { " + "if a { " * 3000 + "}" * 3000 + " }", None),
        ("fn f() { if a { 1 }" + " else if b { 2 }" * 3000 + " }", "chain"),
        ("if a { x 1; }" + " else if b { x 2; }" * 3000, "rules"),
    ],
)
def test_advice_for_what_is_too_deep(text: str, advice: str | None) -> None:
    sink = Sink()
    parse(SourceMap().add("a.ccl", text), sink)
    (found,) = sink.diagnostics
    assert found.facts.get("advice") == advice


ARMS = " else if a == {0} && a * 2 > {0} {{ g(a - {0}) }}"


@pytest.mark.parametrize(("arms", "expected"), [(120, []), (290, []), (10_000, ["CCL0601"])])
def test_chain_of_alternatives_is_as_deep_as_it_has_arms(arms: int, expected: list[str]) -> None:
    """Whatever the heads and bodies are: the same for all commands."""
    chain = "".join(map(ARMS.format, range(1, arms)))
    body = f"if a == 0 {{ 0 }}{chain} else {{ 7 }}"
    program = f"fn g(a: Integer) -> Integer {{ a }}\nfn f(a: Integer) -> Integer {{ {body} }}\n"
    compiled = compile_text(program + "execution { f(3) }", path="a.ccl")
    assert [found.code for found in compiled.compilation.sink.diagnostics] == expected
    assert (compiled.wasm is None) == bool(expected)
    laid = format_text(program)
    assert [found.code for found in laid.sink.diagnostics] == expected
    assert laid.changed is None and (laid.text is None) == bool(expected)


@pytest.mark.parametrize(("arms", "expected"), [(120, []), (10_000, ["CCL0601"])])
def test_chain_of_rules_is_as_deep_as_it_has_arms(arms: int, expected: list[str]) -> None:
    rest = "".join(f" else if proposal.a == {at} {{ x {at}; }}" for at in range(1, arms))
    found = check_text("if proposal.a == 0 { x 0; }" + rest, path="a.ccl").sink.diagnostics
    assert [each.code for each in found] == expected
