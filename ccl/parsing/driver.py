"""The LALR automaton: feeds tokens to the tables and builds values as it reduces.

`feed` is the fast way. `trial` runs on states alone, so that a repair can be tried without
building anything; `cut` goes back to an earlier point of the stack.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from ccl.parsing.tokens import Token
from ccl.source import FileId, Span
from ccl.syntax import Tables

Reduction: TypeAlias = Callable[[Span, list[Any]], Any]

ACCEPTED: Final = -1


class Automaton:
    """One parse: a stack of states and, beside it, values and where each began."""

    def __init__(self, tables: Tables, reductions: Mapping[str, Reduction], file: FileId) -> None:
        self._tables = tables
        self._rules = tuple(
            (reductions[rule.name] if rule.name else None, rule.origin, rule.length)
            for rule in tables.rules
        )
        self._file = file
        self.states: list[int] = [tables.start]
        self.values: list[Any] = []
        self._starts: list[int] = []
        self._end = 0

    def feed(self, tokens: Sequence[Token]) -> int:
        """The index of the first token that does not fit, or `len(tokens)`; ACCEPTED at the
        end of the module. After a token that does not fit the stack may be reduced already."""
        table, rules, accept = self._tables.states, self._rules, self._tables.accept
        states, values, starts = self.states, self.values, self._starts
        for at, token in enumerate(tokens):
            kind = token.kind
            while True:
                action = table[states[-1]].get(kind)
                if action is None:
                    return at
                if action >= 0:
                    break
                reduction, origin, length = rules[-1 - action]
                if reduction is not None:
                    if length:
                        children = values[-length:]
                        start = starts[-length]
                        del values[-length:], states[-length:], starts[-length:]
                    else:
                        children, start = [], self._end
                    values.append(reduction(Span(self._file, start, self._end), children))
                    starts.append(start)
                else:
                    del states[-1]
                states.append(table[states[-1]][origin])
                if states[-1] == accept:
                    return ACCEPTED
            states.append(action)
            values.append(token)
            starts.append(token.start)
            self._end = token.end
        return len(tokens)

    def trial(self, states: list[int], kind: str) -> bool:
        """Feeds one token to the states alone (changed in place): does it fit?"""
        table, rules, accept = self._tables.states, self._tables.rules, self._tables.accept
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                states.append(action)
                return True
            rule = rules[-1 - action]
            if rule.length:
                del states[-rule.length :]
            states.append(table[states[-1]][rule.origin])
            if states[-1] == accept:
                return True

    def cut(self, height: int) -> None:
        """Drops all but the first `height` states (at least one stays)."""
        del self.states[height:], self.values[height - 1 :], self._starts[height - 1 :]

    def height_of(self, value: object) -> int:
        """The height of the stack just before `value` was put on it."""
        return next(at for at, held in enumerate(self.values) if held is value) + 1

    def expected(self) -> frozenset[str]:
        """The kinds of token that fit next."""
        return frozenset(
            kind
            for kind in self._tables.states[self.states[-1]]
            if kind.isupper() and self.trial(self.states.copy(), kind)
        )

    def is_after(self, state: int, nonterminals: frozenset[str]) -> bool:
        """Is `state` one that is reached by having read one of `nonterminals`?"""
        return state in _reached_by(self._tables, nonterminals)


@cache
def _reached_by(tables: Tables, nonterminals: frozenset[str]) -> frozenset[int]:
    return frozenset(
        target
        for actions in tables.states
        for symbol, target in actions.items()
        if symbol in nonterminals and target >= 0
    )
