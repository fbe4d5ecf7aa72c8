"""Parsing into the concrete tree, for files without syntax errors only."""

from collections.abc import Sequence
from typing import Any, Final

from ccl.diagnostics.model import Sink
from ccl.parser.driver import ACCEPTED, Automaton, Reduction
from ccl.parser.lexer.classification import classify
from ccl.parser.lexer.lexer import lex
from ccl.parser.lexer.tokens import Token
from ccl.source.spans import Source, Span
from ccl.syntax.cst import Concrete, Leaf, Part, Phrase
from ccl.syntax.tables import tables

GATHERING_RULES: Final = frozenset(
    {
        "empty",
        "one",
        "tokens",
        "more",
        "append",
        "append_simple",
        "append_arm",
        "stray",
        "stray_semi",
    }
    | {"link_first", "link_more", "part_more", "field_patterns_open", "field_patterns_rest"}
)
"""They make a list, or add to one."""
CHILD_RULES: Final = frozenset({"token", "ident", "module"})
"""Each is its only part."""
EMPTY_RULES: Final = frozenset({"none", "no_header"})


def parse_concrete(source: Source) -> Concrete:
    """Builds the concrete tree of a file that has been parsed without errors."""
    tokens = lex(source, Sink())
    classify(source, tokens)
    leaves = _Leaves(source, tokens.items)
    automaton = Automaton(tables(), lambda rule: (None, _reduction(rule, leaves)), source.file)
    fed = automaton.feed(tokens.items)
    assert fed == ACCEPTED, "only files without errors are parsed"
    return Concrete(text=source.text, leaves=leaves.all(), items=automaton.values[-1])


class _Leaves:
    """The leaves of the tokens, each made once the kind of its token is final."""

    def __init__(self, source: Source, tokens: Sequence[Token]) -> None:
        self._text = source.text
        self._tokens = tokens
        self._numbers = {token.start: number for number, token in enumerate(tokens)}
        self._made: dict[int, Leaf] = {}

    def of(self, token: Token) -> Leaf:
        made = self._made.get(token.start)
        return self._make(token, self._numbers[token.start]) if made is None else made

    def all(self) -> list[Leaf]:
        return [
            *map(self.of, self._tokens[:-1]),
            self._make(self._tokens[-1], len(self._tokens) - 1),
        ]

    def _make(self, token: Token, index: int) -> Leaf:
        written = self._text[token.start : token.end]
        made = self._made[token.start] = Leaf(
            index=index,
            kind=token.kind,
            text=token.text if token.kind in ("NAME", "HNAME") else written,
            start=token.start,
            end=token.end,
        )
        return made


def _reduction(name: str, leaves: _Leaves) -> Reduction:
    def part(value: Any) -> Part:
        if isinstance(value, Token):
            return leaves.of(value)
        return value  # type: ignore[no-any-return]

    def child(_: Span, values: list[Any]) -> Part:
        return part(values[0])

    def none(_: Span, __: list[Any]) -> Part:
        return None

    def gathered(_: Span, values: list[Any]) -> Part:
        if not values or not isinstance(values[0], list):
            return [part(value) for value in values]
        values[0].extend(part(value) for value in values[1:])
        return values[0]

    def phrase(_: Span, values: list[Any]) -> Part:
        parts = [part(value) for value in values]
        return Phrase(
            rule=name, parts=parts, first=edge(parts, last=False), last=edge(parts, last=True)
        )

    def first(span: Span, values: list[Any]) -> Part:
        """Builds a list with its last separator, or a statement with its `;`."""
        return (gathered if isinstance(values[0], list) else phrase)(span, values)

    if name in CHILD_RULES:
        return child
    if name in EMPTY_RULES:
        return none
    if name == "first":
        return first
    return gathered if name in GATHERING_RULES else phrase


def edge(parts: list[Part], *, last: bool) -> int:
    """Finds the index of the first or last leaf of a phrase that has at least one."""
    for part in reversed(parts) if last else parts:
        if isinstance(part, Leaf):
            return part.index
        if isinstance(part, Phrase):
            return part.last if last else part.first
        if part:
            return edge(part, last=last)
    raise AssertionError("a phrase has a leaf")
