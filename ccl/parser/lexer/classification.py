"""Classification of tokens whose kind depends on more than one token of lookahead.

One pass over the raw tokens finds the brace that ends a head, the braces of inline objects, the
code of handlers, and the kinds of contextual words.
"""

import re
from typing import Final

from ccl.parser.lexer.tokens import (
    HEADS,
    ITEM_KEYWORDS,
    ITEM_WORDS,
    KEYWORDS,
    LITERALS,
    NUMBERS,
    Token,
    Tokens,
)
from ccl.source.spans import Source

_TYPE_ARGUMENTS: Final = re.compile(r"<[\w\s,.<>\[\]]*>(\(|\s*[;,}])")
_STATEMENT_STARTS: Final = frozenset({"SEMI", "LBRACE", "HBRACE", "RBRACE", "FATARROW", ""})
_OBJECT_BEFORE: Final = frozenset(
    {"LPAREN", "LBRACKET", "COMMA", "COLON", "EQ", "FATARROW", "RETURN", "ASSIGNOP"}
)
_OBJECT_WITHOUT_COLON: Final = frozenset({"LPAREN", "LBRACKET", "COMMA", "COLON"})
_STATEMENT_ENDS: Final = frozenset({"SEMI", "RBRACE", "LBRACE", "HBRACE"})
_VALUE_STARTS: Final = LITERALS | {"NAME", "STRING_HEAD"}
_DECLARING: Final = frozenset({"LET", "CONST", "STATE"})
_IN_TYPES: Final = frozenset(
    {"NAME", "DOT", "COLONCOLON", "LT", "GT", "COMMA", "LBRACKET", "RBRACKET"}
)
_KEYWORD_KINDS: Final = frozenset(KEYWORDS.values())
_WORD_ENDS: Final = frozenset({"SEMI", "COMMA", "RBRACE", "DOT", "LPAREN", "COLONCOLON", ""})
"""After `override word` these show that the word is its value."""
_OVERRIDING: Final = frozenset({"IF", "FN", "STRUCT", "ENUM", "CONST", "STATE"})


def classify(source: Source, tokens: Tokens) -> None:
    """Refines `kind` in place.

    Where more braces are opened than closed, an item that begins in the first column is
    taken for one at the top level; so one lost brace does not spoil the rest of the file.
    """
    _Classifier(source.text, tokens.items, has_lost_brackets(tokens)).run()


def has_lost_brackets(tokens: Tokens) -> bool:
    """Reports whether more braces are opened than closed."""
    kinds = [token.kind for token in tokens.items if token.kind.endswith("BRACE")]
    return len(kinds) > 2 * kinds.count("RBRACE")


def starts_item(text: str, token: Token) -> bool:
    """Reports whether this is the keyword of an item in the first column."""
    return text[token.start - 1 : token.start] in ("", "\n") and (
        token.kind in ITEM_KEYWORDS or (token.text in ITEM_WORDS and token.kind != "STRING")
    )


