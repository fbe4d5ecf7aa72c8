"""Fuel of host calls: each is charged by its row in the table."""

import sys

import pytest
import wasmtime
from extremes import EXTREMES
from extremes.entries import ENTRIES, Entry
from extremes.extreme import Extreme
from wasm_modules import HereMachine, context, executed, output, request, wasm

from ccl.abi.fuel import HOST_PRICES, PRICES, TEST_PRICES, WASI_PRICES, Price
from ccl.abi.host_calls import HOST_CALLS
from ccl.abi.test_calls import TEST_CALLS
from runtime.content.codec import encode
from runtime.execution.effects import EmitEvent
from runtime.execution.execution import Execution, OutcomeKind
from runtime.host.invocation import Invocation
from runtime.host.test_calls import TEST_IMPLEMENTATIONS
from runtime.host.wasi.calls import WASI_FUNCTIONS
from runtime.sandbox.pool import Sandbox

FUEL = 1 << 50


def test_each_call_has_a_price_and_extremes() -> None:
    assert HOST_PRICES.keys() == HOST_CALLS.keys()
    assert TEST_PRICES.keys() == TEST_CALLS.keys()
    assert WASI_PRICES.keys() == WASI_FUNCTIONS.keys()
    measured = {extreme.call for extreme in EXTREMES}
    assert measured == HOST_CALLS.keys() | TEST_CALLS.keys() | WASI_FUNCTIONS.keys()
    with_items = {name for name in measured if PRICES[name].item}
    assert with_items <= {each.call for each in EXTREMES if each.items or each.once} | FEW


FEW = {"test_effects", "test_log"}
"""Calls of tests, and those that follow others: see below."""


@pytest.mark.parametrize("extreme", EXTREMES, ids=str)
def test_call_is_charged_by_its_row(machine: HereMachine, extreme: Extreme) -> None:
    spent = []
    for times in (0, extreme.times):
        given = {"fuel": FUEL, "input": extreme.payload, **extreme.context}
        done = executed(machine, wasm(extreme.module(times)), **given).deterministic
        assert done.outcome.kind is not OutcomeKind.OUT_OF_FUEL
        assert done.fuel_used is not None
        spent.append(done.fuel_used)
    assert spent[1] - spent[0] >= extreme.least_fuel > 0


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_arguments_and_values_are_charged(machine: HereMachine, entry: Entry) -> None:
    done = executed(machine, entry.module, arguments=entry.arguments, fuel=FUEL).deterministic
    assert done.fuel_used is not None
    assert done.fuel_used >= entry.least_fuel > 0


def test_arguments_without_the_fuel_for_them_are_not_read(machine: HereMachine) -> None:
    entry = ENTRIES[0]
    given = {"arguments": entry.arguments, "fuel": entry.least_fuel - 1}
    done = executed(machine, entry.module, **given).deterministic
    assert done.outcome.kind is OutcomeKind.OUT_OF_FUEL


def test_reading_back_in_a_test_is_charged_by_item() -> None:
    invocation = Invocation(context=context(), input=None)
    for number in range(3):
        invocation.log_line(f"line {number}")
        invocation.append_effect(EmitEvent(name="e", data=encode([1, 2]), article=""))
    meter = invocation.meter
    for name, items in (("test_log", 3), ("test_effects", 3 * 8 + 3 * 6)):
        meter.price, before = PRICES[name], meter.left
        arguments = () if name == "test_log" else ("emit",)
        TEST_IMPLEMENTATIONS[name](invocation, *arguments)
        assert before - meter.left == items * PRICES[name].item


def test_prices_are_part_of_the_engines_name(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = sys.modules["runtime.sandbox.engine"]
    before = engine._config_hash()
    dearer = {**PRICES, "host_random": Price(call=PRICES["host_random"].call + 1)}
    monkeypatch.setattr(engine, "PRICES", dearer)
    assert engine._config_hash() != before


FLOODS = {
    "nested": (129, 1_000_001),
    "lists without items": (128, 1_000_000),
    "a list that is cut off": (0x9B, 1_000_000),
    "numbers": (1, 1_000_000),
}


@pytest.mark.parametrize("how", FLOODS)
def test_flood_of_manifests_runs_out_of_fuel(sandbox: Sandbox, how: str) -> None:
    """In a worker: refused calls are paid for too, and no wall clock ends them."""
    byte, length = FLOODS[how]
    text = f"""(module
      (import "icn_host" "host_submit_manifest" (func $h (param i32 i32) (result i32)))
      (memory (export "memory") 32)
      (func (export "run") (result i64)
        (memory.fill (i32.const 0) (i32.const {byte}) (i32.const {length}))
        (loop (drop (call $h (i32.const 0) (i32.const {length}))) (br 0)) (i64.const 1)))"""
    first, second = (sandbox.execute(request(text, fuel=100_000_000)) for _ in range(2))
    assert isinstance(first, Execution) and isinstance(second, Execution)
    assert first.deterministic == second.deterministic
    assert first.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert first.deterministic.fuel_used == 100_000_000


def test_lookup_among_ten_thousand_exports_is_direct(
    machine: HereMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once took seconds, for the fuel of two instructions."""
    monkeypatch.delattr(wasmtime.Instance, "exports")
    exports = "".join(f'(export "e{number}" (func $f))' for number in range(9_999))
    text = f"""(module (func $f) {exports}
      (func (export "run") (result i64) (i64.const 7)))"""
    assert output(executed(machine, text)) == 7


def test_wrong_name_among_ten_thousand_is_refused_at_once(machine: HereMachine) -> None:
    """Few are compared with it: the steps of the comparison are counted, not the time."""
    names = "".join(f'(export "{"a" * 60}{number:04}" (func $f))' for number in range(9_999))
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    wasm_bytes = wasm(f"(module (func $f) {names})")
    sys.setprofile(count)
    try:
        outcome = executed(machine, wasm_bytes, entry="a" * 64).deterministic.outcome
    finally:
        sys.setprofile(None)
    assert outcome.kind is OutcomeKind.REJECTED
    assert steps < 3_000_000
