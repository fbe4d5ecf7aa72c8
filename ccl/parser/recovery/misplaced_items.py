"""Items among statements: functions, types, state and roles are not allowed in code.

Runs only over a file with syntax errors. Each such item is reported once and skipped, so that the
code around it is parsed as if it were not there.
"""

from typing import Final

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.classification import has_lost_brackets
from ccl.parser.lexer.tokens import Token, Tokens
from ccl.source.spans import Source, Span
from ccl.syntax.tables import END

_STARTS: Final = frozenset({"SEMI", "LBRACE", "RBRACE"})
_NAMED: Final = {
    "FN": "a function",
    "STRUCT": "a struct",
    "ENUM": "an enum",
    "CONTRACT": "a contract",
    "STATE": "a state variable",
}
"""Items by their keyword, which a name follows."""
_NAMED_BY_WORD: Final = {"role": "a role", "proposal": "a proposal"}
_WITH_STRING: Final = {"on": "a handler", "invariant": "an invariant", "article": "an article"}
_MODIFIERS: Final = frozenset({"export", "test"})
_DECLARING: Final = frozenset({"STATE", "IMPORT"})
"""These end with a `;`."""


def read_items_in_code(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Takes items out of the code that contains them, and reports each."""
    if has_lost_brackets(tokens):
        return
    items = tokens.items
    kept: list[Token] = []
    is_code: list[bool] = []
    """For every open brace: does it hold statements?"""
    begins_code = False
    skipped_to = 0
    for at, token in enumerate(items):
        if at < skipped_to:
            continue
        is_statement = (
            at > 0
            and items[at - 1].kind in _STARTS
            and token.kind != END
            and bool(is_code)
            and is_code[-1]
        )
        if is_statement and token.kind == "CONST" and items[at + 1].kind == "NAME":
            kept.append(_let(source, token, sink))
            continue
        if is_statement and (what := _item(items, at)) is not None:
            skipped_to = _end(items, at) + 1
            last = items[skipped_to - 1]
            place = Span(source.file, token.start, items[at + 1].end)
            sink.report("CCL0124", place, what=what, place="inside code", kind="a statement")
            if last.kind == END:
                kept.append(last)
            continue
        if token.kind == "FN" or _begins_code(items, at):
            begins_code = True
        elif token.kind == "LBRACE":
            is_code.append(begins_code or bool(is_code and is_code[-1]))
            begins_code = False
        elif token.kind == "RBRACE" and is_code:
            is_code.pop()
        kept.append(token)
    tokens.items = kept


def _let(source: Source, token: Token, sink: Sink) -> Token:
    """Reads a constant inside code as a variable."""
    place = Span(source.file, token.start, token.end)
    fix = Fix("write `let`", (Edit(place, "let"),))
    sink.report("CCL0119", place, found="const", instead="let", fixes=(fix,))
    return Token("LET", "let", token.start, token.end)


def _begins_code(items: list[Token], at: int) -> bool:
    following = items[at + 1].kind if at + 1 < len(items) else END
    return (items[at].text == "execution" and following == "LBRACE") or (
        items[at].text == "on" and following == "STRING"
    )


def _item(items: list[Token], at: int) -> str | None:
    """Names the kind of the item that begins at `at`, if it is one."""
    while items[at].text in _MODIFIERS and items[at + 1].kind in ("FN", "NAME"):
        at += 1
    token, following = items[at], items[at + 1].kind
    if token.kind in _NAMED and following == "NAME":
        return _NAMED[token.kind]
    if token.kind == "IMPORT" and following == "STRING":
        return "an import"
    behind = items[at + 2].kind if following != END else END
    if token.text in _NAMED_BY_WORD and following == "NAME":
        is_item = behind == "LBRACE" or items[at + 2].text == "extends"
        return _NAMED_BY_WORD[token.text] if is_item else None
    if token.text in _WITH_STRING and following == "STRING" and behind == "LBRACE":
        return _WITH_STRING[token.text]
    return None


def _end(items: list[Token], at: int) -> int:
    """Finds the last token of the item at `at`."""
    ends_with_sign = items[at].kind in _DECLARING
    depth = 0
    for index in range(at, len(items)):
        kind = items[index].kind
        depth += (kind == "LBRACE") - (kind == "RBRACE")
        if depth < 0:
            return index - 1
        if depth == 0 and kind == ("SEMI" if ends_with_sign else "RBRACE"):
            return index
    return len(items) - 1
