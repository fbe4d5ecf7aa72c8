"""Invisible characters in sources: those that the reference allows, over all of Unicode."""

import sys
import unicodedata

import pytest

from ccl.diagnostics.fixes import all_edits, apply_edits, compatible_fixes
from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.pipeline import check_text
from ccl.source.spans import SourceMap

JOINERS_AND_MARKS = {"\u200c", "\u200d", "\u200e", "\u200f", "\u061c"}
VARIATION_SELECTORS = {
    chr(code)
    for first, last in [(0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)]
    for code in range(first, last + 1)
}
TEXT = JOINERS_AND_MARKS | VARIATION_SELECTORS
VISIBLE_FORMATS = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2") | {
    "\U000110bd",
    "\U000110cd",
}
"""Signs around numbers: of category Cf, and shown."""
FILLERS = set("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
RESERVED = {
    chr(code)
    for first, last in [(0x2065, 0x2065), (0xFFF0, 0xFFF8), (0xE0000, 0xE00FF), (0xE01F0, 0xE0FFF)]
    for code in range(first, last + 1)
}
"""Default-ignorable although nothing is assigned there yet."""
CATEGORIES = {"Cc", "Cf", "Zl", "Zp"}
SHOWN_OR_NEEDED = TEXT | VISIBLE_FORMATS | {"\t"}
IGNORABLE = FILLERS | RESERVED
CHARACTERS = [
    chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF and code != 10
]
REFUSED = {
    char
    for char in CHARACTERS
    if char in IGNORABLE
    or (unicodedata.category(char) in CATEGORIES and char not in SHOWN_OR_NEEDED)
}


def rejected(text: str) -> list[int]:
    """The lines at which a character is rejected."""
    source = SourceMap().add("a.ccl", text)
    sink = Sink()
    parse(source, sink)
    return [source.position(found.span.start).line for found in sink.diagnostics]


def codes(text: str) -> list[str]:
    return [found.code for found in check_text(text, path="a.ccl").sink.diagnostics]


def inside(form: str, chars: list[str]) -> set[str]:
    """The characters that are rejected where `form` has them, one of them a line."""
    lines = rejected("\n".join(form % char for char in chars))
    return {chars[line - 1] for line in lines}


SEEN_BY_EYE = [
    char
    for at, char in enumerate(CHARACTERS)
    if char not in '"\\' and (unicodedata.category(char) in ("Mn", "Zs", "So") or at % 50 == 0)
]
TRIED = [*SEEN_BY_EYE, *sorted(TEXT | REFUSED - set(SEEN_BY_EYE))]


@pytest.mark.parametrize("form", ["// a %s b", "# %s.", "/* %s */", "/// %s."])
def test_comment_may_contain_visible_and_required_characters(form: str) -> None:
    assert inside(form, TRIED) == REFUSED


def test_string_may_contain_visible_and_required_characters() -> None:
    lines = [each for each in TRIED if each != "\r"]
    assert inside('a: "x%sy";', lines) == REFUSED - {"\r"}


def test_invisible_character_in_code_is_rejected() -> None:
    marks = sorted(TEXT | REFUSED)
    assert inside("a: 1; %s b: 2;", marks) == set(marks)


def test_invisible_character_in_a_name_is_rejected() -> None:
    for form in ("a%sb: 1;", "%sab: 1;", "ab%s: 1;", "fn f(a%sb) { }"):
        marks = sorted((TEXT | REFUSED) & {c for c in CHARACTERS if ("a" + c).isidentifier()})
        assert set(marks) | set("\u034f") > FILLERS
        assert inside(form, marks) == set(marks)


@pytest.mark.parametrize("mark", ["\u3164", "\u200d", "\u200b", "\ufe0f", "\U000e0041"])
@pytest.mark.parametrize("name", ["pay%s", "p%sy", "%spay", "größe%s"])
def test_name_with_an_invisible_character_is_reported_where_it_is_written(
    name: str, mark: str
) -> None:
    name %= mark
    program = f"fn pay(x: Integer) -> Integer {{ x }}\nfn {name}(x: Integer) -> Integer {{ x }}\n"
    assert codes(f"{program}execution {{ {name}(1) + pay(1) }}") == ["CCL0109", "CCL0109"]


def test_byte_order_mark_begins_a_file_and_is_refused_elsewhere() -> None:
    assert codes("\ufefftitle: 1;") == []
    assert codes("title: 1;\ufeff") == ["CCL0109"]


def test_carriage_return_ends_a_line_with_a_line_feed_only() -> None:
    assert codes("a: 1; // b\r\nb: 2;\r\n") == []
    assert codes("a: 1; // b\rb: 2;\n") == ["CCL0109"]


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u3164", "\x0b", "\x85", "\U000e0041"])
def test_fix_in_a_string_keeps_its_value(char: str) -> None:
    text = f'title: "a{char}b";'
    found = check_text(text, path="a.ccl").sink.diagnostics
    fixed = apply_edits(text, all_edits(compatible_fixes(found, found[0].span.file)))
    assert fixed == f'title: "a\\u{{{ord(char):x}}}b";'
    assert codes(fixed) == []


def test_fix_in_a_name_is_unsafe() -> None:
    found = check_text("fn a\u200db() { }", path="a.ccl").sink.diagnostics
    assert compatible_fixes(found, found[0].span.file) == ()


FOREIGN_DIGITS = sorted(
    char for char in CHARACTERS if unicodedata.category(char) == "Nd" and not char.isascii()
)


@pytest.mark.parametrize(
    ("form", "instead"),
    [
        ("a: %s;", "a: 7;"),
        ("a: 1%s2;", "a: 172;"),
        ("a: %s%%;", "a: 7%;"),
        ("a: 0.%s;", "a: 0.7;"),
        ("a: %sd;", "a: 7d;"),
        ("a: %s.days;", "a: 7.days;"),
        ("a: %sMiB;", "a: 7MiB;"),
        ("execution { let x = [1, 2]; x[%s] }", "execution { let x = [1, 2]; x[7] }"),
    ],
)
def test_number_in_other_digits_is_reported_with_its_value(form: str, instead: str) -> None:
    for char in FOREIGN_DIGITS[3::60]:
        text = form % char
        (found,) = check_text(text, path="a.ccl").sink.diagnostics
        assert found.code == "CCL0127"
        assert unicodedata.name(char) in found.facts["character"]
        fixed = apply_edits(text, found.fixes[0].edits)
        assert fixed == instead.replace("7", str(unicodedata.decimal(char)))
        assert not found.fixes[0].safe


def test_digits_of_any_script_are_part_of_names_and_strings() -> None:
    assert codes('समिति१: "१२३";') == []
