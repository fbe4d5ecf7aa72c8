"""One missing token gives few reports, without its consequences."""

from functools import cache
from pathlib import Path

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Sink
from ccl.parser.lexer.lexer import lex
from ccl.pipeline import check_text
from ccl.source.spans import SourceMap

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "examples").rglob("*.ccl"))
REPORTS_FEW = 3
REPORTS_MAX = 10
SHARE_WITH_FEW_PERCENT = 98
SAMPLE = 240


@cache
def places(path: Path) -> tuple[tuple[int, int], ...]:
    source = SourceMap().add(path.name, path.read_text(encoding="utf-8"))
    return tuple((t.start, t.end) for t in lex(source, Sink()).items if t.start < t.end)


def reports_without(path: Path, place: tuple[int, int]) -> int:
    text = path.read_text(encoding="utf-8")
    start, end = place
    found = check_text(text[:start] + text[end:], path=path.as_posix()).sink.diagnostics
    return sum(severity_of(each.code) is Severity.ERROR for each in found)


def test_most_deletions_give_few_reports() -> None:
    every = [(path, place) for path in PROGRAMS for place in places(path)]
    sample = every[:: len(every) // SAMPLE]
    many = [each for each in sample if reports_without(*each) > REPORTS_FEW]
    assert len(many) * 100 <= (100 - SHARE_WITH_FEW_PERCENT) * len(sample), many


@given(st.data())
@examples(25)
def test_no_deletion_gives_many(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PROGRAMS))
    place = data.draw(st.sampled_from(places(path)))
    assert reports_without(path, place) <= REPORTS_MAX


@given(st.data())
@examples(25)
def test_missing_brace_is_one_error_in_its_line(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PROGRAMS))
    text = path.read_text(encoding="utf-8")
    braces = [place for place in places(path) if text[slice(*place)] in ("{", "}")]
    start, end = data.draw(st.sampled_from(braces))
    sink = check_text(text[:start] + text[end:], path=path.as_posix()).sink
    (error,) = (d for d in sink.diagnostics if severity_of(d.code) is Severity.ERROR)
    assert error.code in ("CCL0113", "CCL0114")
    # A missing brace leaves blank space, so a word after it may begin the next line.
    between = text[min(start, error.span.start) : max(start, error.span.start)]
    assert between.count("\n") <= 1
