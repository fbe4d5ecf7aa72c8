"""What newcomers write out of habit is answered with what CCL writes instead."""

import pytest

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.explain import load_page
from ccl.diagnostics.model import Fix
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text


def told(text: str) -> list[tuple[str, str]]:
    """(code, help and titles of fixes) of each diagnostic."""
    found = []
    for each in check_text(text, path="a.ccl").sink.diagnostics:
        parts = [prose(each).help or "", *(fix.title for fix in each.fixes)]
        found.append((each.code, " | ".join(part for part in parts if part)))
    return found


def mended(text: str) -> str:
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
def test_a_date_is_no_difference(program: str) -> None:
    ((code, help_),) = told(program)
    assert code == "CCL0108"
    assert "add the time and the zone to the date, as in `2026-01-15T00:00:00Z`" in help_
    assert "write `2026-01-15T00:00:00Z`" in help_
    assert told(mended(program)) == []


def test_a_date_that_does_not_exist_has_no_fix() -> None:
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
def test_a_moment_beyond_the_years_is_one_error_that_names_them(program: str, moment: str) -> None:
    (found,) = check_text(program.format(moment), path="a.ccl").sink.diagnostics
    assert (found.code, found.fixes) == ("CCL0108", ())
    assert "from 0001 to 9999" in (prose(found).help or "")


def test_the_first_and_the_last_year_are_times() -> None:
    assert told("execution { [0001-01-01T00:00:00Z, 9999-12-31T23:59:59Z] }") == []


def test_numbers_with_blanks_are_a_difference() -> None:
    assert told("execution { 2026 - 10 - 15 }") == []
    assert told("execution { let year = 2026; year-10-15 }") == []
    assert told("execution { 12026-10-15 }") == []


# --- units and numbers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "instead"),
    [("3 days", "3d"), ("1 week", "1w"), ("90 minutes", "90m"), ("2days", "2d")],
)
def test_a_unit_is_one_letter(written: str, instead: str) -> None:
    program = f"m {{ t: {written}; }}\nexecution {{ let d = {written}; d }}"
    assert [code for code, _ in told(program)] == ["CCL0107", "CCL0107"]
    assert told(program)[0][1].endswith(f"write `{instead}`")
    assert told(mended(mended(program))) == []


def test_months_have_no_fixed_length() -> None:
    for program in (
        "m { t: 3 months; }",
        "execution { let d = 3 months; d }",
        "m { t: 1quarter; }",
    ):
        ((code, help_),) = told(program)
        assert code == "CCL0107"
        assert "count days, as in `90d`" in help_


def test_methods_and_keys_that_are_named_like_units_are_left_alone() -> None:
    assert told("execution { let x = days(3); x }") == []
    assert told("m { a: 3; days: 4; }") == []


@pytest.mark.parametrize("program", ["m { t: 12,50; }", "execution { let d = 12,50; d }"])
def test_a_decimal_has_a_point(program: str) -> None:
    ((code, help_),) = told(program)
    assert (code, help_) == ("CCL0119", "write `12.50`")
    assert told(mended(program)) == []


def test_a_list_of_numbers_is_not_a_decimal() -> None:
    program = "fn f(a: Integer, b: Integer) -> Integer { a + b }\nexecution { f(12,50) }"
    assert told(program) == []


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
def test_zeros_before_a_number_are_an_error(written: str, instead: str, around: str) -> None:
    program = around.format(written)
    assert [code for code, _ in told(program)] == ["CCL0130"]
    assert mended(program) == around.format(instead)


def test_numbers_of_three_digits_are_grouped_where_one_shows_that_they_are() -> None:
    program = "execution { [2,500, 1,000, 30] }"
    assert [code for code, _ in told(program)] == ["CCL0119", "CCL0130"]
    assert mended(program) == "execution { [2_500, 1,000, 30] }"
    assert mended("execution { [1,000, 2,500] }") == "execution { [1_000, 2,500] }"


@pytest.mark.parametrize(
    "number", ["0", "0.5", "0.05", "0x0F", "1_000", "10", "2026-01-05T00:00:00Z", "0d", "0%", "0.0"]
)
def test_a_number_without_zeros_before_it_is_one(number: str) -> None:
    assert told(f"m {{ t: {number}; }}") == []
    assert told(f"execution {{ [{number}, {number}] }}") == []