class _Classifier:
    def __init__(self, text: str, items: list[Token], mistrust_brackets: bool) -> None:
        self._text = text
        self._mistrust_brackets = mistrust_brackets
        self._items = items
        self._heads: list[int] = []
        self._depth = 0
        self._handlers: list[bool] = []
        """For every open brace: are its statements those of a handler?"""
        self._statement = 0
        """Index of the first token of the statement or entry that is being read."""
        self._bodies: dict[int, str] = {}
        """The item whose body an opening brace begins, by the index of the brace."""

    def _kind(self, at: int) -> str:
        return self._items[at].kind if 0 <= at < len(self._items) else ""

    def _text_at(self, at: int) -> str:
        return self._items[at].text if 0 <= at < len(self._items) else ""

    def run(self) -> None:
        previous = ""
        for at, token in enumerate(self._items):
            kind = token.kind
            if self._mistrust_brackets and starts_item(self._text, token):
                self._heads, self._handlers = [], []
                self._depth = 0
                previous = "RBRACE"
            if kind == "NAME":
                if (self._handlers and self._handlers[-1]) or token.text in _CONTEXTUAL:
                    self._name(at, token, previous)
            elif kind == "LBRACE":
                self._brace(at, token, previous)
            elif kind == "LPAREN":
                self._depth += 1
                if previous not in ("NAME", "RPAREN", "RBRACKET", "GT") and self._is_lambda(at):
                    token.kind, token.other = "LLAMBDA", "LPAREN"
            elif kind == "LBRACKET":
                self._depth += 1
            elif kind in ("RPAREN", "RBRACKET"):
                self._close()
            elif kind == "RBRACE":
                self._close()
                if self._handlers:
                    self._handlers.pop()
                self._statement = at + 1
            elif kind == "LT":
                if (
                    previous == "NAME"
                    and self._items[at - 1].end == token.start
                    and _TYPE_ARGUMENTS.match(self._text, token.start) is not None
                ):
                    token.kind = "TLT"
            elif kind == "SEMI" or kind == "FATARROW":
                self._drop_heads()
                self._statement = at + 1
            elif kind == "COMMA":
                if self._handlers and self._depth == 0:
                    self._statement = at + 1
            elif kind in _KEYWORD_KINDS:
                self._keyword(at, token, previous)
            previous = token.kind

    def _close(self) -> None:
        self._depth -= 1
        while self._heads and self._heads[-1] > self._depth:
            self._heads.pop()

    def _drop_heads(self) -> None:
        while self._heads and self._heads[-1] >= self._depth:
            self._heads.pop()

    def _keyword(self, at: int, token: Token, previous: str) -> None:
        if previous == "DOT":
            token.kind = "NAME"
        elif self._kind(at + 1) == "COLON" and previous != "LET" and not self._lacks_name(at):
            token.kind = "KWKEY"
            if self._starts_handler_entry(previous):
                token.kind = "HNAME"
        elif token.kind in HEADS:
            self._heads.append(self._depth)

    def _lacks_name(self, at: int) -> bool:
        """Recognizes `let : Type =`, a declaration without a name rather than a key."""
        if self._kind(at) not in _DECLARING:
            return False
        at += 2
        while self._kind(at) in _IN_TYPES:
            at += 1
        return self._kind(at) == "EQ"

    def _starts_handler_entry(self, previous: str) -> bool:
        return bool(self._handlers) and self._handlers[-1] and previous in _STATEMENT_STARTS

    def _name(self, at: int, token: Token, previous: str) -> None:
        following = self._kind(at + 1)
        if self._starts_handler_entry(previous):
            if following in _VALUE_STARTS or following in ("COLON", "LBRACE"):
                token.kind = "HNAME"
            return
        kind = self._meaning(at)
        if kind is not None:
            token.kind, token.other = kind, "NAME"

    def _meaning(self, at: int) -> str | None:
        """Finds the kind of the contextual word at `at` by the form of the tokens after it. In a
        place where the grammar does not allow that form, the word is a name."""
        following = self._kind(at + 1)
        match self._text_at(at):
            case "as":
                return "AS"
            case "because" if self._text_at(at + 1) == "article" and self._is_string(at + 2):
                return "BECAUSE"
            case "execution":
                brace = at + 2 if following == "COLON" else at + 1
                if self._kind(brace) == "LBRACE":
                    return self._opening("EXECUTION", brace)
            case "export":
                is_test = self._text_at(at + 1) == "test" and self._kind(at + 2) == "FN"
                return "EXPORT" if following == "FN" or is_test else None
            case "extends" if following == "NAME":
                after = at + 2
                while self._kind(after) == "DOT":
                    after += 2
                ends = self._kind(after) == "LBRACE" or self._text_at(after) == "version"
                return "EXTENDS" if ends else None
            case "invariant" | "on" as word if self._is_string(at + 1):
                brace = self._after_string(at + 1)
                if self._kind(brace) == "LBRACE":
                    return self._opening(word.upper(), brace)
            case "override" if self._overrides(at):
                return "OVERRIDE"
            case "range" if self._has_band(at + 1):
                is_key = self._text_at(at + 1) == "range" and self._has_band(at + 2)
                return None if is_key else "RANGE"
            case "test" if following == "FN":
                return "TEST"
            case "version" if self._is_string(at + 1):
                after = self._after_string(at + 1)
                ends = self._kind(after) == "LBRACE" or self._text_at(after) == "extends"
                return "VERSION" if ends else None
        return None

    def _opening(self, kind: str, brace: int) -> str:
        """Marks `brace` as the beginning of the body of `kind`."""
        self._bodies[brace] = kind
        return kind

    def _is_string(self, at: int) -> bool:
        return self._kind(at) in ("STRING", "STRING_HEAD")

    def _after_string(self, at: int) -> int:
        """Finds the index after the string that begins at `at`."""
        depth = 0
        while True:
            depth += (self._kind(at) == "STRING_HEAD") - (self._kind(at) == "STRING_TAIL")
            at += 1
            if depth == 0 or not self._kind(at):
                return at

    def _has_band(self, at: int) -> bool:
        """Reports whether two bounds, or one bound of an incomplete range, begin at `at`."""
        second = self._after_bound(at)
        if second is None:
            return False
        if self._kind(second) in ("DOTDOT", "DOTDOTEQ"):
            return True
        first = self._kind(at)
        return self._after_bound(second) is not None or (
            self._kind(second) == "LBRACE" and (first == "MINUS" or first in NUMBERS)
        )

    def _after_bound(self, at: int) -> int | None:
        """Finds the index after the bound at `at`: a number, a literal or a path."""
        if self._kind(at) == "MINUS":
            at += 1
        if self._is_string(at):
            return self._after_string(at)
        if self._kind(at) == "NAME":
            while self._kind(at + 1) in ("DOT", "COLONCOLON"):
                at += 2
            return at + 1
        if self._kind(at) not in LITERALS:
            return None
        has_sign = self._kind(at + 1) == "SHARE" or self._items[at + 1].other == "SHARE"
        return at + 1 + has_sign

    def _overrides(self, at: int) -> bool:
        """Reports whether an entry or item follows, so that `override` is not a key itself."""
        if self._kind(at + 1) in ("NAME", "STRING"):
            return self._kind(at + 2) not in _WORD_ENDS
        return self._kind(at + 1) in _OVERRIDING or self._kind(at + 2) == "COLON"

    def _is_lambda(self, at: int) -> bool:
        """Recognizes `( names ) =>`."""
        at += 1
        while self._kind(at) in ("NAME", "UNDERSCORE", "COMMA"):
            at += 1
        return self._kind(at) == "RPAREN" and self._kind(at + 1) == "FATARROW"

    def _brace(self, at: int, token: Token, previous: str) -> None:
        inside_handler = bool(self._handlers) and self._handlers[-1]
        opens_handler = False
        if self._heads and self._heads[-1] == self._depth and previous != "ELSE":
            self._heads.pop()
            token.kind = "HBRACE"
            opens_handler = inside_handler
        elif inside_handler:
            first = self._kind(self._statement)
            opens_handler = first != "HNAME" and (
                previous in _STATEMENT_STARTS or previous == "ELSE"
            )
            within_value = first != "HNAME" or (
                self._kind(self._statement + 1) == "COLON" and at > self._statement + 2
            )
            if not opens_handler and within_value and self._opens_object(at, previous):
                token.kind = "OBRACE"
        elif at in self._bodies:
            opens_handler = self._bodies[at] == "ON"
            if not opens_handler and self._is_keyed(at + 1):
                # Entries, as in the value of `a: { b: 1 }`, or where statements belong.
                token.kind, token.other = "OBRACE", "LBRACE"
        elif self._opens_object(at, previous):
            token.kind = "OBRACE"
        elif previous in _STATEMENT_ENDS and self._is_keyed(at + 1):
            # Entries are the value of a block; as statements they are a mistake there.
            token.kind, token.other = "OBRACE", "LBRACE"
        self._handlers.append(opens_handler)
        self._depth += 1
        self._statement = at + 1

    def _is_keyed(self, at: int) -> bool:
        """Recognizes `key:` at `at`."""
        first = self._items[at]
        is_key = first.kind in ("STRING", "NAME") or first.text in KEYWORDS
        return is_key and self._kind(at + 1) == "COLON"

    def _opens_object(self, at: int, previous: str) -> bool:
        if previous not in _OBJECT_BEFORE:
            return False
        first, second = self._items[at + 1], self._kind(at + 2)
        if self._is_keyed(at + 1):
            return True
        if previous not in _OBJECT_WITHOUT_COLON:
            return False
        if first.kind == "RBRACE":
            return True
        return first.kind == "NAME" and (second in _VALUE_STARTS or second == "LBRACE")


_CONTEXTUAL: Final = frozenset(
    {
        "execution",
        "on",
        "override",
        "invariant",
        "range",
        "version",
        "extends",
        "as",
        "because",
        "export",
        "test",
    }
)
