"""Reports of unexpected tokens, given the repair that makes them fit."""

from typing import Any, Final

from ccl.diagnostics.model import Edit, Fix, Label, Sink
from ccl.parser.driver import Automaton
from ccl.parser.heads import is_in_parameters
from ccl.parser.lexer.tokens import KEYWORDS, LITERALS, Token, Tokens
from ccl.parser.recovery.foreign_words import OPERATOR_WORDS
from ccl.source.spans import Source, Span
from ccl.syntax.tables import END

_CLOSES: Final = {
    "LBRACE": "}",
    "HBRACE": "}",
    "OBRACE": "}",
    "LPAREN": ")",
    "LLAMBDA": ")",
    "LBRACKET": "]",
    "STRING_HEAD": ")",
}
CLOSING_KINDS: Final = {
    "LBRACE": "RBRACE",
    "HBRACE": "RBRACE",
    "OBRACE": "RBRACE",
    "LPAREN": "RPAREN",
    "LLAMBDA": "RPAREN",
    "LBRACKET": "RBRACKET",
    "STRING_HEAD": "STRING_TAIL",
}
SYNCHRONISING: Final = frozenset({"items", "statements", "arms"})
"""Names in the grammar of the lists of entries, statements and arms."""
_ENDS_BEFORE: Final = frozenset(
    {"RBRACE", END, "LET", "FN", "STRUCT", "ENUM", "CONST", "STATE", "IMPORT", "CONTRACT", "EXPORT"}
)
"""Before these an operand may be missing, but nothing that would join the code around them."""
_CLOSING_SIGNS: Final = (")", "]", "}")
_CLOSERS: Final = {"RPAREN": ")", "RBRACKET": "]", "RBRACE": "}", "STRING_TAIL": ")"}
_SIGNS: Final = {
    "COMMA": ",",
    "EQ": "=",
    "COLON": ":",
    "LPAREN": "(",
    "LBRACE": "{",
    "HBRACE": "{",
    "FATARROW": "=>",
    "ARROW": "->",
    "LET": "let",
    "OP": "==",
    "SEMI": ";",
    "IN": "in",
    "GT": ">",
}
_STATEMENT_KINDS: Final = frozenset(
    {"LET", "RETURN", "WHILE", "FOR", "MATCH", "EMIT", "REQUIRE", "TRY", "BREAK", "CONTINUE"}
)
_RANGES: Final = frozenset({"..", "..="})
_OPERANDS: Final = LITERALS | {"NAME", "STRING_HEAD"}
_OPERATORS: Final = frozenset({"OP", "MINUS", "LT", "GT"})
_ENTRY_STARTS: Final = frozenset({"", "SEMI", "COMMA", "LBRACE", "RBRACE", "OBRACE"})
_KEYS: Final = frozenset({"NAME", "HNAME", "KWKEY", "STRING"})
_VALUES: Final = frozenset({"INT", "NAME", "LPAREN", "STRING"})
_CALLED: Final = frozenset({"NAME", "RPAREN", "RBRACKET", "GT"})
_STATEMENT_ENDS: Final = frozenset({"SEMI", "LBRACE", "RBRACE"})
_FIRST_VALUES: Final = {"STATE": "first value", "CONST": "first value", "LET": "variable"}