def test_a_list_of_numbers_needs_no_blanks() -> None:
    assert told("execution { [2,500] }") == []


# --- loops ------------------------------------------------------------------------------


@pytest.mark.parametrize("walked", ["0..10", "0..=10", "1..n"])
def test_counting_is_done_with_while(walked: str) -> None:
    program = f"execution {{ let n = 10; for i in {walked} {{ n += i; }} n }}"
    ((code, help_),) = told(program)
    assert code == "CCL0112"
    assert "count with `while`" in help_


def test_there_is_no_function_that_counts() -> None:
    ((code, help_),) = told("execution { let n = 0; for i in range(0, 9) { n += i; } n }")
    assert code == "CCL0202"
    assert "count with `while`" in help_


# --- types ------------------------------------------------------------------------------


def test_an_empty_map_with_no_type_is_shown_a_map() -> None:
    (found,) = check_text("execution { let m = map_new(); m }", path="a.ccl").sink.diagnostics
    assert prose(found).title == "cannot infer the type of this value"
    assert "Map<String, Integer>" in (prose(found).help or "")


def test_braces_are_no_empty_map() -> None:
    ((code, help_),) = told("execution { let m: Map<String, Integer> = {}; m.size() }")
    assert (code, help_) == ("CCL0401", "`{}` is an empty block; an empty map is `map_new()`")


def test_a_type_without_its_arguments_is_shown_with_them() -> None:
    (found,) = check_text("execution { let x: Option = Some(5); x }", path="a.ccl").sink.diagnostics
    assert prose(found).title == "Option takes 1 type argument, 0 given"
    assert prose(found).help == "write `Option<Integer>`"


def test_what_may_be_none_is_no_operand() -> None:
    ((code, help_),) = told('execution { let x = "4"; parse_integer(x) + 1 }')
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
def test_names_of_other_languages(program: str, help_: str) -> None:
    ((_, found),) = told(program)
    assert found == help_


def test_a_documented_function_is_meant_for_others() -> None:
    program = "fn area(a: Integer) -> Integer { a }\nexecution { 1 }"
    ((code, help_),) = told(program)
    assert code == "CCL0903"
    assert "`///`" in help_
    assert told("/// The area.\n" + program) == []


# --- shapes of other languages ----------------------------------------------------------


def test_a_variant_carries_types_and_not_fields() -> None:
    program = "enum Shape { Dot, Square { side: Integer, at: { x: T } }, Last }\nexecution { 1 }"
    ((code, help_),) = told(program)
    assert code == "CCL0112"
    assert "`Square(Integer)`" in help_


def test_a_file_is_its_own_outer_braces() -> None:
    ((code, help_),) = told('{\n  name: "Club";\n  limit 3;\n}\n')
    assert code == "CCL0115"
    assert "a file has no outer braces" in help_


@pytest.mark.parametrize("entry", ["limit 1 + 2;", "limit LOW - 2;", 'rule "a" + "b";', "m 1 < 2;"])
def test_an_entry_that_is_computed_has_a_colon(entry: str) -> None:
    for program in (entry, f"a: 1; {entry}", f"m {{ {entry} }}"):
        ((code, help_),) = told(program)
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


# --- what other languages have ----------------------------------------------------------


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
def test_what_other_languages_have_is_answered_with_what_ccl_writes(
    program: str, code: str, help_: str
) -> None:
    found = told(program)
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
def test_what_the_help_writes_compiles(program: str) -> None:
    assert told(program) == []


def test_what_a_proposal_lacks_compiles_as_the_help_writes_it() -> None:
    ((code, help_), *_) = told("proposal P { quorum: 50%; }\nexecution { 1 }")
    assert code == "CCL0340"
    entries = [part for part in help_.split("`") if part.endswith(";")]
    assert len(entries) == 2
    program = f"proposal P {{ quorum: 50%; {' '.join(entries)} }}"
    assert [code for code, _ in told(program) if not code.startswith("CCL09")] == []


# --- fixes and suggestions, applied -----------------------------------------------------


def codes_of(text: str) -> list[str]:
    return [each.code for each in check_text(text, path="page.ccl").sink.diagnostics]


def test_every_fix_of_an_example_mends_it_and_breaks_nothing() -> None:
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
