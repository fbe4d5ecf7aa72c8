"""Passes over the typed tree, each from one program to another with the same meaning.

`PASSES` is the order in which they run. The only input of a pass is the program; what it requires
beyond the guarantees of the checker is its precondition.
"""

from collections.abc import Callable
from typing import Final

from ccl.ir.typed import Program
from ccl.passes.dead_stores import without_dead_stores
from ccl.passes.preconditions import calls_are_closed, exports_are_bare, locals_are_unique
from ccl.passes.simplify import simplified
from ccl.passes.state_wrappers import with_state
from ccl.passes.unreachable import without_unreachable
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node


class Pass(Node, frozen=True, kw_only=True):
    name: str
    run: Callable[[Program], Program]
    precondition: str
    holds: Callable[[Program], bool]
    """Whether a program meets the precondition; tests call it, the compiler does not."""


PASSES: Final = (
    Pass(
        name="remove unreachable functions",
        run=without_unreachable,
        precondition="every function that is called or named is in the program",
        holds=calls_are_closed,
    ),
    Pass(
        name="simplify",
        run=simplified,
        precondition="every function that is called or named is in the program",
        holds=calls_are_closed,
    ),
    Pass(
        name="remove dead stores",
        run=without_dead_stores,
        precondition="in a function, no two variables have the same index",
        holds=locals_are_unique,
    ),
    Pass(
        name="wrap exports in state",
        run=with_state,
        precondition="no export is wrapped yet: a second wrapper would load what the first has",
        holds=exports_are_bare,
    ),
)


def run_passes(program: Program, cancellation: Cancellation) -> Program:
    """Runs all passes in order. Raises Cancelled between two of them."""
    for each in PASSES:
        cancellation.check()
        program = each.run(program)
    return program
