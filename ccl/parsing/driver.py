"""The LALR automaton: feeds tokens to the tables and builds values as it reduces."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ccl.parsing.tokens import Token
from ccl.source import FileId, Span
from ccl.syntax import Tables

Reduction: TypeAlias = Callable[[Span, list[Any]], Any]

ACCEPTED: Final = -1
REFUSED: Final = -2


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

    def feed(self, tokens: Sequence[Token], at: int) -> int:
        """Feeds from `tokens[at]` on: the index of the first token that does not fit, or
        ACCEPTED. After a token that does not fit the stack may already be reduced."""
        table, rules, accept = self._tables.states, self._rules, self._tables.accept
        states, values, starts = self.states, self.values, self._starts
        while True:
            token = tokens[at]
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
            at += 1
