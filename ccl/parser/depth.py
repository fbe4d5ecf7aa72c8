"""Depth of the tree that tokens can form, measured before the tree is built.

Rule: beyond the limits the file is reported and not parsed, so that no later stage overflows the
stack.
"""

from typing import Final

from ccl.diagnostics.model import Sink
from ccl.parser.lexer.tokens import CLOSING, ITEM_KEYWORDS, ITEM_WORDS, OPENING, Token, Tokens
from ccl.source.spans import Source, Span

NESTING_LIMIT: Final = 120
"""Brackets open at one place."""
DEPTH_LIMIT: Final = 300
"""Brackets, operators, selections and `else if` that may sit inside one another."""

_CODE_WORDS: Final = frozenset({"execution", "on", "test"})
"""Items that hold statements, besides functions."""
_ELSE_IF_TOKENS: Final = 5
"""Of `else if a {`: so near to an `else` a place too deep is one of its chain."""
_DEEPENING: Final = frozenset(
    {"OP", "MINUS", "BANG", "DOT", "QUESTION", "LT", "GT", "TRY", "RETURN", "FATARROW"}
    | {"ELSE", "COLONCOLON", "PIPE", "CATCH", "EMIT", "LPAREN", "LBRACKET", "LBRACE"}
)
_SHAPING: Final = OPENING | CLOSING | _DEEPENING | {"SEMI", "COMMA"}
"""All kinds that open or close a level of the tree."""


def too_deep(source: Source, tokens: Tokens, sink: Sink) -> bool:
    """Reports the first place beyond the limits, if there is one."""
    levels, arms = [0], [0]
    """The depth that each open bracket adds, outermost the file; of that the `else`s."""
    braces: list[int] = []
    """Heights of `levels` inside the open braces."""
    depth = 0
    for at, token in enumerate(tokens.items):
        kind = token.kind
        if kind not in _SHAPING:
            continue
        if kind in ("SEMI", "RBRACE"):
            # Neither is inside parentheses: those still open were forgotten.
            height = braces[-1] if braces else 1
            depth -= sum(levels[height:])
            del levels[height:], arms[height:]
        if kind == "RBRACE" and braces:
            depth -= levels.pop()
            arms.pop()
            braces.pop()
        elif kind in CLOSING and len(levels) > (braces[-1] if braces else 1):
            depth -= levels.pop()
            arms.pop()
        if kind == "ELSE":
            arms[-1] += 1
        elif kind in ("SEMI", "COMMA", "RBRACE"):
            if kind != "RBRACE" or tokens.items[at + 1].kind != "ELSE":
                arms[-1] = 0
            # Each arm of a chain is inside the one before; its head and body have ended.
            depth -= levels[-1] - arms[-1]
            levels[-1] = arms[-1]
        if kind in _DEEPENING:
            levels[-1] += 1
            depth += 1
        if kind in OPENING:
            levels.append(0)
            arms.append(0)
        if kind == "LBRACE":
            braces.append(len(levels))
        if len(levels) > NESTING_LIMIT or depth > DEPTH_LIMIT:
            limit = NESTING_LIMIT if len(levels) > NESTING_LIMIT else DEPTH_LIMIT
            advice = _advice(tokens.items[: at + 1], len(braces) * 2 > len(levels))
            place = Span(source.file, token.start, token.end)
            sink.report("CCL0601", place, limit=str(limit), advice=advice)
            return True
    return False


def _advice(read: list[Token], mostly_braces: bool) -> str | None:
    """Selects the help for the last of the tokens, which is too deep; None for the general one."""
    item = next(
        (each for each in reversed(read) if each.kind in ITEM_KEYWORDS or each.text in ITEM_WORDS),
        None,
    )
    in_code = item is not None and (item.kind == "FN" or item.text in _CODE_WORDS)
    if any(each.kind == "ELSE" for each in read[-_ELSE_IF_TOKENS:]):
        return "chain" if in_code else "rules"
    if in_code:
        return None
    return "sections" if mostly_braces else "values"
