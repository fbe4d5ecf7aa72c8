"""Syntax trees of each construct of the language."""

from decimal import Decimal
from typing import Any

import pytest

from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap, Span
from ccl.support.node import fields, is_node
from ccl.syntax import ast


def read(text: str) -> ast.Module:
    sink = Sink()
    module = parse(SourceMap().add("a.ccl", text), sink)
    assert sink.diagnostics == ()
    return module


def shown(node: Any) -> str:
    """`(Kind child …)` without spans; absent and empty children are omitted."""
    match node:
        case ast.Name(text=text) | ast.Ident(text=text):
            return text
        case ast.QualifiedName():
            return node.text
        case ast.Key(text=text, quoted=quoted):
            return f"'{text}'" if quoted else text
        case ast.IntegerLiteral(value=value) | ast.DecimalLiteral(value=value):
            return str(value)
        case ast.StringLiteral(parts=parts):
            return " + ".join(repr(p) if isinstance(p, str) else shown(p) for p in parts) or "''"
        case ast.Binary(operator=operator, left=left, right=right):
            return f"({operator} {shown(left)} {shown(right)})"
        case ast.Unary(operator=operator, operand=operand):
            return f"({operator} {shown(operand)})"
        case tuple():
            return "[" + " ".join(shown(one) for one in node) + "]"
        case _ if is_node(node):
            found = [
                shown(value)
                for name in fields(node)
                if not isinstance(value := getattr(node, name), Span)
                and value is not None
                and value is not False
                and value != ()
            ]
            return "(" + " ".join([type(node).__name__, *found]) + ")"
        case _:
            return str(node)


def expression(text: str) -> str:
    module = read(f"const X = {text};")
    (item,) = module.items
    assert isinstance(item, ast.Const)
    return shown(item.value)


def body(text: str) -> str:
    (item,) = read(f"fn f() {{ {text} }}").items
    assert isinstance(item, ast.Function)
    return " ".join(shown(one) for one in item.body.statements)


def handler(text: str) -> str:
    (item,) = read(f'on "e" {{ {text} }}').items
    assert isinstance(item, ast.Handler)
    return " ".join(shown(one) for one in item.body.statements)


