"""The sandbox: a pool of worker processes, and the compiler processes that feed it.

Nothing runs in the background: `submit` hands a request to an idle worker at once, and `wait`
advances everything else. So a sandbox belongs to one thread, and to the process that made it.
"""

import os
import time
from collections import deque
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias, assert_never

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import CodecError
from runtime.execution.execution import Execution
from runtime.platform.posix import require
from runtime.sandbox.admission import Admission
from runtime.sandbox.compilation.cache import CompiledCache
from runtime.sandbox.compilation.compilations import Compilations, Compiled, Refused
from runtime.sandbox.confinement.findings import Finding, memory_promises
from runtime.sandbox.confinement.process_status import observed_findings
from runtime.sandbox.frames import FrameError
from runtime.sandbox.limits import SANDBOX_LIMITS, SandboxLimits
from runtime.sandbox.process import ChildEndedError, Watch
from runtime.sandbox.refusals import refusal
from runtime.sandbox.request import Fault, FaultReason, Request, Side, Ticket
from runtime.sandbox.results import execution_from, rejected
from runtime.sandbox.workers import Job, Worker, fault_in

Result: TypeAlias = Execution | Fault

START_ATTEMPTS: Final = 3
SIDES: Final = len(Side)
"""So many processes for each execution at a time keep all sides apart."""


