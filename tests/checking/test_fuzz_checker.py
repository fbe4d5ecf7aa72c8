"""The checker over damaged programs: no crash, no hang, and a program or an error.

What can be read in spite of its damage is checked whole, with all that no author would write:
names said twice, sections in each other, values where none stand.
"""

import random

import pytest
from damage import HANG_SECONDS, cases, check_prose, programs, slip, within
from effort import seeds

from ccl.formatter.format import format_text
from ccl.pipeline import check_text, compile_text

FIRST_SEED = 1_000
"""Other programs than those of the parser's own test."""
SLIPS_PER_SEED = 40


def holds(text: str, what: str) -> None:
    with within(HANG_SECONDS, what):
        checked = check_text(text, path="damaged.ccl")
    assert (checked.program is None) == checked.sink.has_errors, what
    for found in checked.sink.diagnostics:
        check_prose(found, checked.sources, what)


@pytest.mark.parametrize("seed", seeds(FIRST_SEED, 3))
def test_damaged_program_is_reported_without_a_crash(seed: int) -> None:
    for text, what in cases(seed):
        holds(text, what)


@pytest.mark.parametrize("seed", seeds(FIRST_SEED, 2))
def test_one_slip_compiles_and_is_laid_out_or_is_an_error(seed: int) -> None:
    random_ = random.Random(seed)
    for case in range(SLIPS_PER_SEED):
        name, pieces = random_.choice(programs())
        text, what = slip(random_, pieces), f"seed {seed}, case {case}, {name}"
        with within(HANG_SECONDS, what):
            compiled = compile_text(text, path="damaged.ccl")
            laid = format_text(text)
        assert (compiled.wasm is None) == compiled.compilation.sink.has_errors, what
        assert laid.changed is None, what
        assert (laid.text is None) == laid.sink.has_errors, what
