"""The executions under way: what was asked of the sandbox for which job, and by whom.

Rule: nothing is shared between actors: executor and verifiers each have an execution of their
own, and a result belongs to one award and to nobody else's.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from mesh.events import JobKey
from mesh.job import Job
from mesh.local.executor import Executor
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Execution
from runtime.sandbox.request import Fault, FaultReason, Request, Ticket

FAULTS_MAX: Final = 3
"""How often one actor tries to execute one attempt when the machine is at fault."""
GATHERED_MAX: Final = 8
GATHER_SECONDS: Final = 0.01
"""Up to so many finished jobs, for so long, share one commit."""
PARTIAL_SECONDS: Final = 0.05
_WORTH_ANOTHER_TRY: Final = frozenset(
    {
        FaultReason.COMPILER_DIED,
        FaultReason.WORKER_DIED,
        FaultReason.WORKER_UNUSABLE,
        FaultReason.HOST_LIMIT,
        FaultReason.MISBEHAVED,
    }
)


class Flight(Struct):
    """The executions of one award: of the executor, and of each verifier for itself."""

    award: Cid
    context: Context
    started_at: int
    tickets: dict[Did, Ticket] = field(default_factory=dict)
    results: dict[Did, Execution] = field(default_factory=dict)
    faults: dict[Did, list[Fault]] = field(default_factory=dict)

    def is_hopeless(self, actor: Did) -> bool:
        """Whether executing once more would be of no use."""
        faults = self.faults.get(actor, ())
        return len(faults) >= FAULTS_MAX or any(
            fault.reason not in _WORTH_ANOTHER_TRY for fault in faults
        )


class Flights:
    """All executions that one driver has under way."""

    def __init__(self, executor: Callable[[], Executor]) -> None:
        """executor: makes it, once there is something to execute."""
        self._make_executor = executor
        self._flights: dict[JobKey, Flight] = {}
        self._owners: dict[Ticket, tuple[JobKey, Did]] = {}
        self._arrived: dict[JobKey, None] = {}

    @cached_property
    def _executor(self) -> Executor:
        return self._make_executor()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing has come back unseen."""
        return not self._owners and not self._arrived

    def of(self, job: Job) -> Flight | None:
        """The executions of the job's present award."""
        flight = self._flights.get(job.key)
        return flight if flight is not None and flight.award == job.award else None

    def begin(self, job: Job, context: Context, *, now: int) -> Flight:
        """Room for the executions of the job's present award; those of another are given up."""
        assert job.award is not None, "only an awarded job is executed"
        self.forget(job.key)
        flight = Flight(award=job.award, context=context, started_at=now)
        self._flights[job.key] = flight
        return flight

    def launch(
        self, key: JobKey, flight: Flight, actors: Iterable[Did], request: Callable[[], Request]
    ) -> None:
        """Start what is not under way yet: one execution for each actor."""
        missing = [
            did
            for did in actors
            if did not in flight.tickets
            and did not in flight.results
            and not flight.is_hopeless(did)
        ]
        if not missing:
            return
        wanted = request()
        for did in missing:
            ticket = self._executor.submit(did, wanted)
            flight.tickets[did] = ticket
            self._owners[ticket] = (key, did)

    def wait(self, end: float | None) -> list[JobKey]:
        """Wait for executions to finish; the jobs that are worth a turn now.

        end: by time.monotonic. Raises TimeoutError there.

        Jobs whose executions are all done are gathered into one commit for a moment; one
        that still waits for verifiers gets its turn a little later, so that its receipt shows.
        """
        ready, self._arrived = self._arrived, {}
        first = time.monotonic() if ready else None
        while self._owners:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            whole = sum(not self._is_awaited(key) for key in ready)
            if whole >= GATHERED_MAX:
                break
            if first is not None:
                patience = GATHER_SECONDS if whole else PARTIAL_SECONDS
                rest = first + patience - time.monotonic()
                if rest <= 0:
                    break
                left = rest if left is None else min(left, rest)
            for key in self._collect(left):
                ready[key] = None
                first = first or time.monotonic()
        return list(ready)

    def keep_workers_busy(self) -> None:
        """Take in what finished during a turn, so that its worker gets the next execution."""
        if self._owners:
            self._arrived.update(dict.fromkeys(self._collect(0)))

    def _is_awaited(self, key: JobKey) -> bool:
        """Whether an execution of the job's attempt is still under way."""
        flight = self._flights.get(key)
        return flight is not None and bool(flight.tickets)

    def _collect(self, timeout_seconds: float | None) -> Iterator[JobKey]:
        """Take in what has finished; the jobs it belongs to."""
        finished = self._executor.wait(tuple(self._owners), timeout_seconds=timeout_seconds)
        for ticket, result in finished.items():
            key, did = self._owners.pop(ticket)
            flight = self._flights.get(key)
            if flight is None or flight.tickets.pop(did, None) != ticket:
                continue
            if isinstance(result, Fault):
                flight.faults.setdefault(did, []).append(result)
            else:
                flight.results[did] = result
            yield key

    def forget(self, key: JobKey) -> None:
        """Give up the job's executions."""
        flight = self._flights.pop(key, None)
        if flight is not None:
            for ticket in flight.tickets.values():
                self._executor.cancel(ticket)

    def abandon(self) -> None:
        """Give up everything."""
        for key in tuple(self._flights):
            self.forget(key)
        for ticket in tuple(self._owners):
            self._executor.wait((ticket,), timeout_seconds=0)
        self._owners.clear()
