"""A worker process: reads one frame at a time, executes, answers with one frame.

It is started with an empty environment, closed descriptors and nothing but two pipes; it holds no
keys. The parent decodes its answers as if a stranger had written them.
"""

import gc
import os
import sys
import threading
import time
from typing import Any, Final

from msgspec.structs import asdict

from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.module.check import ModuleFacts
from runtime.sandbox.compilation.facts import facts_from_value
from runtime.sandbox.confinement.confine import (
    OPEN_FILES_MAX,
    allow_few_syscalls,
    die_with_parent,
    forbid_new_processes,
    give_up_privileges,
    limit_resources,
)
from runtime.sandbox.confinement.probes import attempts, bounds
from runtime.sandbox.engine import build_engine
from runtime.sandbox.frames import FrameError, Pipes
from runtime.sandbox.worker.executor import EngineFaultError, Executor, HostFaultError, Loaded

THREAD_STACK_BYTES: Final = 32 << 20
"""Room for the engine's stack and for host calls on top of it, whatever the system's default."""


class Worker:
    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._executor = Executor(build_engine())
        self._loaded: dict[bytes, Loaded] = {}

    def serve(self) -> None:
        """Answers requests until the parent closes the pipe."""
        while True:
            request = self._pipes.receive()
            if request is None:
                return
            self._pipes.send(self._answer(request))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            for dropped in request["drop"]:
                self._loaded.pop(dropped, None)
            module: bytes = request["module"]
            if request["code"] is not None:
                facts: ModuleFacts = facts_from_value(request["facts"])
                self._loaded[module] = self._executor.load(request["code"], facts)
            context = Context.from_block(request["context"])
            blocks = {Cid(cid): data for cid, data in request["blocks"]}
            report = self._executor.execute(self._loaded[module], context, request["input"], blocks)
        except HostFaultError as fault:
            return {"fault": str(fault)}
        except EngineFaultError as fault:
            return {"not_executed": str(fault)}
        except CodecError as error:
            return {"fault": f"the request cannot be read: {error}"}
        except MemoryError:
            return {"fault": "this machine has no memory left for the execution"}
        return {**report.to_value(), "cpu_ns": time.process_time_ns()}


def main() -> None:
    """Arguments: the parent's process id, the bound of the address space, of CPU time."""
    parent, address_bytes, cpu_seconds = map(int, sys.argv[1:4])
    die_with_parent(parent)
    limit_resources(address_bytes=address_bytes, cpu_seconds=cpu_seconds, open_files=OPEN_FILES_MAX)
    threading.stack_size(THREAD_STACK_BYTES)
    failed: list[BaseException] = []
    given = give_up_privileges(parent)
    thread = threading.Thread(target=_confined, args=(cpu_seconds, given, failed))
    thread.start()
    thread.join()
    # The parent has closed the pipe or got no answer: nothing is left to clean up.
    os._exit(1 if failed else 0)


def _confined(
    cpu_seconds: int, given: tuple[tuple[str, ...], int], failed: list[BaseException]
) -> None:
    try:
        forbid_new_processes()
        pipes = Pipes()
        worker = Worker(pipes)
        findings = bounds(cpu_seconds, *given)
        allow_few_syscalls()
        findings = attempts() + findings
        pipes.send({"ready": [asdict(finding) for finding in findings]})
        gc.collect()
        gc.freeze()
        worker.serve()
    except (OSError, FrameError, KeyError, TypeError) as error:
        failed.append(error)