class FaultReports:
    def __init__(self, source: Source, tokens: Tokens, sink: Sink) -> None:
        self._source = source
        self._tokens = tokens.items
        self._sink = sink
        self._erroneous_lines = {source.position(offset).line for offset in tokens.erroneous}

    def report(
        self, automaton: Automaton, at: int, inserted: tuple[str, ...], deleted: int
    ) -> None:
        """Reports the error at token `at`, unless a lexical error of its line explains it."""
        token = self._tokens[at]
        previous = self._tokens[at - 1] if at else None
        end = previous.end if previous is not None else token.start
        lines = {self._source.position(offset).line for offset in (end, token.start)}
        if lines & self._erroneous_lines:
            return
        after = Span(self._source.file, end, end)
        if (
            self._is_late_reason(at)
            or self._is_decimal_comma(at)
            or self._is_percent_before_key(at)
        ):
            return
        if previous is not None and previous.kind == token.kind == "QUESTION":
            place = self._span(previous).to(self._span(token))
            instead = "try … catch …"
            self._sink.report("CCL0119", place, found="??", instead=instead, advice="absent")
            return
        if previous is not None and previous.kind == "QUESTION" and token.kind in _OPERANDS:
            before = self._tokens[at - 2]
            if before.kind == "QUESTION":
                place = self._span(before).to(self._span(previous))
                instead = "try … catch …"
                self._sink.report("CCL0119", place, found="??", instead=instead, advice="absent")
                return
            instead = "if … { … } else { … }"
            self._sink.report("CCL0119", self._span(previous), found="?:", instead=instead)
            return
        if deleted == 0 and inserted:
            self._missing(automaton, token, after, inserted)
        elif inserted:
            self._replaced(token, inserted[0])
        else:
            self._unexpected(automaton, token, deleted, at)

    def _is_late_reason(self, at: int) -> bool:
        """Reports `require(…); because article "…"`."""
        if at < 2 or [each.text for each in self._tokens[at - 2 : at + 1]] != [
            ";",
            "because",
            "article",
        ]:
            return False
        end, word, _ = self._tokens[at - 2 : at + 1]
        fix = Fix("remove the `;`", (Edit(self._span(end), ""),))
        self._sink.report(
            "CCL0112",
            self._span(word),
            found="`because`",
            expected="a statement",
            advice="reason",
            fixes=(fix,),
        )
        return True

    def _is_decimal_comma(self, at: int) -> bool:
        """Reports `12,50` or `1,000`, where no list of two numbers is allowed."""
        for comma in (at, at - 1):
            if not 0 < comma < len(self._tokens) - 1:
                continue
            whole, sign, places = self._tokens[comma - 1 : comma + 2]
            if (whole.kind, sign.kind, places.kind) != ("INT", "COMMA", "INT"):
                continue
            if (whole.end, sign.end) == (sign.start, places.start):
                place = self._span(whole).to(self._span(places))
                thousands = len(places.text) == 3 and whole.text != "0"
                instead = f"{whole.text}{'_' if thousands else '.'}{places.text}"
                fix = Fix(f"write `{instead}`", (Edit(place, instead),))
                found = f"{whole.text},{places.text}"
                advice = "groups" if thousands else None
                self._sink.report(
                    "CCL0119", place, found=found, instead=instead, advice=advice, fixes=(fix,)
                )
                return True
        return False

    def _is_percent_before_key(self, at: int) -> bool:
        """Reports `50% window 7d`: before a word `%` is the remainder, so a `;` is missing.

        Without a colon the sign does not fit; after a colon, the token after the word.
        """
        for sign in (at, at - 2):
            if not 0 < sign < len(self._tokens) - 1:
                continue
            number, percent, word = self._tokens[sign - 1 : sign + 2]
            if (
                number.kind in ("INT", "DECIMAL")
                and percent.text == "%"
                and number.end == percent.start
                and percent.end < word.start
                and word.kind in _KEYS
            ):
                after = Span(self._source.file, percent.end, percent.end)
                self._sink.report("CCL0111", after, fixes=(Fix("add `;`", (Edit(after, ";"),)),))
                return True
        return False

    def _span(self, token: Token) -> Span:
        return Span(self._source.file, token.start, token.end)

    def _missing(
        self, automaton: Automaton, token: Token, after: Span, inserted: tuple[str, ...]
    ) -> None:
        first = inserted[0]
        if first == "OP":
            self._sink.report("CCL0115", self._span(token), what="an operator", found=_shown(token))
            return
        if inserted == ("LPAREN", "NAME"):
            self._sink.report("CCL0114", after, sign="(", found=_shown(token))
            return
        if "NAME" in inserted:
            begins = token is self._tokens[0] and token.text == "{"
            first_value = self._missing_value(token)
            is_value = first_value or automaton.expected() >= _VALUES
            self._sink.report(
                "CCL0115",
                self._span(token),
                what="an initial value" if first_value else "a value" if is_value else "a name",
                found=_shown(token),
                advice="document" if begins else first_value,
            )
            return
        text = "".join(_CLOSERS.get(kind) or _SIGNS[kind] for kind in inserted)
        edits = (Edit(after, f" {text}" if text == "=" else text),)
        fix = Fix(
            f"add `{text}`",
            edits,
            safe=text == ";" and self._ends_before(automaton, after.start, token),
        )
        if first == "SEMI":
            self._sink.report("CCL0111", after, fixes=(fix,))
        elif first in _CLOSERS:
            opener = innermost_bracket(automaton.values)
            labels = (Label(self._span(opener), "opened here"),) if opener else ()
            self._sink.report("CCL0113", after, closer=_CLOSERS[first], labels=labels, fixes=(fix,))
        else:
            self._sink.report("CCL0114", after, sign=text, found=_shown(token), fixes=(fix,))

    def _ends_before(self, automaton: Automaton, end: int, token: Token) -> bool:
        """Reports whether the entry or statement that stops at `end` ends before `token`, whatever
        is missing between them.

        It does if no operator is allowed there, or if the token begins a line that is not indented
        further than the entry, since continuation lines are indented. The lines of the entry itself
        must be indented as well, or a terminator may be missing earlier.
        """
        began = automaton.begun(SYNCHRONISING)
        if began is None:
            return False
        text = self._source.text
        start = text.rfind("\n", 0, began) + 1
        indent = _indentation(text[start:])
        if any(
            _indentation(line) <= indent and line.strip()[:1] not in _CLOSING_SIGNS
            for line in text[start:end].split("\n")[1:]
        ):
            return False
        begins_line = not text[text.rfind("\n", 0, token.start) + 1 : token.start].strip()
        line = text[text.rfind("\n", 0, token.start) + 1 :]
        return token.kind in _ENDS_BEFORE or (begins_line and _indentation(line) <= indent)

    def _replaced(self, token: Token, kind: str) -> None:
        place = self._span(token)
        sign = OPERATOR_WORDS.get(token.text) or _SIGNS.get(kind, "")
        if kind == "NAME":
            fix = Fix(f"call it `{token.text}_`", (Edit(place, f"{token.text}_"),))
            self._sink.report("CCL0116", place, word=token.text, fixes=(fix,))
            return
        fix = Fix(f"write `{sign}`", (Edit(place, sign),))
        self._sink.report("CCL0119", place, found=token.text, instead=sign, fixes=(fix,))

    def _unexpected(self, automaton: Automaton, token: Token, deleted: int, at: int) -> None:
        last = self._tokens[min(at + max(deleted, 1), len(self._tokens)) - 1]
        place = self._span(token).to(self._span(last))
        if token.kind in _CLOSERS and token.kind not in automaton.expected():
            opener = innermost_bracket(automaton.values)
            if opener is None or _CLOSES[opener.kind] != token.text:
                labels: tuple[Label, ...] = ()
                if opener is not None:
                    note = f"this needs a `{_CLOSES[opener.kind]}`"
                    labels = (Label(self._span(opener), note),)
                fixes = (Fix("remove it", (Edit(place, ""),)),)
                self._sink.report("CCL0122", place, closer=token.text, labels=labels, fixes=fixes)
                return
        if token.kind in _STATEMENT_KINDS and "FN" in automaton.expected():
            self._sink.report("CCL0123", place, word=token.text)
            return
        opener = innermost_bracket(automaton.values)
        if token.kind == END and opener is not None:
            closer = _CLOSES[opener.kind]
            labels = (Label(self._span(opener), "opened here"),)
            self._sink.report("CCL0113", place, closer=closer, labels=labels)
            return
        self._sink.report(
            "CCL0112",
            place,
            found=_noun(token),
            expected=_wanted(automaton.expected()),
            advice=self._advice(at),
        )

    def _begins_tuple(self, at: int) -> bool:
        """Reports whether the `(` around the token at `at` groups, as it follows no callee."""
        depth = 0
        for index in range(at - 1, -1, -1):
            kind = self._tokens[index].kind
            if kind in _CLOSERS:
                depth += 1
            elif kind in _CLOSES:
                depth -= 1
                if depth < 0:
                    before = self._tokens[index - 1].kind if index else ""
                    return kind == "LPAREN" and before not in _CALLED
        return False

    def _is_in_lambda(self, at: int) -> bool:
        """Reports whether the comma at `at` separates the names of `(a, b) =>`."""
        while self._tokens[at].kind in ("NAME", "UNDERSCORE", "COMMA"):
            at += 1
        return [each.kind for each in self._tokens[at : at + 2]] == ["RPAREN", "FATARROW"]

    def _missing_value(self, token: Token) -> str | None:
        """Names the declaration without an initial value that a `;` ends."""
        if token.kind != "SEMI":
            return None
        end = at = self._tokens.index(token)
        while at > 0 and self._tokens[at - 1].kind not in _STATEMENT_ENDS:
            at -= 1
        kinds = [each.kind for each in self._tokens[at:end]]
        if "EQ" in kinds[:-1]:  # only a part of the value is missing
            return None
        return next((_FIRST_VALUES[each] for each in kinds if each in _FIRST_VALUES), None)

    def _advice(self, at: int) -> str | None:
        """Selects the advice for an unexpected token by its place."""
        token = self._tokens[at]
        kinds = ["", *(each.kind for each in self._tokens[max(at - 3, 0) : at])]
        if token.text in _RANGES:
            is_pattern = kinds[-1] == "NAME" and kinds[-2] in ("HBRACE", "COMMA", "PIPE", "RBRACE")
            return "bounds" if is_pattern else "count"
        if token.kind == "FATARROW" and kinds[-1] in ("NAME", "RPAREN", "UNDERSCORE"):
            return "function"
        if token.kind in ("COMMA", "RPAREN") and self._is_in_lambda(at):
            return "function"
        if kinds[-1] == "LET" or (token.kind == "COMMA" and self._begins_tuple(at)):
            return "tuple" if token.kind in ("LPAREN", "COMMA") else None
        if token.text == "because":
            return "no reason"
        if token.kind == "EQ" and is_in_parameters(self._tokens, at):
            return "default"
        if kinds[-1] in ("STRING", "STRING_TAIL") and self._tokens[at - 1].end == token.start:
            return "quote"
        if token.kind in _OPERATORS and _is_plain_entry(self._tokens[max(0, at - 3) : at]):
            return "colon"
        return None


