"""Fuel and memory of compiled CCL over sizes: both are exact, so a test may hold them to a law."""

from dataclasses import dataclass
from math import log2

import wasmtime
from ccl_machine import engine_and_machine

from ccl.pipeline import compile_text

FUEL = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    value: int
    fuel: int
    used_bytes: int
    """Of linear memory: up to the last byte that was ever written and is not 0."""


class Program:
    """A program whose exports take and give an Integer, run in a fresh instance each time."""

    def __init__(self, source: str) -> None:
        compiled = compile_text(source)
        assert compiled.wasm is not None, source
        self._engine = engine_and_machine()[0]
        self._module = wasmtime.Module(self._engine, compiled.wasm)

    def measure(self, n: int, entry: str = "f") -> Measured:
        store = wasmtime.Store(self._engine)
        store.set_fuel(FUEL)
        linker = wasmtime.Linker(self._engine)
        linker.define_unknown_imports_as_traps(self._module)
        exports = linker.instantiate(store, self._module).exports(store)
        value = exports[entry](store, n)  # type: ignore[operator]
        fuel = FUEL - store.get_fuel()
        memory = exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        content = bytes(memory.read(store, 0, memory.data_len(store)))
        return Measured(value=value, fuel=fuel, used_bytes=len(content.rstrip(b"\0")))

    def exponent(self, n: int, entry: str = "f") -> float:
        """How fuel grows from 2n to 4n, without what it takes at n: 1 is linear, 2 quadratic."""
        small, middle, large = (self.measure(size, entry).fuel for size in (n, 2 * n, 4 * n))
        return log2((large - middle) / (middle - small))
