"""Analyses of a program, each computed once, for code generation and for the bounds of fuel.

Rule: passes run before; analyses hold for the program that they were computed of, and no other.
"""

from collections.abc import Iterator, Mapping

from ccl.analysis.array_usage import unshared_arrays
from ccl.analysis.escapes import escaping_parameters
from ccl.analysis.intervals import Intervals, intervals_of
from ccl.analysis.moves import moved_reads
from ccl.analysis.sizes.accumulators import Accumulator
from ccl.analysis.sizes.value_sizes import Sizes
from ccl.analysis.state_effects import NO_USE, spread_uses
from ccl.analysis.survey import Survey, Use, survey
from ccl.analysis.usage import Behaviour
from ccl.ir.typed import Function, Program
from ccl.support.node import Node


class FunctionAnalyses(Node, frozen=True, kw_only=True):
    """Of one function. Nodes are identified by `id`."""

    function: Function
    survey: Survey
    intervals: Intervals
    sizes: Sizes
    behaviour: Behaviour
    unshared: frozenset[int]
    """Array variables that hold the only reference to their object."""
    moved: frozenset[int]
    """Reads that move a value out of its place, see `ccl.analysis.moves`."""


class Analyses(Node, frozen=True, kw_only=True):
    """By function id, of the functions that an export can reach, in the order of the program."""

    program: Program
    surveys: Mapping[str, Survey]
    state_uses: Mapping[str, Use]
    escaping: Mapping[str, frozenset[int]]
    """Positions of parameters that may outlive a call."""

    def touches_state(self, function: str) -> bool:
        return bool(self.state_uses.get(function, NO_USE).touched)

    def functions(self) -> Iterator[FunctionAnalyses]:
        """Analyses each function when the iterator reaches it.

        Code generation iterates once, so the tables of one function at a time are in memory.
        """
        writers = frozenset(name for name, use in self.state_uses.items() if use.written)
        accumulators: dict[str, Accumulator | None] = {}
        for name, found in self.surveys.items():
            function = self.program.functions[name]
            behaviour = Behaviour(writers)
            intervals = intervals_of(function, len(found.rebound) + len(function.parameters))
            yield FunctionAnalyses(
                function=function,
                survey=found,
                intervals=intervals,
                sizes=Sizes(self.program, function, found, intervals, accumulators),
                behaviour=behaviour,
                unshared=unshared_arrays(function, found.assignments),
                moved=moved_reads(found.blocks, behaviour, self.touches_state),
            )


def analyse(program: Program) -> Analyses:
    surveys = _reachable(program)
    return Analyses(
        program=program,
        surveys=surveys,
        state_uses=spread_uses(surveys),
        escaping=escaping_parameters({name: program.functions[name] for name in surveys}),
    )


def _reachable(program: Program) -> dict[str, Survey]:
    """Surveys the functions that exports and conditions of the charter reach."""
    found: dict[str, Survey] = {}
    pending = [export.function for export in program.exports]
    pending += [condition.function for condition in program.conditions]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = survey(program.functions[name].body)
            pending.extend(found[name].calls)
    return {name: found[name] for name in program.functions if name in found}
