"""Words of other languages and misspelt keywords, in unambiguous places.

Runs only over a file with syntax errors. Each such word is reported with the word of CCL, and
parsed as that.
"""

import re
from typing import Final

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import KEYWORDS, LITERALS, Token, Tokens
from ccl.source.spans import Source, Span
from ccl.syntax.tables import END

_FUNCTION_WORDS: Final = frozenset({"def", "func", "fun", "proc", "sub", "procedure", "method"})
_LET_WORDS: Final = frozenset({"var", "val", "auto", "local", "dim"})
_EXPORT_WORDS: Final = frozenset({"pub", "public"})
_ELSE_IF_WORDS: Final = frozenset({"elif", "elsif", "elseif"})
OPERATOR_WORDS: Final = {"and": "&&", "or": "||"}
_SHIFTS: Final = {"LT": "shift_left(number, by)", "GT": "shift_right(number, by)"}
_BETWEEN_VARIANTS: Final = frozenset(
    {"NAME", "COMMA", "LPAREN", "RPAREN", "LT", "GT", "DOT", "LBRACKET", "RBRACKET"}
)
_RANGE_WORDS: Final = frozenset({"to", "until", "through", "and", "up_to", ","})
_BOUNDS: Final = frozenset({"INT", "DECIMAL", "DURATION", "SIZE"})
_ENUM_HEAD: Final = frozenset({"NAME", "LT", "GT", "COMMA"})
_STARTS: Final = frozenset({"SEMI", "COMMA", "LBRACE", "RBRACE", ""})
_OPERAND_ENDS: Final = LITERALS | {"NAME", "RPAREN", "RBRACKET", "STRING_TAIL"}
_OPERAND_STARTS: Final = LITERALS | {"NAME", "LPAREN", "STRING_HEAD", "BANG", "MINUS", "LBRACKET"}
_HEAD: Final = 100
"""Tokens looked at for the end of a head."""
_IN_CONDITIONS: Final = LITERALS | frozenset(
    {"NAME", "OP", "MINUS", "BANG", "LT", "GT", "DOT", "COLONCOLON", "COMMA"}
    | {"LPAREN", "RPAREN", "LBRACKET", "RBRACKET"}
)
_STATEMENT_KINDS: Final = frozenset({"LET", "RETURN", "WHILE", "FOR", "IF", "MATCH", "REQUIRE"})
_JOINED: Final = re.compile(r"(while|if|match)(\w+)")
"""`whiletrue {`: the space was forgotten."""
_STATEMENT_WORDS: Final = {
    "function": "FN",
    "struct": "STRUCT",
    "import": "IMPORT",
    "const": "CONST",
    "state": "STATE",
    "enum": "ENUM",
    "while": "WHILE",
    "return": "RETURN",
    "match": "MATCH",
    "contract": "CONTRACT",
    "require": "REQUIRE",
}


