"""The compiler process: checks one module, compiles it, and ends. It never executes any.

Its budget of CPU time and memory is the operating system's: a module that is over it kills
this process, and that is how the parent learns of it.
"""

import sys
from typing import Final

from runtime.modulecheck import ModuleFacts, Rejection, check_module
from runtime.sandbox.confine import (
    OPEN_FILES_MAX,
    allow_few_syscalls,
    die_with_parent,
    give_up_privileges,
    limit_resources,
)
from runtime.sandbox.facts import facts_to_value
from runtime.sandbox.frames import Pipes

INVALID: Final = "not valid WebAssembly"


def main() -> None:
    """Arguments: the parent's process id, the bound of the address space, of CPU time."""
    parent, address_bytes, cpu_seconds = map(int, sys.argv[1:4])
    die_with_parent(parent)
    import wasmtime

    from runtime.sandbox.engine import build_engine

    pipes = Pipes()
    engine = build_engine()
    limit_resources(address_bytes=address_bytes, cpu_seconds=cpu_seconds, open_files=OPEN_FILES_MAX)
    give_up_privileges(parent)
    allow_few_syscalls()
    request = pipes.receive()
    if request is None:
        return
    module: bytes = request["module"]
    checked = check_module(module)
    match checked:
        case Rejection():
            pipes.send({"rejected": [checked.reason, checked.detail]})
        case ModuleFacts():
            try:
                code = bytes(wasmtime.Module(engine, module).serialize())
            except wasmtime.WasmtimeError as error:
                pipes.send({"rejected": [INVALID, _first_lines(str(error))]})
            except MemoryError:
                pipes.send({"over_budget": "memory"})
            else:
                pipes.send({"facts": facts_to_value(checked), "code": code})


def _first_lines(text: str) -> str:
    """The engine's chain of causes on one line, bounded."""
    parts = [line.strip().removeprefix("0: ") for line in text.splitlines() if line.strip()]
    return "; ".join(part for part in parts if part != "Caused by:")[:400]
