"""Recovery from syntax errors: one report per error, and as much of the tree as possible.

Tokens are fed one by one, each tried on the states first. If one does not fit, the parser chooses
the repair after which most of the following tokens fit (insert a token, replace it, delete it);
without a repair, parsing continues after the next statement or entry. An error within two tokens of
a report is a consequence of it and not reported.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ccl.diagnostics.model import Sink
from ccl.parser.driver import ACCEPTED, Automaton
from ccl.parser.lexer.classification import has_lost_brackets, starts_item
from ccl.parser.lexer.tokens import KEYWORDS, Token, Tokens
from ccl.parser.recovery.foreign_words import OPERATOR_WORDS
from ccl.parser.recovery.syntax_errors import (
    CLOSING_KINDS,
    SYNCHRONISING,
    FaultReports,
    innermost_bracket,
)
from ccl.source.spans import Source
from ccl.syntax.tables import END

_WINDOW: Final = 8
"""Tokens looked at to judge a repair."""
_PART: Final = 100
"""Tokens looked at for the end of a statement or head."""
_SILENT_TOKENS: Final = 2
_INSERTIONS: Final = (
    ("SEMI",),
    ("RPAREN",),
    ("RBRACKET",),
    ("RBRACE",),
    ("COMMA",),
    ("EQ",),
    ("COLON",),
    ("LPAREN",),
    ("LBRACE",),
    ("HBRACE",),
    ("NAME",),
    ("RPAREN", "SEMI"),
    ("RBRACKET", "SEMI"),
    ("RPAREN", "RPAREN"),
    ("STRING_TAIL",),
    ("FATARROW",),
    ("OP",),
    ("GT",),
    ("NAME", "SEMI"),
    ("LPAREN", "NAME"),
    ("EQ", "NAME", "SEMI"),
)
_ENDS_A_PART: Final = frozenset({"RPAREN", "RBRACKET", "RBRACE", "STRING_TAIL", "SEMI", "HBRACE"})
_REPLACEMENTS: Final = ("NAME", "EQ", "COLON", "COMMA", "SEMI", "FATARROW", "ARROW", "LET", "OP")
_BEFORE_NAMES: Final = frozenset(
    {"LET", "MUT", "FN", "FOR", "IN", "STRUCT", "ENUM", "CONST", "STATE", "AS", "EXTENDS"}
    | {"COMMA", "LPAREN", "PIPE", "EQ", "OP"}
)
_TEXTS: Final = {
    "OP": "+",
    "GT": ">",
    "SEMI": ";",
    "RPAREN": ")",
    "RBRACKET": "]",
    "RBRACE": "}",
    "COMMA": ",",
    "EQ": "=",
    "COLON": ":",
    "LPAREN": "(",
    "LBRACE": "{",
    "HBRACE": "{",
    "FATARROW": "=>",
    "ARROW": "->",
    "LET": "let",
}
_INSERTION_COSTS: Final = {
    "NAME": 0.9,
    "EQ": 0.1,
    "LPAREN": 0.8,
    "LBRACE": 1.2,
    "HBRACE": 0.3,
    "OP": 0.6,
    "GT": 0.2,
}
_SWAPS: Final = {
    "LBRACE": ("HBRACE", "OBRACE"),
    "HBRACE": ("LBRACE", "OBRACE"),
    "OBRACE": ("LBRACE", "HBRACE"),
    "HNAME": ("NAME",),
    "NAME": ("HNAME",),
    "KWKEY": ("HNAME",),
    "TLT": ("LT",),
}
"""Kinds that the classifier may not have found because of an earlier error."""
_ITEM_KEYWORDS: Final = frozenset(
    {"FN", "STRUCT", "ENUM", "CONST", "STATE", "IMPORT", "CONTRACT", "EXECUTION", "ON", "EXPORT"}
    | {"LET", "RETURN", "WHILE", "FOR", "INVARIANT", "REQUIRE"}
)


@dataclass(frozen=True, slots=True)
class Repair:
    """Insertion of `inserted` (kinds) before the token, after deletion of `deleted` tokens."""

    inserted: tuple[str, ...]
    deleted: int


def recover(automaton: Automaton, source: Source, tokens: Tokens, sink: Sink) -> tuple[Any, ...]:
    """Parses the items of a module with syntax errors; none if the end is not reached."""
    return _Recovery(automaton, source, tokens, sink).run()


class _Recovery:
    def __init__(self, automaton: Automaton, source: Source, tokens: Tokens, sink: Sink) -> None:
        self._automaton = automaton
        self._tokens = tokens.items
        self._reports = FaultReports(source, tokens, sink)
        self._text = source.text
        self._brackets_are_lost = has_lost_brackets(tokens)
        self._at = 0
        self._quiet_until = 0
        self._has_error = False
        self._stuck_at = -1

    def run(self) -> tuple[Any, ...]:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if self._brackets_are_lost and starts_item(self._text, token):
                self._close_all()
            kind = self._fitting(self._automaton.states.copy(), token)
            if kind is None:
                self._mend()
                continue
            fed = self._feed(Token(kind, token.text, token.start, token.end))
            if fed == ACCEPTED:
                return tuple(self._automaton.values[-1].items)
            self._at += 1
        return self._outermost()

    def _close_all(self) -> None:
        """Closes the open brackets where an item begins in the first column."""
        while (opener := innermost_bracket(self._automaton.values)) is not None:
            closer = CLOSING_KINDS[opener.kind]
            wanted = next(
                (kinds for kinds in ((closer,), ("SEMI", closer)) if self._would_fit(kinds)), None
            )
            if not self._has_error or self._at >= self._quiet_until:
                self._reports.report(self._automaton, self._at, (closer,), 0)
            self._has_error = True
            if wanted is None:
                height = self._automaton.height_of(opener)
                self._automaton.cut(height)
                self._automaton.cut(self._levels()[0])
            else:
                self._apply(Repair(wanted, 0))

    def _would_fit(self, kinds: tuple[str, ...]) -> bool:
        states = self._automaton.states.copy()
        return all(self._automaton.trial(states, kind) for kind in kinds)

    def _levels(self) -> list[int]:
        """Heights of the stack right after statements, entries or arms, highest first."""
        return [
            height
            for height in range(len(self._automaton.states), 0, -1)
            if self._automaton.is_after(self._automaton.states[height - 1], SYNCHRONISING)
        ] or [1]

    def _outermost(self) -> tuple[Any, ...]:
        """Collects the items at the top level if the automaton does not accept the end."""
        first = next((value for value in self._automaton.values if isinstance(value, list)), [])
        return tuple(first)

    def _feed(self, token: Token) -> int:
        return self._automaton.feed((token,))

    def _fitting(self, states: list[int], token: Token) -> str | None:
        """Finds the kind under which the token fits; `states` then includes it."""
        before = states.copy()
        if token.other and starts_item(self._text, token):
            # In the first column of a broken file it is the item, though a name would fit.
            return token.kind if self._automaton.trial(states, token.kind) else None
        kind = self._automaton.fitting(states, token)
        if kind is not None:
            return kind
        if self._has_error:
            for kind in _SWAPS.get(token.kind, ()):
                states[:] = before
                if self._automaton.trial(states, kind):
                    return kind
        return None

    def _mend(self) -> None:
        had_error, self._has_error = self._has_error, True
        repair = self._best() if self._stuck_at != self._at or had_error else None
        if repair is not None and self._stuck_at == self._at and repair.inserted:
            repair = None
        quiet = had_error and self._at < self._quiet_until
        if not quiet:
            self._reports.report(
                self._automaton,
                self._at,
                repair.inserted if repair else (),
                repair.deleted if repair else 1,
            )
        if repair is None:
            self._skip()
        else:
            self._apply(repair)
        self._quiet_until = max(self._quiet_until, self._at + _SILENT_TOKENS)

    def _apply(self, repair: Repair) -> None:
        token = self._tokens[self._at]
        place = self._tokens[self._at - 1].end if self._at and not repair.deleted else token.start
        for kind in repair.inserted:
            named = repair.deleted == 1 and kind in ("NAME", "OP")
            if named:
                text = token.text if kind == "NAME" else OPERATOR_WORDS.get(token.text, "==")
                put = Token(kind, text, token.start, token.end)
            else:
                put = Token(kind, _TEXTS.get(kind, ""), place, place)
            self._feed(put)
        self._stuck_at = self._at if repair.inserted and not repair.deleted else -1
        self._at += repair.deleted

    def _candidates(self) -> Iterator[tuple[Repair, float]]:
        """Repairs and their costs, in tokens that must fit afterwards to compensate."""
        token = self._tokens[self._at]
        unpaired = self._first_unpaired()
        for inserted in _INSERTIONS:
            cost = 0.4 * (len(inserted) - 1) + _INSERTION_COSTS.get(inserted[0], 0.0)
            if inserted[0] == "LPAREN" and not self._may_open_group(token, unpaired):
                continue
            if inserted == ("LPAREN", "NAME") and token.kind != "COLON":
                continue  # of the first parameter
            if inserted == ("GT",) and self._would_fit(("OP",)):
                continue  # of type arguments, not of a comparison
            if inserted == ("HBRACE",) and unpaired == "HBRACE":
                continue  # the brace that ends this head comes later
            if inserted == ("RBRACE",) and token.kind not in _ITEM_KEYWORDS | {END}:
                cost += 2.0
            yield Repair(inserted, 0), cost
        if token.kind == END:
            return
        for kind in _REPLACEMENTS:
            if self._may_stand_for(kind, token):
                yield Repair((kind,), 1), 0.5
        for count in (1, 2, 3):
            within = self._tokens[self._at : self._at + count]
            if all(skipped.kind not in ("RBRACE", END) or count == 1 for skipped in within):
                yield Repair((), count), 1.2 + 1.5 * (count - 1)

    def _may_open_group(self, token: Token, unpaired: str) -> bool:
        """Reports whether a `(` may be missing before the token, which requires a closing one."""
        if token.kind in ("RPAREN", "SEMI", "RBRACE"):
            return False
        if self._at and self._tokens[self._at - 1].kind == "REQUIRE":
            return True
        return unpaired == "RPAREN"

    def _first_unpaired(self) -> str:
        """Finds the kind of the next token that closes or ends the current construct, or begins a
        body."""
        depth = 0
        for token in self._tokens[self._at : self._at + _PART]:
            if token.kind in ("LPAREN", "LLAMBDA", "LBRACKET", "LBRACE", "OBRACE", "STRING_HEAD"):
                depth += 1
            elif depth and token.kind in ("RPAREN", "RBRACKET", "RBRACE", "STRING_TAIL"):
                depth -= 1
            elif depth == 0 and token.kind in _ENDS_A_PART:
                return token.kind
        return END

    def _may_stand_for(self, kind: str, token: Token) -> bool:
        """Reports whether the author may have intended `kind` in place of `token`."""
        if token.kind.startswith("STRING"):
            return False
        match kind:
            case "NAME":
                before = self._tokens[self._at - 1].kind if self._at else ""
                is_word = token.text in KEYWORDS and token.kind != "BOOL"
                return is_word and before in _BEFORE_NAMES
            case "LET":
                return token.kind == "CONST"
            case "OP":
                return token.kind == "EQ" or token.text in OPERATOR_WORDS
            case "EQ":
                return token.text in ("==", ":", ":=")
            case "COLON":
                return token.text in ("=", "=>", "->")
            case "COMMA":
                return token.kind == "SEMI"
            case "SEMI":
                return token.kind == "COMMA" or token.text == "%"  # (of `50% key`)
            case "FATARROW":
                return token.text in ("->", ":", "=")
            case _:
                return token.text in ("=>", ":")

    def _best(self) -> Repair | None:
        best, best_score = None, 1.5
        for repair, cost in self._candidates():
            score = self._score(repair) - cost
            if score > best_score:
                best, best_score = repair, score
        return best

    def _score(self, repair: Repair) -> float:
        states = self._automaton.states.copy()
        for kind in repair.inserted:
            if not self._automaton.trial(states, kind):
                return 0
        first = self._at + repair.deleted
        following = self._tokens[first : first + _WINDOW]
        for count, token in enumerate(following):
            if self._fitting(states, token) is None:
                return count
        return _WINDOW

    def _skip(self) -> None:
        """Resumes after the erroneous statement or entry, or at the next one."""
        automaton = self._automaton
        levels = self._levels()
        depth = 0
        start = self._at
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            kind = token.kind
            if (depth == 0 and self._at > start) or kind == END:
                before = self._tokens[self._at - 1].kind if self._at else ""
                boundary = before in ("SEMI", "RBRACE") or kind in ("RBRACE", END)
                if boundary or kind in _ITEM_KEYWORDS:
                    for height in levels:
                        states = automaton.states[:height]
                        if self._fitting(states, token) is not None:
                            automaton.cut(height)
                            return
            if kind in ("LBRACE", "HBRACE", "OBRACE", "LPAREN", "LLAMBDA", "LBRACKET"):
                depth += 1
            elif kind in ("RBRACE", "RPAREN", "RBRACKET"):
                depth = max(0, depth - 1)
            self._at += 1