def _indentation(text: str) -> int:
    """Measures the indentation of the first line."""
    line = text.partition("\n")[0]
    return len(line) - len(line.lstrip())


def _is_plain_entry(before: list[Token]) -> bool:
    """Reports whether the tokens end with a key and one value without a colon between them."""
    start, key, value = ["", "", "", *(each.kind for each in before)][-3:]
    return start in _ENTRY_STARTS and key in _KEYS and value in _OPERANDS


def innermost_bracket(values: list[Any]) -> Token | None:
    """Finds the last bracket that is open."""
    closed = 0
    for value in reversed(values):
        if not isinstance(value, Token):
            continue
        if value.kind in _CLOSERS:
            closed += 1
        elif value.kind in _CLOSES:
            if closed == 0:
                return value
            closed -= 1
    return None


def _shown(token: Token) -> str:
    noun = _noun(token)
    return noun if noun.startswith("`") else f"the {noun}"


def _noun(token: Token) -> str:
    match token.kind:
        case "$END":
            return "end of the file"
        case "STRING" | "STRING_HEAD":
            return "string"
        case "STRING_MID" | "STRING_TAIL":
            return "rest of the string"
        case _ if token.text in KEYWORDS:
            return f"keyword `{token.text}`"
        case _:
            return f"`{token.text}`"


def _wanted(expected: frozenset[str]) -> str:
    """Names the expected tokens, in a few words."""
    words = []
    if expected >= _VALUES:
        words.append("a value")
    elif "FN" in expected:
        words.append("an entry or an item")
    elif "NAME" in expected:
        words.append("a name")
    signs = [_CLOSERS.get(kind) or _SIGNS.get(kind) for kind in sorted(expected)]
    shown = [f"`{sign}`" for sign in dict.fromkeys(signs) if sign and sign not in ("(", "let")]
    if "a value" not in words:
        words.extend(shown[:4])
    if not words:
        return "something else"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