def items(text: str) -> str:
    return " ".join(shown(item) for item in read(text).items)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"),
        ("(1 + 2) * 3", "(* (+ 1 2) 3)"),
        ("a || b && c == d < e + f % g", "(|| a (&& b (== c (< d (+ e (% f g))))))"),
        ("a - b - c", "(- (- a b) c)"),
        ("-a * !b.c", "(* (- a) (! (Field b c)))"),
        ("- -1", "(- (- 1))"),
        ("-9223372036854775808", "(- 9223372036854775808)"),
        ("0xFF", "255"),
        ("1_000_000", "1000000"),
        ("0.660", "0.66"),
        ("50%", "(PercentLiteral 50)"),
        ("50%3", "(% 50 3)"),
        ("50 % x", "(% 50 x)"),
        ("50% (x)", "(% 50 x)"),
        ("30d", "(DurationLiteral 2592000 d)"),
        ("7.days", "(DurationLiteral 604800 days)"),
        ("1.hour", "(DurationLiteral 3600 hour)"),
        ("1y", "(DurationLiteral 31536000 y)"),
        ("15m", "(DurationLiteral 900 m)"),
        ("2GiB", "(SizeLiteral 2147483648)"),
        ("2026-01-15T10:30:00Z", "(TimestampLiteral 1768473000)"),
        ("2026-01-15T10:30:00+02:00", "(TimestampLiteral 1768465800)"),
        ("did:key:z6Mk", "(DidLiteral did:key:z6Mk)"),
        ('"a\\n\\u{41}\\"\\\\"', "'a\\nA\"\\\\'"),
        ('"a \\(b + 1) c \\(d)"', "'a ' + (+ b 1) + ' c ' + d"),
        ('"\\("in \\(x) ner")"', "'in ' + x + ' ner'"),
        ("f(1, a)", "(Call f [(Argument 1) (Argument a)])"),
        ("f(a: 1, if: 2,)", "(Call f [(Argument a 1) (Argument if 2)])"),
        ("a.b(c).d[0]", "(Index (Field (Call (Field a b) [(Argument c)]) d) 0)"),
        ("x.if", "(Field x if)"),
        ("f<T>(x)", "(Call f [(NamedType [T])] [(Argument x)])"),
        ("a < b", "(< a b)"),
        (
            "m.f<Map<K, [V]>>()",
            "(Call (Field m f) [(NamedType [Map] [(NamedType [K]) (ListType (NamedType [V]))])])",
        ),
        ("f(x => x + 1)", "(Call f [(Argument (Lambda [x] (+ x 1)))])"),
        ("f((a, b) => a)", "(Call f [(Argument (Lambda [a b] a))])"),
        ("f(() => 1)", "(Call f [(Argument (Lambda 1))])"),
        ("[1, [2], ]", "(ArrayExpr [1 (ArrayExpr [2])])"),
        ("A::B", "(PathName [A B])"),
        ("P { x: 1, y }", "(StructExpr [P] [(FieldValue x 1) (FieldValue y y)])"),
        ("m.P { x: 1 }", "(StructExpr [m P] [(FieldValue x 1)])"),
        ("A::P { x: 1 }", "(StructExpr [A P] [(FieldValue x 1)])"),
        ("f({ a: 1 })", "(Call f [(Argument (InlineObject [(Entry a 1)]))])"),
        ("f({})", "(Call f [(Argument (InlineObject))])"),
        ("try a()", "(Try (Call a))"),
        ("try a catch 0", "(Try a 0)"),
        ("try a catch e => e", "(Try a e e)"),
        ("a()?.b", "(Field (Try (Call a) True) b)"),
        (
            "1 + if a { 2 } else { 3 }",
            "(+ 1 (If a (Block [(ExpressionStatement 2)]) (Block [(ExpressionStatement 3)])))",
        ),
    ],
)
def test_expressions(text: str, tree: str) -> None:
    assert expression(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("let mut x: Integer = 1;", "(Let x (NamedType [Integer]) 1)"),
        ("x.y[0] += 2;", "(Assign (Index (Field x y) 0) += 2)"),
        ("a; b", "(ExpressionStatement a True) (ExpressionStatement b)"),
        (
            "if a { b; } -1",
            "(ExpressionStatement (If a (Block [(ExpressionStatement b True)])))"
            " (ExpressionStatement (- 1))",
        ),
        ("if a { 1 };", "(ExpressionStatement (If a (Block [(ExpressionStatement 1)])) True)"),
        (
            "if x == P { b }",
            "(ExpressionStatement (If (== x P) (Block [(ExpressionStatement b)])))",
        ),
        (
            "if (x == P { b: 1 }) { }",
            "(ExpressionStatement (If (== x (StructExpr [P] [(FieldValue b 1)])) (Block)))",
        ),
        (
            "if a { } else if b { } else { }",
            "(ExpressionStatement (If a (Block) (If b (Block) (Block))))",
        ),
        (
            "for k, v in m { continue; }",
            "(ExpressionStatement (For [k v] m (Block [(ExpressionStatement (Continue) True)])))",
        ),
        (
            "while f(P { a: 1 }) { break; }",
            "(ExpressionStatement (While (Call f [(Argument (StructExpr [P] [(FieldValue a 1)]))])"
            " (Block [(ExpressionStatement (Break) True)])))",
        ),
        ("return", "(ExpressionStatement (Return))"),
        ("return a + 1;", "(ExpressionStatement (Return (+ a 1)) True)"),
        ("{ a }", "(ExpressionStatement (Block [(ExpressionStatement a)]))"),
        (
            'require(a, "m") because article "7.2";',
            "(ExpressionStatement (Require [(Argument a) (Argument 'm')] '7.2') True)",
        ),
        (
            "emit Passed { id: 1 };",
            "(ExpressionStatement (Emit (StructExpr [Passed] [(FieldValue id 1)])) True)",
        ),
        (
            'emit "passed" { id 1; }',
            "(ExpressionStatement (Emit 'passed' (InlineObject [(Entry id 1)])))",
        ),
    ],
)
def test_statements(text: str, tree: str) -> None:
    assert body(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("_", "(WildcardPattern)"),
        ("x", "(NamePattern x)"),
        ("-1", "(LiteralPattern 1 True)"),
        ("1..5", "(RangePattern (LiteralPattern 1) (LiteralPattern 5))"),
        ("1..=5", "(RangePattern (LiteralPattern 1) (LiteralPattern 5) True)"),
        ("A::B", "(VariantPattern [A B])"),
        ("A.B(x, _)", "(VariantPattern [A B] [(NamePattern x) (WildcardPattern)])"),
        ("Some(x)", "(VariantPattern [Some] [(NamePattern x)])"),
        ("P { x, y: 1, .. }", "(StructPattern [P] [(FieldPattern x) (FieldPattern y "
         "(LiteralPattern 1))] True)"),
        ("[a, b]", "(ArrayPattern [(NamePattern a) (NamePattern b)])"),
        ("[a, ..]", "(ArrayPattern [(NamePattern a) (RestPattern)])"),
        ("[..all, 1..2]", "(ArrayPattern [(RestPattern all) (RangePattern (LiteralPattern 1) "
         "(LiteralPattern 2))])"),
        ("1 | 2 | 3", "(OrPattern [(LiteralPattern 1) (LiteralPattern 2) (LiteralPattern 3)])"),
    ],
)  # fmt: skip
def test_patterns(text: str, tree: str) -> None:
    (item,) = read(f"fn f() {{ match v {{ {text} => 1, _ => {{ 2 }} }} }}").items
    assert isinstance(item, ast.Function)
    (statement,) = item.body.statements
    assert isinstance(statement, ast.ExpressionStatement)
    assert isinstance(statement.value, ast.Match)
    first, second = statement.value.arms
    assert shown(first.pattern) == tree
    assert isinstance(second.body, ast.Block)


