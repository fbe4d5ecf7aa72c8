"""Bounds of the sandbox's processes: what this machine gives, never what results are."""

from typing import Final

from msgspec import Struct

from runtime.execution.context import INPUT_BYTES_MAX, MEMORY_BYTES_MAX, MIB, OUTPUT_BYTES_MAX
from runtime.module.limits import COMPILE_BYTES, COMPILE_SECONDS


class SandboxLimits(Struct, frozen=True, kw_only=True):
    """cpu_seconds: of a process in all its life. kept: compiled modules in memory. held_up_seconds:
    so long a job waits for a busy process before another is started for it; that takes as long."""

    worker_address_bytes: int = MEMORY_BYTES_MAX + 1024 * MIB
    worker_cpu_seconds: int = 21_600
    input_bytes: int = INPUT_BYTES_MAX
    output_bytes: int = OUTPUT_BYTES_MAX
    compile_address_bytes: int = COMPILE_BYTES
    compile_cpu_seconds: int = COMPILE_SECONDS
    compile_wall_seconds: float = 3.0 * COMPILE_SECONDS
    modules_per_worker: int = 32
    compiled_kept: int = 128
    start_seconds: float = 30.0
    held_up_seconds: float = 0.1


SANDBOX_LIMITS: Final = SandboxLimits()
