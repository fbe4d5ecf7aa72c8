"""The shrinking of a failing scenario: the smallest one found that fails the same invariant.

Rule: greedy, until no single step makes it smaller.
"""

from collections.abc import Callable

from simulation.checking.invariants import Invariant
from simulation.scenario import Scenario, smaller

Fails = Callable[[Scenario], Invariant | None]

RUNS_MAX = 400


def shrunk(scenario: Scenario, fails: Fails) -> Scenario:
    """The smallest scenario like this one for which `fails` names the same invariant."""
    wanted = fails(scenario)
    assert wanted is not None, "only what fails is shrunk"
    runs = 0
    is_smaller = True
    while is_smaller and runs < RUNS_MAX:
        is_smaller = False
        for candidate in smaller(scenario):
            runs += 1
            if fails(candidate) is wanted:
                scenario, is_smaller = candidate, True
                break
    return scenario
