"""Calls as other languages write them: one report each, and a fix that compiles."""

import re
from pathlib import Path

import pytest

from ccl.checking.lints.foreign_names import FOREIGN_METHODS
from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.fixes import apply_edits
from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text
from ccl.prelude.functions import METHODS
from ccl.prelude.library_index import BARE_METHODS
from ccl.prelude.library_index import METHODS as LIBRARY_METHODS

STDLIB = Path(__file__).parents[2] / "stdlib"
PRELUDE = """fn tried() -> Result<Integer, String> { Ok(1) }
export fn run() {
  let ages: Map<String, Integer> = map_new();
  let _seen = %s;
  log("\\(ages.size()) \\(tried().is_ok())");
}
"""


def found(text: str) -> tuple[Diagnostic, ...]:
    every = check_text(text, path="spec.ccl").sink.diagnostics
    return tuple(each for each in every if severity_of(each.code) is Severity.ERROR)


def fixed(text: str) -> str:
    (report,) = found(text)
    return apply_edits(text, report.fixes[0].edits)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        ('int("5")', '"5".to_integer()'),
        ("[1].size()", "[1].length()"),
        ("[1].has(1)", "[1].contains(1)"),
        ("[1].includes(1)", "[1].contains(1)"),
        ("ages.len()", "ages.length()"),
        ('ages.has("a")', 'ages.contains_key("a")'),
        ('ages.has_key("a")', 'ages.contains_key("a")'),
        ("ages.items().length()", "ages.entries().length()"),
        ('" a ".strip()', '" a ".trim()'),
        ('"a".upper()', '"a".to_upper()'),
        ('"a".size()', '"a".length()'),
        ('"5".to_int()', '"5".to_integer()'),
        ("str(5)", "string(5)"),
        ("[1].first().get(0)", "[1].first().unwrap_or(0)"),
    ],
)
def test_fix_of_a_foreign_call_compiles(call: str, instead: str) -> None:
    text = PRELUDE % call
    assert fixed(text) == PRELUDE % instead
    assert found(PRELUDE % instead) == ()


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ("[1].first().unwrap()", "unwrap_or(other)"),
        ("tried().expect()", "unwrap_or(other)"),
        ("[1].reduce((a, b) => a + b)", "fold(start, (so_far, item) => …)"),
        ('"a b".find()', "index_of(part, start)"),
        ("[1].head(2)", "first()"),
    ],
)
def test_method_with_other_arguments_has_no_fix(call: str, shape: str) -> None:
    report = next(each for each in found(PRELUDE % call) if each.code == "CCL0412")
    assert report.fixes == ()
    assert prose(report).help == f"did you mean `{shape}`?"


def test_foreign_assertion_is_named_in_tests_alone() -> None:
    assert fixed("test fn a() { assert_equal(1, 1); }\n") == "test fn a() { assert_eq(1, 1); }\n"
    (report,) = found("export fn a() { assertEquals(1, 1); }\n")
    assert report.fixes == ()


@pytest.mark.parametrize(
    ("word", "literal"), [("True", "true"), ("FALSE", "false"), ("NONE", "None")]
)
def test_literal_in_another_case_is_suggested(word: str, literal: str) -> None:
    (report,) = found(f"execution {{ let tree = 1; let fals = {word}; log(fals); log(tree); }}\n")[
        :1
    ]
    assert prose(report).help == f"did you mean `{literal}`?"


def test_foreign_method_names_map_to_methods() -> None:
    for group, names in FOREIGN_METHODS.items():
        for name, meant in names.items():
            assert (group, meant) in {*METHODS, *LIBRARY_METHODS}, (name, meant)


def test_foreign_methods_without_arguments_take_only_their_receiver() -> None:
    for key, function in LIBRARY_METHODS.items():
        text = (STDLIB / f"{function.file.removeprefix('std/')}.ccl").read_text("utf-8")
        head = re.search(rf"fn {function.name}(?:<[^(]*>)?\(([^)]*)\)", text)
        assert head is not None, function
        names = [each for each in re.sub(r"<.*?>+|:\s*\w+", "", head[1]).split(",") if each.strip()]
        assert (len(names) == 1) == (key[1] in BARE_METHODS), (key, names)
