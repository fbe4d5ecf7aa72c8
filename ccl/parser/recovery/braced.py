"""The tokens between the braces of an item, before parsing."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from ccl.parser.lexer.tokens import CLOSING, OPENING, Token

_STATEMENTS: Final = frozenset({"LET", "RETURN", "WHILE", "FOR", "MATCH", "REQUIRE", "EMIT", "TRY"})
_GOES_ON: Final = frozenset({"LPAREN", "EQ", "ASSIGNOP", "DOT"})
"""After a name that begins a statement and no entry."""


def opener_of(items: list[Token], at: int) -> int | None:
    """Finds the brace at the end of the head at `at`, which is a few names or a string."""
    for index in range(at + 1, min(at + 7, len(items))):
        if items[index].kind == "LBRACE":
            return index
        if items[index].kind not in ("NAME", "STRING", "DOT"):
            return None
    return None


def content_of(items: list[Token], opener: int) -> Iterator[tuple[Token, bool]]:
    """Yields the tokens directly inside a brace, and whether each begins an entry or statement."""
    depth = 0
    begins = True
    for at in range(opener, len(items) - 1):
        token = items[at]
        if token.kind in CLOSING:
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            yield token, begins
        if depth == 1:
            begins = token.kind in ("SEMI", "RBRACE")
        if token.kind in OPENING:
            depth += 1
            begins = depth == 1


def has_statement(body: list[tuple[Token, bool]]) -> bool:
    """Reports whether the body contains a statement that cannot be an entry."""
    kinds = [(each.kind, begins) for each, begins in body]
    return any(
        begins and (kind in _STATEMENTS or (kind == "NAME" and after in _GOES_ON))
        for (kind, begins), (after, _) in pairwise(kinds)
    )
