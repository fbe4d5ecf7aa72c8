"""Effort of the random tests: a bounded, repeatable share by default, more by `make fuzz`.

FUZZ_FACTOR multiplies examples and seeds. At 1 the examples follow from the test itself, so
that a run of CI can be repeated; above it they differ from run to run.
"""

import os

from hypothesis import settings

FACTOR = int(os.environ.get("FUZZ_FACTOR", "1"))


def examples(count: int) -> settings:
    """Decorates a property: `count` examples, times the factor."""
    return settings(max_examples=count * FACTOR, deadline=None, derandomize=FACTOR == 1)


def seeds(first: int, count: int) -> range:
    """Seeds of a simulation: `count` of them, times the factor."""
    return range(first, first + count * FACTOR)
