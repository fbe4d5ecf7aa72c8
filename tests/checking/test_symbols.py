"""Symbols of programs: every name has one, with its declaration, doc comment and type."""

from collections.abc import Iterator

import pytest
from ccl_sources import corpus

from ccl.diagnostics.model import Sink
from ccl.ir.symbols import Symbol, SymbolKind
from ccl.parser.lexer.lexer import lex
from ccl.pipeline import Compilation, check_text
from ccl.source.spans import Source, Span
from ccl.support.node import nodes_of
from ccl.syntax import ast

WORDS = frozenset(
    {
        *("as", "article", "because", "contract", "execution", "export", "extends", "invariant"),
        *("mut", "on", "override", "proposal", "public", "range", "role", "test", "version"),
    }
)
"""Keywords of one place, which are names elsewhere."""


def without_symbol(compilation: Compilation, source: Source) -> Iterator[Span]:
    """The kinds of names that have none: keys of sections and records, what an entry says in bare
    words, what an action is called, fields of Data, classes of tokens, and sections that others
    extend."""
    assert compilation.module is not None
    for node in nodes_of(compilation.module):
        match node:
            case ast.Key(span=span) | ast.DurationLiteral(span=span):
                yield span
            case ast.Action(name=name, label=label):
                yield name.span
                if label is not None:
                    yield label.span
            case ast.Entry(value=ast.Name() | ast.ArrayExpr() | ast.Call() | ast.Field() as value):
                yield from words_in(value)
            case ast.CallEntry(call=call):
                yield from words_in(call)
            case ast.Section(value=value, extends=extends):
                yield from () if value is None else words_in(value)
                yield from () if extends is None else (extends.span,)
            case ast.Field(base=base, name=name):
                kind = compilation.symbols.type_at(source.file, base.span.end - 1)
                if str(kind) == "Data" or is_asked_for(compilation, source, node):
                    yield name.span
            case ast.NamedType(path=(ast.Ident(text="Token"),), arguments=(of_class,)):
                yield of_class.span
            case ast.Call(callee=ast.Name(text="token"), type_arguments=(of_class,)):
                yield of_class.span
            case _:
                pass


def words_in(value: ast.Expr) -> Iterator[Span]:
    """Every name in what an entry says."""
    yield from (each.span for each in nodes_of(value) if isinstance(each, ast.Name | ast.Ident))


def is_asked_for(compilation: Compilation, source: Source, field: ast.Field) -> bool:
    """Whether it is the path of `has(a.b)`, which has no value of its own."""
    assert compilation.module is not None
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.callee, ast.Name)
        and each.callee.text == "has"
        and each.span.contains(field.span)
        for each in nodes_of(compilation.module)
    )


def test_every_name_of_every_program_has_a_symbol_or_is_of_a_kind_that_has_none() -> None:
    left: list[str] = []
    for name, text in corpus().items():
        compilation = check_text(text, "page.ccl" if ":" in name else name)
        if compilation.program is None:
            continue
        source = next(each for each in compilation.sources.sources if each.text == text)
        names = [each for each in lex(source, Sink()).items if each.kind == "NAME"]
        open_ones = [
            each
            for each in names
            if each.text not in WORDS
            and not compilation.symbols.symbols_at(source.file, each.start)
        ]
        if not open_ones:
            continue
        known = tuple(without_symbol(compilation, source))
        left += [
            f"{name}:{source.position(each.start).line}: {each.text}"
            for each in open_ones
            if not any(span.start <= each.start and each.end <= span.end for span in known)
        ]
    assert left == []


def at(compilation: Compilation, what: str, number: int = 0) -> Symbol | None:
    """The symbol of the `number`-th place of a text in the root file."""
    source = next(each for each in compilation.sources.sources if "test.ccl" in each.path)
    offset = -1
    for _ in range(number + 1):
        offset = source.text.index(what, offset + 1)
    return compilation.symbols.definition_at(source.file, offset)


def check(text: str) -> Compilation:
    return check_text(text, "test.ccl")


PROGRAM = """
/// Who is in.
struct Member {
  /// As in the register.
  name: String,
  share: Decimal
}

/// What a member may do.
enum Right {
  /// Speak and vote.
  Full,
  Guest(Member)
}

/// How many there may be.
const MOST = 12;

/// All of them.
state members: Array<Member> = [];

/// Takes one in.
/// At most MOST.
export fn admit(name: String) -> Right {
  let new = Member { name: name, share: 0.5 };
  if members.length() < MOST { members.push(new); }
  let pairs = [1, 2].map(n => n + MOST);
  match Right::Guest(new) {
    Guest(Member { name, .. }) => log(name),
    _ => {},
  }
  Right::Full
}
"""


