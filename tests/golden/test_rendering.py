"""Renderings of diagnostics: each snapshot holds the source and the whole rendering.

The diagnostics are made by hand, to reach every shape that a layout has to deal with.
"""

import re

import pytest
from syrupy.assertion import SnapshotAssertion

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.codes.template import Severity, Template
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label
from ccl.diagnostics.render import FULL, render
from ccl.source.spans import Source, SourceMap, Span

ERROR = Template(
    code="CCL0998", title="expected {expected}, found {found}", label="{found}", help="try {hint}"
)
WARNING = Template(code="CCL0999", title="`{name}` is never read", severity=Severity.WARNING)


@pytest.fixture(autouse=True)
def _templates(monkeypatch: pytest.MonkeyPatch) -> None:
    for template in (ERROR, WARNING):
        monkeypatch.setitem(TEMPLATES, template.code, template)


def span(source: Source, text: str, occurrence: int = 0) -> Span:
    start = [m.start() for m in re.finditer(re.escape(text), source.text)][occurrence]
    return Span(source.file, start, start + len(text))


def card(sources: SourceMap, *found: Diagnostic, width: int = 80, color: bool = False) -> str:
    """Source and rendering together."""
    parts = [f"=== {source.path}\n{source.text}\n" for source in sources.sources]
    text = render(found, sources, FULL, color=color, width=width)
    return "".join(parts) + "=== rendered\n" + text.replace("\x1b", "␛")


def error(place: Span, *, hint: str | None = None, **rest: object) -> Diagnostic:
    facts = {"expected": "Integer", "found": "String"} | ({"hint": hint} if hint else {})
    return Diagnostic(ERROR.code, place, facts, **rest)  # type: ignore[arg-type]


PROGRAM = """fn pay(amount: Integer, to: Did) {
  log("paying");
}

execution {
  let spare = 1;
  pay("ten", caller());
}
"""


def test_labels_notes_help_and_fix(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("pay.ccl", PROGRAM)
    found = error(
        span(source, '"ten"'),
        hint="a number",
        labels=(Label(span(source, "amount: Integer"), "`amount` is an Integer"),),
        notes=(
            "a parameter takes what its type says, so that members who read the program know "
            "what it can do",
        ),
        fixes=(Fix("write the number", (Edit(span(source, '"ten"'), "10"),)),),
    )
    unused = Diagnostic(
        WARNING.code,
        span(source, "spare"),
        {"name": "spare"},
        fixes=(
            Fix("remove it", (Edit(span(source, "  let spare = 1;\n"), ""),)),
            Fix("rename it", (Edit(span(source, "spare"), "_spare"),), safe=False),
        ),
    )
    assert card(sources, unused, found) == snapshot


def test_colour(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("pay.ccl", PROGRAM)
    label = Label(span(source, "pay", 2), "in this call")
    found = error(span(source, '"ten"'), hint="a number", labels=(label,))
    assert card(sources, found, color=True) == snapshot


def test_several_labels_on_one_line(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("sum.ccl", "let total = left + right;\n")
    found = error(
        span(source, "+"),
        labels=(
            Label(span(source, "left"), "an Integer"),
            Label(span(source, "right"), "a String"),
            Label(span(source, "total"), "so `total` has no type"),
        ),
    )
    assert card(sources, found) == snapshot


def test_overlapping_and_touching_marks(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("o.ccl", "a.b.c(d)\n")
    found = error(
        span(source, "b.c"),
        labels=(Label(span(source, "a.b.c(d)"), "this call"), Label(span(source, "(d)"), "here")),
    )
    assert card(sources, found) == snapshot


def test_over_several_lines(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("long.ccl", "a {\n  b: 1;\n  c: 2;\n  d: 3;\n}\nnext: 1;\n")
    whole = Span(source.file, 0, source.text.index("next"))
    two = Span(source.file, source.text.index("b:"), source.text.index("c: 2;") + 5)
    assert card(sources, error(whole), error(two)) == snapshot


def test_two_files(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    root = sources.add("root.ccl", 'import "lib.ccl";\n' * 11 + "lib.f(1);\n")
    library = sources.add("lib.ccl", "/// Doubles.\nfn f(x: String) {}\n")
    found = error(
        span(root, "1"), labels=(Label(span(library, "x: String"), "the parameter is here"),)
    )
    assert card(sources, found) == snapshot


def test_wide_combining_and_control_characters(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("समिति.ccl", "\tlet 漢字 = cafe\u0301 + x;\u202e \x1b[31m\n")
    assert (
        card(sources, error(span(source, "漢字")), error(span(source, "cafe\u0301")))
        + card(sources, error(span(source, "x")), error(span(source, "\x1b[31m")))
        == snapshot
    )


def test_long_lines_are_windowed(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("l.ccl", "x" * 200 + " HERE " + "y" * 200)
    here = span(source, "HERE")
    long = Span(source.file, 100, 300)
    end = Span(source.file, len(source.text), len(source.text))
    fixed = error(here, fixes=(Fix("change it", (Edit(here, "THERE"),)),))
    start = error(Span(source.file, 0, 1))
    assert card(sources, fixed, error(long), error(end), start, width=60) == snapshot


def test_ends_of_files(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    empty = sources.add("empty.ccl", "")
    bare = sources.add("bare.ccl", "a {")
    broken = sources.add("broken.ccl", "a {\r\n")
    found = [
        error(
            Span(source.file, len(source.text), len(source.text)),
            fixes=(
                Fix(
                    "close it", (Edit(Span(source.file, len(source.text), len(source.text)), "}"),)
                ),
            ),
        )
        for source in (empty, bare, broken)
    ]
    assert card(sources, *found) == snapshot


def test_fixes_in_many_places(snapshot: SnapshotAssertion) -> None:
    sources = SourceMap()
    source = sources.add("many.ccl", "".join(f"let x = {n};\n\n" for n in range(6)))
    edits = tuple(Edit(span(source, "let x", n), "x") for n in range(6))
    found = Diagnostic(
        WARNING.code, span(source, "x"), {"name": "x"}, fixes=(Fix("assign instead", edits),)
    )
    assert card(sources, found) == snapshot
