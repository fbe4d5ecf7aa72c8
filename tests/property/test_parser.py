"""The parser takes any text: it never raises, and every span lies inside the text."""

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.support.node import nodes_of
from ccl.syntax import ast

PROGRAM = """\
/// The bylaws.
title: "Data processing job";
resources { compute: 1000; memory 2GiB; policies { compute: "quota"; } }
bylaws_def "Bylaws" version "1.0.0" extends Base { quorum 50%; ends 2026-01-15T10:30:00Z }
if proposal.type == "bylaw_change" because article "7" { quorum 0.60; } else { quorum 0.40; }
member_age range 18 120 { status "eligible"; }
on "nomination.confirmed" {
  mint_token "a" { type "receipt"; recipient ctx.nominee_id; data { role: ctx.role, at: now() }; }
  if x > 1 { log("a \\(b + 1) c"); } else { burn { id: did:key:z6Mk; } }
}
const QUORUM: Decimal = 0.5;
enum Status { Open, Passed, Migrated(Did) }
struct Proposal { id: Integer, votes: Array<Map<String, Integer>> }
state proposals: Map<Integer, Proposal> = map_new<Integer, Proposal>();
invariant "no negative votes" { all(proposals.values(), p => p.yes >= 0) }
export fn tally(p: Proposal, votes: [Integer]) -> Bool {
  let total = -9_000 * (2 + votes[0]) % 7.days;
  for k, v in votes { if v < 0 && !done(v)? { continue; } total += v; }
  while true { break; }
  match p.status {
    Status::Open if total > 1 => p.yes * 2 > total,
    Status.Migrated(_) | Some(x) => { return false; }
    Point { x, y: 1..=5, .. } => try f(x) catch e => 0,
    _ => true,
  }
}
execution {
  require(tally(load(1), [3, 4]), "not passed") because article "7.2";
  submit_job(wasm_cid: module("./analysis.ccl"), input: { a: 1, b: "x" }, priority: "medium");
  emit Passed { id: 1 };
}
"""


def _parse(text: str) -> tuple[ast.Module, Sink]:
    sink = Sink()
    return parse(SourceMap().add("a.ccl", text), sink), sink


def _holds(text: str) -> None:
    module, sink = _parse(text)
    assert isinstance(module, ast.Module)
    for node in nodes_of(module):
        assert 0 <= node.span.start <= node.span.end <= len(text), node
    for found in sink.diagnostics:
        assert found.code in TEMPLATES
        spans = [found.span, *(label.span for label in found.labels)]
        spans += [edit.span for fix in found.fixes for edit in fix.edits]
        for span in spans:
            assert 0 <= span.start <= span.end <= len(text), found
        template = TEMPLATES[found.code]
        template.title.format(**found.facts)
        template.label.format(**found.facts)
        (template.help or "").format(**found.facts)


def test_sample_program_has_no_fault() -> None:
    module, sink = _parse(PROGRAM)
    assert sink.diagnostics == ()
    assert len(module.items) == 13


@given(st.text(max_size=200))
@examples(150)
def test_any_text(text: str) -> None:
    _holds(text)


WORDS = """
fn let if else while for in match return struct enum const state import emit require try catch
execution range on version extends because article x y 1 0.5 5% 3d true did:a:b 2GiB _ समिति
invariant export 2026-01-15T10:30:00Z
"""
SIGNS = "\\( :: => -> .. == // /* */ { } ( ) [ ] ; , : . = < > + - * / % ! ? | & \" ' # \\"
PIECES = st.sampled_from([*WORDS.split(), *SIGNS.split(), '"s"', "\n", " "])


@given(st.lists(PIECES, max_size=60))
@examples(250)
def test_any_words(pieces: list[str]) -> None:
    _holds(" ".join(pieces))
    _holds("fn f() { " + " ".join(pieces))


@given(st.integers(0, len(PROGRAM)))
@examples(120)
def test_truncated_program(cut: int) -> None:
    _holds(PROGRAM[:cut])


@given(st.integers(0, len(PROGRAM)), st.integers(0, 30), PIECES, st.integers(0, len(PROGRAM)))
@examples(150)
def test_mutated_program(at: int, length: int, piece: str, other: int) -> None:
    text = PROGRAM[:at] + piece + PROGRAM[at + length :]
    _holds(text)
    _holds(text[:other] + piece + text[other:])


@given(st.integers(0, len(PROGRAM) - 1))
@examples(80)
def test_one_character_less_is_few_reports(at: int) -> None:
    """A small fault does not cascade."""
    _, sink = _parse(PROGRAM[:at] + PROGRAM[at + 1 :])
    assert len(sink.diagnostics) <= 5
