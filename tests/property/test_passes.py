"""Each pass alone keeps what programs mean, and its precondition holds where it runs.

The pass that wraps exports in state adds host calls that the reference interpreter lacks:
`test_codegen` compares the modules behind it.
"""

from typing import Any

import pytest
from effort import seeds
from typed_interpreter import Interpreter, Stopped
from typed_programs import programs_of
from typed_shapes import STATE
from typed_values import plain

from ccl.ir import typed as t
from ccl.ir.types import Prim
from ccl.passes import PASSES, Pass
from ccl.passes.state_wrappers import with_state
from ccl.support.node import replace

PROGRAMS_PER_SEED = 25
INTERPRETED = [each for each in PASSES if each.run is not with_state]


def _refused(call: str, values: tuple[Any, ...]) -> str | None:
    """Some data is not anchored."""
    is_refused = call == "host_anchor_to_dag" and len(values[0]) % 4 == 3
    return f"not anchored: {values[0]}" if is_refused else None


def _meaning(program: t.Program, export: str, times: int = 2) -> list[Any]:
    """Values or traps, calls of the host, and state after each of some calls."""
    machine = Interpreter(program, _refused)
    found: list[Any] = []
    for _ in range(times):
        try:
            found.append(plain(machine.export(export), STATE, program))
        except Stopped as stopped:
            found.append(stopped)
        found.append(
            {
                each.id: plain(machine.states[each.id], each.type, program)
                for each in program.states.values()
                if each.id in machine.states
            }
        )
    return [*found, machine.calls]


@pytest.mark.parametrize("one", INTERPRETED, ids=lambda one: one.name)
@pytest.mark.parametrize("seed", seeds(0, 12))
def test_pass_alone_keeps_what_programs_mean(one: Pass, seed: int) -> None:
    first = seed * PROGRAMS_PER_SEED
    every = range(first, first + PROGRAMS_PER_SEED)
    before = programs_of(every)
    after = one.run(before)
    for each in every:
        assert _meaning(after, f"main.{each}") == _meaning(before, f"main.{each}"), each


@pytest.mark.parametrize("seed", seeds(0, 12))
def test_preconditions_hold_where_passes_run(seed: int) -> None:
    first = seed * PROGRAMS_PER_SEED
    program = programs_of(range(first, first + PROGRAMS_PER_SEED))
    for each in PASSES:
        assert each.holds(program), each.name
        program = each.run(program)


def test_each_pass_changes_some_program() -> None:
    program = programs_of(range(PROGRAMS_PER_SEED))
    for each in PASSES:
        after = each.run(program)
        assert after != program, each.name
        program = after


def test_preconditions_can_fail() -> None:
    program = programs_of(range(1))
    unreachable, simplify, dead_stores, wrap = PASSES
    assert not unreachable.holds(_without_a_callee(program))
    assert not simplify.holds(_without_a_callee(program))
    assert not dead_stores.holds(_with_an_index_twice(program))
    assert not wrap.holds(wrap.run(program))


def _without_a_callee(program: t.Program) -> t.Program:
    some = program.exports[0].function
    functions = {name: each for name, each in program.functions.items() if name != some}
    return replace(program, functions=functions)


def _with_an_index_twice(program: t.Program) -> t.Program:
    some = program.functions[program.exports[0].function]
    twins = tuple(
        t.SetLocal(
            local=t.Local(index=10_000, name=name, type=Prim.INTEGER, span=some.span),
            value=t.ScalarConst(value=1, type=Prim.INTEGER, span=some.span),
            span=some.span,
        )
        for name in ("a", "b")
    )
    body = replace(some.body, statements=(*twins, *some.body.statements))
    changed = replace(some, body=body)
    return replace(program, functions={**program.functions, some.id: changed})
