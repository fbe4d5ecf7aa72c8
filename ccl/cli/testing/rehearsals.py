"""Each test in executions of its own: one for every `assert_traps` it comes to, and one more.

Execution k enters the k-th `assert_traps` and skips the ones before it; the one that comes to no
further `assert_traps` decides about the rest. All of them have the same context.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from ccl.abi.test_calls import ASSERTION_FAILED, NOTHING_TRAPPED, TEST_PREFIX, TEST_RECORD
from ccl.cli.running.standalone import CALLER
from ccl.cli.testing.suite import Suite
from runtime.content.codec import decode
from runtime.execution.context import Context, Limits
from runtime.execution.execution import Execution, Outcome, OutcomeKind
from runtime.execution.rehearsal import Comparison, Expectation
from runtime.sandbox.engine import engine_text
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import Fault, Request, Ticket

NOW: Final = 1_767_225_600
"""2026-01-01T00:00:00Z."""
SEED: Final = hashlib.sha256(b"ccl test").digest()
BALANCES: Final = {"bandwidth": 1_000_000, "compute": 1_000_000, "storage": 1_000_000}
EXPECTED_TRAPS_MAX: Final = 1_000
"""Each costs an execution of the whole test."""


class Failure(Struct, frozen=True, kw_only=True):
    """The failure of a test. expected: the `assert_traps` in which it occurred.

    frames: of its trap, as `runtime.execution.execution.Metrics` has them.
    """

    outcome: Outcome
    frames: tuple[int, ...] = ()
    compared: Comparison | None = None
    expected: Expectation | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """The result of one test. fuel, logs: of the execution that decided."""

    name: str
    failure: Failure | None
    milliseconds: int
    executions: int
    fuel: int | None
    logs: tuple[str, ...]


class _Running(Struct):
    suite: Suite
    name: str
    entering: int = 1
    milliseconds: int = 0


class Rehearsals(Struct):
    """The tests that are being executed in a sandbox."""

    sandbox: Sandbox
    fuel: int
    _running: dict[Ticket, _Running] = field(default_factory=dict)

    def begin(self, suite: Suite) -> None:
        """Submits the tests of a file; returns at once."""
        for name in suite.tests:
            self._submit(_Running(suite, name))

    def finished(self, *, wait: bool) -> Iterator[tuple[Suite, Verdict | Fault]]:
        """Gives the tests that have ended since; until none is left if `wait`. A Fault ends a test,
        too: this machine could not execute it."""
        while self._running:
            tickets = tuple(self._running)
            done = self.sandbox.wait(tickets) if wait else self.sandbox.poll(tickets)
            for ticket, result in done.items():
                running = self._running.pop(ticket)
                if isinstance(result, Fault):
                    yield running.suite, result
                    continue
                verdict = self._next_verdict(running, result)
                if verdict is not None:
                    yield running.suite, verdict
            if not wait:
                return

    def _submit(self, running: _Running) -> None:
        context = Context(
            entry=TEST_PREFIX + running.name,
            owner=CALLER,
            caller=CALLER,
            now=NOW,
            received_at=NOW,
            seed=SEED,
            limits=Limits(fuel=self.fuel),
            engine=engine_text(),
            balances=BALANCES,
            records={TEST_RECORD: {"enter": running.entering}},
        )
        ticket = self.sandbox.submit(
            Request(module=running.suite.module, module_cid=running.suite.cid, context=context)
        )
        self._running[ticket] = running

    def _next_verdict(self, running: _Running, execution: Execution) -> Verdict | None:
        """Gives the verdict, or None where the next `assert_traps` is to be entered."""
        running.milliseconds += execution.metrics.wall_ms
        failure = judge(execution)
        if failure is not None:
            failure = replace(failure, frames=execution.metrics.frames)
        records = execution.rehearsal
        if failure is None and records is not None and records.entered is not None:
            if running.entering < EXPECTED_TRAPS_MAX:
                running.entering += 1
                self._submit(running)
                return None
            failure = Failure(outcome=_TOO_MANY)
        found = execution.deterministic
        logs = () if found.logs is None else tuple(decode(execution.blocks[found.logs]))
        return Verdict(
            name=running.name,
            failure=failure,
            milliseconds=running.milliseconds,
            executions=running.entering,
            fuel=found.fuel_used,
            logs=logs,
        )


_TOO_MANY: Final = Outcome(
    kind=OutcomeKind.LIMIT,
    reason=f"more than {EXPECTED_TRAPS_MAX} times `assert_traps` in one test",
    detail="each is an execution of its own; split the test",
)
_NOTHING: Final = Outcome(kind=OutcomeKind.TRAPPED, reason=NOTHING_TRAPPED)


def judge(execution: Execution) -> Failure | None:
    """Finds the failure in the end of an execution of a test, None without one."""
    outcome, records = execution.deterministic.outcome, execution.rehearsal
    compared = None if records is None else records.compared
    if records is None or records.entered is None:
        return None if outcome.succeeded else Failure(outcome=outcome, compared=compared)
    if outcome.reason == ASSERTION_FAILED and outcome.kind is OutcomeKind.TRAPPED:
        return Failure(outcome=outcome, compared=compared)
    if outcome.succeeded or outcome.reason == NOTHING_TRAPPED:
        return Failure(outcome=_NOTHING, expected=records.entered)
    if not _is_trap(outcome):
        return Failure(outcome=outcome, compared=None)
    if records.entered.reason not in trap_text(outcome):
        return Failure(outcome=outcome, expected=records.entered)
    return None


def _is_trap(outcome: Outcome) -> bool:
    """Returns whether the program itself trapped by a check, not by an implicit bound of the
    execution."""
    match outcome.kind:
        case OutcomeKind.TRAPPED | OutcomeKind.FAILED:
            return True
        case OutcomeKind.LIMIT:
            return outcome.place != ""
        case _:
            return False


def trap_text(outcome: Outcome) -> str:
    """Gives the text in which `assert_traps` searches its reason."""
    return outcome.cause


def in_order(verdicts: Sequence[Verdict], suite: Suite) -> list[Verdict]:
    """Sorts the verdicts of a file in the order of its tests."""
    return sorted(verdicts, key=lambda verdict: suite.tests.index(verdict.name))
