"""The shrinking of a failing scenario: the smallest one found that fails alike.

Rule: greedy, until no single step makes it smaller.
"""

from collections.abc import Callable

from simulation.scenario import Scenario, smaller

Fails = Callable[[Scenario], str | None]
"""The name of what fails, None where nothing does."""

RUNS_MAX = 400


def shrunk(scenario: Scenario, fails: Fails) -> Scenario:
    """The smallest scenario like this one for which `fails` gives the same name."""
    wanted = fails(scenario)
    assert wanted is not None, "only what fails is shrunk"
    runs = 0
    is_smaller = True
    while is_smaller and runs < RUNS_MAX:
        is_smaller = False
        for candidate in smaller(scenario):
            runs += 1
            if fails(candidate) == wanted:
                scenario, is_smaller = candidate, True
                break
    return scenario
