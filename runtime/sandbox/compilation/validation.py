"""The engine's own verdict on a module, given in a process that holds nothing else.

Rule: the features are those of every other use of the engine, so a module is valid here exactly if
the compiler process accepts it.
"""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ccl.abi.features import WASM_FEATURES
from runtime.module.check import Rejection
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.process import isolated
from runtime.sandbox.request import Fault, FaultReason

_SETTINGS: Final = {**WASM_FEATURES, "parallel_compilation": False}
"""The validator is allowed no threads."""
INVALID: Final = "not valid WebAssembly"
REASON_CHARS_MAX: Final = 400


def validate(module: bytes, limits: SandboxLimits) -> Rejection | Fault | None:
    """Gives the reason why the engine rejects the module; None if it accepts it. A Fault is no
    verdict."""
    command = isolated(
        "runtime.sandbox.compilation.validator",
        limits.compile_address_bytes,
        limits.compile_cpu_seconds,
        str(library()),
        *(f"{name}={value:d}" for name, value in _SETTINGS.items()),
    )
    try:
        done = subprocess.run(
            command,
            input=module,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
            timeout=limits.compile_wall_seconds,
            check=False,
        )
    except OSError as error:
        return Fault(reason=FaultReason.COMPILER_DIED, text=f"{error.strerror}")
    except subprocess.TimeoutExpired:
        return Fault(reason=FaultReason.COMPILE_BUDGET, text="while it was validated")
    if done.returncode != 0 or not done.stdout:
        return Fault(reason=FaultReason.COMPILER_DIED, text=f"with code {done.returncode}")
    if done.stdout == b"valid":
        return None
    return invalid(done.stdout.decode("utf-8", "replace"))


def invalid(reason: str) -> Rejection:
    """Converts the engine's message to a rejection: its chain of causes on one line, printable,
    bounded."""
    parts = [line.strip().removeprefix("0: ") for line in reason.splitlines() if line.strip()]
    text = "; ".join(part for part in parts if part != "Caused by:")
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return Rejection(reason=INVALID, detail=shown[:REASON_CHARS_MAX])


def library() -> Path:
    """Finds the engine's shared library, without importing its package."""
    spec = find_spec("wasmtime")
    assert spec is not None and spec.origin is not None, "the engine's name was read from it"
    found = sorted(Path(spec.origin).parent.glob("*/*wasmtime.*"))
    if not found:
        raise ModuleNotFoundError("the package wasmtime has no library for this machine")
    return found[0]
