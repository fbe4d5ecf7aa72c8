"""Rendering holds for any text and any place: every format, every width, without exception."""

import json
import re

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.codes.template import Template
from ccl.diagnostics.fixes import apply_edits, compatible_fixes
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label
from ccl.diagnostics.render import CONCISE, FORMATS, FULL, GITHUB, JSON, SARIF, render
from ccl.diagnostics.render.cells import Cells, text_width
from ccl.source.spans import SourceMap, Span

CODE = "CCL0999"
PIECES = st.sampled_from(
    ["a", "b ", "\t", "\n", "\r\n", "\r", "漢", "é", "e\u0301", "\u202e", "\x1b", "👩‍🚀", "", "{}"]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=40)


@pytest.fixture(autouse=True)
def _template(monkeypatch: pytest.MonkeyPatch) -> None:
    template = Template(code=CODE, title="found {found}", label="here", help="try {other}")
    for module in (
        "ccl.diagnostics.codes",
        "ccl.diagnostics.render.prose",
        "ccl.diagnostics.render.formats.sarif",
    ):
        monkeypatch.setattr(f"{module}.TEMPLATES", {**TEMPLATES, CODE: template})


@st.composite
def cases(draw: st.DrawFn) -> tuple[SourceMap, list[Diagnostic]]:
    sources = SourceMap()
    texts = [draw(TEXTS) for _ in range(draw(st.integers(1, 2)))]
    for number, text in enumerate(texts):
        sources.add(f"dir/{number}.ccl", text)

    def span() -> Span:
        source = draw(st.sampled_from(sources.sources))
        start, end = sorted(draw(st.integers(0, len(source.text))) for _ in range(2))
        return Span(source.file, start, end)

    found = [
        Diagnostic(
            CODE,
            span(),
            {"found": draw(TEXTS)},
            tuple(Label(span(), draw(TEXTS)) for _ in range(draw(st.integers(0, 3)))),
            tuple(draw(st.lists(TEXTS, max_size=2))),
            tuple(
                Fix(draw(TEXTS), (Edit(span(), draw(TEXTS)),))
                for _ in range(draw(st.integers(0, 2)))
            ),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    return sources, found


@examples(150)
@given(cases(), st.integers(10, 120), st.booleans())
def test_every_format_renders_every_place(
    case: tuple[SourceMap, list[Diagnostic]], width: int, color: bool
) -> None:
    sources, found = case
    for format_ in FORMATS.values():
        text = render(found, sources, format_, color=color, width=width)
        if format_ in (JSON, SARIF):
            json.loads(text)
        else:
            bare = re.sub(r"\x1b\[[\d;]*m", "", text)
            assert color or bare == text
            if format_ is not GITHUB:
                assert not set("\r\t\x1b\u202e\x00") & set(bare)
        if format_ in (CONCISE, GITHUB):
            assert text.count("\n") == len(found)


@examples(150)
@given(TEXTS.filter(lambda t: "\n" not in t), st.integers(40, 60), st.data())
def test_carets_stand_under_the_marked_text(text: str, width: int, data: st.DataObject) -> None:
    sources = SourceMap()
    source = sources.add("a.ccl", text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = [Diagnostic(CODE, Span(source.file, start, end), {"found": "x"})]
    rows = render(found, sources, FULL, color=False, width=width).split("\n")
    shown = rows[3].removeprefix("1 |").removeprefix(" ")
    carets = rows[4].removeprefix("  | ").removesuffix(" here")
    assert set(carets) <= {" ", "^"}
    assert carets.count("^") >= 1
    assert text_width(shown) <= width - 4
    cells = Cells.of(source.line_text(1))
    if cells.total <= width - 4:
        first, last = (min(cells.at(place), cells.total) for place in (start, end))
        assert carets == " " * first + "^" * max(last - first, 1)


@examples(150)
@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_window_has_the_requested_width(text: str, a: int, b: int) -> None:
    cells = Cells.of(text.replace("\n", ""))
    low, high = sorted((min(a, cells.total), min(b, cells.total)))
    assert text_width(cells.window(low, high)) == high - low


@examples(100)
@given(st.text("ab\n", max_size=20), st.data())
def test_chosen_fixes_never_overlap_and_all_apply(text: str, data: st.DataObject) -> None:
    source = SourceMap().add("a.ccl", text)

    def span() -> Span:
        start, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
        return Span(source.file, start, end)

    found = [
        Diagnostic(CODE, span(), {}, fixes=(Fix("f", (Edit(span(), f"<{n}>"),), safe=True),))
        for n in range(5)
    ]
    chosen = compatible_fixes(found, source.file)
    edits = [edit for fix in chosen for edit in fix.edits]
    changed = apply_edits(text, edits)
    assert len(chosen) >= 1
    assert all(changed.count(edit.replacement) == 1 for edit in edits)
    kept = len(text) - sum(e.span.end - e.span.start for e in edits)
    assert len(changed) == kept + sum(len(e.replacement) for e in edits)
