"""Rules of policies as people read and write them: `all of (quota 10000 each; nobody)`.

Rule: what `rule_to_text` writes, `rule_from_text` reads as the same rule.
"""

import re
from typing import Final, assert_never

from runtime.content.did import Did, DidError, parse_did
from runtime.content.typed import union_to_value
from runtime.tokens.policy import AllOf, AllowAll, AnyOf, PermitList, Quota, RateLimit, Rule

_TOKEN: Final = re.compile(r"\s*(did:[^\s,;()]+|[A-Za-z]+|[0-9]+|[(),;]|\S)")
_NESTING_MAX: Final = 64
"""Open parentheses at once, so that no text exhausts the stack; rules nest far less deep."""
FORMS: Final = (
    "allow all",
    "nobody",
    "only DID, DID",
    "quota 500 each",
    "10 per 60 s, at most 50 at once",
    "all of (RULE; RULE)",
    "any of (RULE; RULE)",
)


class RuleTextError(ValueError):
    """A text that is no rule. column: of its first character that is not expected, from 1."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(f"column {column}: {reason}")
        self.reason = reason
        self.column = column


def rule_to_text(rule: Rule) -> str:
    """Writes a rule in words."""
    match rule:
        case AllowAll():
            return "allow all"
        case Quota(limit=limit):
            return f"quota {limit} each"
        case RateLimit():
            return f"{rule.amount} per {rule.per_seconds} s, at most {rule.burst} at once"
        case PermitList(dids=dids):
            return f"only {', '.join(dids)}" if dids else "nobody"
        case AllOf(rules=rules):
            return f"all of ({'; '.join(map(rule_to_text, rules))})"
        case AnyOf(rules=rules):
            return f"any of ({'; '.join(map(rule_to_text, rules))})"
        case _:
            assert_never(rule)


def rule_from_text(text: str) -> Rule:
    """Reads a rule in words. `each`, and how much at once, may be left out. Raises
    RuleTextError."""
    reader = _Reader(text)
    rule = reader.rule()
    reader.end()
    return rule


class _Reader:
    """A recursive descent over the tokens of a text."""

    def __init__(self, text: str) -> None:
        found = list(_TOKEN.finditer(text))
        self._tokens = [(each[1], each.start(1) + 1) for each in found]
        self._tokens.append(("", len(text.rstrip()) + 1))
        self._at = 0
        self._open = 0

    def rule(self) -> Rule:
        word, column = self._tokens[self._at]
        try:
            rule = self._rule(word.lower())
            union_to_value(Rule, rule)
            return rule
        except RuleTextError:
            raise
        except ValueError as error:
            raise RuleTextError(str(error), column) from None

    def end(self) -> None:
        if self._next()[0]:
            raise self._unexpected("the end of the rule")

    def _rule(self, word: str) -> Rule:
        if word.isdigit():
            return self._rate()
        match word:
            case "allow":
                self._words("allow", "all")
                return AllowAll()
            case "nobody":
                self._words("nobody")
                return PermitList(dids=())
            case "only":
                self._words("only")
                return PermitList(dids=self._dids())
            case "quota":
                self._words("quota")
                limit = self._number("a number of units")
                self._skip("each")
                return Quota(limit=limit)
            case "all" | "any":
                self._words(word, "of")
                rules = self._parts()
                return AllOf(rules=rules) if word == "all" else AnyOf(rules=rules)
            case _:
                raise self._unexpected("a rule: " + ", ".join(FORMS))

    def _rate(self) -> RateLimit:
        amount = self._number("a number of units")
        self._words("per")
        per_seconds = self._number("a number of seconds") if self._next()[0].isdigit() else 1
        if not (self._skip("s") or self._skip("second") or self._skip("seconds")):
            raise self._unexpected("s, for seconds")
        burst = amount
        if self._skip(","):
            self._words("at", "most")
            burst = self._number("a number of units")
            self._words("at", "once")
        return RateLimit(amount=amount, per_seconds=per_seconds, burst=burst)

    def _dids(self) -> tuple[Did, ...]:
        found = [self._did()]
        while self._skip(","):
            found.append(self._did())
        return tuple(found)

    def _did(self) -> Did:
        text, column = self._next()
        if not text.startswith("did:"):
            raise self._unexpected("a DID")
        try:
            did = parse_did(text)
        except DidError as error:
            raise RuleTextError(str(error), column) from None
        self._at += 1
        return did

    def _parts(self) -> tuple[Rule, ...]:
        self._words("(")
        self._open += 1
        if self._open > _NESTING_MAX:
            raise RuleTextError("rules are nested too deeply", self._next()[1])
        found = [self.rule()]
        while self._skip(";"):
            found.append(self.rule())
        if not self._skip(")"):
            raise self._unexpected("; or )")
        self._open -= 1
        return tuple(found)

    def _number(self, expected: str) -> int:
        text, column = self._next()
        if not text.isdigit():
            raise self._unexpected(expected)
        if len(text) > 19:
            raise RuleTextError(f"{text:.20}… does not fit 63 bits", column)
        self._at += 1
        return int(text)

    def _words(self, *words: str) -> None:
        for word in words:
            if not self._skip(word):
                raise self._unexpected(word)

    def _skip(self, word: str) -> bool:
        found = self._next()[0].lower() == word
        self._at += found
        return found

    def _next(self) -> tuple[str, int]:
        return self._tokens[self._at]

    def _unexpected(self, expected: str) -> RuleTextError:
        text, column = self._next()
        found = f"'{text:.40}'" if text else "the end"
        return RuleTextError(f"expected {expected}, found {found}", column)
