"""Growth of work: linear in the size of the data. Fuel is exact."""

import pytest
from ccl_growth import Program

from ccl.pipeline import check_text

EXPONENT_MAX = 1.15
"""Sorting is n log n; growing blocks are copied now and then."""

WRITTEN = """
fn written(n: Integer) -> String {
  let s = "é";
  let i = 0;
  while i < n { s = s + "ab€d "; i += 1; }
  s
}
"""

TEXTS = {
    "forward": """
  while i < s.length() { if s.char_at(i) == "a" { t += 1; } i += 1; }""",
    "backward": """
  i = s.length();
  while i > 0 { i -= 1; if s.char_at(i) == "a" { t += 1; } }""",
    "from both ends": """
  while i < s.length() {
    if s.char_at(i) == s.char_at(s.length() - 1 - i) { t += 1; }
    i += 1;
  }""",
    "two texts": """
  let other = written(n);
  while i < s.length() { if s.char_at(i) == other.char_at(i) { t += 1; } i += 1; }""",
    "words": """
  let at = s.index_of(" ", 0);
  while at >= 0 { t += s.substring(i, at).length(); i = at + 1; at = s.index_of(" ", i); }""",
    "a text that grows": """
  let grown = "é";
  while i < n { grown = grown + "é"; if grown.char_at(i) == "é" { t += 1; } i += 1; }""",
}


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_neighbouring_characters_are_found_in_constant_time(body: str) -> None:
    source = f"""{WRITTEN}
export fn f(n: Integer) -> Integer {{
  let s = written(n);
  let t = 0;
  let i = 0;{body}
  t
}}
"""
    assert Program(source).exponent(500) < EXPONENT_MAX


DECLARATIONS = """
struct Shelf { name: String, row: Array<Integer> }
fn zeros(n: Integer) -> Array<Integer> {
  let made: Array<Integer> = [];
  while made.length() < n { made.push(0); }
  made
}
"""

WRITTEN_BACK = {
    "a text in an array": ('let b = ["", ""];', 'b[i % 2] = b[i % 2] + "x";'),
    "a text in a map": (
        'let m: Map<String, String> = map_new(); m["a"] = "";',
        'm["a"] = m["a"] + "x";',
    ),
    "a text in a record": ('let s = Shelf { name: "", row: [] };', 's.name = s.name + "x";'),
    "a text by branches": (
        'let s = "";',
        's = if i % 2 == 0 { s + "x" } else { s + "yz" };',
    ),
    "a row of an array": (
        "let a = [zeros(n), zeros(n)];",
        "let row = a[0]; row[i] = 1; a[0] = row;",
    ),
    "a row of a map": (
        'let m: Map<String, Array<Integer>> = map_new(); m["a"] = [];',
        'let row = m["a"]; row.push(i); m["a"] = row;',
    ),
    "a row of a map by insert": (
        'let m: Map<String, Array<Integer>> = map_new(); m["a"] = [];',
        'let row = m["a"]; row.push(i); m.insert("a", row);',
    ),
    "a text of a map by insert": (
        'let m: Map<String, String> = map_new(); m["a"] = "";',
        'm.insert("a", m["a"] + "x");',
    ),
    "a row of a record": (
        'let s = Shelf { name: "", row: zeros(n) };',
        "let row = s.row; row[i] = 1; s.row = row;",
    ),
    "the first of an array, changed": ("let a = zeros(n);", "for x in a { a[0] = x + 1; break; }"),
    "a map as a queue": (
        "let m: Map<Integer, Integer> = map_new(); for x in zeros(n) { m[m.size()] = x; }",
        "for k, v in m { m.remove(k); break; }",
    ),
    "a record in an array": (
        'let all = [Shelf { name: "", row: zeros(n) }];',
        "let s = all[0]; s.row[i] = 1; all[0] = s;",
    ),
}


@pytest.mark.parametrize(("start", "turn"), WRITTEN_BACK.values(), ids=WRITTEN_BACK)
def test_part_read_and_written_back_is_not_copied(start: str, turn: str) -> None:
    source = f"""{DECLARATIONS}
export fn f(n: Integer) -> Integer {{
  {start}
  let i = 0;
  while i < n {{ {turn} i += 1; }}
  i
}}
"""
    assert Program(source).exponent(1000) < EXPONENT_MAX


IDIOMS = {
    "the first of an array is counted": (
        "let a = zeros(n); let first = 0;",
        "t += a[first]; first += 1; if first == a.length() { break; }",
    ),
    "the first of a text is counted": (
        "let s = written(n); let first = 0;",
        'if s.char_at(first) == "a" { t += 1; } first += 1;',
    ),
    "elements are pushed": ("let a = [0];", "for x in [i, 1] { a.push(x); }"),
    "the last is popped": ("let a = zeros(n);", "t += a.pop();"),
    "a parameter is changed": ("let a = zeros(n);", "add(a, i);"),
    "a field is changed": ('let s = Shelf { name: "", row: [] };', "s.row.push(i);"),
    "the first of a map ends the loop": (
        "let m: Map<Integer, Integer> = map_new(); for x in zeros(n) { m[m.size()] = x; }",
        "for key, value in m { t += value; m.remove(key); break; }",
    ),
    "an entry of a map is changed": (
        "let m: Map<Integer, Array<Integer>> = map_new();",
        "if !m.contains_key(i % 3) { m[i % 3] = []; } m[i % 3].push(i);",
    ),
    "a text of a map is changed": (
        "let m: Map<Integer, String> = map_new();",
        'if !m.contains_key(i % 3) { m[i % 3] = ""; } m[i % 3] = m[i % 3] + "x";',
    ),
    "parts are joined from the last": (
        'let parts: Array<String> = []; let s = "";',
        'parts.push("x"); if i == n - 1 { while parts.length() > 0 { s = s + parts.pop(); } }',
    ),
}
"""The idioms of CCL0915 and docs/language/collections.md."""


@pytest.mark.parametrize(("start", "turn"), IDIOMS.values(), ids=IDIOMS)
def test_suggested_idiom_is_linear(start: str, turn: str) -> None:
    source = f"""{DECLARATIONS}{WRITTEN}
fn add(a: Array<Integer>, x: Integer) {{ a.push(x); }}
export fn f(n: Integer) -> Integer {{
  {start}
  let t = 0;
  let i = 0;
  while i < n {{ {turn} i += 1; }}
  t
}}
"""
    assert "CCL0915" not in {each.code for each in check_text(source).sink.diagnostics}
    assert Program(source).exponent(1000) < EXPONENT_MAX
