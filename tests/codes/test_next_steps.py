"""Helps for the syntax of other languages, and a next step in every diagnostic."""

import pytest

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.explain import load_page
from ccl.diagnostics.model import Fix
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text


def reported(text: str) -> list[tuple[str, str]]:
    """(code, help and titles of fixes) of each diagnostic."""
    found = []
    for each in check_text(text, path="a.ccl").sink.diagnostics:
        parts = [prose(each).help or "", *(fix.title for fix in each.fixes)]
        found.append((each.code, " | ".join(part for part in parts if part)))
    return found


def first_fixed(text: str) -> str:
    """The text after the first fix of the first diagnostic."""
    return fixed(text, check_text(text, path="a.ccl").sink.diagnostics[0].fixes[0])


def fixed(text: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


# --- dates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "m { start: 2026-01-15; }",
        "const START = 2026-01-15;",
        "execution { let d = 2026-01-15; d }",
        "m { days: [2026-01-15, 2026-01-15T00:00:00Z]; }",
    ],
)
def test_date_is_not_a_difference(program: str) -> None:
    ((code, help_),) = reported(program)
    assert code == "CCL0108"
    assert "add the time and the zone to the date, as in `2026-01-15T00:00:00Z`" in help_
    assert "write `2026-01-15T00:00:00Z`" in help_
    assert reported(first_fixed(program)) == []


def test_invalid_date_has_no_fix() -> None:
    (found,) = check_text("m { start: 2026-02-31; }", path="a.ccl").sink.diagnostics
    assert (found.code, found.fixes) == ("CCL0108", ())


@pytest.mark.parametrize(
    "moment",
    [
        "10000-01-01T00:00:00Z",
        "123456789-12-31T23:59:59+02:00",
        "0000-01-01T00:00:00Z",
        "00000-01-01T00:00:00Z",
        "999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
        "10000-01-01",
        "12026-10-09",
        "0000-10-10",
    ],
)
@pytest.mark.parametrize("program", ["execution {{ {} }}", "opens: {};", "const A = [{}];"])
def test_timestamp_out_of_range_is_one_error_with_the_range(program: str, moment: str) -> None:
    (found,) = check_text(program.format(moment), path="a.ccl").sink.diagnostics
    assert (found.code, found.fixes) == ("CCL0108", ())
    assert "from 0001 to 9999" in (prose(found).help or "")


def test_first_and_last_year_are_timestamps() -> None:
    assert reported("execution { [0001-01-01T00:00:00Z, 9999-12-31T23:59:59Z] }") == []


def test_numbers_with_spaces_are_a_difference() -> None:
    assert reported("execution { 2026 - 10 - 15 }") == []
    assert reported("execution { let year = 2026; year-10-15 }") == []
    assert reported("execution { 12026-10-15 }") == []


# --- units and numbers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instead"),
    [("3 days", "3d"), ("1 week", "1w"), ("90 minutes", "90m"), ("2days", "2d")],
)
def test_unit_as_a_word_has_a_fix(written: str, instead: str) -> None:
    program = f"m {{ t: {written}; }}\nexecution {{ let d = {written}; d }}"
    assert [code for code, _ in reported(program)] == ["CCL0107", "CCL0107"]
    assert reported(program)[0][1].endswith(f"write `{instead}`")
    assert reported(first_fixed(first_fixed(program))) == []


def test_months_have_no_fixed_length() -> None:
    for program in (
        "m { t: 3 months; }",
        "execution { let d = 3 months; d }",
        "m { t: 1quarter; }",
    ):
        ((code, help_),) = reported(program)
        assert code == "CCL0107"
        assert "count days, as in `90d`" in help_


def test_methods_and_keys_named_like_units_are_valid() -> None:
    assert reported("execution { let x = days(3); x }") == []
    assert reported("m { a: 3; days: 4; }") == []


@pytest.mark.parametrize("program", ["m { t: 12,50; }", "execution { let d = 12,50; d }"])
def test_decimal_comma_has_a_fix(program: str) -> None:
    ((code, help_),) = reported(program)
    assert (code, help_) == ("CCL0119", "write `12.50`")
    assert reported(first_fixed(program)) == []


def test_list_of_numbers_is_not_a_decimal() -> None:
    program = "fn f(a: Integer, b: Integer) -> Integer { a + b }\nexecution { f(12,50) }"
    assert reported(program) == []


ZEROS = [
    ("007", "7"),
    ("000", "0"),
    ("00", "0"),
    ("0_5", "5"),
    ("00.5", "0.5"),
    ("05d", "5d"),
    ("01%", "1%"),
    ("010KiB", "10KiB"),
    ("1,000", "1_000"),
    ("1,000.50", "1_000.50"),
    ("12,000,000", "12_000_000"),
    ("1,234,050d", "1_234_050d"),
]


