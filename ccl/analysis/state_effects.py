"""Effects of functions on the program's state: direct ones, and those of their callees."""

from collections.abc import Iterable, Mapping

from ccl.analysis.survey import Survey, Use, survey
from ccl.ir.typed import Function, Invariant, Program, State

NO_USE = Use()


def state_uses(functions: Mapping[str, Function]) -> dict[str, Use]:
    """Returns the uses of state by function id; see `spread_uses`."""
    return spread_uses({name: survey(each.body) for name, each in functions.items()})


def spread_uses(surveys: Mapping[str, Survey]) -> dict[str, Use]:
    """Adds the uses of callees, at any depth, to those of each function."""
    uses = {name: each.state for name, each in surveys.items()}
    callers: dict[str, set[str]] = {}
    for name, each in surveys.items():
        for callee in each.calls:
            callers.setdefault(callee, set()).add(name)
    pending = [name for name, use in uses.items() if use.touched]
    while pending:
        name = pending.pop()
        for caller in callers.get(name, ()):
            after = uses[caller] | uses[name]
            if after != uses[caller]:
                uses[caller] = after
                pending.append(caller)
    return uses


class StateIndex:
    """States and the invariants that read them, by id of the state."""

    def __init__(self, program: Program, uses: Mapping[str, Use]) -> None:
        self._states = program.states
        self._invariants = program.invariants
        self._places = {state: place for place, state in enumerate(program.states)}
        self._readers: dict[str, list[int]] = {}
        for number, invariant in enumerate(program.invariants):
            for state in uses.get(invariant.function, NO_USE).read:
                self._readers.setdefault(state, []).append(number)

    def readers_of(self, states: Iterable[str]) -> list[Invariant]:
        """Returns the invariants that read any of the variables, in the order of the program."""
        numbers = {number for state in states for number in self._readers.get(state, ())}
        return [self._invariants[number] for number in sorted(numbers)]

    def in_order(self, states: Iterable[str]) -> list[State]:
        """Sorts the variables into the order of the program."""
        return [self._states[state] for state in sorted(states, key=self._places.__getitem__)]
