"""The checker over damaged programs: no crash, no hang, and a program or an error.

What can be read in spite of its damage is checked whole, with all that no author would write:
names said twice, sections in each other, values where none stand.
"""

import pytest
from damage import HANG_SECONDS, can_be_told, cases, within
from effort import seeds

from ccl.pipeline import check_text

FIRST_SEED = 1_000
"""Other programs than those of the parser's own test."""


def holds(text: str, what: str) -> None:
    with within(HANG_SECONDS, what):
        checked = check_text(text, path="damaged.ccl")
    assert (checked.program is None) == checked.sink.has_errors, what
    for found in checked.sink.diagnostics:
        can_be_told(found, checked.sources, what)


@pytest.mark.parametrize("seed", seeds(FIRST_SEED, 3))
def test_damaged_programs(seed: int) -> None:
    for text, what in cases(seed):
        holds(text, what)
