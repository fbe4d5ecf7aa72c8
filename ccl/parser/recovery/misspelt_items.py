"""Misspelt keywords of items, if the following tokens have the form of that item only.

`contrct Till { state … }` is a valid section of a free name, so the contract would be lost
silently. A section whose content may be intended as such is kept.
"""

from functools import lru_cache
from typing import Final

from ccl.abi.text.suggest import distance
from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import KEYWORDS, NUMBERS, Token, Tokens
from ccl.parser.recovery.braced import content_of, has_statement, opener_of
from ccl.source.spans import Source, Span

_WORDS: Final = (
    *("contract", "public", "role", "proposal", "extends"),
    *("execution", "export", "test", "invariant", "on"),
    *("article", "because", "range"),
)
_LONG: Final = 7
"""Least length of a word with two misspelt letters."""
_STARTS: Final = frozenset({"SEMI", "COMMA", "LBRACE", "RBRACE", ""})
_COMPARED: Final = frozenset({"OP", "LT", "GT", "BANG", "LPAREN", "DOT"})
_PROPOSED: Final = frozenset({"electorate", "parameters", "threshold", "quorum"})
_ROLE_TESTS: Final = frozenset({"caller_has_role", "caller"})


def has_misspelt_words(tokens: Tokens) -> bool:
    """Reports whether the file may contain such words: a quick check, mostly false."""
    return any(_candidates(word) for word in {each.text for each in tokens.items})


def read_misspelt_items(source: Source, tokens: Tokens, sink: Sink) -> bool:
    """Puts the right words into `tokens`, and reports each; whether there was any."""
    items = tokens.items
    holds_items = [True]
    found = False
    head = ""
    for at, token in enumerate(items):
        previous = items[at - 1].kind if at else ""
        if token.kind == "LBRACE":
            holds_items.append(holds_items[-1] and head in ("contract", "public"))
        elif token.kind == "RBRACE" and len(holds_items) > 1:
            holds_items.pop()
        elif token.kind == "NAME":
            for known in _candidates(token.text):
                starts = previous in _STARTS and holds_items[-1]
                if _fits(items, at, known, starts=starts):
                    _report(source, sink, token, known)
                    kind = KEYWORDS.get(known, "NAME")
                    items[at] = Token(kind, known, token.start, token.end)
                    found = True
                    break
        if previous in _STARTS:
            head = items[at].text
    return found


@lru_cache(maxsize=4096)
def _candidates(word: str) -> tuple[str, ...]:
    """Lists the keywords that `word` may misspell; a plural is a word of its own."""
    if word in KEYWORDS or word in _WORDS or not 2 < len(word) < 2 * _LONG:
        return ()
    folded = word.casefold()
    return tuple(
        known
        for known in _WORDS
        if word != f"{known}s"
        and distance(folded, known, limit := 1 + (len(known) >= _LONG)) <= limit
    )


def _report(source: Source, sink: Sink, token: Token, known: str) -> None:
    place = Span(source.file, token.start, token.end)
    fix = Fix(f"write `{known}`", (Edit(place, known),))
    sink.report("CCL0119", place, found=token.text, instead=known, fixes=(fix,))


def _fits(items: list[Token], at: int, known: str, *, starts: bool) -> bool:
    """Reports whether the tokens around the word at `at` have the form of the item `known` only."""
    following = items[at + 1]
    match known:
        case "because":
            cites = _is(items[at + 1], "article") and items[at + 2].kind == "STRING"
            return cites and items[at - 1].kind not in _STARTS - {"RBRACE"}
        case "article" if at and items[at - 1].text == "because":
            return following.kind == "STRING"
        case "range":
            kinds = [each.kind for each in items[at + 1 : at + 4]]
            return len(kinds) == 3 and {*kinds[:2]} <= NUMBERS and kinds[2] == "LBRACE"
        case "extends":
            kinds = [each.kind for each in items[max(at - 2, 0) : at]]
            is_named = kinds in (["CONTRACT", "NAME"], ["NAME", "NAME"])
            return is_named and following.kind == "NAME" and opener_of(items, at + 1) is not None
        case _:
            return starts and _is_item(items, at, known)


def _is_item(items: list[Token], at: int, known: str) -> bool:
    """Reports whether an item `known` begins at `at`."""
    following = items[at + 1]
    if known in ("export", "test"):
        return following.kind == "FN"
    opener = opener_of(items, at)
    if opener is None:
        return False
    body = list(content_of(items, opener))
    begun = [each for each, begins in body if begins]
    match known:
        case "contract" if following.kind == "NAME":
            return any(each.kind in ("STATE", "FN") or each.text == "public" for each in begun)
        case "public" if following.kind == "LBRACE":
            return any(each.kind == "FN" for each in begun)
        case "execution" if following.kind == "LBRACE":
            return has_statement(body)
        case "on" if following.kind == "STRING":
            return "." in following.text and has_statement(body)
        case "article" if following.kind == "STRING":
            return any(each.text == "text" for each in begun)
        case "invariant" if following.kind == "STRING":
            kinds = {each.kind for each, _ in body}
            return bool(kinds & _COMPARED) and not kinds & {"SEMI", "COLON", "COMMA"}
        case "role" if following.kind == "NAME":
            asked = any(each.text in _ROLE_TESTS for each, _ in body)
            return asked and any(each.text == "requires" for each in begun)
        case "proposal" if following.kind == "NAME":
            words = {each.text for each in begun}
            return len(words & _PROPOSED) > ("execution" not in words)
        case _:
            return False


def _is(token: Token, known: str) -> bool:
    return token.text == known or known in _candidates(token.text)
