"""A loop that keeps nothing needs as much memory for ten turns as for ten thousand."""

import re
from collections.abc import Callable

from ccl_growth import Program
from drawn_source import StatementWriter
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

FEW, MANY = 10, 10_000

DECLARATIONS = """
struct Note { title: String, tags: Array<String>, seen: Map<Integer, String>, next: Option<String> }
enum Shape { Dot, Line(String), Area(Array<Integer>, String) }
enum Chain { End, Link(String, Chain) }

fn note(n: Integer) -> Note {
  Note { title: "note \\(n)", tags: ["a\\(n)", "é"], seen: map_new(), next: Some("n\\(n)") }
}

fn filled(n: Integer) -> Array<Integer> {
  let made: Array<Integer> = [];
  while made.length() < n { made.push(made.length()); }
  made
}

fn written(n: Integer) -> String {
  let made = "";
  let i = 0;
  while i < n { made = made + "x\\(i)é"; i += 1; }
  made
}

fn shape(n: Integer) -> Shape {
  if n % 3 == 0 { return Shape.Dot; }
  if n % 3 == 1 { Shape.Line("line \\(n)") } else { Shape.Area(filled(n % 7), "é\\(n)") }
}

fn chain(n: Integer) -> Chain {
  let made: Chain = Chain.End;
  let i = 0;
  while i < n { made = Chain.Link("link \\(i)", made); i += 1; }
  made
}

fn even(n: Integer) -> Result<Array<String>, String> {
  let kept = ["kept \\(n)"];
  if n % 2 == 1 { return Err("odd \\(n)"); }
  for each in kept { if n % 4 == 2 { return Ok([each, each]); } }
  Ok(kept)
}

fn both(n: Integer) -> Result<Array<String>, String> {
  let before = written(n % 5);
  let found = even(n)?;
  let more = even(n + n % 3)?;
  found.push(before);
  found.push(more[0]);
  Ok(found)
}

fn last(chain: Chain) -> String {
  match chain {
    Chain.End => "",
    Chain.Link(text, rest) => if rest == Chain.End { text } else { last(rest) },
  }
}
"""


class Writer(StatementWriter):
    """Writes statements that keep nothing: `t` is a number, `k` goes from 0 to 9 and again."""

    def number(self) -> str:
        return self.one_of("1", "2", "3", "k", "k % 5", "7", "12", "40")

    def text(self) -> str:
        n = self.number()
        return self.one_of(
            f'"t\\({n})"',
            f"written({n})",
            f"note({n}).title",
            f"note(k).tags[{n} % 2]",
            f'written({n}) + "\\(k)"',
            f"last(chain({n}))",
            '"plain"',
            f"written({n} + 1).char_at(1)",
        )

    def statement(self, depth: int) -> str:
        v, n = f"v{next(self.names)}", self.number()
        return self.draw(st.sampled_from(_NESTED if depth else _PLAIN))(self, v, n, depth - 1)


Write = Callable[[Writer, str, str, int], str]


def _of(source: str) -> Write:
    """From a pattern: V and what begins so are names of its own, N a number, TEXT a text."""

    def write(w: Writer, name: str, number: str, depth: int) -> str:
        found = re.sub(r"\bV", name, re.sub(r"\bN\b", number, source))
        found = re.sub("TEXT", lambda _: f"({w.text()})", found)
        return re.sub("BODY", lambda _: w.statements(depth), found)

    return write


_PLAIN = [
    _of("let V = filled(N * 30); V.push(k); t += V.length();"),
    _of("let V: Array<String> = []; while V.length() < N { V.push(TEXT); } t += V.length();"),
    _of("let V = TEXT; let Vb = V; Vb = Vb + TEXT; V = V + Vb; t += V.length();"),
    _of('let V: Map<String, Array<Integer>> = map_new(); V["a"] = filled(N); V[TEXT] = [k];'
           ' let Vo = V; Vo["a"].push(1); V.remove("a"); t += V.size() + Vo["a"].length();'),
    _of("let V: Map<Integer, String> = map_new(); let Vi = 0;"
           " while Vi < 30 { V[Vi] = TEXT; V.remove(Vi - N); Vi += 1; } t += V.size();"),
    _of("let V = note(N); let Vo = V; V.tags[0] = TEXT; V.seen[k] = TEXT; V.next = None;"
           " V.title += TEXT; t += V.tags.length() + Vo.seen.size();"),
    _of("let V = match shape(k) { Shape.Dot => TEXT, Shape.Line(text) => text + TEXT,"
        ' Shape.Area(of, name) => { of.push(1); "\\(of.length())" + name } }; t += V.length();'),
    _of('let V = try both(k) catch why => [why, TEXT]; t += V.length();'),
    _of("let V = chain(N * 3); let Vo = V; V = Chain.Link(TEXT, V); t += last(V).length();"
           " t += last(Vo).length();"),
    _of("let V = filled(N).map(x => [x, k]).filter(x => x[0] % 2 == 0); V.push([t]);"
           " t += V.length();"),
    _of("let V = { a: k, b: TEXT, c: filled(N) }; t += integer(V.a) % 3 + V.c.length();"),
    _of("let V = [filled(N), [k]]; let Vr = V[0]; Vr.push(k); V[1] = Vr; let Vp = V.pop();"
           " t += Vp.length() + V.length();"),
    _of('let V = TEXT.split("x"); t += V.join(TEXT).length();'),
    _of("let V = Some(TEXT); t += match V { Some(Vt) => Vt.length(), None => 0 };"),
]  # fmt: skip

_NESTED = [
    *_PLAIN,
    _of("let V = 0; while V < N { let Vs = TEXT; V += 1; if V % 5 == 3 { continue; } BODY"
            " if V > 6 { break; } t += Vs.length(); }"),
    _of("for V in filled(N) { let Vs = TEXT; if V == k { break; } BODY t += Vs.length(); }"),
    _of("for V in [TEXT, TEXT] { V = V + TEXT; BODY if V.length() > 5 { continue; } t += 1; }"),
    _of("if k % 3 == 0 { let V = TEXT; BODY t += V.length(); } else { let V = filled(N); BODY"
            " t += V.length(); }"),
    _of("let V = note(N); for Vk, Vv in V.seen { t += Vv.length(); } BODY V = note(k);"),
]  # fmt: skip


@st.composite
def _programs(draw: st.DrawFn) -> str:
    body = Writer(draw).statements(2)
    return f"""{DECLARATIONS}
export fn f(turns: Integer) -> Integer {{
  let t = 0;
  let i = 0;
  while i < turns {{ let k = i % 10; {body} i += 1; }}
  t
}}
"""


@examples(40)
@given(_programs())
def test_turns_of_a_loop_that_keeps_nothing_share_their_memory(source: str) -> None:
    program = Program(source)
    assert program.measure(FEW).used_bytes == program.measure(MANY).used_bytes