@pytest.mark.parametrize(("written", "instead"), ZEROS)
@pytest.mark.parametrize(
    "around", ["m {{ t: {0}; }}", "execution {{ [{0}, 1] }}", "execution {{ abs({0}) }}"]
)
def test_leading_zeros_are_an_error(written: str, instead: str, around: str) -> None:
    program = around.format(written)
    assert [code for code, _ in reported(program)] == ["CCL0130"]
    assert first_fixed(program) == around.format(instead)


def test_groups_of_three_digits_are_joined_if_one_begins_with_zero() -> None:
    program = "execution { [2,500, 1,000, 30] }"
    assert [code for code, _ in reported(program)] == ["CCL0119", "CCL0130"]
    assert first_fixed(program) == "execution { [2_500, 1,000, 30] }"
    assert first_fixed("execution { [1,000, 2,500] }") == "execution { [1_000, 2,500] }"


@pytest.mark.parametrize(
    "number", ["0", "0.5", "0.05", "0x0F", "1_000", "10", "2026-01-05T00:00:00Z", "0d", "0%", "0.0"]
)
def test_number_without_leading_zeros_is_valid(number: str) -> None:
    assert reported(f"m {{ t: {number}; }}") == []
    assert reported(f"execution {{ [{number}, {number}] }}") == []


def test_list_of_numbers_needs_no_spaces() -> None:
    assert reported("execution { [2,500] }") == []


# --- loops ------------------------------------------------------------------------------


@pytest.mark.parametrize("walked", ["0..10", "0..=10", "1..n"])
def test_range_in_a_loop_has_help_with_while(walked: str) -> None:
    program = f"execution {{ let n = 10; for i in {walked} {{ n += i; }} n }}"
    ((code, help_),) = reported(program)
    assert code == "CCL0112"
    assert "count with `while`" in help_


def test_range_function_has_help_with_while() -> None:
    ((code, help_),) = reported("execution { let n = 0; for i in range(0, 9) { n += i; } n }")
    assert code == "CCL0202"
    assert "count with `while`" in help_


# --- types ------------------------------------------------------------------------------


def test_empty_map_without_a_type_has_help_with_a_map() -> None:
    (found,) = check_text("execution { let m = map_new(); m }", path="a.ccl").sink.diagnostics
    assert prose(found).title == "cannot infer the type of this value"
    assert "Map<String, Integer>" in (prose(found).help or "")


def test_braces_are_not_an_empty_map() -> None:
    ((code, help_),) = reported("execution { let m: Map<String, Integer> = {}; m.size() }")
    assert (code, help_) == ("CCL0401", "`{}` is an empty block; an empty map is `map_new()`")


def test_type_without_its_arguments_has_help_with_them() -> None:
    (found,) = check_text("execution { let x: Option = Some(5); x }", path="a.ccl").sink.diagnostics
    assert prose(found).title == "Option takes 1 type argument, 0 given"
    assert prose(found).help == "write `Option<Integer>`"


def test_option_operand_is_rejected() -> None:
    ((code, help_),) = reported('execution { let x = "4"; parse_integer(x) + 1 }')
    assert code == "CCL0402"
    assert "unwrap it with `?` or `try … catch …`" in help_


# --- names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "help_"),
    [
        ('execution { print("x"); }', "did you mean `log`? | call `log`"),
        ('execution { println("x"); }', "did you mean `log`? | call `log`"),
        ("execution { let x: Option<Integer> = null; x }", "did you mean `None`?"),
        ("execution { length([1]) }", "it is a method: call `value.length(…)`"),
        ("execution { size([1]) }", "it is a method: call `value.length(…)`"),
    ],
)
def test_name_of_another_language_has_help(program: str, help_: str) -> None:
    ((_, found),) = reported(program)
    assert found == help_


def test_documented_function_is_not_unused() -> None:
    program = "fn area(a: Integer) -> Integer { a }\nexecution { 1 }"
    ((code, help_),) = reported(program)
    assert code == "CCL0903"
    assert "`///`" in help_
    assert reported("/// The area.\n" + program) == []


# --- forms of other languages ----------------------------------------------------------


def test_variant_with_fields_has_help_with_types() -> None:
    program = "enum Shape { Dot, Square { side: Integer, at: { x: T } }, Last }\nexecution { 1 }"
    ((code, help_),) = reported(program)
    assert code == "CCL0112"
    assert "`Square(Integer)`" in help_


def test_outer_braces_of_a_file_are_rejected() -> None:
    ((code, help_),) = reported('{\n  name: "Club";\n  limit 3;\n}\n')
    assert code == "CCL0115"
    assert "a file has no outer braces" in help_


@pytest.mark.parametrize("entry", ["limit 1 + 2;", "limit LOW - 2;", 'rule "a" + "b";', "m 1 < 2;"])
def test_computed_entry_without_a_colon_is_rejected(entry: str) -> None:
    for program in (entry, f"a: 1; {entry}", f"m {{ {entry} }}"):
        ((code, help_),) = reported(program)
        assert code == "CCL0112"
        assert "needs a colon after its key" in help_


# --- a next step in every diagnostic ----------------------------------------------------

