"""Abuse of host calls: pointers outside of memory, floods, texts that are not UTF-8."""

import pytest
from host_programs import effects, program
from wasm_modules import HereMachine, executed, logs, output

from ccl.abi.call_forms import Answer, Wire
from ccl.abi.fuel import HOST_PRICES
from ccl.abi.host_calls import HOST_CALLS
from runtime.execution.context import Limits
from runtime.execution.execution import OutcomeKind

OUTSIDE = [
    (0xFFFF_FFFF, 1),
    (262_144, 1),
    (262_143, 2),
    (0, 0xFFFF_FFFF),
    (0x8000_0000, 0x8000_0000),
]


@pytest.mark.parametrize(("pointer", "length"), OUTSIDE)
@pytest.mark.parametrize(
    "name", [name for name, call in HOST_CALLS.items() if "i32" in call.wasm_parameters]
)
def test_pointer_outside_memory_traps(
    machine: HereMachine, name: str, pointer: int, length: int
) -> None:
    """A status call refuses; every other ends the execution; nothing is ever read or written."""
    call = HOST_CALLS[name]
    operands = []
    for parameter in call.parameters:
        if parameter.wire is Wire.INTEGER:
            operands.append("(i64.const 1)")
        else:
            operands.append(f"(i32.const {pointer}) (i32.const {length})")
    if call.answer is Answer.BUFFER:
        # Room that reaches out of memory does no harm; an answer that does is not written.
        operands.append(f"(i32.const {max(pointer, 262_143)}) (i32.const {max(length, 4096)})")
    invoke = f"(call ${name.removeprefix('host_')} {' '.join(operands)})"
    if call.wasm_result is not None:
        invoke = f"(drop {invoke})"
    refuse = "(drop (call $anchor_to_dag (i32.const -1) (i32.const 9)))"
    result = executed(
        machine,
        program(refuse, invoke, "(call $refusal)"),
        input=b"ballots",
        records={"": 1},
    )
    outcome = result.deterministic.outcome
    if call.answer in (Answer.STATUS, Answer.HANDLE):
        assert outcome.kind is OutcomeKind.SUCCEEDED
        assert "outside the module's memory of 262144 bytes" in logs(result)[0]
    else:
        assert outcome.kind is OutcomeKind.TRAPPED
        assert outcome.reason.startswith(f"{name}: ")
        assert "outside the module's memory" in outcome.reason


def test_text_that_is_not_utf8_ends_a_call_without_status(machine: HereMachine) -> None:
    outcome = executed(machine, program(("log_message", b"ab\xff"))).deterministic.outcome
    assert outcome.kind is OutcomeKind.TRAPPED
    assert outcome.reason == "host_log_message: text is not UTF-8 (byte 2 of 3)"


def test_module_without_memory_traps_at_a_host_call(machine: HereMachine) -> None:
    text = """(module (import "icn_host" "host_log_message" (func $log (param i32 i32)))
      (func (export "run") (call $log (i32.const 0) (i32.const 1))))"""
    reason = executed(machine, text).deterministic.outcome.reason
    assert reason == ("host_log_message: 1 bytes at 0 are outside the module's memory of 0 bytes")


def flood(call: str, *, times: int = 5_000, before: str = "") -> str:
    return program(
        f"(local $i i32) {before} (loop $l {call}"
        " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
        f" (br_if $l (i32.lt_u (local.get $i) (i32.const {times}))))"
    )


def test_flood_of_logs_is_cut_with_a_remark(machine: HereMachine) -> None:
    result = executed(
        machine, flood("(call $log_message (i32.const 0) (i32.const 1000))"), fuel=1 << 30
    )
    assert result.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    written = logs(result)
    assert sum(len(line) for line in written[:-1]) <= 65_536
    assert written[-1] == "… log cut: over 65536 bytes or 8192 lines"
    empty = flood("(call $log_message (i32.const 0) (i32.const 0))", times=20_000)
    assert len(logs(executed(machine, empty, fuel=1 << 30))) <= 8193


def test_flood_of_effects_is_refused_and_keeps_earlier_ones(machine: HereMachine) -> None:
    result = executed(
        machine,
        flood("(drop (call $anchor_to_dag (i32.const 0) (i32.const 1)))", times=1100),
        fuel=1 << 30,
    )
    assert len(effects(result)) == 1024
    big = flood("(drop (call $anchor_to_dag (i32.const 0) (i32.const 65536)))", times=40)
    result = executed(machine, big, fuel=1 << 30)
    assert len(effects(result)) == 15
    over = program("(drop (call $anchor_to_dag (i32.const 0) (i32.const 65537))) (call $refusal)")
    assert logs(executed(machine, over)) == ["65537 bytes, at most 65536 are anchored"]


def test_output_over_the_limit_is_refused(machine: HereMachine) -> None:
    text = program(
        "(drop (call $write_output (i32.const 0) (i32.const 10)))",
        "(call $write_output (i32.const 0) (i32.const 11))",
        "(call $refusal)",
        result="(result i32)",
    )
    result = executed(machine, text, limits=Limits(fuel=10_000_000, output_bytes=10))
    assert output(result) == bytes(10)
    assert logs(result) == ["an output of 11 bytes, the limit is 10"]


def test_endless_charter_ends_as_a_limit(machine: HereMachine) -> None:
    value = flood(
        "(call $set_property (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))",
        times=100_000,
    )
    outcome = executed(machine, value, fuel=1 << 36).deterministic.outcome
    assert outcome.kind is OutcomeKind.LIMIT


def test_host_calls_pay_for_themselves(machine: HereMachine) -> None:
    def fuel(*lengths: int) -> int:
        calls = (f"(call $log_message (i32.const 0) (i32.const {n}))" for n in lengths)
        used = executed(machine, program(*calls)).deterministic.fuel_used
        assert used is not None
        return used

    price = HOST_PRICES["host_log_message"]
    assert fuel(1, 1) - fuel(1) == price.call + price.byte + 3
    assert fuel(5000) - fuel(1) == 4999 * price.byte


def test_reading_a_whole_memory_needs_the_fuel_for_it(machine: HereMachine) -> None:
    text = program("(call $log_message (i32.const 0) (i32.const 262144))")
    done = executed(machine, text, fuel=200_000).deterministic
    assert done.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert done.fuel_used == 200_000
