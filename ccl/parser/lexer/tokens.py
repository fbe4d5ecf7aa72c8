"""Tokens: a kind (a terminal of the grammar), the text as written, and its place."""

from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

KEYWORDS: Final = {
    "fn": "FN",
    "function": "FN",
    "let": "LET",
    "mut": "MUT",
    "if": "IF",
    "else": "ELSE",
    "while": "WHILE",
    "for": "FOR",
    "in": "IN",
    "match": "MATCH",
    "return": "RETURN",
    "break": "BREAK",
    "continue": "CONTINUE",
    "true": "BOOL",
    "false": "BOOL",
    "struct": "STRUCT",
    "enum": "ENUM",
    "const": "CONST",
    "state": "STATE",
    "import": "IMPORT",
    "contract": "CONTRACT",
    "emit": "EMIT",
    "require": "REQUIRE",
    "try": "TRY",
    "catch": "CATCH",
}

PUNCTUATION: Final = {
    "{": "LBRACE",
    "}": "RBRACE",
    "(": "LPAREN",
    ")": "RPAREN",
    "[": "LBRACKET",
    "]": "RBRACKET",
    ";": "SEMI",
    ",": "COMMA",
    ":": "COLON",
    "::": "COLONCOLON",
    ".": "DOT",
    "..": "DOTDOT",
    "..=": "DOTDOTEQ",
    "=": "EQ",
    "+=": "ASSIGNOP",
    "-=": "ASSIGNOP",
    "*=": "ASSIGNOP",
    "/=": "ASSIGNOP",
    "%=": "ASSIGNOP",
    "->": "ARROW",
    "=>": "FATARROW",
    "|": "PIPE",
    "?": "QUESTION",
    "||": "OP",
    "&&": "OP",
    "==": "OP",
    "!=": "OP",
    "<=": "OP",
    ">=": "OP",
    "+": "OP",
    "*": "OP",
    "/": "OP",
    "%": "OP",
    "-": "MINUS",
    "!": "BANG",
    "<": "LT",
    ">": "GT",
}

LITERALS: Final = frozenset(
    {"INT", "DECIMAL", "DURATION", "TIMESTAMP", "SIZE", "DID", "BOOL", "STRING"}
)
NUMBERS: Final = frozenset({"INT", "DECIMAL", "DURATION", "SIZE", "TIMESTAMP"})
OPENING: Final = frozenset({"LBRACE", "LPAREN", "LBRACKET", "STRING_HEAD"})
CLOSING: Final = frozenset({"RBRACE", "RPAREN", "RBRACKET", "STRING_TAIL"})
HEADS: Final = frozenset({"IF", "WHILE", "FOR", "MATCH"})
"""Kinds of the keywords before an operand and a brace."""

ITEM_KEYWORDS: Final = frozenset({"FN", "STRUCT", "ENUM", "CONST", "STATE", "IMPORT", "CONTRACT"})
"""Kinds of the tokens that begin an item."""
ITEM_WORDS: Final = frozenset({"execution", "on", "export", "test", "invariant", "article"})
"""Names that begin an item where one has its place."""


class Token(Struct, gc=False):
    """`text[start:end]` of the source; the classifier may refine its kind.

    `other` is its kind where the grammar has no place for `kind`.
    """

    kind: str
    text: str
    start: int
    end: int
    other: str = ""


@dataclass(slots=True)
class Tokens:
    """All tokens of a file; the last has the kind `$END`.

    docs: text of a `///` comment by the offset of the next token. erroneous: offsets of the lexical
    errors already reported.
    """

    items: list[Token] = field(default_factory=list)
    docs: dict[int, str] = field(default_factory=dict)
    erroneous: list[int] = field(default_factory=list)
