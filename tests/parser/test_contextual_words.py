"""Each contextual word is a name in every place where the reference promises names.

A form is read twice, with the word and with a name that means nothing (`plain`): the trees are the
same but for the name. The exceptions are the forms by which the words are items, each named below.
"""

import pytest

from ccl.cli.charter.view import charter_text
from ccl.diagnostics.model import Sink
from ccl.formatter.format import format_text
from ccl.parser.lexer.tokens import KEYWORDS
from ccl.parser.parse import parse
from ccl.source.spans import FileId, Source, Span
from ccl.support.node import fields, is_node
from ccl.syntax import ast

PLAIN = "plain"
WORDS = (
    *("execution", "range", "on", "override", "version", "extends", "as", "because"),
    *("invariant", "export", "test", "article", "role", "proposal", "charter", "ctx"),
    *("run", "module", "public", "migrate", "member", "federation", "class", "event"),
)
FORMS = {
    "entry with a colon": "W: 1;",
    "entry without a colon": "W 1;",
    "entry of a text": 'W "text";',
    "entry of a word": "W other;",
    "entry of a list": "W [1, 2];",
    "last entry": "s { W: 1 }",
    "entry after an open one": "s { a { b: 1 } W: 2; }",
    "value of an entry": "key: W;",
    "value without a colon": "key W;",
    "value with an operator": "key: W - 1 + W;",
    "path": "key: a.W.b + W.c;",
    "section": "W { a: 1; }",
    "section with a text": 'W "label" { a: 1; }',
    "label of a section": "key W { a: 1; }",
    "key of an inline object": "key: { W: 1, b: 2 };",
    "element of a list": "key: [W, { W: 1 }];",
    "call entry": "W(1);",
    "key of a rule": "W range 0 5 { a: 1; }",
    "condition": "if W.a == 1 && has(W.b) { a: 1; }",
    "constant": "const W: Integer = 1;",
    "state": "state W: Integer = 1;",
    "function": "fn W(a: Integer) -> Integer { W(a - 1) }",
    "parameter": "fn f(W: Integer) -> Integer { W - 1 }",
    "type": "struct W { a: Integer } fn f(a: W) -> [W] { [a] }",
    "field": "struct S { W: Integer, b: Integer } fn f(a: S) -> Integer { a.W - a.b }",
    "variant": "enum E { W, B(Integer) } fn f(e: E) -> Bool { e == E::W }",
    "local": "fn f() { let W = 1; W - 1; W = 2; W += 3; W[0] = W(1); W { a: 1 }; }",
    "loop": "fn f() { for W in W { W(); } while W { } for a, W in b { } }",
    "pattern": "fn f() { match W { W if W > 1 => W, E::W(W) => 1, P { W, b: W } => W, _ => 2 } }",
    "named argument": "fn f() { g(W: 1, b: W); W(W: { a: 1 }); }",
    "struct literal": "fn f() { g(P { W: 1, b: W { a: 1 } }); }",
    "inline function": "fn f() { g.map(W => W + 1); g((W, b) => W); g((W) => W); }",
    "import": 'import "a.ccl" as W; fn f() { W.g(W::A); }',
    "handler": 'on "e" { W: 1; W.x = W - 1; log(W); note W; key: { W: 1 } }',
}
ITEMS = {
    ("execution", "section"): "CCL0128",
    ("on", "section with a text"): ast.Handler,
    ("invariant", "section with a text"): "CCL0128",
    ("article", "section with a text"): ast.Article,
    ("override", "section with a text"): ast.Section,
    ("override", "key of a rule"): ast.RangeRule,
}
"""The forms in which a word is a keyword: the node of each, or the error if the item contains
statements."""


def read(text: str) -> tuple[ast.Module, list[str]]:
    sink = Sink()
    module = parse(Source(FileId(0), "a.ccl", text), sink)
    return module, [found.code for found in sink.diagnostics]


def shape(value: object, word: str) -> object:
    """The tree without places, the word as `plain`."""
    if isinstance(value, tuple | list):
        return [shape(each, word) for each in value]
    if isinstance(value, Span):
        return None
    if is_node(value):
        return (
            type(value).__name__,
            [shape(getattr(value, name), word) for name in fields(value)],  # type: ignore[arg-type]
        )
    return PLAIN if value == word else value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", WORDS)
def test_contextual_word_outside_its_form_is_a_name(word: str, form: str) -> None:
    text = FORMS[form].replace("W", word)
    module, codes = read(text)
    if (word, form) in ITEMS:
        assert ITEMS[word, form] in (*codes, *map(type, module.items))
        assert len(module.items) == 1
        return
    assert codes == [], text
    expected, none = read(FORMS[form].replace("W", PLAIN))
    assert none == []
    assert shape(module.items, word) == shape(expected.items, PLAIN), text
    laid = format_text(text).text
    assert laid is not None
    assert shape(read(laid)[0].items, word) == shape(expected.items, PLAIN), laid


@pytest.mark.parametrize(("word", "form"), [each for each in ITEMS if each[0] != "override"])
def test_quoted_key_is_a_section(word: str, form: str) -> None:
    text = FORMS[form].replace("W", f'"{word}"')
    expected, _ = read(FORMS[form].replace("W", f'"{PLAIN}"'))
    for each in (text, format_text(text).text):
        assert each is not None and f'"{word}"' in each
        module, codes = read(each)
        assert codes == []
        assert shape(module.items, word) == shape(expected.items, PLAIN)


LABELS: list[object] = [None, "label", 5]


@pytest.mark.parametrize("word", [*WORDS, *(word for word in KEYWORDS if word != "contract")])
def test_printed_charter_parses_to_the_same_tree(word: str) -> None:
    """`ccl charter` quotes a key that would otherwise begin an item."""
    inner = [["property", word, 1], ["property", word, {word: 1}]]
    sections = [["section", word, label, inner] for label in LABELS]
    text = "\n".join(charter_text([*sections, *inner]))
    module, codes = read(text)
    assert codes == [], text
    article = [ast.Section, ast.Article if word == "article" else ast.Section, ast.Section]
    assert [type(item) for item in module.items] == [*article, ast.Entry, ast.Entry], text
    keys = [item.key.text for item in module.items if isinstance(item, ast.Section | ast.Entry)]
    assert set(keys) == {word}
