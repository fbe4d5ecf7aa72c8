"""`python -m tests.bench.hostcalls`: what a unit of fuel buys in time, call by call.

Each call at its extremes beside compiled code, in the same run: executed, its report encoded,
read and made an execution, as worker and parent do. Processor time, the least of some runs. A
ratio over RATIO_MAX ends with an error that names the call.
"""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import wasmtime

sys.path.append(str(Path(__file__).parents[1] / "support"))

from extremes import EXTREMES
from extremes.entries import ENTRIES, NOTHING, Entry
from extremes.extreme import Extreme
from wasm_modules import request, wasm

from ccl.pipeline import compile_file
from runtime.content.codec import decode, encode
from runtime.module.check import ModuleFacts, check_module
from runtime.sandbox.engine import build_engine
from runtime.sandbox.results import execution_from
from runtime.sandbox.worker.executor import Executor, Loaded
from runtime.sandbox.workers import FUEL_PER_SECOND_FLOOR

KERNELS = Path(__file__).parent / "kernels"
SIZES = {"sieve": 400_000, "matrix": 160, "queens": 9, "crc": 60_000}
RATIO_MAX = 3.0
REPEATS = 4
AGAIN_MAX = 3
"""Repetitions of a measurement over the ratio, which other load on the machine may have caused."""
FUEL = 1 << 50
FRAME_BYTES_MAX = 1 << 28


INSTRUCTIONS: Mapping[str, str] = {
    "memory.fill of nothing": "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))",
    "memory.grow of nothing": "(drop (memory.grow (i32.const 0)))",
    "memory.grow that is refused": "(drop (memory.grow (i32.const 65536)))",
    "table.grow that is refused": "(drop (table.grow 0 (ref.null func) (i32.const -1)))",
    "elem.drop": "(elem.drop $e)",
    "ref.func": "(drop (ref.func $f))",
    "ref.func into a table": "(table.set 0 (i32.const 1) (ref.func $f))",
    "f64.sqrt": "(local.set $x (f64.sqrt (f64.div (local.get $x) (f64.const 1.0001))))",
}
"""The dearest that were found; no price of ours, the backstop has to allow for them."""


@dataclass(frozen=True, slots=True)
class Run:
    """Processor time, and fuel."""

    seconds: float
    fuel: int

    def __sub__(self, other: "Run") -> "Run":
        return Run(self.seconds - other.seconds, self.fuel - other.fuel)

    @property
    def nanoseconds_each(self) -> float:
        return self.seconds * 1e9 / self.fuel


class Bench:
    def __init__(self) -> None:
        self._engine = build_engine()
        self._machine = Executor(self._engine)

    def load(self, module: bytes) -> Loaded:
        facts = check_module(module)
        assert isinstance(facts, ModuleFacts), facts
        code = bytes(wasmtime.Module(self._engine, module).serialize())
        return self._machine.load(code, facts)

    def run(self, loaded: Loaded, module: bytes, **context: Any) -> Run:
        """The least of some executions."""
        asked = request(module, **{"fuel": FUEL, **context})
        best = Run(float("inf"), 1)
        for _ in range(REPEATS):
            start = time.process_time()
            report = self._machine.execute(loaded, asked.context, asked.input, asked.blocks)
            execution_from(decode(encode(report.to_value()), bytes_max=FRAME_BYTES_MAX))
            seconds = time.process_time() - start
            assert report.fuel_used is not None, report.outcome
            best = min(best, Run(seconds, report.fuel_used), key=lambda run: run.seconds)
        return best

    def of_extreme(self, extreme: Extreme) -> Run:
        """The calls alone: with them, less without."""
        runs = []
        for times in (extreme.times, 0):
            module = wasm(extreme.module(times))
            context = dict(extreme.context)
            runs.append(self.run(self.load(module), module, input=extreme.payload, **context))
        return runs[0] - runs[1]

    def of_entry(self, entry: Entry) -> Run:
        """A whole execution, less one of nothing."""
        nothing = wasm(NOTHING)
        ran = self.run(self.load(entry.module), entry.module, arguments=entry.arguments)
        return ran - self.run(self.load(nothing), nothing)

    def of_instruction(self, body: str) -> Run:
        """A loop of eight, so that what belongs to the loop counts for little."""
        module = wasm(f"""(module (memory (export "memory") 1) (table 8 funcref) (func $f)
          (elem declare func $f) (elem $e func $f)
          (func (export "run") (local $i i32) (local $x f64) (local.set $x (f64.const 1.5))
            (loop $more {body * 8} (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $i) (i32.const 40000))))))""")
        return self.run(self.load(module), module)

    def of_kernels(self) -> Mapping[str, float]:
        """Nanoseconds per unit of fuel of compiled CCL."""
        found = {}
        for name, size in SIZES.items():
            compiled = compile_file(KERNELS / f"{name}.ccl")
            assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
            loaded = self.load(compiled.wasm)
            ran = self.run(loaded, compiled.wasm, entry=name, arguments=[size])
            found[name] = ran.nanoseconds_each
        return found


def measure_host_calls() -> None:
    """Prints a line for each extreme. Raises SystemExit where fuel buys too much time."""
    bench = Bench()
    # As a worker does, so that what was measured before is not looked through for garbage.
    gc.collect()
    gc.freeze()
    kernels = bench.of_kernels()
    plain = median(kernels.values())
    print("\nFuel of host calls (processor time; beside compiled code, the median of the kernels)")
    print("  " + ", ".join(f"{name} {each:.3f}" for name, each in kernels.items()), end="")
    print(f": {plain:.3f} ns per unit of fuel")
    print(f"  {'':<58}{'fuel':>14}{'time':>13}{'ns/fuel':>10}{'ratio':>8}")
    over = []

    def show(name: str, measure: Callable[[], Run], times: int) -> None:
        run = measure()
        for _ in range(AGAIN_MAX):
            if run.nanoseconds_each <= RATIO_MAX * plain:
                break
            run = min(run, measure(), key=lambda each: each.nanoseconds_each)
        ratio = run.nanoseconds_each / plain
        mark = "  !" if ratio > RATIO_MAX else ""
        print(
            f"  {name:<58}{run.fuel // times:>14}{run.seconds / times * 1e6:>10.1f} µs"
            f"{run.nanoseconds_each:>10.3f}{ratio:>8.2f}{mark}",
            flush=True,
        )
        if ratio > RATIO_MAX:
            over.append(f"{name}: {ratio:.1f} times plain code")

    for extreme in EXTREMES:
        show(str(extreme), partial(bench.of_extreme, extreme), extreme.times)
    for entry in ENTRIES:
        show(str(entry), partial(bench.of_entry, entry), 1)
    print("\nThe dearest instructions, beside what the backstop allows")
    for name, body in INSTRUCTIONS.items():
        each = bench.of_instruction(body).nanoseconds_each
        print(f"  {name:<58}{each:>10.3f} ns/fuel of {1e9 / FUEL_PER_SECOND_FLOOR:.0f}")
        if each * FUEL_PER_SECOND_FLOOR > 1e9:
            over.append(f"{name}: the wall clock would end it")
    if over:
        raise SystemExit("fuel buys too much time of the host:\n  " + "\n  ".join(over))


if __name__ == "__main__":
    measure_host_calls()
