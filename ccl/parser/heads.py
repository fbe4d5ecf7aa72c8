"""Struct literals in the heads of `if`, `while`, `for` and `match`, where they need parentheses.

Runs only over a file with syntax errors. Each head is reported once, and parsed as if it had the
parentheses.
"""

from typing import Final

from ccl.diagnostics.model import Edit, Fix, Label, Sink
from ccl.parser.lexer.tokens import CLOSING, HEADS, OPENING, Token, Tokens
from ccl.source.spans import Source, Span
from ccl.syntax.tables import END

_BEHIND_A_LITERAL: Final = frozenset({"OP", "LT", "GT", "DOT", "LBRACE"})
"""Tokens that show that the brace before them ended an operand and not a body."""
_NO_ARGUMENT: Final = frozenset({"OP", "LT", "GT", "LBRACE"})
_AFTER_A_HEAD: Final = frozenset({"SEMI", "RBRACE", END})
_PARAMETERS: Final = 100
"""Tokens looked at for the beginning of parameters."""


def read_literals_in_heads(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Puts the missing parentheses into `tokens`, and reports each head that lacks them."""
    items = tokens.items
    before: dict[int, Token] = {}
    after: dict[int, Token] = {}
    for at, token in enumerate(items):
        if token.kind not in HEADS or (at and items[at - 1].kind == "DOT"):
            continue
        found = [(first, last) for first, last in _literals(items, at + 1) if first not in before]
        for first, last in found:
            start, end = items[first].start, items[last].end
            before[first] = Token("LPAREN", "(", start, start)
            after[last] = Token("RPAREN", ")", end, end)
        if found:
            _report(source, sink, token, [(items[a], items[b]) for a, b in found])
    if before:
        tokens.items = [
            each
            for at, token in enumerate(items)
            for each in (before.get(at), token, after.get(at))
            if each is not None
        ]


def read_lost_parentheses(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Puts the `)` that a head lacks before the brace that ends its line into `tokens`."""
    items = tokens.items
    kinds = [token.kind for token in items]
    if kinds.count("LPAREN") <= kinds.count("RPAREN"):
        return
    after: dict[int, Token] = {}
    for at, token in enumerate(items):
        if token.kind in HEADS and (opener := _unclosed(source.text, items, at + 1)) is not None:
            end = items[opener].end
            after[opener] = Token("RPAREN", ")", end, end)
            place = Span(source.file, end, end)
            label = Label(Span(source.file, items[opener].start, end), "opened here")
            fix = Fix("add `)`", (Edit(place, ")"),))
            sink.report("CCL0113", place, closer=")", labels=(label,), fixes=(fix,))
    tokens.items = [
        each
        for at, token in enumerate(items)
        for each in (token, after.get(at))
        if each is not None
    ]


def _unclosed(text: str, items: list[Token], at: int) -> int | None:
    """Finds the `(` in the head at `at` that is not closed and cannot be closed later."""
    opened: list[int] = []
    for index in range(at, len(items) - 1):
        kind, following = items[index].kind, items[index + 1]
        ends_line = "\n" in text[items[index].end : following.start]
        if kind == "LPAREN":
            opened.append(index)
        elif kind == "RPAREN" and opened:
            opened.pop()
        if ends_line or kind in _AFTER_A_HEAD:
            ends_head = kind == "LBRACE" and ends_line
            empty = [each for each in opened if items[each + 1].kind in _NO_ARGUMENT]
            return empty[-1] if ends_head and empty else None
    return None


def _report(source: Source, sink: Sink, head: Token, literals: list[tuple[Token, Token]]) -> None:
    def at(start: int, end: int) -> Span:
        return Span(source.file, start, end)

    edits = [
        edit
        for first, last in literals
        for edit in (Edit(at(first.start, first.start), "("), Edit(at(last.end, last.end), ")"))
    ]
    (first, last), *others = literals
    sink.report(
        "CCL0125",
        at(first.start, last.end),
        word=head.text,
        literal=source.text[first.start : last.end].partition("{")[0].strip(),
        labels=[Label(at(a.start, b.end), "this one too") for a, b in others],
        fixes=(Fix("add the parentheses", tuple(edits)),),
    )


def _literals(items: list[Token], at: int) -> list[tuple[int, int]]:
    """Finds the first and last token of each `path { name: …` in the head that begins at `at`."""
    found: list[tuple[int, int]] = []
    path = at
    while items[at].kind not in _AFTER_A_HEAD:
        kind = items[at].kind
        if kind in ("NAME", "DOT", "COLONCOLON"):
            at += 1
            continue
        if kind == "LBRACE":
            last = _closing(items, at)
            keyed = [items[i].kind for i in range(at + 1, min(at + 3, len(items)))]
            named = path < at and keyed == ["NAME", "COLON"]
            if not named or last is None or items[last + 1].kind not in _BEHIND_A_LITERAL:
                return found
            found.append((path, last))
            at = last
        elif kind in OPENING:
            closing = _closing(items, at)
            if closing is None:
                return found
            at = closing
        at += 1
        path = at
    return found


def _closing(items: list[Token], at: int) -> int | None:
    """Finds the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(items)):
        depth += (items[i].kind in OPENING) - (items[i].kind in CLOSING)
        if depth == 0:
            return i
    return None


def is_in_parameters(items: list[Token], at: int) -> bool:
    """Reports whether the token at `at` is within the parentheses of `fn name(…)`."""
    depth = 0
    for index in range(at - 1, max(at - _PARAMETERS, 1), -1):
        kind = items[index].kind
        depth += (kind in ("RPAREN", "RBRACKET")) - (kind in ("LPAREN", "LBRACKET"))
        if depth < 0:
            return [each.kind for each in items[index - 2 : index]] == ["FN", "NAME"]
    return False