def read_foreign_words(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Replaces foreign words in `tokens` by the tokens of CCL, and reports each."""
    items = tokens.items
    read: list[Token] = []
    depth = done = 0
    for at, token in enumerate(items):
        if token.start < max(done, read[-1].end if read else 0):
            continue
        previous = read[-1].kind if read else ""
        end = token.end
        if token.kind == "LBRACE" and _is_variant(read):
            done = _closer(items, at).end
            place = Span(source.file, token.start, done)
            sink.report("CCL0112", place, found="`{`", expected="`,` or `}`", advice="payload")
            continue
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        lost = _lost_word(items, at)
        if lost is not None:
            place = Span(source.file, token.start, token.start)
            fix = Fix(f"add `{lost}`", (Edit(place, f"{lost} "),))
            sink.report("CCL0114", place, sign=lost, found=f"`{token.text}`", fixes=(fix,))
            read.append(Token(KEYWORDS[lost], lost, token.start, token.start))
        if token.text in _RANGE_WORDS and _is_in_range(items, at):
            place = Span(source.file, token.start, token.end)
            gap = Span(source.file, items[at - 1].end, items[at + 1].start)
            instead = f"range {items[at - 1].text} {items[at + 1].text}"
            fix = Fix(f"write `{instead}`", (Edit(gap, " "),))
            sink.report("CCL0119", place, found=token.text, instead=instead, fixes=(fix,))
            continue
        if token.kind in _SHIFTS and _is_shift(items, at, previous):
            place = Span(source.file, token.start, items[at + 1].end)
            sign, call = source.text[token.start : items[at + 1].end], _SHIFTS[token.kind]
            sink.report("CCL0119", place, found=sign, instead=call, advice="shift")
            read.append(Token("OP", "*", place.start, place.end))  # of two Integers an Integer
            continue
        if token.kind == "NAME":
            replacement = _replacement(items, at, previous, depth > 0)
        else:
            replacement = _stepped(items, at) if token.kind in ("OP", "MINUS") else ()
            end = items[at + 1].end if replacement else end
        if not replacement:
            read.append(token)
            continue
        instead = " ".join(word for _, word in replacement)
        place = Span(source.file, token.start, end)
        fix = Fix(f"write `{instead}`", (Edit(place, instead),))
        found = source.text[token.start : end]
        sink.report("CCL0119", place, found=found, instead=instead, fixes=(fix,))
        read.extend(Token(kind, word, token.start, end) for kind, word in replacement)
    tokens.items = read


def _is_in_range(items: list[Token], at: int) -> bool:
    """Reports whether the word is between the bounds of `range 501 to 5000 {`."""
    if at < 2 or at + 1 >= len(items) or items[at - 2].text != "range":
        return False
    return items[at - 1].kind in _BOUNDS and items[at + 1].kind in _BOUNDS


def _lost_word(items: list[Token], at: int) -> str | None:
    """Finds the keyword missing before the token at `at`: `export name(…) {`, `} else condition {`
    and `condition { … } else {`."""
    token = items[at]
    before = items[at - 1] if at else None
    if before is not None and before.text in ("export", "test") and token.kind == "NAME":
        return "fn" if _declares(items, at + 1) else None
    if token.kind not in ("NAME", "BANG", "LPAREN") or token.text in _ELSE_IF_WORDS:
        return None
    if before is not None and before.kind == "ELSE":
        return "if" if _body(items, at) is not None else None
    if before is None or before.kind not in ("SEMI", "LBRACE", "RBRACE"):
        return None
    body = _body(items, at)
    keyed = [each.kind for each in items[body : body + 3]] if body is not None else []
    if body is None or keyed[2:] in (["COLON"], ["COMMA"]):
        return None
    closer = items.index(_closer(items, body), body)
    return "if" if items[closer + 1].kind == "ELSE" else None


def _declares(items: list[Token], at: int) -> bool:
    """Reports whether parameters begin at `at`, followed by a body or a result type."""
    if items[at].kind != "LPAREN":
        return False
    depth = 0
    for index in range(at, min(at + _HEAD, len(items) - 1)):
        depth += (items[index].kind == "LPAREN") - (items[index].kind == "RPAREN")
        if depth == 0:
            return items[index + 1].kind in ("LBRACE", "ARROW")
    return False


def _body(items: list[Token], at: int) -> int | None:
    """Finds the brace that ends the condition at `at`."""
    for index in range(at, min(at + _HEAD, len(items))):
        if items[index].kind == "LBRACE":
            return index
        if items[index].kind not in _IN_CONDITIONS:
            return None
    return None


def _stepped(items: list[Token], at: int) -> tuple[tuple[str, str], ...]:
    """Reads `x++` and `x--` at the end of a statement."""
    first, second = items[at], items[at + 1]
    if first.text not in ("+", "-"):
        return ()
    ends = second.kind != END and items[at + 2].kind in ("SEMI", "RBRACE")
    if first.text != second.text or first.end != second.start or not ends:
        return ()
    return (("ASSIGNOP", f"{first.text}="), ("INT", "1"))


def _is_variant(read: list[Token]) -> bool:
    """Reports whether the last of these tokens is the name of a variant of `enum Name { … }`."""
    kinds = [token.kind for token in read]
    if len(kinds) < 2 or kinds[-1] != "NAME" or kinds[-2] not in ("LBRACE", "COMMA"):
        return False
    while kinds and kinds[-1] in _BETWEEN_VARIANTS:
        kinds.pop()
    if kinds[-1:] != ["LBRACE"]:
        return False
    kinds.pop()
    while kinds and kinds[-1] in _ENUM_HEAD:
        kinds.pop()
    return kinds[-1:] == ["ENUM"]


def _closer(items: list[Token], opener: int) -> Token:
    """Finds the brace that closes the one at `opener`, or the last token before the end."""
    depth = 0
    for token in items[opener:-1]:
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        if depth == 0:
            return token
    return items[-2]


def _is_shift(items: list[Token], at: int, previous: str) -> bool:
    """Recognizes `a << b`; the end of `Array<Array<T>>` has no value after it."""
    first, second = items[at], items[at + 1]
    doubled = second.kind == first.kind and second.start == first.end
    if not doubled or previous not in _OPERAND_ENDS:
        return False
    behind = items[at + 2]
    is_apart = first.start > items[at - 1].end and behind.start > second.end
    return behind.kind in LITERALS | {"NAME"} or (is_apart and behind.kind in _OPERAND_STARTS)


def _replacement(
    items: list[Token], at: int, previous: str, is_inside: bool
) -> tuple[tuple[str, str], ...]:
    """Finds the kinds and texts that replace the name at `at`; () if it is a name."""
    word = items[at].text
    following = items[at + 1].kind
    starts = previous in _STARTS
    if word in OPERATOR_WORDS:
        between = previous in _OPERAND_ENDS and following in _OPERAND_STARTS
        return (("OP", OPERATOR_WORDS[word]),) if between and not _is_entry(items, at) else ()
    if word == "not" and following in ("NAME", "LPAREN", "BOOL") and not starts:
        return (("BANG", "!"),) if previous not in _OPERAND_ENDS else ()
    if not starts:
        return ()
    if word in _ELSE_IF_WORDS and previous == "RBRACE" and following != "COLON":
        return (("ELSE", "else"), ("IF", "if"))
    if following == "LBRACE" and word != "execution" and _is_one_edit_from(word, "execution"):
        return (("NAME", "execution"),)
    if word == "execution" and not is_inside and following in _STATEMENT_KINDS:
        return (("NAME", "execution"), ("LBRACE", "{"))
    joined = _JOINED.fullmatch(word)
    if joined is not None and is_inside and following == "LBRACE":
        return tuple((KEYWORDS.get(part, "NAME"), part) for part in joined.groups())
    if word in _EXPORT_WORDS and following == "FN":
        return (("NAME", "export"),)
    if following != "NAME":
        if following in ("LPAREN", "STRING") and _nearly(word) in ("WHILE", "IMPORT", "REQUIRE"):
            return _keyword(word)
        return ()
    after = items[at + 2].kind
    is_function = word in _FUNCTION_WORDS or _nearly(word) == "FN"
    if is_function and after in ("LPAREN", "LT"):
        return (("FN", "fn"),)
    is_let = word in _LET_WORDS or word in ("lett", "elt", "lte")
    if is_let and after in ("EQ", "COLON"):
        return (("LET", "let"),)
    fits = {
        "STRUCT": after == "LBRACE",
        "ENUM": after == "LBRACE",
        "CONTRACT": after == "LBRACE",
        "CONST": after in ("COLON", "EQ"),
        "STATE": after in ("COLON", "EQ"),
        "WHILE": is_inside,
        "RETURN": is_inside,
        "MATCH": is_inside,
    }
    return _keyword(word) if fits.get(_nearly(word), False) else ()


def _is_entry(items: list[Token], at: int) -> bool:
    """Recognizes `key or …`: the word follows a key, so it is a value."""
    return at < 2 or items[at - 2].kind in _STARTS


def _keyword(word: str) -> tuple[tuple[str, str], ...]:
    kind = _nearly(word)
    text = next(text for text, known in _STATEMENT_WORDS.items() if known == kind)
    return ((kind, text),)


def _nearly(word: str) -> str:
    """Finds the kind of the keyword that `word` misspells, or ""."""
    if word in KEYWORDS or len(word) < 4:
        return ""
    return next(
        (kind for known, kind in _STATEMENT_WORDS.items() if _is_one_edit_from(word, known)),
        "",
    )


def _is_one_edit_from(word: str, known: str) -> bool:
    """Reports whether one letter is added, missing or wrong, or two neighbours are swapped."""
    if abs(len(word) - len(known)) > 1:
        return False
    at = 0
    while at < min(len(word), len(known)) and word[at] == known[at]:
        at += 1
    rest, known_rest = word[at:], known[at:]
    return (
        rest[1:] == known_rest
        or rest == known_rest[1:]
        or rest[1:] == known_rest[1:]
        or (rest[:2] == known_rest[1::-1] and rest[2:] == known_rest[2:])
    )