def test_arms() -> None:
    assert body("match a { x if x > 1 => { x } _ => b += 1 }") == (
        "(ExpressionStatement (Match a [(MatchArm (NamePattern x) (> x 1)"
        " (Block [(ExpressionStatement x)])) (MatchArm (WildcardPattern)"
        " (Block [(Assign b += 1)]))]))"
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('title: "a";', "(Entry title 'a')"),
        ('version "1.0.0", "staff": 0.6;', "(Entry version '1.0.0') (Entry 'staff' 0.6)"),
        ("self_nomination allowed;", "(Entry self_nomination allowed)"),
        ("state: 1; if: 2;", "(Entry state 1) (Entry if 2)"),
        ("a -5; b ctx.x; c f(1); d [1, 2];", "(Entry a (- 5)) (Entry b (Field ctx x))"
         " (Entry c (Call f [(Argument 1)])) (Entry d (ArrayExpr [1 2]))"),
        ("a: (1 + 2) * 3;", "(Entry a (* (+ 1 2) 3))"),
        ("a: { b: 1, c { d 2 } }",
         "(Entry a (InlineObject [(Entry b 1) (Section c [(Entry d 2)])]))"),
        ("a: [{ b: 1 }, { c 2; }];", "(Entry a (ArrayExpr [(InlineObject [(Entry b 1)])"
         " (InlineObject [(Entry c 2)])]))"),
        ("notify(a, 1);", "(CallEntry (Call notify [(Argument a) (Argument 1)]))"),
        ("a { b { c 1 } d 2; }", "(Section a [(Section b [(Entry c 1)]) (Entry d 2)])"),
        ('b "B" version "1" { }', "(Section b 'B' '1')"),
        ("contract A extends B { x 1; }", "(Section contract A B [(Entry x 1)])"),
        ("class Token { t: true }", "(Section class Token [(Entry t (BoolLiteral True))])"),
        ("if a == 1 { b 1; } else if c { } else { d 2; }",
         "(IfRule (== a 1) [(Entry b 1)] [(IfRule c [(Entry d 2)])])"),
        ('if a because article "7" { }', "(IfRule a '7')"),
        ("age range 18 120 { s 1; }", "(RangeRule age 18 120 [(Entry s 1)])"),
        ("range -5 500 { }", "(RangeRule (- 5) 500)"),
        ("range: 5; on: 1; execution: 2;", "(Entry range 5) (Entry on 1) (Entry execution 2)"),
        ('article "7.2" { text: "x"; }', "(Article '7.2' [(Entry text 'x')])"),
        ("execution: { a; }", "(Execution (Block [(ExpressionStatement a True)]))"),
        ('import "std/voting" as voting; import "b.ccl";', "(Import 'std/voting' voting)"
         " (Import 'b.ccl')"),
        ("state p: Map<Integer, P> = map_new();",
         "(State p (NamedType [Map] [(NamedType [Integer]) (NamedType [P])]) (Call map_new))"),
        ("enum S { Open, Moved(Did), }", "(Enumeration S [(Variant Open) (Variant Moved "
         "[(NamedType [Did])])])"),
        ("struct P<T> { id: T; state: v.Ballot, }",
         "(Struct P [T] [(StructField id (NamedType [T]))"
         " (StructField state (NamedType [v Ballot]))])"),
        ('invariant "n" { x >= 0 } because article "1"',
         "(Invariant 'n' (Block [(ExpressionStatement (>= x 0))]) '1')"),
        ("function f(x) { }", "(Function f [(Parameter x)] (Block))"),
        ("export fn f<T>(x: [T]) -> T { }",
         "(Function f [T] [(Parameter x (ListType (NamedType [T])))]"
         " (NamedType [T]) (Block) True)"),
        ("समिति: 1;", "(Entry समिति 1)"),
        ("cafe\u0301: 1;", "(Entry caf\u00e9 1)"),
    ],
)  # fmt: skip
def test_declarations(text: str, tree: str) -> None:
    assert items(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("mint { id 1; }", "(Action mint [(Entry id 1)])"),
        ('mint "a" { }', "(Action mint 'a')"),
        ("mint ctx.a { }", "(Action mint (Field ctx a))"),
        ("key: a + 1;", "(HandlerEntry (Entry key (+ a 1)))"),
        ("key { a: { b 1 } }", "(Action key [(Entry a (InlineObject [(Entry b 1)]))])"),
        ("quorum 0.5;", "(HandlerEntry (Entry quorum 0.5))"),
        ("x = 1; f(x);", "(Assign x = 1) (ExpressionStatement (Call f [(Argument x)]) True)"),
        ("(P { a: 1 }).f();",
         "(ExpressionStatement (Call (Field (StructExpr [P] [(FieldValue a 1)]) f)) True)"),
        ("if a { burn { id 1; } } else { k: 1; }", "(ExpressionStatement (If a"
         " (Block [(Action burn [(Entry id 1)])]) (Block [(HandlerEntry (Entry k 1))])))"),
        ("let p = P { a: 1 };", "(Let p (StructExpr [P] [(FieldValue a 1)]))"),
        ("match a { 1 => { burn { } } }", "(ExpressionStatement (Match a [(MatchArm"
         " (LiteralPattern 1) (Block [(Action burn)]))]))"),
    ],
)  # fmt: skip
def test_handlers(text: str, tree: str) -> None:
    assert handler(text) == tree


