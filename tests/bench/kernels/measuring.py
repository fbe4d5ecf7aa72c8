"""`python -m tests.bench.kernels`: CCL beside C at -O2, in the sandbox's own engine.

Both are called directly, fuel counted, in the same configuration; compilation is not timed.
The two take turns, so that a busy machine slows both; their results are compared.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import wasmtime

from ccl.pipeline import compile_file
from runtime.sandbox.engine import build_engine
from tests.bench.kernels.clang import FLAGS, c_compiler, compile_c

FOLDER = Path(__file__).parent
SIZES = {"sieve": 400_000, "matrix": 160, "queens": 9, "crc": 60_000}
REPEATS = 15
FUEL = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds of each call, the fuel that one takes, and its result."""

    samples: tuple[float, ...]
    fuel: int
    result: int


def measure_kernels() -> None:
    engine = build_engine()
    command = c_compiler()
    print(f"\nKernels beside C (medians of {REPEATS} calls in turn; fuel counted; checks on)")
    if command is None:
        print("  neither clang and wasm-ld nor the ziglang wheel: no C column")
    else:
        print(f"  C: {' '.join((*command[1:], FLAGS[0]))}")
    print(
        f"  {'':<8}{'n':>8}{'CCL':>12}{'C':>12}{'ratio':>8}   fuel{'CCL':>14}{'C':>14}{'ratio':>8}"
    )
    for name, size in SIZES.items():
        compiled = compile_file(FOLDER / f"{name}.ccl")
        assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
        modules = [compiled.wasm]
        if command is not None:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / f"{name}.wasm"
                modules.append(compile_c(command, FOLDER / f"{name}.c", name, target))
        measured = _in_turn(engine, [wasmtime.Module(engine, each) for each in modules], name, size)
        assert len({each.result for each in measured}) == 1, (name, measured)
        print(_line(name, size, measured))


def _line(name: str, size: int, measured: list[Measured]) -> str:
    times = "".join(f"{median(each.samples) * 1000:>9.2f} ms" for each in measured)
    fuels = "".join(f"{each.fuel:>14}" for each in measured)
    if len(measured) == 1:
        return f"  {name:<8}{size:>8}{times}{'':>20}       {fuels}"
    ours, theirs = measured
    # each pair ran side by side, so that the median of the ratios is steadier than
    # the ratio of the medians
    ratio = median(a / b for a, b in zip(ours.samples, theirs.samples, strict=True))
    return (
        f"  {name:<8}{size:>8}{times}{ratio:>7.2f}×       {fuels}{ours.fuel / theirs.fuel:>7.2f}×"
    )


def _in_turn(
    engine: wasmtime.Engine, modules: list[wasmtime.Module], export: str, size: int
) -> list[Measured]:
    """Each call in a fresh store; the first of each module is not counted."""
    runs = [[_once(engine, module, export, size) for module in modules] for _ in range(REPEATS + 1)]
    return [
        Measured(
            samples=tuple(run[0] for run in column[1:]), fuel=column[0][1], result=column[0][2]
        )
        for column in zip(*runs, strict=True)
    ]


def _once(
    engine: wasmtime.Engine, module: wasmtime.Module, export: str, size: int
) -> tuple[float, int, int]:
    """(seconds, fuel, result) of one call."""
    store = wasmtime.Store(engine)
    store.set_fuel(FUEL)
    called: Any = wasmtime.Instance(store, module, []).exports(store)[export]
    start = perf_counter()
    result = called(store, size)
    return perf_counter() - start, FUEL - store.get_fuel(), result
