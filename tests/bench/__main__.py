"""`make bench`: every figure with its repeats, median, least and most, in one run."""

import gc
import platform
import sys
from importlib.metadata import version
from os import cpu_count

from ccl.support.recursion import make_room_for_nesting
from runtime.terminal.process import GARBAGE_MIN
from tests.bench.actors.measuring import measure_actors
from tests.bench.budgets import measure_budgets
from tests.bench.compiling import measure_compiling
from tests.bench.deliveries import measure_deliveries
from tests.bench.encoding import measure_encoding
from tests.bench.ended import measure_ended
from tests.bench.hostcalls import measure_host_calls
from tests.bench.jobs import measure_jobs
from tests.bench.kernels.measuring import measure_kernels
from tests.bench.starts import measure_starts
from tests.bench.stv.measuring import measure_stv
from tests.bench.waiting import measure_waiting


def main() -> None:
    gc.set_threshold(GARBAGE_MIN)  # as every command does
    make_room_for_nesting()
    print(
        f"Python {platform.python_version()}, wasmtime {version('wasmtime')}, "
        f"{cpu_count()} cores, {platform.machine()}, {sys.platform}"
    )
    measure_starts()
    measure_compiling()
    measure_kernels()
    measure_stv()
    measure_encoding()
    measure_actors()
    measure_jobs()
    measure_waiting()
    measure_deliveries()
    measure_ended()
    measure_host_calls()
    measure_budgets()


if __name__ == "__main__":
    main()
