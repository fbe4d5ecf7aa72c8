"""Every alternative of the grammar has a layout; the layouts themselves, before and after."""

from textwrap import dedent

import pytest

from ccl.formatter.declarations import Declarations
from ccl.formatter.format import format_text
from ccl.parser.parse_concrete import CHILD_RULES, EMPTY_RULES, GATHERING_RULES
from ccl.syntax.tables import tables


def formatted(text: str) -> str:
    found = format_text(dedent(text).lstrip("\n"))
    assert found.text is not None, found.sink.diagnostics
    again = format_text(found.text).text
    assert again == found.text, "formatting twice is formatting once"
    return found.text


def test_every_alternative_of_the_grammar_has_a_layout() -> None:
    named = {rule.name for rule in tables().rules if rule.name}
    # The tree has no phrases of these: they are lists, or replaced by their only part.
    named -= GATHERING_RULES | CHILD_RULES | EMPTY_RULES
    assert {name for name in named if not hasattr(Declarations, name)} == set()


CASES = {
    "spaces": (
        "fn  f( a:Integer,b : Array< Integer > )->Bool{return a+b[ 0 ]*2==- a||!b ;}",
        "fn f(a: Integer, b: Array<Integer>) -> Bool { return a + b[0] * 2 == -a || !b; }\n",
    ),
    "a block of several statements": (
        "fn f() { let a=1; a+=1; a }",
        "fn f() {\n  let a = 1;\n  a += 1;\n  a\n}\n",
    ),
    "else follows its brace": (
        "fn f() {\nif a\n{ 1 }\nelse\n{\n2 } }",
        "fn f() {\n  if a {\n    1\n  } else {\n    2\n  }\n}\n",
    ),
    "what is opened stays open": (
        "execution { f(\na, b); g(a,\nb); }",
        "execution {\n  f(\n    a,\n    b,\n  );\n  g(a, b);\n}\n",
    ),
    "a reason needs no terminator where its block needs none": (
        'invariant "i" {\na } because article "1" ;\ninvariant "j" { b } ;\nc: 1;',
        'invariant "i" {\n  a\n} because article "1"\ninvariant "j" { b }\nc: 1;\n',
    ),
    "blank lines": (
        "a: 1;\n\n\n\nb: 2;\nsection {\n\n  c: 3;\n\n\n  d: 4;\n\n}\n\n\n",
        "a: 1;\n\nb: 2;\nsection {\n  c: 3;\n\n  d: 4;\n}\n",
    ),
    "terminators": (
        's {\n"a": 1, "b": {\n"c": [1,2] } , "d": 2\n}\nt {\na 1; b { c 1 };;\nd 2\n}',
        's {\n  "a": 1,\n  "b": {\n    "c": [1, 2],\n  },\n  "d": 2,\n}\n'
        "t {\n  a 1;\n  b { c 1 }\n  d 2;\n}\n",
    ),
    "fields and variants end in commas": (
        "struct S {\na: Integer;\nb: Bool\n}\nenum E<T> { A, B(T,Did) }",
        "struct S {\n  a: Integer,\n  b: Bool,\n}\nenum E<T> { A, B(T, Did) }\n",
    ),
    "a match": (
        "fn f() { match x {\n1|2 => { g(); }, E::A(_) if x>1 => y = 2, S { a, .. } => 3 } }",
        "fn f() {\n  match x {\n    1 | 2 => { g(); }\n    E::A(_) if x > 1 => y = 2,\n"
        "    S { a, .. } => 3,\n  }\n}\n",
    ),
    "a semicolon that drops a value stays": (
        "fn f() { if a { 1 } else { 2 }; 3 }",
        "fn f() {\n  if a { 1 } else { 2 };\n  3\n}\n",
    ),
    "a percent is no remainder": (
        "a range 10%\n20% {\nb: 50%\n}\nfn f() { 10%b }",
        "a range 10% 20% {\n  b: 50%;\n}\nfn f() { 10 % b }\n",
    ),
    "a number does not become a duration": (
        "fn f() { 7 .days; 7.days; 7.days(); did:key:z6Mk .text() }",
        "fn f() {\n  7 .days;\n  7.days;\n  7.days();\n  did:key:z6Mk .text()\n}\n",
    ),
    "strings are the author's": (
        'a: "x  \\(f( a,b ))  y";',
        'a: "x  \\(f( a,b ))  y";\n',
    ),
    "names in their normal form": ("fn cafe\u0301() {}", "fn caf\u00e9() {}\n"),
    "line breaks and tabs": (
        "\ufeffa: 1;\r\n\tb: 2; // c\t\r\n/* d\r\n\te */\r\n",
        "a: 1;\nb: 2; // c\n/* d\n  e */\n",
    ),
    "numbers are filled in": (
        "execution { f([\n" + "10, " * 40 + "]); }",
        "execution {\n  f([\n    "
        + ", ".join(["10"] * 24)
        + ",\n    "
        + ", ".join(["10"] * 16)
        + ",\n  ]);\n}\n",
    ),
    "nothing": ("\n\n", ""),
    "only a comment": ("\n# c\n\n", "# c\n"),
    "a comment behind a line comment": (
        'on "a" {\n  say { b: c// d\n; /* e */}\n}',
        'on "a" {\n  say {\n    b: c; // d\n    /* e */\n  }\n}\n',
    ),
    "a doc comment before a separator": (
        "a: 1\n/// b\n; fn c() {}\n",
        "a: 1\n/// b\n;\nfn c() {}\n",
    ),
    "a doc comment before the first item's separator": (
        "// a\n;/// b\n; fn c() {}\n",
        "// a\n;/// b\n;\nfn c() {}\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_before_and_after(name: str) -> None:
    before, after = CASES[name]
    assert formatted(before) == after


COMMENTS = """
    /// Doc of f.
    fn f( // after the bracket
      a: Integer, // of a
      /* before b */ b: Integer,
      // last
    ) -> Integer { // of the body
      /* one */ let x = 1; // of x

      // of the if

      if a { 1 } // yes
      // or else
      else { 2 }
      g(/* nothing */);
      h(a /* in */, b /* out */);
      /*
       * starred
         */
      // the end
    }

    // of the file
"""


def test_comments_keep_their_places() -> None:
    assert formatted(COMMENTS) == dedent("""\
        /// Doc of f.
        fn f( // after the bracket
          a: Integer, // of a
          /* before b */ b: Integer,
          // last
        ) -> Integer { // of the body
          /* one */ let x = 1; // of x

          // of the if

          if a {
            1
          } // yes
          // or else
          else {
            2
          }
          g( /* nothing */);
          h(a /* in */, b /* out */);
          /*
           * starred
           */
          // the end
        }

        // of the file
        """)


def test_statement_with_a_comment_inside_keeps_its_lines() -> None:
    text = """
        fn f() {
        let x = a   // first
             + b  /* second */  *  c;
        let   y = 1;
        }
    """
    assert formatted(text) == dedent("""\
        fn f() {
          let x = a   // first
               + b  /* second */  *  c;
          let y = 1;
        }
        """)


LONG = """
    fn f(first: Map<String, Integer>, second: Array<Array<Decimal>>, \
        third: Bool) -> Result<Integer, String> {
      let message = first_function(argument_one, argument_two) \
        + second_function(argument) * third(a, b);
      let sum = first_function(argument_one, argument_two) \
        + second_function(argument_three) * third_function(a, b);
      if first_condition_is_rather_long(argument) && second_condition(argument) \
        || third_condition(argument) { return 1; }
      each(ballots, ballot => {
        count(ballot);
      });
      Ok(submit_job(wasm_cid: module("./analysis.ccl"), input: { a: 1 }, \
        description: "Long", priority: "medium"))
    }
"""


def test_long_lines() -> None:
    assert formatted(LONG) == dedent("""\
        fn f(
          first: Map<String, Integer>,
          second: Array<Array<Decimal>>,
          third: Bool,
        ) -> Result<Integer, String> {
          let message =
            first_function(argument_one, argument_two) + second_function(argument) * third(a, b);
          let sum =
            first_function(argument_one, argument_two)
            + second_function(argument_three) * third_function(a, b);
          if first_condition_is_rather_long(argument) && second_condition(argument)
            || third_condition(argument)
          {
            return 1;
          }
          each(ballots, ballot => {
            count(ballot);
          });
          Ok(submit_job(
            wasm_cid: module("./analysis.ccl"),
            input: { a: 1 },
            description: "Long",
            priority: "medium",
          ))
        }
        """)
