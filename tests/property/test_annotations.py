"""Suggested annotations: the program compiles with them, or none is suggested."""

from itertools import combinations

import pytest

from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text

USES = (
    "match o { Ok(x) => 1, Err(e) => 0 }",
    "match o { Some(x) => 1, None => 0 }",
    "match o { [a, ..r] => 1, _ => 0 }",
    "match o { Ok(Some(x)) => 1, _ => 0 }",
    "match o { Err([a]) => 1, _ => 0 }",
    "match o { Some(Ok(x)) => x, _ => 0 }",
    "o == None",
    "o == []",
    "o != Some([])",
    "o == o",
    "o + o",
    'o.contains("a")',
    "o.or_else(3)",
    "o.length()",
    'o.get("a")',
    "o.keys()",
    "o.first()",
    "o.push(o.length())",
    "o.map(x => x.length())",
    "o.filter(x => x > 2).length()",
    "o.seats",
    "o[0]",
    "o?",
    "o? + 1",
    "try o catch 0",
    "{ let n = 0; for each in o { n += each; } n }",
    "{ let n = 0; for k, v in o { n += v; } n }",
    "{ let n = []; n.push(o); n }",
    '"\\(o)"',
    "Some(o)",
    "1",
)

HALL = """\
struct Hall { seats: Integer }
enum Size { Small, Large }
enum Box<T> { Full(Array<T>), Void }
"""

PROGRAMS = [
    *(f"export fn f(o) {{ {use} }}" for use in USES),
    *(f"export fn f(o) {{ let _ = {a}; {b} }}" for a, b in combinations(USES, 2)),
    *(f"fn f(o) {{ {use} }}\nfn g(o) {{ f(o) }}" for use in USES),
    *(f"export fn f(o, p) {{ let _ = o == p; {use} }}" for use in USES),
    *(f"export fn f(o, p) {{ let _ = o.get(p); {use} }}" for use in USES),
]

CALLS = (
    *("[]", "None", "Ok(3)", "Err([])", "Some([])", "[[]]", "Box::Void", "Box::Full([])"),
    *("same([])", "[].map(x => x)"),
)


def errors(text: str) -> list[Diagnostic]:
    found = check_text(text, path="a.ccl").sink.diagnostics
    return [each for each in found if not each.code.startswith("CCL09")]


def open_parameters(text: str) -> list[Diagnostic]:
    found = [each for each in errors(text) if each.code == "CCL0442"]
    return [each for each in found if each.facts["what"].startswith("parameter")]


def annotated(text: str, open_ones: list[Diagnostic]) -> str | None:
    """The text with the helps pasted; None if one of them names no type."""
    for each in sorted(open_ones, key=lambda each: -each.span.start):
        if each.facts.get("advice") == "parameter":
            return None
        text = text[: each.span.start] + each.facts["example"] + text[each.span.end :]
    return text


@pytest.mark.parametrize("first", range(0, len(PROGRAMS), 100))
def test_suggested_annotations_compile(first: int) -> None:
    suggested = 0
    for body in PROGRAMS[first : first + 100]:
        text = HALL + body
        open_ones = open_parameters(text)
        if open_ones and (mended := annotated(text, open_ones)) is not None:
            assert [each.code for each in errors(mended)] == [], mended
            suggested += 1
    assert suggested > 10


@pytest.mark.parametrize("argument", CALLS)
def test_open_argument_is_reported_once(argument: str) -> None:
    text = (
        f"{HALL}fn same<T>(x: T) -> T {{ x }}\nfn f(o, n) {{ let _ = o == o; n }}\n"
        f"execution {{ f({argument}, 5) }}"
    )
    (open_one,) = errors(text)
    assert open_one.code == "CCL0442"
    mended = annotated(text, [open_one])
    assert mended is not None
    assert errors(mended) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("match o { Ok(x) => 1, Err(e) => 0 }", "Result<Integer, String>"),
        ("match o { Some(x) => 1, None => 0 }", "Option<Integer>"),
        ("match o { [a, ..r] => 1, _ => 0 }", "Array<Integer>"),
        ("match o { Ok(Some(x)) => 1, _ => 0 }", "Result<Option<Integer>, String>"),
        ("o == None", "Option<Integer>"),
        ('o.contains("a")', "Array<String>"),
        ("o.seats", "Hall"),
        ("match o { Small => 1, Large => 2 }", "Size"),
        ("o.or_else(3)", None),
        ("o? + 1", None),
    ],
)
def test_suggested_type_is_that_of_the_use(body: str, kind: str | None) -> None:
    (found,) = errors(f"{HALL}export fn f(o) {{ {body} }}")
    assert found.code == "CCL0442"
    if kind is None:
        assert prose(found).help == "annotate the type of `o` after a `:`"
    else:
        assert prose(found).help == f"annotate the type: `o: {kind}`"


def test_type_that_a_call_rules_out_is_not_suggested() -> None:
    (found,) = errors("fn f(o) { o }\nexecution { if f(None) == None { 1 } else { 2 } }")
    assert found.facts["example"] == "o: Option<Integer>"
    (found,) = errors("fn f(x) { x }\nfn through<T>(x: T) -> T { f(x) }")
    assert found.facts["advice"] == "parameter"


@pytest.mark.parametrize("pattern", ["9223372036854775808", "9223372036854775808..=3", "Some(-1.)"])
def test_pattern_with_a_wrong_literal_ends_inference(pattern: str) -> None:
    assert errors(f"export fn f(o) {{ match o {{ {pattern} => 1, _ => 2 }} }}")


def test_least_integer_in_a_pattern_decides_the_type() -> None:
    assert errors("export fn f(o) { match o { -9223372036854775808..=-1 => 0, _ => 1 } }") == []
