"""`python -m tests.bench.budgets`: what the static budget of compiling lets through at worst.

Of each hostile kind the largest module that is still taken is compiled in a process of its own:
processor time and memory, beside the estimate that it may reach. A kind that takes over a fifth of
the time that a compiler process has ends with an error that names it.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import wasmtime

sys.path.append(str(Path(__file__).parents[1] / "support"))

from compilation_bombs import HOSTILE

from ccl.abi.limits import MODULE_LIMITS
from runtime.module.check import ModuleFacts, check_module
from runtime.module.limits import COMPILE_SECONDS
from runtime.sandbox.engine import build_engine

SIZE_MAX = 600_000
SECONDS_MAX = COMPILE_SECONDS / 5


def measure_budgets() -> None:
    """Raises SystemExit for a kind that the budget lets through too large."""
    estimate = MODULE_LIMITS.function_cost / 1e9
    print(f"\nCompiling the largest of each hostile kind, estimated at {estimate:g} s")
    context = get_context("spawn")
    for kind, make in HOSTILE.items():
        module = make(largest(kind))
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
            seconds, mib = pool.submit(compiled, module).result()
        print(f"  {kind:30} {len(module):8} bytes {seconds:6.2f} s {mib:6} MiB")
        if seconds > SECONDS_MAX:
            raise SystemExit(f"{kind}: {seconds:.1f} s, at most {SECONDS_MAX:g} s")


def largest(kind: str) -> int:
    """The largest size that is taken."""
    low, high = 100, SIZE_MAX
    while high - low > low // 50 + 20:
        middle = (low + high) // 2
        if isinstance(check_module(HOSTILE[kind](middle)), ModuleFacts):
            low = middle
        else:
            high = middle
    return low


def compiled(module: bytes) -> tuple[float, int]:
    """Processor seconds, and MiB beyond those of the engine."""
    engine = build_engine()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    wasmtime.Module(engine, module)
    seconds = time.process_time() - started
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10


if __name__ == "__main__":
    measure_budgets()
