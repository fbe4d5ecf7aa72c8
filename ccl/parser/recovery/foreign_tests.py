"""Tests in the form of other languages, `test "adds" { … }`: errors if they contain statements.

Others are valid sections, and are kept as such with a warning if they are empty or contain calls.
"""

import re
from collections.abc import Iterable, Iterator

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import KEYWORDS, Token, Tokens
from ccl.parser.recovery.braced import content_of, has_statement
from ccl.source.spans import Source, Span
from ccl.syntax import ast


def read_foreign_tests(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Replaces the heads of such tests in `tokens` by those of CCL, and reports each."""
    items = tokens.items
    read: list[Token] = []
    depth = 0
    for at, token in enumerate(items):
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        is_name = bool(at) and depth == 0 and _is_test(items, at - 1)
        if depth == 0 and _is_test(items, at):
            name = items[at + 1]
            place = Span(source.file, token.start, name.end)
            read += _read(source, place, name.text, sink)
        elif not is_name:
            read.append(token)
    tokens.items = read


def report_foreign_tests(items: Iterable[ast.Item], sink: Sink) -> None:
    """Warns of sections of a file that are probably intended as such tests."""
    for item in items:
        match item:
            case ast.Section(
                key=ast.Key(text="test", quoted=False, span=key), value=ast.StringLiteral() as name
            ):
                are_calls = [isinstance(each, ast.CallEntry) for each in _leaves(item.entries)]
                if any(are_calls) or not are_calls:
                    head = _head("".join(each for each in name.parts if isinstance(each, str)))
                    whole = Span(key.file, key.start, name.span.end)
                    fix = Fix(f"write `{head}`", (Edit(whole, head),))
                    fixes = (fix,) if all(are_calls) else ()
                    sink.report("CCL0131", whole, head=head, fixes=fixes)
            case _:
                pass


def _leaves(items: Iterable[ast.Item]) -> Iterator[ast.Item]:
    """Yields the items, and in place of a condition the items under it."""
    for item in items:
        if isinstance(item, ast.IfRule):
            yield from _leaves((*item.then, *item.otherwise))
        else:
            yield item


def _head(name: str) -> str:
    """Builds the head of the CCL test of this name."""
    words = re.findall(r"[^\W_]+", name.lower())
    joined = "_".join(words)
    fits = joined.isidentifier() and joined not in KEYWORDS
    return f"test fn {joined if fits else '_'.join(['test', *words])}()"


def _is_test(items: list[Token], at: int) -> bool:
    if items[at].text != "test" or [each.kind for each in items[at : at + 3]] != [
        *("NAME", "STRING", "LBRACE")
    ]:
        return False
    return has_statement(list(content_of(items, at + 2)))


def _read(source: Source, place: Span, name: str, sink: Sink) -> list[Token]:
    head = _head(name)
    fix = Fix(f"write `{head}`", (Edit(place, head),))
    found = source.text[place.start : place.end]
    sink.report("CCL0119", place, found=found, instead=head, fixes=(fix,))
    _, _, called = head.removesuffix("()").split(" ")
    ends = place.end, place.end
    return [
        Token("NAME", "test", place.start, place.start + len("test")),
        Token("FN", "fn", *ends),
        Token("NAME", called, *ends),
        Token("LPAREN", "(", *ends),
        Token("RPAREN", ")", *ends),
    ]
