"""Arbitrary valid modules: each is executed or rejected, and never a fault of the machine."""

from typing import Final

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import HereMachine, request, wasm

from ccl.abi.layout import (
    ALLOCATE_EXPORT,
    CHARTER_EXPORT,
    DETAIL_LENGTH_GLOBAL,
    DETAIL_POINTER_GLOBAL,
    MEMORY_EXPORT,
    SITE_GLOBAL,
)
from runtime.content.codec import encode
from runtime.execution.execution import Execution

NAMES: Final = (
    *(MEMORY_EXPORT, SITE_GLOBAL, DETAIL_POINTER_GLOBAL, DETAIL_LENGTH_GLOBAL),
    *(ALLOCATE_EXPORT, CHARTER_EXPORT),
)
"""Exports that the runtime looks up, here of arbitrary types."""
EXPORTED: Final = (
    *("(memory 0)", "(table $t)", "(table $u)", *("(global $v)",) * 5, "(global $i)"),
    *("(func $f)", "(func $vectors)"),
)
MEMORIES: Final = (*("1",) * 6, "0", "1 1", "0 65536", "1024", "1025", "65536")
TABLES: Final = (*("1",) * 6, "0", "1 1", "2 4294967295", "999998", "1000000")
STARTS: Final = (*("",) * 8, "(start $logs)", "(start $traps)", "(start $asks)", "(start $exits)")
SEGMENTS: Final = (
    *(*("",) * 8, '(data (i32.const 0) "abc")', '(data (i32.const -1) "abc")'),
    *('(data (i32.const 65536) "")', "(elem (i32.const 0) $f)", "(elem (i32.const -1) $f)"),
)
BODIES: Final = (
    *(*("unreachable",) * 4, "", "(loop (br 0))"),
    *("(call $exit (i32.const 0))", "(call $exit (i32.const 5))"),
    "(drop (memory.grow (i32.const 65536)))",
    "(drop (memory.grow (i32.const 1000)))",
    "(drop (table.grow $t (ref.null func) (i32.const 2000000)))",
    "(drop (table.grow $t (ref.null func) (i32.const 900000)))",
    "(call_indirect $t (i32.const 0))",
    "(table.set $t (i32.const 0) (ref.func $f))",
    "(call $log (i32.const 0) (i32.const 70000))",
    "(drop (call $sizes (i32.const 0) (i32.const 4)))",
    "(drop (call $sizes (i32.const -1) (i32.const 4)))",
    "(memory.copy (i32.const 0) (i32.const 5) (i32.const -1))",
    "(global.set $i (i64.const 1)) unreachable",
)

SITES: Final = '(@custom "ccl:sites" "{}")'.format(
    "".join(f"\\{byte:02x}" for byte in encode([["f.ccl", 1, 1, 1, "a site", None]]))
)


@st.composite
def modules(draw: st.DrawFn) -> str:
    named = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2))
    exports = " ".join(f'(export "{each}" {draw(st.sampled_from(EXPORTED))})' for each in named)
    segments = "".join(draw(st.lists(st.sampled_from(SEGMENTS), max_size=2)))
    body = " ".join(draw(st.lists(st.sampled_from(BODIES), max_size=2)))
    return f"""(module
      (import "icn_host" "host_log_message" (func $log (param i32 i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory {draw(st.sampled_from(MEMORIES))})
      (table $t {draw(st.sampled_from(TABLES))} funcref) (table $u 2 funcref)
      (global $v (mut v128) (v128.const i64x2 1 2)) (global $i (mut i64) (i64.const -1))
      (func $f) (elem declare func $f)
      (func $vectors (param v128) (result v128 funcref) (local.get 0) (ref.null func))
      (func $logs (call $log (i32.const 0) (i32.const 1))) (func $traps unreachable)
      (func $asks (drop (call $sizes (i32.const 0) (i32.const 4))))
      (func $exits (call $exit (i32.const 1)))
      {draw(st.sampled_from(("", SITES, SITES)))} {segments}
      {draw(st.sampled_from(STARTS))} {exports}
      (func (export "{draw(st.sampled_from(("run", "_start")))}") {body}))"""


@examples(200)
@given(modules())
def test_valid_module_is_executed_or_rejected(machine: HereMachine, text: str) -> None:
    assert isinstance(machine.execute(request(wasm(text), fuel=200_000)), Execution)
