"""Runs tests of CCL in this process: the runner's own rules over the sandbox's own machine."""

from functools import lru_cache

import wasmtime
from ccl_machine import engine_and_machine

from ccl.abi.test_calls import TEST_PREFIX, TEST_RECORD
from ccl.cli.running.standalone import CALLER
from ccl.cli.testing.rehearsals import BALANCES, NOW, SEED, Failure, judge
from runtime.execution.context import Context, Limits
from runtime.execution.execution import Execution
from runtime.module.check import ModuleFacts, check_module
from runtime.sandbox.engine import engine_text
from runtime.sandbox.results import execution_from
from runtime.sandbox.worker.executor import Loaded

TRAPS_MAX = 50


@lru_cache(maxsize=8)
def load(module: bytes) -> Loaded:
    """A module whose tests are run one after the other is compiled once."""
    engine, machine = engine_and_machine()
    facts = check_module(module)
    assert isinstance(facts, ModuleFacts), facts
    return machine.load(bytes(wasmtime.Module(engine, module).serialize()), facts)


def execution(loaded: Loaded, entry: str, *, entering: int | None, fuel: int) -> Execution:
    """`entering`: None for a context that is not of a test."""
    context = Context(
        entry=entry,
        owner=CALLER,
        caller=CALLER,
        now=NOW,
        received_at=NOW,
        seed=SEED,
        limits=Limits(fuel=fuel),
        engine=engine_text(),
        balances=BALANCES,
        records={} if entering is None else {TEST_RECORD: {"enter": entering}},
    )
    report = engine_and_machine()[1].execute(loaded, context, None)
    return execution_from(report.to_value())


def rehearse(module: bytes, name: str, *, fuel: int = 50_000_000) -> tuple[Failure | None, int]:
    """Runs a test; gives its failure, None where it passed, and the number of executions."""
    loaded = load(module)
    for entering in range(1, TRAPS_MAX):
        done = execution(loaded, TEST_PREFIX + name, entering=entering, fuel=fuel)
        failure = judge(done)
        if failure is not None or done.rehearsal is None or done.rehearsal.entered is None:
            return failure, entering
    raise AssertionError(f"over {TRAPS_MAX} expected traps")
