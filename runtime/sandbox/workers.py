"""Worker processes as their parent sees them: the job of each, its modules and its deadline."""

import time
from collections import OrderedDict
from typing import Any, Final

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.sandbox.compilation.compilations import Compiled
from runtime.sandbox.confinement.findings import Finding
from runtime.sandbox.frames import FrameError
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.process import Child
from runtime.sandbox.request import Fault, FaultReason, Request, Side, Ticket

WALL_BASE_SECONDS: Final = 20.0
FUEL_PER_SECOND_FLOOR: Final = 5_000_000
"""No machine is so slow: the backstop allows a second for each of these, 200 ns a unit. Host calls
take no more than three times as long as compiled code by `make bench`, which also shows the dearest
instructions: 25 ns a unit where it was measured (docs/adr/0016-an-instruction-costs-one.md). So
fuel ends an execution, and the clock only a process that hangs."""
SIDES_KEPT: Final = 32_768
"""A process is ended rather than forget for whom it has executed."""
_FAULT_CHARACTERS_MAX: Final = 400
_HALF_NANOSECONDS: Final = 500_000_000
_FAULTS: Final = {"fault": FaultReason.HOST_LIMIT, "not_executed": FaultReason.NOT_EXECUTED}
"""Keys of a worker's answers without a result."""


class Job(Struct):
    """A request on its way to a worker. subject: of its side, the CID of its context. compiled:
    None until its module is compiled. held_up_until: so long it waits for a busy worker; 0 while it
    waits for none."""

    ticket: Ticket
    request: Request
    context: bytes
    subject: Cid | None
    compiled: Compiled | None = None
    held_up_until: float = 0.0

    @property
    def wall_seconds(self) -> float:
        if self.request.wall_seconds is not None:
            return self.request.wall_seconds
        return WALL_BASE_SECONDS + self.request.context.limits.fuel / FUEL_PER_SECOND_FLOOR


class Worker:
    """A worker process, the job that it executes, and the modules that it holds.

    deadline: of its start, then of its job; without meaning while it is idle.
    """

    def __init__(self, limits: SandboxLimits) -> None:
        """Raises ChildEndedError if the process cannot be started."""
        self.child = Child(
            "runtime.sandbox.worker.worker",
            address_bytes=limits.worker_address_bytes,
            cpu_seconds=limits.worker_cpu_seconds,
        )
        self.ready = False
        self.job: Job | None = None
        self.modules: OrderedDict[Cid, None] = OrderedDict()
        self._sides: dict[Cid, Side] = {}
        self.deadline = time.monotonic() + limits.start_seconds
        self._limits = limits

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None

    def takes(self, job: Job) -> bool:
        """Returns whether nothing that the process has executed keeps it from this job."""
        side = job.request.side
        return job.subject is None or self._sides.get(job.subject, side) is side

    def begin(self, job: Job) -> None:
        """Sends a job to the process. Raises ChildEndedError."""
        assert job.compiled is not None, "only compiled modules are run"
        assert self.takes(job), "executors and verifiers share no process"
        if job.subject is not None and job.request.side is not None:
            self._sides[job.subject] = job.request.side
        module = job.request.module_cid
        is_loaded = module in self.modules
        dropped = self._remember(module)
        self.job = job
        self.deadline = time.monotonic() + job.wall_seconds
        self.child.send(
            {
                "module": module.raw,
                "code": None if is_loaded else job.compiled.code,
                "facts": None if is_loaded else job.compiled.facts,
                "drop": dropped,
                "context": job.context,
                "input": job.request.input,
                "blocks": [[cid.raw, data] for cid, data in job.request.blocks.items()],
            }
        )

    def _remember(self, module: Cid) -> list[bytes]:
        """Makes a module the latest that the process holds; gives those that it drops for it."""
        self.modules[module] = None
        self.modules.move_to_end(module)
        dropped: list[bytes] = []
        while len(self.modules) > self._limits.modules_per_worker:
            dropped.append(self.modules.popitem(last=False)[0].raw)
        return dropped

    def greeted(self, answer: dict[str, Any]) -> tuple[Finding, ...]:
        """Reads the first frame: the worker is ready, and confined so. Raises FrameError."""
        try:
            findings = tuple(Finding(**finding) for finding in answer["ready"])
        except (KeyError, TypeError) as error:
            raise FrameError(f"not a worker's greeting: {error}") from None
        self.ready = True
        return findings

    def is_worn(self, answer: dict[str, Any]) -> bool:
        """Returns whether the process has used half of its CPU time, so that another job might end
        it, or has executed for more contexts than are kept in mind."""
        if len(self._sides) >= SIDES_KEPT:
            return True
        cpu_ns = answer.get("cpu_ns")
        allowed_ns = self._limits.worker_cpu_seconds * _HALF_NANOSECONDS
        return isinstance(cpu_ns, int) and cpu_ns > allowed_ns


def fault_in(answer: dict[str, Any]) -> Fault | None:
    """Reads why an answer has no result; None if it has one."""
    for key, reason in _FAULTS.items():
        if key in answer:
            return Fault(reason=reason, text=str(answer[key])[:_FAULT_CHARACTERS_MAX])
    return None
