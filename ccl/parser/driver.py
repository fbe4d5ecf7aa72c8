"""The LALR automaton: feeds tokens to the tables and builds values as it reduces.

`feed` is the fast path. `trial` runs on states alone, so that a repair can be tried without
building anything; `cut` returns to an earlier height of the stack.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from ccl.parser.lexer.tokens import Token
from ccl.source.spans import FileId, Span
from ccl.syntax.tables import Tables

Reduction: TypeAlias = Callable[[Span, list[Any]], Any]
"""Makes the value of a phrase from its place and the values of its parts."""
Gathering: TypeAlias = Callable[[list[Any]], Any]
"""Makes it from the parts alone."""
Making: TypeAlias = Callable[[str], tuple[Gathering | None, Reduction | None]]
"""The builder of the value of a rule, by the name of the rule: one of the two."""

ACCEPTED: Final = -1
NO_ACTION: Final = -(2**31)


class Automaton:
    """One parse: a stack of states and, beside it, values and where each began."""

    def __init__(self, tables: Tables, making: Making, file: FileId) -> None:
        self._tables = tables
        self._making = making
        self._rules: list[tuple[Gathering | None, Reduction | None, str, int] | None]
        self._rules = [None] * len(tables.rules)
        """Each from its first use on: a parse needs few of them."""
        self._file = file
        self.states: list[int] = [tables.start]
        self.values: list[Any] = []
        self._starts: list[int] = []
        self._end = 0

    def feed(self, tokens: Sequence[Token]) -> int:
        """Feeds tokens; returns the index of the first that does not fit, or `len(tokens)`, or
        ACCEPTED at the end of the module.

        After a token that does not fit the stack may already be reduced. Tokens with two readings
        become the one that fits.
        """
        table, rules, accept = self._tables.states, self._rules, self._tables.accept
        states, values, starts = self.states, self.values, self._starts
        file, end, state = self._file, self._end, self.states[-1]
        for at, token in enumerate(tokens):
            if token.other:
                token.kind = self.fitting(states.copy(), token) or token.kind
            kind = token.kind
            while (action := table[state].get(kind, NO_ACTION)) < 0:
                if action == NO_ACTION:
                    self._end = end
                    return at
                gathering, reduction, origin, length = rules[~action] or self._rule(~action)
                if length == 1:
                    # (most often: the height of the stack stays)
                    if reduction is not None:
                        values[-1] = reduction(Span(file, starts[-1], end), [values[-1]])
                    elif gathering is not None:
                        values[-1] = gathering([values[-1]])
                    states[-1] = state = table[states[-2]][origin]
                else:
                    if length:
                        children = values[-length:]
                        start = starts[-length]
                        del values[-length:], states[-length:], starts[-length:]
                    else:
                        children, start = [], end
                    if reduction is not None:
                        values.append(reduction(Span(file, start, end), children))
                    else:
                        assert gathering is not None, "only one part passes unchanged"
                        values.append(gathering(children))
                    starts.append(start)
                    state = table[states[-1]][origin]
                    states.append(state)
                if state == accept:
                    self._end = end
                    return ACCEPTED
            state = action
            states.append(action)
            values.append(token)
            starts.append(token.start)
            end = token.end
        self._end = end
        return len(tokens)

    def _rule(self, number: int) -> tuple[Gathering | None, Reduction | None, str, int]:
        rule = self._tables.rules[number]
        gathering, reduction = self._making(rule.name) if rule.name else (None, None)
        found = self._rules[number] = (gathering, reduction, rule.origin, rule.length)
        return found

    def trial(self, states: list[int], kind: str) -> bool:
        """Feeds one token to the states alone (changed in place): does it fit?"""
        return _trial(self._tables, states, kind)

    def fitting(self, states: list[int], token: Token) -> str | None:
        """Returns the kind under which the token fits (`states` then includes it)."""
        return fitting(self._tables, states, token)

    def cut(self, height: int) -> None:
        """Drops all but the first `height` states (at least one stays)."""
        del self.states[height:], self.values[height - 1 :], self._starts[height - 1 :]

    def begun(self, nonterminals: frozenset[str]) -> int | None:
        """Finds the start of the tokens after the last of `nonterminals` on the stack."""
        for height in range(len(self.values), 0, -1):
            if self.is_after(self.states[height - 1], nonterminals):
                return self._starts[height - 1]
        return None

    def height_of(self, value: object) -> int:
        """Finds the height of the stack just before `value` was pushed."""
        return next(at for at, held in enumerate(self.values) if held is value) + 1

    def expected(self) -> frozenset[str]:
        """Lists the kinds of token that fit next."""
        return frozenset(
            kind
            for kind in self._tables.states[self.states[-1]]
            if kind.isupper() and self.trial(self.states.copy(), kind)
        )

    def is_after(self, state: int, nonterminals: frozenset[str]) -> bool:
        """Reports whether `state` is entered after reading one of `nonterminals`."""
        return state in _reached_by(self._tables, nonterminals)


def fitting(tables: Tables, states: list[int], token: Token) -> str | None:
    """Finds the kind under which the token fits; `states` then includes it."""
    if not token.other:
        return token.kind if _trial(tables, states, token.kind) else None
    before = states.copy()
    if _trial(tables, states, token.kind):
        return token.kind
    states[:] = before
    return token.other if _trial(tables, states, token.other) else None


def _trial(tables: Tables, states: list[int], kind: str) -> bool:
    while True:
        action = tables.states[states[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            states.append(action)
            return True
        rule = tables.rules[~action]
        if rule.length:
            del states[-rule.length :]
        states.append(tables.states[states[-1]][rule.origin])
        if states[-1] == tables.accept:
            return True


@cache
def _reached_by(tables: Tables, nonterminals: frozenset[str]) -> frozenset[int]:
    return frozenset(
        target
        for actions in tables.states
        for symbol, target in actions.items()
        if symbol in nonterminals and target >= 0
    )