HELP_IN_THE_LABEL = {"CCL0111", "CCL0113", "CCL0114", "CCL0119"}
"""The label names the missing or the correct text, and mostly there is a fix."""
NO_GENERAL_HELP = {"CCL0401"}
"""Either of the two types may be the wrong one; common mistakes have an advice."""
ALWAYS_ADVISED = {"CCL0331", "CCL0720"}
"""Every report has an advice."""


def test_every_template_has_a_next_step() -> None:
    silent = {code for code, template in TEMPLATES.items() if template.help is None}
    assert silent == HELP_IN_THE_LABEL | NO_GENERAL_HELP | ALWAYS_ADVISED


@pytest.mark.parametrize(
    ("call", "title"),
    [
        ("f(1, 2)", "`f` takes 1 argument, 2 given"),
        ("g(1)", "`g` takes no arguments, 1 given"),
        ("h(1, 2, 3)", "`h` takes 2 arguments, 3 given"),
    ],
)
def test_arguments_are_counted_in_words(call: str, title: str) -> None:
    program = """
    fn f(a: Integer) -> Integer { a }
    fn g() -> Integer { 1 }
    fn h(a: Integer, b: Integer) -> Integer { a + b }
    execution { f(1) + g() + h(1, 2) + %s }
    """
    (found,) = check_text(program % call, path="a.ccl").sink.diagnostics
    assert prose(found).title == title
    assert prose(found).help == "remove the extra arguments"


# --- syntax of other languages ----------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "code", "help_"),
    [
        ('execution { let a = [("a", 1)]; 1 }', "CCL0112", "there are no tuples"),
        ("execution { let pair = (1, 2); 1 }", "CCL0112", "there are no tuples"),
        ("fn f() -> Integer { (1, 2) }", "CCL0112", "there are no tuples"),
        ("state total: Integer;", "CCL0115", "`state total: Integer = 0;`"),
        ("execution { let f = x => x + 1; 1 }", "CCL0112", "functions cannot be stored"),
        ('execution { let m = map_new(); m["a"] = 1; m["a"] ?? 0 }', "CCL0119", "catch 0`"),
        ('execution { for i, s in [1] { log("\\(i)"); } 1 }', "CCL0434", "`let i = 0; for item"),
    ],
)
def test_syntax_of_another_language_has_help(program: str, code: str, help_: str) -> None:
    found = reported(program)
    assert found[0][0] == code
    assert help_ in found[0][1]


@pytest.mark.parametrize(
    "program",
    [
        'execution { let m = map_new(); m["a"] = 1; try m.get("a") catch 0 }',
        "state total: Integer = 0;\nexecution { total }",
        "fn f(x) { x + 1 }\nexecution { [1].map(f).length() + [1].map(x => x + 1).length() }",
        'execution { let i = 0; for item in ["a"] { log(item); i += 1; } i }',
    ],
)
def test_code_of_the_help_compiles(program: str) -> None:
    assert reported(program) == []


def test_missing_entries_of_a_proposal_compile() -> None:
    ((code, help_), *_) = reported("proposal P { quorum: 50%; }\nexecution { 1 }")
    assert code == "CCL0340"
    entries = [part for part in help_.split("`") if part.endswith(";")]
    assert len(entries) == 2
    program = f"proposal P {{ quorum: 50%; {' '.join(entries)} }}"
    assert [code for code, _ in reported(program) if not code.startswith("CCL09")] == []


# --- fixes and suggestions, applied -----------------------------------------------------


def codes_of(text: str) -> list[str]:
    return [each.code for each in check_text(text, path="page.ccl").sink.diagnostics]


def test_fix_of_an_example_removes_its_error_and_adds_none() -> None:
    tried = 0
    for code in sorted(TEMPLATES):
        page = load_page(code)
        assert page is not None
        for text in page.examples("wrong"):
            before = codes_of(text)
            for each in check_text(text, path="page.ccl").sink.diagnostics:
                for fix in each.fixes:
                    after = codes_of(fixed(text, fix))
                    assert after.count(each.code) < before.count(each.code), (code, fix.title)
                    new = [c for c in after if c not in before and not c.startswith("CCL09")]
                    assert new == [], (code, fix.title)
                    tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    "body",
    [
        "p.length()",
        "p[0]",
        'p.get("a")',
        "{ let n = 0; for each in p { n += 1; } n }",
        "{ let n = 0; for k, v in p { n += 1; } n }",
        "p.keys()",
        "p.is_some()",
        "p.seats",
        "try p catch 0",
        "p",
    ],
)
def test_suggested_annotation_compiles(body: str) -> None:
    program = "struct Hall {{ seats: Integer }}\nexport fn f({}) {{ let _ = {}; }}"
    found = check_text(program.format("p", body), path="a.ccl").sink.diagnostics
    (help_,) = (prose(each).help for each in found if each.code == "CCL0442")
    assert help_ is not None
    annotation = help_.split("`")[1]
    assert annotation.startswith("p: ")
    left = [
        each for each in codes_of(program.format(annotation, body)) if not each.startswith("CCL09")
    ]
    assert left == [], annotation
