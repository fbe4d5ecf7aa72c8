"""The base of all reductions, and the reductions that only collect their children.

A reduction is a method named as in the grammar; it takes the span of the phrase, except in
`Gathering`, and the values of its children: tokens, nodes, or lists of nodes.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, assert_never

from ccl.diagnostics.model import Sink
from ccl.parser.lexer.tokens import Token
from ccl.source.spans import FileId, Span
from ccl.support.node import Node, replace
from ccl.syntax import ast

Values: TypeAlias = list[Any]


_ITEMS: Final[dict[type, str]] = {
    ast.Article: "an article",
    ast.Handler: "a handler",
    ast.Execution: "an `execution` block",
    ast.Import: "an import",
    ast.Function: "a function",
    ast.Const: "a constant",
    ast.State: "a state",
    ast.Struct: "a struct",
    ast.Enumeration: "an enum",
    ast.Invariant: "an invariant",
}


class Place(Node, frozen=True, kw_only=True):
    """The file being parsed with its text, the sink of errors, and its doc comments by offset."""

    file: FileId
    text: str
    sink: Sink
    docs: dict[int, str]

    def span(self, token: Token) -> Span:
        return Span(self.file, token.start, token.end)

    def ident(self, token: Token) -> ast.Ident:
        return ast.Ident(text=token.text, span=self.span(token))

    def data(self, items: Iterable[ast.Item]) -> tuple[ast.AnyEntry, ...]:
        """Keeps the entries among `items`; others are reported and dropped, at any depth."""
        kept: list[ast.AnyEntry] = []
        for item in items:
            match item:
                case ast.Entry() | ast.CallEntry():
                    kept.append(item)
                case ast.Section() | ast.RangeRule():
                    kept.append(replace(item, entries=self.data(item.entries)))
                case ast.IfRule(then=then, otherwise=otherwise):
                    kept.append(replace(item, then=self.data(then), otherwise=self.data(otherwise)))
                case (
                    ast.Article()
                    | ast.Handler()
                    | ast.Execution()
                    | ast.Import()
                    | ast.Function()
                    | ast.Const()
                    | ast.State()
                    | ast.Struct()
                    | ast.Enumeration()
                    | ast.Invariant()
                ):
                    what = _ITEMS[type(item)]
                    self.sink.report(
                        "CCL0124", item.span, what=what, place="among data", kind="an entry"
                    )
                case _:
                    assert_never(item)
        return tuple(kept)

    def doc(self, span: Span) -> str | None:
        return self.docs.get(span.start)


class Reductions:
    """The base of the tables of reductions."""

    def __init__(self, place: Place) -> None:
        self.place = place


class Gathering(Reductions):
    """Reductions that collect lists: Python lists while they grow, made tuples by their consumer.

    They take the values alone, as spans do not matter.
    """

    def empty(self, _: Values) -> list[Any]:
        return []

    def none(self, _: Values) -> None:
        return None

    def one(self, values: Values) -> list[Any]:
        return [values[0]]

    def tokens(self, values: Values) -> list[Any]:
        return list(values)

    def two(self, values: Values) -> list[Any]:
        return [values[0], values[2]]

    def two_parens(self, values: Values) -> list[Any]:
        return [values[1], values[3]]

    def more(self, values: Values) -> list[Any]:
        values[0].append(values[2])
        return values[0]  # type: ignore[no-any-return]

    def append(self, values: Values) -> list[Any]:
        values[0].append(values[1])
        return values[0]  # type: ignore[no-any-return]

    def link_first(self, values: Values) -> Values:
        return values

    def link_more(self, values: Values) -> Values:
        values[0].extend(values[1:])
        return values[0]  # type: ignore[no-any-return]

    def append_simple(self, values: Values) -> list[Any]:
        items, item, sign = values
        if isinstance(item, ast.Import):
            # Its `;` belongs to it: a fix that removes an import removes that too.
            item = replace(item, span=item.span.to(self.place.span(sign)))
        items.append(item)
        return items  # type: ignore[no-any-return]

    append_arm = append
    match_last = append

    def stray(self, values: Values) -> list[Any]:
        return values[0]  # type: ignore[no-any-return]

    def first(self, values: Values) -> Any:
        return values[0]

    def second(self, values: Values) -> Any:
        return values[1]

    token = first

    def ident(self, values: Values) -> ast.Ident:
        return self.place.ident(values[0])

    def ident_mut(self, values: Values) -> ast.Ident:
        return self.place.ident(values[1])

    def names_two(self, values: Values) -> list[ast.Ident]:
        return [self.place.ident(values[0]), self.place.ident(values[2])]

    colon_path_two = names_two

    def names_more(self, values: Values) -> list[ast.Ident]:
        values[0].append(self.place.ident(values[2]))
        return values[0]  # type: ignore[no-any-return]

    colon_path_more = names_more