@pytest.mark.parametrize(
    ("what", "number", "kind", "doc", "type_name"),
    [
        ("Member", 1, SymbolKind.STRUCT, "Who is in.", "Member"),
        ("name", 0, SymbolKind.FIELD, "As in the register.", "String"),
        ("Right", 1, SymbolKind.ENUM, "What a member may do.", "Right"),
        ("Full", 1, SymbolKind.VARIANT, "Speak and vote.", "Right"),
        ("Guest", 2, SymbolKind.VARIANT, None, "Right"),
        ("MOST", 2, SymbolKind.CONSTANT, "How many there may be.", "Integer"),
        ("members", 1, SymbolKind.STATE, "All of them.", "Array<Member>"),
        ("admit", 0, SymbolKind.FUNCTION, "Takes one in.\nAt most MOST.", None),
        ("new", 1, SymbolKind.LOCAL, None, "Member"),
        ("n + MOST", 0, SymbolKind.PARAMETER, None, "Integer"),
        ("name),", 0, SymbolKind.LOCAL, None, "String"),
    ],
)
def test_symbol_has_its_declaration_and_doc_comment(
    what: str, number: int, kind: SymbolKind, doc: str | None, type_name: str | None
) -> None:
    compilation = check(PROGRAM)
    assert compilation.program is not None
    symbol = at(compilation, what, number)
    assert symbol is not None
    assert symbol.kind is kind
    assert symbol.span in compilation.symbols.uses_of(symbol)
    details = compilation.symbols.details(symbol)
    assert details.doc == doc
    assert (None if details.type is None else str(details.type)) == type_name


def test_short_field_is_a_field_and_a_variable() -> None:
    compilation = check(PROGRAM)
    (source, *_) = compilation.sources.sources
    offset = source.text.index("{ name, ..") + 2
    found = compilation.symbols.symbols_at(source.file, offset)
    assert {each.kind for each in found} == {SymbolKind.FIELD, SymbolKind.LOCAL}
    definition = compilation.symbols.definition_at(source.file, offset)
    assert definition is not None
    assert definition.kind is SymbolKind.LOCAL
    assert len(compilation.symbols.uses_of(definition)) == 2


def test_variable_that_inline_functions_read_is_one_symbol() -> None:
    text = "execution { let more = 2; [1].map(n => [n].map(m => m + more)).length() + more }"
    compilation = check(text)
    symbol = at(compilation, "more")
    assert symbol is not None
    starts = [each.start for each in compilation.symbols.uses_of(symbol)]
    assert starts == [text.index("more"), text.index("more)"), text.rindex("more")]


def test_variables_of_one_name_are_symbols_of_their_own() -> None:
    text = "fn f(a: Integer) -> Integer { a }\nfn g(a: String) -> String { a }\nexecution { f(1); }"
    compilation = check(text)
    first, second = at(compilation, "a:"), at(compilation, "a: String")
    assert first is not None
    assert second is not None
    assert first != second
    assert len(compilation.symbols.uses_of(first)) == 2


def test_names_of_arguments_are_parameters() -> None:
    declared = "fn f(low: Integer, high: Integer) -> Integer { high - low }\n"
    text = declared + "execution { f(high: 2, low: 1) }"
    compilation = check(text)
    symbol = at(compilation, "low")
    assert symbol is not None
    assert len(compilation.symbols.uses_of(symbol)) == 3


def test_symbols_survive_errors() -> None:
    text = "fn f(low: Integer) -> Integer { low }\nexecution { let a = missing; f(1) + a + f(a) }"
    compilation = check(text)
    assert compilation.program is None
    function, variable = at(compilation, "f("), at(compilation, "a =")
    assert function is not None
    assert variable is not None
    assert len(compilation.symbols.uses_of(function)) == 3
    assert len(compilation.symbols.uses_of(variable)) == 3


def test_type_at_is_that_of_the_innermost_expression() -> None:
    text = 'execution { let a = [1.5]; a[0] > 1.0 && "x".length() == 1 }'
    compilation = check(text)
    (source, *_) = compilation.sources.sources
    kinds = {
        what: str(compilation.symbols.type_at(source.file, text.index(what)))
        for what in ("a =", "[1.5", "1.5", "a[", "[0]", "0]", "> 1", '"x"', "== 1")
    }
    assert kinds == {
        "a =": "Array<Decimal>",
        "[1.5": "Array<Decimal>",
        "1.5": "Decimal",
        "a[": "Array<Decimal>",
        "[0]": "Decimal",
        "0]": "Integer",
        "> 1": "Bool",
        '"x"': "String",
        "== 1": "Bool",
    }


def test_nothing_is_at_a_place_without_a_name() -> None:
    compilation = check("execution { 1 + 1 }")
    (source, *_) = compilation.sources.sources
    assert compilation.symbols.symbols_at(source.file, 12) == ()
    assert compilation.symbols.definition_at(source.file, 12) is None
    assert compilation.symbols.type_at(source.file, 0) is None


def test_missing_key_is_no_symbol() -> None:
    compilation = check_text("spending { : 5; limit: 3; }", "a.ccl")
    assert [each.name for each in compilation.symbols.symbols] == ["spending", "limit"]
