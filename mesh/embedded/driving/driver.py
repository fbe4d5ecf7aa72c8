"""The driver of a home in one process: turns, and between them the executions that they asked for.

Rule: nothing is executed within a turn, and no turn waits for an execution. What is not in the
store never happened: a driver that dies is continued by the next, in the same attempts.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction, Store, View
from mesh.embedded.driving.executions import Executions
from mesh.embedded.driving.turns import OpenTurn, Report, Turns
from runtime.content.did import Did

T = TypeVar("T")

POLL_SECONDS: Final = 0.02
"""So often it is looked whether another process has written."""
FOLLOW_SECONDS: Final = 0.05
"""So often by a process that another one executes for."""
LOOK_SECONDS: Final = 1.0
"""So often a goal is looked for where nothing happens: it may be that nothing has for long."""
LINGER_SECONDS: Final = 0.2
"""So long a process goes on for others when it has what it wanted."""
TAKE_IN_MS: Final = 5_000
"""After so long a process that leaves all to another has a turn for what was written meanwhile."""
TAKE_OVER_MS: Final = 100
"""So often it is looked whether a process has died, which writes nothing."""


class Command(Struct, frozen=True):
    """What a user asks of an actor."""

    actor: Did
    action: Callable[[DeliveryTransaction, Now], object]


class Driver:
    """Drives all actors of a home. Not for several threads."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        executions: Executions,
        clock: Callable[[], Now],
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        self._store = store
        self._turns = turns
        self._executions = executions
        self._patience_ms = int(executions.patience_seconds * 1000)
        self._clock = clock
        self._linger_seconds = linger_seconds
        self._next_at: int | None = 0
        self._is_silent = True
        self._take_over_at = 0
        self._is_outdated = False
        self._look_closely_at = 0
        self._take_in_at = 0

    def command(self, actor: Did, action: Callable[[DeliveryTransaction, Now], T]) -> T:
        """A user's command, and all that its messages lead to at once; nothing is executed.

        Raises what the action raises: then nothing was written.
        """
        return self.commands(lambda opened: opened.command(actor, action))

    def commands(self, steps: Callable[[OpenTurn], T]) -> T:
        """As `command`, of several steps that become true together or not at all."""
        self._catch_up()
        with self._turns.turn() as opened:
            done = steps(opened)
            report = opened.settle()
            self._executions.learn(report.asked)
        self._committed(report)
        self._deliver()
        return done

    def settle(self) -> None:
        """Decide what time has decided; nothing is executed."""
        self._catch_up()
        self._deliver(at_least_one_turn=True)

    def run(
        self,
        is_reached: Callable[[View], bool],
        *,
        timeout_seconds: float | None,
        first: Command | None = None,
        after_look: Callable[[], None] = lambda: None,
    ) -> bool:
        """Drive and execute until a goal is reached; whether it was, within the time. first: a
        user's command to begin with. after_look: called each time it was looked for, outside of
        any view and turn. Raises what `first` raises: then nothing was written."""
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        is_new = True
        look_at = time.monotonic()
        try:
            if first is not None:
                self._catch_up()
                self._turn(first)
            while True:
                is_new |= self._look()
                is_new |= self._turns_that_are_due()
                if is_new or time.monotonic() >= look_at:
                    is_new = False
                    look_at = time.monotonic() + LOOK_SECONDS
                    with self._store.view() as view:
                        is_over = is_reached(view)
                    after_look()
                    if is_over:
                        self._linger()
                        return True
                if end is not None and time.monotonic() >= end:
                    return False
                self._wait(end)
        finally:
            self._hand_back()

    def _linger(self) -> None:
        """Go on for a moment with what others wait for: whoever leads next has to start workers."""
        end = time.monotonic() + self._linger_seconds
        while self._executions.is_awaited() and time.monotonic() < end:
            self._wait(end)
            self._look()
            self._turns_that_are_due()

    # --- turns

    def _look(self) -> bool:
        """Whether another process has written. Who executes takes in what at once; others leave it
        to the process that leads for as long as that keeps up."""
        has_changed = self._store.has_changed()
        self._is_outdated |= has_changed
        executions, now = self._executions, self._clock().monotonic
        if self._is_outdated and (now >= self._look_closely_at or executions.takes_part()):
            self._look_closely()
            if executions.takes_part() or now >= self._take_in_at:
                self._take_in()
        elif now >= self._take_over_at:
            executions.take_over()
            self._take_over_at = self._clock().after(TAKE_OVER_MS)
        return has_changed

    def _look_closely(self) -> None:
        """See what others have asked for, taken back, or claimed."""
        with self._store.view() as view:
            self._executions.refresh(view)
        self._look_closely_at = self._clock().after(self._patience_ms)

    def _take_in(self) -> None:
        """Others have written: everything may be different."""
        self._turns.forget_deadlines()
        self._next_at = 0
        self._is_outdated = False
        self._take_in_at = self._clock().after(TAKE_IN_MS)

    def _catch_up(self) -> None:
        """Take in what others have written, if they have."""
        self._is_outdated |= self._store.has_changed()
        if self._is_outdated:
            self._look_closely()
            self._take_in()

    def _turns_that_are_due(self) -> bool:
        """Whether there was anything to do, in as many turns as it took."""
        turned = False
        while self._is_due():
            self._turn()
            turned = True
        return turned

    def _is_due(self) -> bool:
        if not self._is_silent or self._executions.wants_turn():
            return True
        due_at = self._due_at()
        return due_at is not None and due_at <= self._clock().monotonic

    def _due_at(self) -> int | None:
        """When this process has a turn, if no other has it before."""
        if not self._next_at or self._executions.leads():
            return self._next_at
        return self._next_at + self._patience_ms

    def _turn(self, first: Command | None = None) -> None:
        executions = self._executions
        with self._turns.turn(executions.take_done(), others_follow=True) as opened:
            if first is not None:
                opened.command(first.actor, first.action)
            report = opened.settle()
            executions.learn(report.asked)
            handed_back = executions.hand_back_late(opened.turn)
            claims = executions.claim(opened.turn)
        executions.reopen(handed_back)
        executions.begin(claims)
        self._committed(report)

    def _deliver(self, *, at_least_one_turn: bool = False) -> None:
        """Turns until nobody has anything to say; nothing is claimed in them."""
        while at_least_one_turn or not self._is_silent:
            at_least_one_turn = False
            with self._turns.turn() as opened:
                report = opened.settle()
                self._executions.learn(report.asked)
            self._committed(report)

    def _committed(self, report: Report) -> None:
        self._executions.forget(report.cancelled)
        self._is_silent = report.is_silent
        self._next_at = report.next_at

    def _hand_back(self) -> None:
        """Leave nothing claimed: another process may go on at once."""
        if self._executions.has_claims:
            with self._turns.turn() as opened:
                self._executions.hand_back(opened.turn)
        self._executions.close()

    # --- waiting

    def _wait(self, end: float | None) -> None:
        seconds = POLL_SECONDS if self._executions.leads() else FOLLOW_SECONDS
        due_at = self._due_at()
        if due_at is not None:
            until = (due_at - self._clock().monotonic) / 1000
            seconds = min(seconds, max(0.0, until))
        if end is not None:
            seconds = min(seconds, max(0.0, end - time.monotonic()))
        self._executions.wait(seconds)
