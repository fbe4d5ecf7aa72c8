"""Fixing in rounds, and one report over several compilations."""

from collections.abc import Callable

import pytest

from ccl.cli.compiling.findings import Findings, merged
from ccl.cli.compiling.fixing import fix_text
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label, Sink
from ccl.parser.parse import parse
from ccl.pipeline import check_text
from ccl.source.spans import FileId, SourceMap, Span


def parsed(text: str) -> Findings:
    """Real findings, of the parser alone."""
    sources, sink = SourceMap(), Sink()
    parse(sources.add("a.ccl", text), sink)
    return Findings(sources=sources, diagnostics=sink.diagnostics)


def scripted(propose: Callable[[str], tuple[Fix, ...]]) -> Callable[[str], Findings]:
    """Makes a check that reports one error a text, with the fixes that `propose` gives."""

    def check(text: str) -> Findings:
        sources = SourceMap()
        sources.add("a.ccl", text)
        fixes = propose(text)
        found = (Diagnostic("CCL0101", Span(FileId(0), 0, 0), {}, fixes=fixes),) if fixes else ()
        return Findings(sources=sources, diagnostics=found)

    return check


def replacing(text: str, replacement: str, *, safe: bool = True) -> Fix:
    return Fix("change", (Edit(Span(FileId(0), 0, len(text)), replacement),), safe)


def test_real_errors_are_fixed_until_none_is_left() -> None:
    fixed = fix_text("staff: 3\nseats: 5\nquorum: 2;\n", parsed)
    assert fixed.text == "staff: 3;\nseats: 5;\nquorum: 2;\n"
    assert fixed.applied == 2
    assert fixed.findings.diagnostics == ()


def test_correct_program_has_nothing_to_fix() -> None:
    fixed = fix_text("fn f() { }\n", parsed)
    assert (fixed.text, fixed.applied) == ("fn f() { }\n", 0)


def test_circular_fixes_are_not_applied() -> None:
    flip = {"a": "b", "b": "a"}
    fixed = fix_text("a", scripted(lambda text: (replacing(text, flip[text]),)))
    assert (fixed.text, fixed.applied) == ("a", 0)


def test_unhelpful_fixes_are_not_applied() -> None:
    fixed = fix_text(
        "", scripted(lambda text: (replacing(text, text + "x", safe=False),)), unsafe=True
    )
    assert (fixed.text, fixed.applied) == ("", 0)


def test_safe_fix_is_made_beside_errors_that_have_none() -> None:
    fixed = fix_text("fn f() { log('a'); log(1) log(2); }\n", parsed)
    assert fixed.text == 'fn f() { log("a"); log(1) log(2); }\n'
    assert (fixed.errors, fixed.unhelpful, fixed.waiting) == (1, 0, 0)


def test_fix_without_progress_counts_as_unhelpful() -> None:
    fixed = fix_text("ab", scripted(lambda text: (replacing(text, text[::-1]),)))
    assert (fixed.text, fixed.applied, fixed.unhelpful, fixed.waiting) == ("ab", 0, 1, 0)


def test_fixes_of_warnings_wait_for_errors() -> None:
    def check(text: str) -> Findings:
        sources = SourceMap()
        sources.add("a.ccl", text)
        error = Diagnostic("CCL0101", Span(FileId(0), 0, 0), {})
        warning = Diagnostic("CCL0601", Span(FileId(0), 0, 0), {}, fixes=(replacing(text, ""),))
        return Findings(sources=sources, diagnostics=(error, warning))

    fixed = fix_text("ab", check)
    assert (fixed.text, fixed.unhelpful, fixed.waiting) == ("ab", 0, 1)


def test_unsafe_fixes_need_the_option() -> None:
    check = scripted(lambda text: (replacing(text, "b", safe=False),) if text == "a" else ())
    assert (fix_text("a", check).text, fix_text("a", check).applied) == ("a", 0)
    wanted = fix_text("a", check, unsafe=True)
    assert (wanted.text, wanted.applied) == ("b", 1)


def test_safe_fix_that_changes_the_items_is_not_made() -> None:
    text = "fn f() { }\n"
    lie = Fix("drop it", (Edit(Span(FileId(0), 0, 10), ""),), safe=True)
    check = scripted(lambda now: (lie,) if now == text else ())
    assert (fix_text(text, check).text, fix_text(text, check, unsafe=True).text) == (text, "\n")


def test_one_fix_helps_where_all_together_do_not() -> None:
    def check(text: str) -> Findings:
        sources = SourceMap()
        sources.add("a.ccl", text)
        fixes = [Fix("x", (Edit(Span(FileId(0), at, at), "#"),), safe=True) for at in (0, 1)]
        left = {"a:1;": (0, 1), "#a:1;": (1,), "a#:1;": (0, 1)}.get(text, (0, 1, 1))
        found = (
            Diagnostic("CCL0101", Span(FileId(0), at, at), {}, fixes=(fixes[at],)) for at in left
        )
        return Findings(sources=sources, diagnostics=tuple(found))

    fixed = fix_text("a:1;", check, unsafe=True)
    assert (fixed.text, fixed.applied) == ("#a:1;", 1)


def test_harmful_fix_is_taken_back() -> None:
    def check(text: str) -> Findings:
        sources = SourceMap()
        sources.add("a.ccl", text)
        fix = replacing(text, "bad")
        places = (0, 1, 2) if text == "bad" else (0,)
        return Findings(
            sources=sources,
            diagnostics=tuple(
                Diagnostic("CCL0101", Span(FileId(0), place, place), {}, fixes=(fix,))
                for place in places
            ),
        )

    fixed = fix_text("good", check)
    assert (fixed.text, fixed.applied, len(fixed.findings.diagnostics)) == ("good", 0, 1)


def test_shared_file_is_reported_once() -> None:
    def program(name: str) -> Findings:
        sources = SourceMap()
        root = sources.add(name, "import")
        library = sources.add("lib.ccl", "library")
        in_library = Span(library.file, 0, 3)
        return Findings(
            sources=sources,
            diagnostics=(
                Diagnostic("CCL0101", Span(root.file, 1, 2), {}, (Label(in_library, "here"),)),
                Diagnostic("CCL0101", in_library, {}, fixes=(Fix("f", (Edit(in_library, ""),)),)),
            ),
        )

    report = merged([program("a.ccl"), program("b.ccl")])
    assert [source.path for source in report.sources.sources] == ["a.ccl", "lib.ccl", "b.ccl"]
    places = [(report.sources.of(d.span).path, d.span.start) for d in report.diagnostics]
    assert places == [("a.ccl", 1), ("lib.ccl", 0), ("b.ccl", 1)]
    labels = [report.sources.of(label.span).path for d in report.diagnostics for label in d.labels]
    assert labels == ["lib.ccl", "lib.ccl"]


@pytest.mark.parametrize(
    "program",
    [
        "execution { let  = 5; }\n",
        "execution {\n  let a = 5;\n  log('\\(a)');\n}\n",
        "execution {\n  let total = 5;\n  log(totl);\n}\n",
    ],
)
def test_error_without_a_fix_is_left_unchanged(program: str) -> None:
    """No name is invented, and no name whose use is behind the error is called unused."""

    def check(text: str) -> Findings:
        found = check_text(text, path="a.ccl")
        return Findings(sources=found.sources, diagnostics=found.sink.diagnostics)

    fixed = fix_text(program, check)
    assert fixed.findings.count(Severity.ERROR) == 1
    assert (fixed.text, fixed.applied) == (program, 0)
