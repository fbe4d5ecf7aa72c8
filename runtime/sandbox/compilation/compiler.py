"""The compiler process: checks one module, compiles it, and ends. It never executes any.

Its budget of CPU time and memory is the operating system's: a module that is over it kills this
process, and so the parent learns of it.
"""

import sys
from typing import TYPE_CHECKING, Any

from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.sandbox.compilation.facts import facts_to_value
from runtime.sandbox.compilation.validation import invalid
from runtime.sandbox.confinement.confine import (
    OPEN_FILES_MAX,
    allow_few_syscalls,
    die_with_parent,
    give_up_privileges,
    limit_resources,
)
from runtime.sandbox.frames import Pipes

if TYPE_CHECKING:
    import wasmtime


def main() -> None:
    """Arguments: the parent's process id, the bound of the address space, of CPU time."""
    parent, address_bytes, cpu_seconds = map(int, sys.argv[1:4])
    die_with_parent(parent)
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
            pipes.send(_compiled(engine, module, checked))


def _compiled(engine: "wasmtime.Engine", module: bytes, facts: ModuleFacts) -> dict[str, Any]:
    """Compiles a module to code with facts, or gives a reason: that of an invalid module is a
    verdict, any other is not."""
    import wasmtime

    try:
        wasmtime.Module.validate(engine, module)
    except wasmtime.WasmtimeError as error:
        refused = invalid(str(error))
        return {"rejected": [refused.reason, refused.detail]}
    try:
        code = bytes(wasmtime.Module(engine, module).serialize())
    except wasmtime.WasmtimeError as error:
        return {"not_compiled": invalid(str(error)).detail}
    except MemoryError:
        return {"over_budget": "memory"}
    return {"facts": facts_to_value(facts), "code": code}
