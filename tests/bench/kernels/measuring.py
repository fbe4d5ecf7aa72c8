"""`python -m tests.bench.kernels`: CCL beside C at -O2, in the sandbox's own engine.

Both are called directly, fuel counted, in the same configuration; compilation is not timed.
The two take turns, so that a busy machine slows both; their results are compared. Where no C
compiler is to be had the kernels in Python stand beside them, run once.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import wasmtime

from ccl.pipeline import compile_file
from runtime.sandbox.engine import build_engine
from tests.bench.kernels.clang import FLAGS, c_compiler, compile_c
from tests.bench.kernels.references import REFERENCES

FOLDER = Path(__file__).parent
SIZES = {
    "sieve": 400_000,
    "matrix": 160,
    "queens": 9,
    "crc": 60_000,
    "floyd": 160,
    "structs": 8_000,
    "levenshtein": 800,
    "words": 12_000,
    "logistic": 400_000,
    "nbody": 2_000,
}
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
    other = "Python" if command is None else "C"
    print(
        f"\nKernels beside {other} "
        f"(CPU time, medians of {REPEATS} calls in turn; fuel counted; checks on)"
    )
    if command is None:
        print("  neither clang and wasm-ld nor the ziglang wheel: Python, once, instead of C")
    else:
        print(f"  C: {' '.join((*command[1:], FLAGS[0]))}")
    times, fuels = f"{'CCL':>12}{other:>12}{'ratio':>8}", f"{'CCL':>14}{other:>14}{'ratio':>8}"
    print(f"  {'':<12}{'n':>8}{times}   fuel{fuels}")
    for name, size in SIZES.items():
        modules = [compiled_kernel(name)]
        if command is not None:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / f"{name}.wasm"
                modules.append(compile_c(command, FOLDER / f"{name}.c", name, target))
        measured = _in_turn(engine, [wasmtime.Module(engine, each) for each in modules], name, size)
        if command is None:
            measured.append(_in_python(name, size))
        assert len({each.result for each in measured}) == 1, (name, measured)
        print(_line(name, size, *measured))


def compiled_kernel(name: str) -> bytes:
    """The module of a kernel in CCL."""
    compiled = compile_file(FOLDER / f"{name}.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def _in_python(name: str, size: int) -> Measured:
    start = process_time()
    result = REFERENCES[name](size)
    return Measured(samples=(process_time() - start,) * REPEATS, fuel=0, result=result)


def _line(name: str, size: int, ours: Measured, theirs: Measured) -> str:
    times = "".join(f"{median(each.samples) * 1000:>9.2f} ms" for each in (ours, theirs))
    # each pair ran side by side, so that the median of the ratios is steadier than
    # the ratio of the medians
    ratio = median(a / b for a, b in zip(ours.samples, theirs.samples, strict=True))
    line = f"  {name:<12}{size:>8}{times}{ratio:>7.2f}×       {ours.fuel:>14}"
    return f"{line}{theirs.fuel:>14}{ours.fuel / theirs.fuel:>7.2f}×" if theirs.fuel else line


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
    start = process_time()
    result = called(store, size)
    return process_time() - start, FUEL - store.get_fuel(), result
