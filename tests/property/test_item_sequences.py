"""Items after one another, with and without what may stand between them: each stays what it is.

The expected kinds, exports and tests come with the texts, and not from the parser.
"""

from dataclasses import dataclass

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.fixing import fix_text
from ccl.diagnostics.model import Sink
from ccl.formatter.format import format_text
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.syntax import ast


@dataclass(frozen=True, kw_only=True)
class Written:
    """`simple`: its terminator may be left out only at the end of its file or section."""

    text: str
    kind: type
    simple: bool = False
    exported: bool = False
    test: bool = False


ITEMS = [
    Written(text='on "job.completed" { log("a"); }', kind=ast.Handler),
    Written(text="execution { log(range - 1); }", kind=ast.Execution),
    Written(text="execution: { log(1) }", kind=ast.Execution),
    Written(text='invariant "i" { fund >= 0 }', kind=ast.Invariant),
    Written(text='invariant "i" { fund >= 0 } because article "2.1"', kind=ast.Invariant),
    Written(text="export fn f(on: Integer) -> Integer { on }", kind=ast.Function, exported=True),
    Written(text="test fn t() { assert(true); }", kind=ast.Function, test=True),
    Written(text="fn execution(test: Integer) { test }", kind=ast.Function),
    Written(text='article "2.1" { text: "a"; }', kind=ast.Article),
    Written(text="range 0 500 { a 1; }", kind=ast.RangeRule),
    Written(text='seats range 1 2 because article "2.1" { a 1; }', kind=ast.RangeRule),
    Written(text='if proposal.on == 1 because article "2.1" { a 1; }', kind=ast.IfRule),
    Written(text='election 50% version "2" { seats: 3 }', kind=ast.Section),
    Written(text="export { formats: [1] }", kind=ast.Section),
    Written(text='"on" "job.completed" { a 1; }', kind=ast.Section),
    Written(text='"execution" { a 1; }', kind=ast.Section),
    Written(text="struct S { execution: Integer; on: Bool }", kind=ast.Struct),
    Written(text="enum E { test, on(Integer) }", kind=ast.Enumeration),
    Written(text="self_nomination allowed", kind=ast.Entry, simple=True),
    Written(text="share 50%", kind=ast.Entry, simple=True),
    Written(text="on: 1 + export", kind=ast.Entry, simple=True),
    Written(text="test: true", kind=ast.Entry, simple=True),
    Written(text='execution: "by the board"', kind=ast.Entry, simple=True),
    Written(text="invariant [1, 2]", kind=ast.Entry, simple=True),
    Written(text="mint(on, 5)", kind=ast.CallEntry, simple=True),
    Written(text="state fund: Integer = execution + 1", kind=ast.State, simple=True),
    Written(text="const A = on { test: 1 }", kind=ast.Const, simple=True),
]
GAPS = [
    " ",
    "\n",
    "\n\n\n",
    " // on\n",
    "\n/* execution { */\n",
    "\n# export fn\n\n",
    "\n/// doc\n",
]
SHAPE = list[tuple[type, bool, bool]]


def read(text: str) -> tuple[SHAPE, list[str]]:
    sink = Sink()
    items = parse(SourceMap().add("a.ccl", text), sink).items
    found: SHAPE = []
    for item in items:
        is_function = isinstance(item, ast.Function)
        marks = (item.exported, item.test) if isinstance(item, ast.Function) else (False, False)
        assert is_function or marks == (False, False)
        found.append((type(item), *marks))
    return found, [each.code for each in sink.diagnostics]


def findings(text: str) -> Findings:
    sources, sink = SourceMap(), Sink()
    parse(sources.add("a.ccl", text), sink)
    return Findings(sources=sources, diagnostics=sink.diagnostics)


def expected(items: list[Written]) -> SHAPE:
    return [(each.kind, each.exported, each.test) for each in items]


@given(
    st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from(GAPS), st.booleans()), max_size=6)
)
@examples(150)
def test_items_stay_what_they_are(parts: list[tuple[Written, str, bool]]) -> None:
    """A terminator where one must be; behind the others where the author likes one."""
    items = [item for item, _, _ in parts]
    text = "".join(i.text + (";" if i.simple or more else "") + gap for i, gap, more in parts)
    assert read(text) == (expected(items), [])
    laid = format_text(text).text
    assert laid is not None
    assert read(laid) == (expected(items), [])
    assert format_text(laid).text == laid


@given(st.lists(st.tuples(st.sampled_from(ITEMS), st.booleans()), min_size=1, max_size=6))
@examples(150)
def test_lost_terminator_changes_no_item(parts: list[tuple[Written, bool]]) -> None:
    """Each is reported, `--fix` puts each back, and all items are what they were."""
    items = [item for item, _ in parts]
    text = "".join(i.text + (";" if i.simple and kept else "") + "\n" for i, kept in parts)
    lost = sum(item.simple and not kept for item, kept in parts)
    assert read(text) == (expected(items), ["CCL0111"] * lost)
    fixed = fix_text(text, findings)
    assert fixed.text == "".join(i.text + ";" * i.simple + "\n" for i in items)
    assert (fixed.applied, fixed.findings.diagnostics) == (lost, ())


@pytest.mark.parametrize("first", ITEMS, ids=lambda each: each.text[:30])
def test_every_item_may_follow_every_other(first: Written) -> None:
    for second in ITEMS:
        for around in ("{}", "s {{ {} }}", "contract C {{\n{}\n}}"):
            both = first.text + ("; " if first.simple else " ") + second.text + " ;"
            text = around.format(both)
            sink = Sink()
            items = parse(SourceMap().add("a.ccl", text), sink).items
            if around != "{}":
                (section,) = items
                assert isinstance(section, ast.Section)
                items = section.entries
            assert [type(item) for item in items] == [first.kind, second.kind], text
            assert sink.diagnostics == (), text
