"""Compiler processes that are running, and their results.

A module is looked up in memory, then in the cache on disk; otherwise one compiler process is
started for it, however many requests wait.
"""

import signal
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.sandbox.compilation.cache import CompiledCache
from runtime.sandbox.frames import FrameError
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.process import Child, ChildEndedError, Watch
from runtime.sandbox.request import OF_THE_MODULE, Fault, FaultReason

_OUT_OF_BUDGET: Final = frozenset(
    each
    for each in signal.Signals
    if each.name in {"SIGXCPU", "SIGABRT", "SIGSEGV", "SIGILL", "SIGBUS"}
)
"""Signals that end a compiler without CPU time or address space left."""


class Compiled(Struct, frozen=True):
    """Machine code with the module's facts, as they go to a worker."""

    code: bytes
    facts: dict[str, Any]


class Refused(Struct, frozen=True):
    """The verdict that the module is refused on every machine: reason and detail."""

    reason: str
    detail: str


Answer: TypeAlias = Compiled | Refused | Fault


class Compilation(Struct, eq=False):
    child: Child
    module: Cid
    deadline: float


class Compilations:
    def __init__(
        self,
        cache: CompiledCache,
        watch: Watch,
        limits: SandboxLimits,
        processes_max: int,
    ) -> None:
        self._cache = cache
        self._watch = watch
        self._limits = limits
        self._processes_max = processes_max
        self._known: OrderedDict[Cid, Answer] = OrderedDict()
        self._running: dict[Cid, Compilation] = {}

    def find(self, module: Cid, data: bytes) -> Answer | None:
        """Gives the result for a module. None: it is being compiled, or waits for a compiler."""
        known = self._known.get(module)
        if known is not None:
            self._known.move_to_end(module)
            return known
        if module in self._running:
            return None
        cached = self._cache.get(module)
        if cached is not None:
            return self._keep(module, _read(cached))
        if len(self._running) < self._processes_max:
            self._start(module, data)
        return self._known.get(module)

    def forget_failures(self) -> None:
        """Forgets transient failures, so that the next request tries again; to be called when all
        waiting requests have their answers. A module over budget stays refused."""
        for module, answer in tuple(self._known.items()):
            if isinstance(answer, Fault) and answer.reason not in OF_THE_MODULE:
                del self._known[module]

    @property
    def deadlines(self) -> Iterator[float]:
        return (compilation.deadline for compilation in self._running.values())

    def advance(self, compilation: Compilation) -> None:
        """Reads from and writes to a compiler whose pipes are ready."""
        if self._running.get(compilation.module) is not compilation:
            return
        child = compilation.child
        try:
            child.flush()
            self._watch.update(child, compilation)
            answers = child.receive()
        except ChildEndedError as error:
            over = child.ended_by_signal in _OUT_OF_BUDGET
            reason = FaultReason.COMPILE_BUDGET if over else FaultReason.COMPILER_DIED
            self._end(compilation, Fault(reason=reason, text=str(error)))
            return
        except FrameError as error:
            self._end(compilation, Fault(reason=FaultReason.MISBEHAVED, text=str(error)))
            return
        for answer in answers:
            read = _read(answer)
            if not isinstance(read, Fault):
                self._cache.put(compilation.module, answer)
            self._end(compilation, read)

    def end_overdue(self) -> None:
        now = time.monotonic()
        for compilation in tuple(self._running.values()):
            if compilation.deadline <= now:
                self._end(compilation, Fault(reason=FaultReason.COMPILE_BUDGET))

    def close(self) -> None:
        for compilation in self._running.values():
            self._watch.forget(compilation.child)
            compilation.child.close()
        self._running.clear()

    def _start(self, module: Cid, data: bytes) -> None:
        try:
            child = Child(
                "runtime.sandbox.compilation.compiler",
                address_bytes=self._limits.compile_address_bytes,
                cpu_seconds=self._limits.compile_cpu_seconds,
            )
        except ChildEndedError as error:
            self._keep(module, Fault(reason=FaultReason.COMPILER_DIED, text=str(error)))
            return
        deadline = time.monotonic() + self._limits.compile_wall_seconds
        compilation = Compilation(child, module, deadline)
        self._running[module] = compilation
        self._watch.begin(child, compilation)
        try:
            child.send({"module": data})
        except ChildEndedError as error:
            self._end(compilation, Fault(reason=FaultReason.COMPILER_DIED, text=str(error)))
            return
        self._watch.update(child, compilation)

    def _end(self, compilation: Compilation, answer: Answer) -> None:
        del self._running[compilation.module]
        self._watch.forget(compilation.child)
        compilation.child.close()
        self._keep(compilation.module, answer)

    def _keep(self, module: Cid, answer: Answer) -> Answer:
        self._known[module] = answer
        while len(self._known) > self._limits.compiled_kept:
            self._known.popitem(last=False)
        return answer


def _read(answer: dict[str, Any]) -> Answer:
    """Reads the answer of a compiler, or the cache's copy of it."""
    match answer:
        case {"code": bytes(code), "facts": dict(facts)}:
            return Compiled(code, facts)
        case {"rejected": [str(reason), str(detail)]}:
            return Refused(reason, detail)
        case {"not_compiled": str(why)}:
            return Fault(reason=FaultReason.NOT_COMPILED, text=why)
        case {"over_budget": str(what)}:
            return Fault(reason=FaultReason.COMPILE_BUDGET, text=what)
        case _:
            return Fault(reason=FaultReason.MISBEHAVED, text="the compiler's answer is unknown")
