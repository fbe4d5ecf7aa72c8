"""Which entries of a program look at its input, by themselves or by what they call.

An entry that fails without ever looking does not fail because there is none.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ccl.ir.typed import CallFunction, CallHost, Program
from ccl.ir.visit import everything

INPUT_CALLS: Final = frozenset({"host_read_input", "host_input_cid"})


def entries_reading_input(program: Program) -> frozenset[str]:
    """Besides the entry there run initialisers and migrations of state, and invariants."""
    around = [state.initial for state in program.states.values()]
    around += [invariant.function for invariant in program.invariants]
    around += program.migrations.values()
    return frozenset(
        export.name
        for export in program.exports
        if not INPUT_CALLS.isdisjoint(_host_calls(program, [export.function, *around]))
    )


def _host_calls(program: Program, functions: Iterable[str]) -> Iterator[str]:
    """The host calls that these functions can come to."""
    pending = list(functions)
    seen = set(pending)
    while pending:
        for node in everything(program.functions[pending.pop()].body):
            match node:
                case CallHost(call=call):
                    yield call
                case CallFunction(function=callee) if callee not in seen:
                    seen.add(callee)
                    pending.append(callee)
