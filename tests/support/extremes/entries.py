"""Entries at their extremes: the arguments they are given, and the values they give."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from wasm_modules import wasm

from ccl.abi.fuel import RUN_PRICES
from ccl.pipeline import compile_text
from extremes.extreme import items_of
from runtime.content.codec import encode

NOTHING: Final = '(module (func (export "run")))'


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """row: of `RUN_PRICES`. charged: what it is charged for, the arguments or the value."""

    row: str
    label: str
    source: str | None
    arguments: Any
    charged: Any

    def __str__(self) -> str:
        return f"{self.row}, {self.label}"

    @property
    def module(self) -> bytes:
        """Of the source, else one whose entry takes no arguments."""
        return wasm(NOTHING) if self.source is None else _compiled(self.source)

    @property
    def least_fuel(self) -> int:
        price, block = RUN_PRICES[self.row], encode(self.charged)
        return price.call + price.byte * len(block) + price.item * items_of(block)


@lru_cache(maxsize=16)
def _compiled(source: str) -> bytes:
    compiled = compile_text(source, "entry.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def _given(label: str, kind: str, argument: Any) -> Entry:
    source = f"export fn run(given: {kind}) -> Integer {{ given.length() }}"
    return Entry(
        row="arguments", label=label, source=source, arguments=[argument], charged=[argument]
    )


def _gives(label: str, kind: str, made: str, argument: Any, value: Any) -> Entry:
    source = f"export fn run(given: {kind}) -> {kind} {{ {made} }}"
    return Entry(row="value", label=label, source=source, arguments=[argument], charged=value)


NUMBERS: Final = [number % 24 for number in range(60_000)]
TEXT: Final = "é" * 300_000
ENTRIES: Final = (
    _given("numbers", "Array<Integer>", NUMBERS),
    _given("lists", "Array<Array<Integer>>", [[]] * 60_000),
    _given("texts", "Array<String>", ["ab"] * 60_000),
    _given("a long text", "String", TEXT),
    Entry(row="arguments", label="in vain", source=None, arguments=[NUMBERS], charged=[NUMBERS]),
    _gives("numbers", "Array<Integer>", "given", NUMBERS, NUMBERS),
    _gives("a long text", "String", "given", TEXT, TEXT),
)