def test_struct_may_start_a_statement_of_a_function() -> None:
    assert body("P { a: 1 }") == "(ExpressionStatement (StructExpr [P] [(FieldValue a 1)]))"


def test_doc_comments_belong_to_the_next_item() -> None:
    module = read("/// Counts.\n/// Twice.\nexport fn f() { }\n// no\nfn g() { }\n/// S\na { }")
    docs = [item.doc for item in module.items if isinstance(item, ast.Function | ast.Section)]
    assert docs == ["Counts.\nTwice.", None, "S"]


def test_places() -> None:
    text = 'fn f() {\n  let a = "x \\(b.c) y" + 1;\n}\n'
    (item,) = read(text).items
    assert isinstance(item, ast.Function)
    (let,) = item.body.statements
    assert isinstance(let, ast.Let)
    assert isinstance(let.value, ast.Binary)

    def at(span: Span) -> str:
        return text[span.start : span.end]

    assert at(item.span) == text.rstrip()
    assert at(let.span) == 'let a = "x \\(b.c) y" + 1;'
    assert at(let.value.span) == '"x \\(b.c) y" + 1'
    assert at(let.value.operator_span) == "+"
    assert isinstance(let.value.left, ast.StringLiteral)
    assert at(let.value.left.span) == '"x \\(b.c) y"'
    inner = let.value.left.parts[1]
    assert isinstance(inner, ast.Field)
    assert at(inner.span) == "b.c"


def test_strings_that_look_like_signs_and_words() -> None:
    assert items('a: "{"; "on": "if"; b: f("+", "}", "\\(x)else");\n"fn": "(";') == (
        "(Entry a '{') (Entry 'on' 'if')"
        " (Entry b (Call f [(Argument '+') (Argument '}') (Argument x + 'else')]))"
        " (Entry 'fn' '(')"
    )


def test_line_ends_and_byte_order_mark() -> None:
    assert items("\ufeffa: 1;\r\nb: 2;\r\n") == "(Entry a 1) (Entry b 2)"
    assert read("").items == ()


def test_decimals_are_exact() -> None:
    (item,) = read("a: 0.1;").items
    assert isinstance(item, ast.Entry)
    assert isinstance(item.value, ast.DecimalLiteral)
    assert item.value.value == Decimal("0.1")
