"""Sequences of calls over state do what the reference interpreter says, also after traps."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from ccl_machine import Kept, run
from effort import seeds
from state_programs import EXPORTS, state_program
from typed_interpreter import Interpreter, Stopped
from typed_trees import INT, Host, Running, Trapped, build
from typed_values import plain

from ccl.ir import typed as t
from runtime.content.codec import decode
from runtime.execution.execution import OutcomeKind

PROGRAMS_PER_SEED = 6
CALLS = 6
ANSWERS = {
    "host_write_state": 1,
    "host_emit": 1,
    "host_anchor_to_dag": 1,
    "host_declare_state": 1,
    "host_state_difference": b"nothing",
}
LIVES = 8
"""Programs for each seed of which the memory is looked at."""


@pytest.mark.parametrize("seed", seeds(0, 10))
def test_calls_agree_and_traps_leave_nothing(seed: int) -> None:
    for number in range(seed * PROGRAMS_PER_SEED, (seed + 1) * PROGRAMS_PER_SEED):
        chosen = Random(number)
        tree = state_program(lambda top, chosen=chosen: chosen.randrange(top + 1))
        calls = [f"op{chosen.randrange(EXPORTS)}" for _ in range(CALLS)]
        _agree(tree, calls, f"program {number}")


def _agree(tree: t.Program, calls: Sequence[str], where: str) -> None:
    module = build(tree).wasm
    machine, kept = Interpreter(tree), Kept()
    for number, name in enumerate(calls):
        place = f"{where}, call {number} of {calls}"
        before = kept.stored
        machine.calls.clear()
        expected = _expected(tree, machine, name)
        ran = run(module, entry=name, kept=kept)
        logged = [values[0] for call, values in machine.calls if call == "host_log_message"]
        assert ran.log == logged, place
        if isinstance(expected, Stopped):
            assert ran.outcome.kind is OutcomeKind.TRAPPED, place
            assert ran.outcome.reason == expected.reason, place
            assert ran.effects == [], place
            assert kept.stored == before, place
        else:
            assert ran.outcome.kind is OutcomeKind.SUCCEEDED, (place, ran.outcome)
            assert ran.value == expected, place
            changes = [each for each in machine.calls if each[0] != "host_log_message"]
            assert _asked(ran.effects) == changes, place
        _same_state(tree, machine, kept, place)


@pytest.mark.parametrize("seed", seeds(100, 5))
def test_values_that_state_no_longer_holds_are_released(seed: int) -> None:
    for number in range(seed * LIVES, (seed + 1) * LIVES):
        chosen = Random(number)
        tree = state_program(lambda top, chosen=chosen: chosen.randrange(top + 1))
        running = Running(build(tree), Host(ANSWERS))
        running.call("idle")
        alone = running.live_blocks()
        for name in [f"op{chosen.randrange(EXPORTS)}" for _ in range(CALLS)]:
            direct = tree.functions[name].result is INT
            try:
                running.call(name) if direct else running.apply(name)
            except Trapped:
                running.start()
            running.call("idle")
            assert running.live_blocks() == alone, f"program {number}, {name}"


def _asked(effects: list[Any]) -> list[tuple[str, tuple[Any, ...]]]:
    """The calls that made effects, without the writes of state."""
    found: list[tuple[str, tuple[Any, ...]]] = []
    for kind, fields in effects:
        match kind:
            case "emit":
                values = (fields["name"], decode(fields["data"]), fields["article"])
                found.append(("host_emit", values))
            case "anchor":
                found.append(("host_anchor_to_dag", (fields["data"],)))
            case "record-usage":
                values = (fields["resource_type"], fields["amount"])
                found.append(("host_record_resource_usage", values))
            case _:
                assert kind in ("write-state", "declare-state")
    return found


def _expected(tree: t.Program, machine: Interpreter, name: str) -> Any:
    """The value, or the trap."""
    try:
        value = machine.export(name)
    except Stopped as stopped:
        return stopped
    return plain(value, tree.functions[name].result, tree)


def _same_state(tree: t.Program, machine: Interpreter, kept: Kept, place: str) -> None:
    """What is stored is what the interpreter has; what is not is as it began."""
    stored = kept.stored.get("test", {})
    for state in tree.states.values():
        meant = machine.states.get(state.id, machine.call(state.initial))
        value = plain(meant, state.type, tree)
        if state.name in stored:
            assert stored[state.name] == value, (place, state.name)
        else:
            first = plain(machine.call(state.initial), state.type, tree)
            assert value == first, (place, state.name)
