"""Values that are read, changed and written back: earlier copies are as they were."""

from drawn_source import StatementWriter
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_interpreter import Interpreter, Stopped
from typed_trees import Running, Trapped
from typed_values import plain

from ccl.artifacts.artifact import emit
from ccl.ir.types import Array, Prim
from ccl.pipeline import check_text

HEAD = """
struct Shelf { name: String, books: Array<Array<Integer>>, notes: Map<String, String> }

fn grown(row: Array<Integer>, by: Integer) -> Array<Integer> { let more = row; more.push(by); more }
fn shown(row: Array<Integer>) -> String {
  let made = "";
  for each in row { made = made + "\\(each),"; }
  made
}
fn all(rows: Array<Array<Integer>>) -> String {
  let made = "";
  for row in rows { made = made + shown(row) + ";"; }
  made
}
fn longer(text: String) -> String { text + "!" }
fn push_to(row: Array<Integer>, by: Integer) { row.push(by); }

export fn f() -> Array<String> {
  let a = [[1, 2], [3]];
  let s = Shelf { name: "s", books: [[5], [6, 7]], notes: map_new() };
  s.notes["k"] = "v";
  let t = ["p", "q"];
  let word = "w";
  let row = [9];
  let n = 0;
  let q: Map<String, String> = map_new();
  q["k"] = "one";
  q["l"] = "two";
  let seen: Array<String> = [];
"""
TAIL = """
  for key, value in q { seen.push(key + value); }
  seen.push(all(a) + s.name + all(s.books) + s.notes["k"] + t[0] + t[1] + word + shown(row));
  seen
}
"""


class Writer(StatementWriter):
    MOST = 4

    def row(self) -> str:
        return self.one_of(
            "a[0]", "a[1]", "a[n % 2]", "s.books[0]", "s.books[n % 2]", "row", "a[a.length() - 1]"
        )

    def text(self) -> str:
        return self.one_of("t[0]", "t[n % 2]", "s.name", 's.notes["k"]', "word")

    def statement(self, depth: int) -> str:
        row, text, other = self.row(), self.text(), self.text()
        name = f"x{next(self.names)}"
        options = [
            f'{text} = {text} + "x";',
            f'{text} = {other} + {text};',
            f"{text} = longer({text});",
            f'{text} = if n % 2 == 0 {{ {text} + "e" }} else {{ longer({other}) }};',
            f'{text} = {{ let {name} = {text}; {other} = "new"; {name} + "b" }};',
            f"let {name} = {row}; {name}.push(n); {row} = {name};",
            f"let {name} = {row}; {self.plain()} {name}[0] = n; {row} = {name};",
            f"let {name} = {row}; {name}.push(7); seen.push(shown({row})); {row} = {name};",
            f"{row} = grown({row}, n);",
            f"{row} = grown({self.row()}, n);",
            f"push_to({row}, n);",
            f"let {name} = s; {name}.name += \"c\"; s = {name};",
            f"let {name} = a; a = [{name}[0], grown({row}, 3)];",
            "s = Shelf { name: s.name + \"n\", books: a, notes: s.notes };",
            f"let {name} = {text}; {text} = match n % 3 {{ 0 => {name}, 1 => {text} + {name},"
            f" _ => longer({text}) }};",
            f"{row} = grown({row}, {row}.length() * 2);",
            f"{row} = [shown({row}).length()].concat({row});",
            f"let {name} = {row}; let y{name} = shown({row}); {name}.push(4); {row} = {name};"
            f" seen.push(y{name});",
            f"let {name} = a[n % 2]; n += 1; {name}.push(2); a[n % 2] = {name};",
            f"while true {{ let {name} = {row}; n += 1; if n % 3 == 0 {{ break; }} {name}.push(1);"
            f" {row} = {name}; if n > 20 {{ break; }} }}",
            f"for {name} in a {{ a[0] = [n]; n += {name}.length(); break; }}",
            f'for {name} in t {{ n += 1; if n % 2 == 0 {{ {text} = "z"; seen.push({name});'
            " break; } }",
            f"for {name}, y{name} in q {{ q.remove({name}); seen.push({name} + y{name});"
            " if n % 2 == 0 { break; } n += 1; }",
            f"for {name}, y{name} in q {{ q.remove({name}); {text} = {name} + y{name}; break; }}",
            f"q[{text}] = {other};",
            f"q.insert({text}, {other});",
            f'q.insert({text}, (try q.get({text}) catch "") + {other});',
            f'if q.contains_key({text}) {{ q.insert({text}, q[{text}] + "i"); }}',
            f"let {name} = q; q[{text}] = {other}; n += {name}.size();",
            "n += 1;",
        ]  # fmt: skip
        if depth:
            inner = self.statements(depth - 1)
            options += [
                f"if n % 2 == 1 {{ {inner} }}",
                f"for {name} in a {{ {inner} n += {name}.length(); if n > 9 {{ break; }} }}",
                f"for {name} in {row} {{ {inner} n += {name} % 2; }}",
                f"let {name} = 0; while {name} < 3 {{ {name} += 1; {inner} }}",
            ]
        return self.one_of(*options)

    def plain(self) -> str:
        return self.one_of("", "n += 1;", "row.push(1);", 'word = word + "i";', "let _y = a;")


@st.composite
def _programs(draw: st.DrawFn) -> str:
    return HEAD + Writer(draw).statements(2) + TAIL


@examples(200)
@given(_programs())
def test_value_that_is_written_back_is_not_shared(source: str) -> None:
    checked = check_text(source)
    assert checked.program is not None, source
    kind = Array(Prim.STRING)
    try:
        expected = plain(
            Interpreter(checked.program).call(_entry(checked.program)), kind, checked.program
        )
    except Stopped as stopped:
        expected = stopped
    running = Running(emit(checked.program, checked.names, source_cids={}, compiler_version="test"))
    try:
        assert running.apply("f") == expected
    except Trapped as trapped:
        assert Stopped(trapped.reason) == expected
    else:
        assert running.live_blocks() == 0


def _entry(program) -> str:  # type: ignore[no-untyped-def]
    return next(export.function for export in program.exports if export.name == "f")