class Sandbox:
    """Executes modules. `workers`: executions at a time; processes are started when they are
    needed, more of them only to keep sides apart."""

    def __init__(
        self,
        *,
        cache_dir: Path,
        workers: int | None = None,
        cache_key_path: Path | None = None,
        limits: SandboxLimits = SANDBOX_LIMITS,
    ) -> None:
        """Raises CommandError where the system cannot bound what a process uses."""
        require("resource", "executing a module")
        self._limits = limits
        self.executions_max = workers or os.cpu_count() or 1
        """At a time; may be changed."""
        key_path = cache_key_path or cache_dir.parent / "compiled-modules.key"
        self._cache = CompiledCache(cache_dir, key_path)
        self.admission = Admission(self._cache, limits)
        self._watch = Watch()
        self._compilations = Compilations(self._cache, self._watch, limits, self.executions_max)
        self._tickets = count(1)
        self._workers: list[Worker] = []
        self._waiting: deque[Job] = deque()
        self._unfinished: set[Ticket] = set()
        self._finished: dict[Ticket, Result] = {}
        self._confinement: tuple[Finding, ...] | None = None
        self._failed_starts = 0
        self._closed = False

    # --- interface

    def submit(self, request: Request) -> Ticket:
        """Takes a request; returns at once. Raises CodecError if the context has no block."""
        assert not self._closed, "a closed sandbox takes no requests"
        ticket = Ticket(next(self._tickets))
        context = request.context.to_block()
        subject = None if request.side is None else cid_of(context, Codec.DAG_CBOR)
        job = Job(ticket, request, context, subject)
        self._unfinished.add(ticket)
        refused = refusal(request, self._limits)
        if refused is not None:
            self._finish(job, refused)
        else:
            self._waiting.append(job)
            self._dispatch()
        return ticket

    def wait(
        self, tickets: Collection[Ticket], *, timeout_seconds: float | None = None
    ) -> Mapping[Ticket, Result]:
        """Gives the results of finished requests; blocks until there is one, or for so long.

        A result is given out once. Raises KeyError for a ticket that is not outstanding.
        """
        for ticket in tickets:
            if ticket not in self._unfinished and ticket not in self._finished:
                raise KeyError(f"ticket {ticket} is not outstanding")
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while tickets:
            done = {t: self._finished.pop(t) for t in tickets if t in self._finished}
            if done:
                return done
            if end is not None and end < time.monotonic():
                # Answers that have arrived are still read once.
                self._advance(0)
                return {t: self._finished.pop(t) for t in tickets if t in self._finished}
            self._advance(None if end is None else end - time.monotonic())
        return {}

    def poll(self, tickets: Collection[Ticket]) -> Mapping[Ticket, Result]:
        """Gives the results of the requests that have finished by now."""
        return self.wait(tickets, timeout_seconds=0)

    def execute(self, request: Request) -> Result:
        """Submits a request and waits for its result."""
        ticket = self.submit(request)
        return self.wait((ticket,))[ticket]

    def cancel(self, *tickets: Ticket) -> None:
        """Cancels requests: a running one loses its worker. The result of each is a Fault, to be
        waited for."""
        fault = Fault(reason=FaultReason.CANCELLED)
        for job in [job for job in self._waiting if job.ticket in tickets]:
            self._waiting.remove(job)
            self._finish(job, fault)
        for worker in tuple(self._workers):
            if worker.job is not None and worker.job.ticket in tickets:
                self._retire(worker, fault)
        self._dispatch()

    def is_begun(self, ticket: Ticket) -> bool:
        """Returns whether a worker executes the request, or has done so."""
        return all(job.ticket != ticket for job in self._waiting)

    def confinement(self) -> tuple[Finding, ...]:
        """Reports the confinement of workers on this machine; starts one if none has been
        started."""
        if self._confinement is None and not self._workers:
            self._start_worker()
        while self._confinement is None and self._workers:
            self._advance(None)
        found = self._confinement or (
            Finding(name="workers", holds=False, text=FaultReason.WORKER_UNUSABLE.value),
        )
        return (*found, memory_promises())

    @property
    def cache_findings(self) -> tuple[str, ...]:
        """Entries of the cache that were not accepted, and why."""
        return tuple(self._cache.findings)

    def worker_pids(self) -> tuple[int, ...]:
        """Lists the process ids of the workers, in the order they were started."""
        return tuple(worker.child.pid for worker in self._workers)

    def close(self) -> None:
        """Ends all processes. Outstanding requests end with a Fault."""
        self._closed = True
        fault = Fault(reason=FaultReason.CLOSED)
        for worker in tuple(self._workers):
            self._retire(worker, fault)
        self._compilations.close()
        while self._waiting:
            self._finish(self._waiting.popleft(), fault)
        self._watch.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- progress

    def _advance(self, timeout: float | None) -> None:
        """Waits for one event or deadline, and handles it."""
        deadlines = [worker.deadline for worker in self._workers if not worker.idle]
        deadlines.extend(self._compilations.deadlines)
        now = time.monotonic()
        deadlines.extend(job.held_up_until for job in self._waiting if job.held_up_until > now)
        if deadlines:
            until = max(0.0, min(deadlines) - time.monotonic())
            timeout = until if timeout is None else min(timeout, until)
        elif timeout is None:
            assert self._finished or not self._unfinished, (
                "a process is at work on an unfinished request"
            )
        for owner in self._watch.owners(timeout):
            if isinstance(owner, Worker):
                self._read_worker(owner)
            else:
                self._compilations.advance(owner)
        self._end_overdue()
        self._compilations.end_overdue()
        self._dispatch()

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for worker in tuple(self._workers):
            if not worker.idle and worker.deadline <= now:
                reason = FaultReason.WALL_CLOCK if worker.ready else FaultReason.WORKER_UNUSABLE
                self._lose_worker(worker, Fault(reason=reason))

    def _dispatch(self) -> None:
        """Gives waiting jobs to idle workers; starts compilers and workers that are missing."""
        if self._closed:
            return
        for job in tuple(self._waiting):
            if job.compiled is None:
                self._prepare(job)
        self._compilations.forget_failures()
        runnable = [job for job in self._waiting if job.compiled is not None]
        for job in runnable:
            if self._busy >= self.executions_max:
                break
            worker = self._idle_worker(job)
            if worker is not None:
                self._waiting.remove(job)
                self._run(worker, job)
        # Workers take as long to start as a compiler, so both start at once. The loop ends: a
        # failed start counts, and the third fails a job that waits.
        while self._lacks_worker():
            self._start_worker()

    @property
    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    def _lacks_worker(self) -> bool:
        """Returns whether a job could be executed now, had another worker been started for it.

        What keeps sides apart: another process for what the idle ones do not take, and none that is
        busy soon; and a second one at once where there are sides, since the other side follows.
        """
        free = [worker for worker in self._workers if worker.job is None]
        room = self.executions_max - self._busy
        wanted = list(self._waiting)[:room]
        for job in wanted:
            fitting = next((worker for worker in free if worker.takes(job)), None)
            if fitting is None:
                return not self._waits_for_busy(job) and self._has_place(free)
            free.remove(fitting)
        has_sides = any(job.subject is not None for job in wanted)
        return has_sides and len(self._workers) < SIDES

    def _waits_for_busy(self, job: Job) -> bool:
        """Returns whether a job waits for the processes that there are: most executions end sooner
        than a process starts."""
        if job.subject is None or not any(worker.takes(job) for worker in self._workers):
            return False
        if not all(worker.ready for worker in self._workers):
            return True
        now = time.monotonic()
        if not job.held_up_until:
            job.held_up_until = now + self._limits.held_up_seconds
        return now < job.held_up_until

    def _has_place(self, free: list[Worker]) -> bool:
        """Returns whether another worker may be started; ends an idle one that is in its place."""
        if len(self._workers) >= SIDES * self.executions_max:
            idle = next((worker for worker in free if worker.ready), None)
            if idle is None:
                return False
            self._retire(idle, None)
        return True

    def _prepare(self, job: Job) -> None:
        """Attaches the compiled module to a job, or finishes the job without it."""
        found = self._compilations.find(job.request.module_cid, job.request.module)
        match found:
            case None:
                return
            case Compiled():
                job.compiled = found
                return
            case Refused(reason=reason, detail=detail):
                result: Result = rejected(reason, detail)
            case Fault():
                result = found
            case _:
                assert_never(found)
        self._waiting.remove(job)
        self._finish(job, result)

    # --- workers

    def _start_worker(self) -> None:
        try:
            worker = Worker(self._limits)
        except ChildEndedError as error:
            self._start_failed(Fault(reason=FaultReason.WORKER_UNUSABLE, text=str(error)))
            return
        self._workers.append(worker)
        self._watch.begin(worker.child, worker)

    def _idle_worker(self, job: Job) -> Worker | None:
        """Finds an idle worker that takes the job, if possible one that has the module loaded."""
        idle = [worker for worker in self._workers if worker.idle and worker.takes(job)]
        for worker in idle:
            if job.request.module_cid in worker.modules:
                return worker
        return idle[0] if idle else None

    def _run(self, worker: Worker, job: Job) -> None:
        try:
            worker.begin(job)
        except ChildEndedError:
            # It died while it was idle: the job was not begun, another worker takes it.
            worker.job = None
            self._waiting.appendleft(job)
            self._retire(worker, None)
            return
        self._watch.update(worker.child, worker)

    def _read_worker(self, worker: Worker) -> None:
        if worker not in self._workers:
            return
        try:
            worker.child.flush()
            self._watch.update(worker.child, worker)
            for answer in worker.child.receive():
                self._answered(worker, answer)
        except ChildEndedError as error:
            reason = FaultReason.WORKER_DIED if worker.ready else FaultReason.WORKER_UNUSABLE
            self._lose_worker(worker, Fault(reason=reason, text=str(error)))
        except (FrameError, CodecError) as error:
            self._lose_worker(worker, Fault(reason=FaultReason.MISBEHAVED, text=str(error)))

    def _answered(self, worker: Worker, answer: dict[str, Any]) -> None:
        if not worker.ready:
            findings = worker.greeted(answer)
            self._failed_starts = 0
            self._confinement = (*findings, *observed_findings(worker.child.pid))
            return
        job, worker.job = worker.job, None
        if job is None:
            raise FrameError("an answer to nothing")
        fault = fault_in(answer)
        if fault is not None:
            # The module may not have been loaded; the worker cannot say whether it was.
            self._retire(worker, None)
            self._finish(job, fault)
            return
        try:
            execution = execution_from(answer)
        except CodecError as error:
            worker.job = job
            raise FrameError(str(error)) from None
        self._finish(job, execution)
        if worker.is_worn(answer):
            self._retire(worker, None)

    def _lose_worker(self, worker: Worker, fault: Fault) -> None:
        if not worker.ready:
            self._start_failed(fault)
        self._retire(worker, fault)

    def _start_failed(self, fault: Fault) -> None:
        """Counts a failed start, to be tried again; from the third in a row each fails a waiting
        job."""
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS and self._waiting:
            self._finish(self._waiting.popleft(), fault)

    def _retire(self, worker: Worker, fault: Fault | None) -> None:
        self._workers.remove(worker)
        if worker.job is not None and fault is not None:
            self._finish(worker.job, fault)
        self._watch.forget(worker.child)
        worker.child.close()

    def _finish(self, job: Job, result: Result) -> None:
        self._unfinished.discard(job.ticket)
        self._finished[job.ticket] = result
