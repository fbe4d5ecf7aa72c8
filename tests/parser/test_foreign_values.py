"""Values and statements as they are written elsewhere: one report each, and a fix that compiles."""

import pytest

from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.fixes import apply_edits
from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text


def errors(text: str) -> list[Diagnostic]:
    found = check_text(text, path="spec.ccl").sink.diagnostics
    return [each for each in found if severity_of(each.code) is Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ('execution { log(f"hi {1}"); }', 'execution { log("hi \\(1)"); }'),
        (
            'fn g(n: Integer) { let s = f"{n:>3} of {{{n}}}"; log(s); }',
            'fn g(n: Integer) { let s = "\\(n) of {\\(n)}"; log(s); }',
        ),
        ("open: 18:30;", 'open: "18:30";'),
        ("open: 25:00;", 'open: "25:00";'),
        ("open { from 07:05:00; }", 'open { from "07:05:00"; }'),
        ("day: 15.01.2026;", 'day: "15.01.2026";'),
        ("day: 31.02.2026;", 'day: "31.02.2026";'),
        ("day: 2026/01/15;", 'day: "2026/01/15";'),
        ("day: 01/15/2026;", 'day: "01/15/2026";'),
        ("dues { range 501-5000 { fee: 1; } }", "dues { range 501 5000 { fee: 1; } }"),
        ("dues { range 501 to 5000 { fee: 1; } }", "dues { range 501 5000 { fee: 1; } }"),
        ("dues { range 1, 50 { fee: 1; } }", "dues { range 1 50 { fee: 1; } }"),
        ("limits { memory: 5GB; }", "limits { memory: 5GiB; }"),
        ("limits { memory 10mb; }", "limits { memory 10MiB; }"),
        (
            "fn f(n: Integer) -> Integer { if n = 3 { 1 } elif n > 3 { 2 } else { 3 } }",
            "fn f(n: Integer) -> Integer { if n == 3 { 1 } else if n > 3 { 2 } else { 3 } }",
        ),
    ],
)
def test_fixed_program_compiles(text: str, instead: str) -> None:
    found = errors(text)
    assert apply_edits(text, [edit for each in found for edit in each.fixes[0].edits]) == instead
    assert errors(instead) == []


def test_day_of_the_calendar_may_be_a_timestamp() -> None:
    text = "day: 15.01.2026;"
    (found,) = errors(text)
    _, moment = found.fixes
    assert apply_edits(text, moment.edits) == "day: 2026-01-15T00:00:00Z;"


@pytest.mark.parametrize("text", ["day: 2026-13-45;", "day: 2026-02-30;"])
def test_invalid_day_has_no_fix_to_a_timestamp(text: str) -> None:
    (found,) = errors(text)
    assert found.fixes == ()
    assert "T00:00:00Z" not in (prose(found).help or "")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('execution { try { log("a"); } catch e { log("b"); } }', "a trap cannot be caught"),
        ('execution { try { log("a"); } catch (e) { log("\\(e)"); } }', "a trap cannot be caught"),
        ("fn f(b: Integer = 3) -> Integer { b }", "there are no default arguments"),
        ('execution { log("He advice "no""); }', "escape a quote inside a string"),
    ],
)
def test_foreign_form_is_one_report_with_advice(text: str, advice: str) -> None:
    (found,) = errors(text)
    assert advice in (prose(found).help or "")


def test_bare_import_becomes_a_path_with_an_alias() -> None:
    text = "import dues as fees;\n"
    first = errors(text)[0]
    assert apply_edits(text, first.fixes[0].edits) == 'import "dues" as fees;\n'


@pytest.mark.parametrize(
    "text", ["fn f(c: Bool) { let a = c ? 1:20; log(a); }", "fn f(a: Array<Integer>) { a[1:20]; }"]
)
def test_colon_between_other_numbers_is_not_a_time(text: str) -> None:
    assert all(each.code != "CCL0108" for each in errors(text))


@pytest.mark.parametrize("text", ["a: 6/01;", "fn f() -> Decimal { 15.01 }", "a: 2026/1/15;"])
def test_valid_numbers_are_not_reported(text: str) -> None:
    assert all(each.code != "CCL0108" for each in errors(text))
