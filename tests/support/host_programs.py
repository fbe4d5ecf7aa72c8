"""Modules that make host calls in a row, written by hand, and their effects."""

import re

from ccl.abi.call_forms import Answer
from ccl.abi.host_calls import HOST_CALLS
from runtime.execution.effects import Effect, effects_from_block
from runtime.execution.execution import Execution


def imports_of(text: str) -> str:
    """The imports of the host calls that are named in a text, and of no others: a node looks at
    them to see what a program may do."""
    return "\n".join(
        f'(import "icn_host" "{call.name}" (func ${call.name.removeprefix("host_")}'
        + "".join(f" (param {kind})" for kind in call.wasm_parameters)
        + (f" (result {call.wasm_result})" if call.wasm_result else "")
        + "))"
        for call in HOST_CALLS.values()
        if re.search(rf"\${call.name.removeprefix('host_')}\b", text)
    )


def escaped(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


def program(*steps: str | tuple[str, ...], result: str = "") -> str:
    """Calls in a row. A text constant is written `"…"` and becomes a pointer and a length."""
    data, lines, at = [], [], 1024
    for step in steps:
        if isinstance(step, str):
            lines.append(step)
            continue
        name, *arguments = step
        operands = []
        for argument in arguments:
            if isinstance(argument, int):
                operands.append(f"(i64.const {argument})")
                continue
            raw = argument if isinstance(argument, bytes) else argument.encode()
            data.append(f'(data (i32.const {at}) "{escaped(raw)}")')
            operands.append(f"(i32.const {at}) (i32.const {len(raw)})")
            at += len(raw)
        call = HOST_CALLS["host_" + name]
        if call.answer is Answer.BUFFER:
            operands.append("(i32.const 0) (i32.const 1024)")
        lines.append(f"(call ${name} {' '.join(operands)})")
    body = "\n".join(lines)
    functions = f"""
      (func $refusal (local $n i32)
        (local.set $n (call $last_refusal (i32.const 0) (i32.const 1024)))
        (if (i32.ge_s (local.get $n) (i32.const 0))
          (then (call $log_message (i32.const 0) (local.get $n)))))
      (func (export "run") {result} (local $n i32) {body}))"""
    return (
        f'(module {imports_of(functions)} (memory (export "memory") 4) {" ".join(data)} {functions}'
    )


def effects(execution: Execution) -> tuple[Effect, ...]:
    cid = execution.deterministic.effects
    return () if cid is None else effects_from_block(execution.blocks[cid])
