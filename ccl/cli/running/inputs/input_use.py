"""Use of the input by the entries of a program, their own or that of the functions that they call.

An entry that fails without reading the input does not fail because there is none.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ccl.ir.typed import CallFunction, CallHost, Program
from ccl.ir.visit import everything

INPUT_CALLS: Final = frozenset({"host_read_input", "host_input_cid"})


def entries_reading_input(program: Program) -> frozenset[str]:
    """Lists the entries that read the input. Besides the entry there run initialisers and
    migrations of state, and invariants."""
    around = [state.initial for state in program.states.values()]
    around += [invariant.function for invariant in program.invariants]
    around += program.migrations.values()
    return frozenset(
        export.name
        for export in program.exports
        if not INPUT_CALLS.isdisjoint(_host_calls(program, [export.function, *around]))
    )


def _host_calls(program: Program, functions: Iterable[str]) -> Iterator[str]:
    """Lists the host calls that these functions can reach."""
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
