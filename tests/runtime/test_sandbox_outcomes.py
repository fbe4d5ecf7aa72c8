"""Ends of an execution, through real worker processes."""

import struct
from pathlib import Path

import pytest
from msgspec.structs import replace
from wasm_modules import context, executed, leb, logs, output, request, section, wasm

from ccl.abi.layout import DETAIL_LENGTH_GLOBAL, DETAIL_POINTER_GLOBAL, SITE_GLOBAL
from runtime.content.codec import encode
from runtime.execution.context import Limits
from runtime.execution.execution import OutcomeKind
from runtime.sandbox.compilation.cache import CompiledCache
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import OF_THE_MODULE, Fault, FaultReason

LOG_THEN = """(module
  (import "icn_host" "host_log_message" (func $log (param i32 i32)))
  (import "icn_host" "host_anchor_to_dag" (func $anchor (param i32 i32) (result i32)))
  (import "icn_host" "host_write_output" (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 1 2)
  (table 4 funcref)
  (type $sig (func (param i64)))
  (func $nothing)
  (elem (i32.const 1) func $nothing)
  (data (i32.const 0) "before the end")
  (func $start (call $log (i32.const 0) (i32.const 14))
    (drop (call $anchor (i32.const 0) (i32.const 6)))
    (drop (call $write (i32.const 0) (i32.const 6))))
  (func (export "run") (local $i i32) (call $start) {body}))"""


@pytest.mark.parametrize(
    ("body", "kind", "reason", "fuel_known"),
    [
        ("unreachable", OutcomeKind.TRAPPED, "unreachable code was reached", True),
        (
            "(drop (i32.load (i32.const 0x7ffffff0)))",
            OutcomeKind.TRAPPED,
            "memory access out of bounds",
            False,
        ),
        (
            "(drop (i32.div_s (i32.const 1) (local.get $i)))",
            OutcomeKind.TRAPPED,
            "integer division by zero",
            False,
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get $i) (i32.const 1))))",
            OutcomeKind.TRAPPED,
            "integer overflow",
            False,
        ),
        (
            "(drop (i32.trunc_f64_s (f64.div (f64.convert_i32_s (local.get $i)) (f64.const 0))))",
            OutcomeKind.TRAPPED,
            "a float that does not fit the integer",
            False,
        ),
        (
            "(call_indirect (type 3) (i32.const 0))",
            OutcomeKind.TRAPPED,
            "indirect call to a null table entry",
            False,
        ),
        (
            "(call_indirect (type 3) (i32.const 9))",
            OutcomeKind.TRAPPED,
            "table access out of bounds",
            False,
        ),
        (
            "(call_indirect (type $sig) (i64.const 0) (i32.const 1))",
            OutcomeKind.TRAPPED,
            "indirect call with the wrong signature",
            False,
        ),
        ("(loop $l (br $l))", OutcomeKind.OUT_OF_FUEL, "the fuel is used up", True),
        ("(loop $l (call $start) (br $l))", OutcomeKind.OUT_OF_FUEL, "the fuel is used up", True),
    ],
)
def test_failed_execution_discards_effects_and_keeps_the_log(
    sandbox: Sandbox, body: str, kind: OutcomeKind, reason: str, fuel_known: bool
) -> None:
    result = executed(sandbox, LOG_THEN.replace("{body}", body), fuel=1_000_000)
    done = result.deterministic
    assert (done.outcome.kind, done.outcome.reason) == (kind, reason)
    assert logs(result)[0] == "before the end"
    assert done.effects is None
    assert done.output is None
    assert (done.fuel_used is not None) == fuel_known
    if kind is OutcomeKind.OUT_OF_FUEL:
        assert done.fuel_used == 1_000_000


def test_success_keeps_effects_and_output(sandbox: Sandbox) -> None:
    result = executed(sandbox, LOG_THEN.replace("{body}", ""))
    assert result.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    assert output(result) == b"before"
    assert result.deterministic.effects is not None
    assert result.metrics.host_calls == 3
    assert result.metrics.memory_peak_bytes == 65_536


def test_trap_names_the_function(sandbox: Sandbox) -> None:
    result = executed(
        sandbox,
        '(module (func $inner unreachable) (func $outer (export "run") (call $inner)))',
    )
    assert "in function inner, at byte" in result.deterministic.outcome.detail


def test_endless_recursion_is_a_limit(sandbox: Sandbox) -> None:
    result = executed(sandbox, '(module (func $f (export "run") (call $f) (call $f)))')
    assert result.deterministic.outcome.kind is OutcomeKind.LIMIT
    assert result.deterministic.outcome.reason == "the stack is used up"
    assert result.deterministic.fuel_used is None


def test_thousand_large_frames_fit_the_stack(sandbox: Sandbox) -> None:
    """As deep as compiled CCL may nest, each frame keeping 300 values across the call."""
    count = 300
    names = [f"$v{i}" for i in range(count)]
    declared = " ".join(f"(local {name} i64)" for name in names)
    kept = "\n".join(
        f"(local.set {name} (i64.add (i64.extend_i32_s (local.get $n))"
        f" (i64.load (i32.const {8 * i}))))"
        for i, name in enumerate(names)
    )
    summed = "(local.get $r)"
    for name in names:
        summed = f"(i64.xor {summed} (local.get {name}))"
    text = f"""(module (memory (export "memory") 1)
      (func $f (param $n i32) (result i64) (local $r i64) {declared}
        {kept}
        (if (i32.gt_s (local.get $n) (i32.const 0))
          (then (local.set $r (call $f (i32.sub (local.get $n) (i32.const 1))))))
        {summed})
      (func (export "run") (result i64) (call $f (i32.const 1000))))"""
    assert executed(sandbox, text).deterministic.outcome.kind is OutcomeKind.SUCCEEDED


GROW = """(module (memory (export "memory") {first})
  (func (export "run") (result i32)
    (block $full (loop $more
      (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1))) (br $more)))
    (memory.size)))"""


@pytest.mark.parametrize("mebibytes", [1, 3, 64, 256])
def test_memory_grows_to_its_limit_and_no_further(sandbox: Sandbox, mebibytes: int) -> None:
    limits = Limits(fuel=10_000_000, memory_bytes=mebibytes << 20)
    result = executed(sandbox, GROW.replace("{first}", "1"), limits=limits)
    assert output(result) == mebibytes * 16
    assert result.metrics.memory_peak_bytes == mebibytes << 20


def test_module_that_starts_over_the_memory_limit_is_refused(sandbox: Sandbox) -> None:
    limits = Limits(fuel=1_000_000, memory_bytes=1 << 20)
    outcome = executed(sandbox, GROW.replace("{first}", "17"), limits=limits).deterministic.outcome
    assert outcome.kind is OutcomeKind.LIMIT
    assert outcome.reason == (
        "the module starts with 1114112 bytes of memory, the limit is 1048576"
    )


def test_nan_bits_are_canonical(sandbox: Sandbox) -> None:
    text = """(module
      (func (export "run") (param $bits i64) (result i64)
        (i64.reinterpret_f64 (f64.mul (f64.reinterpret_i64 (local.get $bits)) (f64.const 2)))))"""
    for bits in (0x7FF8_0000_0000_0001, -0x7_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0001, -1):
        assert output(executed(sandbox, text, arguments=[bits])) == 0x7FF8_0000_0000_0000


def test_huge_br_table_is_executed(sandbox: Sandbox) -> None:
    targets = " ".join(f"{i % 2}" for i in range(20_000))
    text = f"""(module (func (export "run") (param i32) (result i32)
      (block (block (br_table {targets} 1 (local.get 0)) unreachable) (return (i32.const 10)))
      (i32.const 11)))"""
    assert output(executed(sandbox, text, arguments=[4])) == 10
    assert output(executed(sandbox, text, arguments=[5])) == 11
    assert output(executed(sandbox, text, arguments=[99_999])) == 11


def test_start_functions_are_metered_and_may_call_the_host(sandbox: Sandbox) -> None:
    text = """(module
      (import "icn_host" "host_log_message" (func $log (param i32 i32)))
      (memory (export "memory") 1) (data (i32.const 0) "started")
      (func $init (call $log (i32.const 0) (i32.const 7)))
      (start $init) (func (export "run")))"""
    assert logs(executed(sandbox, text)) == ["started"]
    endless = """(module (func $init (loop $l (br $l))) (start $init) (func (export "run")))"""
    result = executed(sandbox, endless, fuel=100_000)
    assert result.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL


def test_data_outside_memory_is_a_trap(sandbox: Sandbox) -> None:
    text = '(module (memory 1) (data (i32.const 65536) "x") (func (export "run")))'
    outcome = executed(sandbox, text).deterministic.outcome
    assert (outcome.kind, outcome.reason) == (
        OutcomeKind.TRAPPED,
        "memory access out of bounds",
    )


INVALID_BODY = b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\7\1\3run\0\0\x0a\5\1\3\0\x6a\x0b"


def test_invalid_code_is_rejected_with_the_engines_reason(sandbox: Sandbox) -> None:
    outcome = executed(sandbox, INVALID_BODY).deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.reason == "not valid WebAssembly"
    assert "offset" in outcome.detail


@pytest.mark.parametrize(
    "module", [b"", b"hello", b"(module)", b"\0asm", b"\0asm\1\0\0\0\1"], ids=repr
)
def test_bytes_that_are_no_module_are_rejected(sandbox: Sandbox, module: bytes) -> None:
    assert executed(sandbox, module).deterministic.outcome.kind is OutcomeKind.REJECTED


@pytest.mark.parametrize(
    "text",
    [
        "(module (memory 1) (memory 1))",
        '(module (func (export "run") (return_call 0)))',
        '(module (func (export "run") (param externref)))',
        '(module (table 1 externref) (func (export "run")))',
        "(module (memory i64 1))",
        "(module (memory 1 1 shared))",
        "(module (tag $t) (func (throw $t)))",
        "(module (type (struct)))",
        "(module (func (param i64 i64 i64 i64) (result i64 i64)"
        " (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
        "(module (func (param v128 v128) (result v128)"
        " (f32x4.relaxed_min (local.get 0) (local.get 1))))",
    ],
)
def test_disabled_features_are_rejected(sandbox: Sandbox, text: str) -> None:
    outcome = executed(sandbox, text).deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.reason


# --- entries


def test_missing_entry_lists_the_exports(sandbox: Sandbox) -> None:
    text = '(module (func (export "run")) (func (export "report")))'
    outcome = executed(sandbox, text, entry="raport").deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.reason == "the module has no entry `raport`"
    assert outcome.detail == "it exports report, run; did you mean report?"
    outcome = executed(sandbox, "(module)").deterministic.outcome
    assert outcome.detail == "it exports no functions"


@pytest.mark.parametrize(
    ("shape", "arguments", "expected"),
    [
        ("", None, None),
        ("(result i32) (i32.const -5)", None, -5),
        ("(result i64) (i64.const 9223372036854775807)", [], (1 << 63) - 1),
        ("(param i32 i64) (result i64) (local.get 1)", [1, -7], -7),
    ],
)
def test_integer_entries_return_integers(
    sandbox: Sandbox, shape: str, arguments: list[int] | None, expected: int | None
) -> None:
    text = f'(module (func (export "run") {shape}))'
    assert output(executed(sandbox, text, arguments=arguments)) == expected


@pytest.mark.parametrize(
    ("shape", "arguments", "words"),
    [
        ("(param i32)", None, "0 arguments given, `run` is (i32) -> nothing"),
        ("(param i32)", [1 << 31], "argument 1: expected an i32"),
        ("(param i64)", ["5"], "argument 1: expected an i64, found '5'"),
        ("(param i64)", [True], "argument 1: expected an i64, found True"),
        ("(param f64)", [5], "argument 1: f64 parameters are not supported"),
        ("(result f64) (f64.const 1)", None, "a result is one i32 or i64"),
        ("(result i32 i32) (i32.const 1) (i32.const 1)", None, "a result is one i32 or i64"),
    ],
)
def test_misfitting_arguments_are_rejected(
    sandbox: Sandbox, shape: str, arguments: list[object] | None, words: str
) -> None:
    text = f'(module (func (export "run") {shape}))'
    outcome = executed(sandbox, text, arguments=arguments).deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert words in outcome.detail


@pytest.mark.parametrize("block", [encode({"a": 1}), b"\x18\x05", b"\xff", b""], ids=repr)
def test_arguments_that_are_not_a_list_are_rejected(sandbox: Sandbox, block: bytes) -> None:
    asked = request('(module (func (export "run")))')
    asked = replace(asked, context=replace(asked.context, arguments=block))
    result = sandbox.execute(asked)
    assert not isinstance(result, Fault)
    assert result.deterministic.outcome.reason == "the arguments do not fit the entry"


# --- refusals before anything runs


def test_another_engine_is_a_fault(sandbox: Sandbox) -> None:
    result = sandbox.execute(request("(module)", engine="wasmtime 49.0.0 0 x86_64"))
    assert isinstance(result, Fault)
    assert result.reason is FaultReason.WRONG_ENGINE
    assert "49.0.0" in result.text


def test_wrong_blocks_are_faults(sandbox: Sandbox) -> None:
    good = request("(module)", input=b"abc")
    for bad in (
        replace(good, module=good.module + b"\0"),
        replace(good, input=b"abd"),
        replace(good, input=None),
        replace(good, context=context()),
    ):
        result = sandbox.execute(bad)
        assert isinstance(result, Fault)
        assert result.reason is FaultReason.WRONG_BLOCK


def test_context_over_the_machines_memory_is_a_fault(sandbox: Sandbox) -> None:
    result = sandbox.execute(request("(module)", limits=Limits(fuel=1, memory_bytes=257 << 20)))
    assert isinstance(result, Fault)
    assert result.reason is FaultReason.OVER_CAPACITY


def test_input_over_the_contexts_limit_is_a_limit(sandbox: Sandbox) -> None:
    limits = Limits(fuel=1_000_000, input_bytes=2)
    text = '(module (func (export "run")))'
    outcome = executed(sandbox, text, input=b"abc", limits=limits).deterministic.outcome
    assert outcome.kind is OutcomeKind.LIMIT
    assert outcome.reason == "an input of 3 bytes, the limit is 2"


def test_execution_without_fuel_ends_out_of_fuel(sandbox: Sandbox) -> None:
    done = executed(sandbox, '(module (func (export "run")))', fuel=0).deterministic
    assert done.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert done.fuel_used == 0


def test_struct_sizes_are_those_of_wasi() -> None:
    assert struct.calcsize("<BxHxxxxQQ") == 24
    assert struct.calcsize("<QQBxxxxxxxQQQQQ") == 64


@pytest.mark.parametrize(
    "value", ["v128 (v128.const i64x2 1 1)", "f64 (f64.const 1)", "funcref (ref.func $run)"]
)
def test_trap_site_of_a_wrong_type_is_ignored(sandbox: Sandbox, value: str) -> None:
    """Whatever a module exports under the names of ours: a worker ended over a vector."""
    kind, _, initial = value.partition(" ")
    named = "".join(
        f'(global (export "{name}") {kind} {initial})'
        for name in (SITE_GLOBAL, DETAIL_POINTER_GLOBAL, DETAIL_LENGTH_GLOBAL)
    )
    text = f"""(module (memory (export "memory") 1) {named}
      (func $run (export "run") (result i64) unreachable))"""
    sites = encode([["f.ccl", 1, 1, 1, "a site", None]])
    module = wasm(text) + section(0, leb(9) + b"ccl:sites" + sites)
    outcome = executed(sandbox, module).deterministic.outcome
    assert outcome.kind is OutcomeKind.TRAPPED
    assert outcome.reason == "unreachable code was reached"


def test_memory_denied_by_the_system_is_a_host_fault(tmp_path: Path) -> None:
    limits = SandboxLimits(worker_address_bytes=300 << 20)
    with Sandbox(cache_dir=tmp_path / "modules", workers=1, limits=limits) as small:
        result = small.execute(request('(module (memory 1) (func (export "run")))'))
    assert isinstance(result, Fault)
    assert result.reason is FaultReason.HOST_LIMIT
    assert "os error" in result.text


def test_module_refused_by_the_engine_is_an_engine_fault(tmp_path: Path) -> None:
    """Facts that are false bring it about: by true ones, sizes are checked before."""
    asked = request('(module (memory 2000) (func (export "run")))')
    modules, key = tmp_path / "modules", tmp_path / "key"
    with Sandbox(cache_dir=modules, cache_key_path=key, workers=1) as honest:
        done = honest.execute(asked)
        assert not isinstance(done, Fault)
        assert done.deterministic.outcome.kind is OutcomeKind.LIMIT
    cache = CompiledCache(modules, key)
    kept = cache.get(asked.module_cid)
    assert kept is not None
    cache.put(asked.module_cid, {**kept, "facts": {**kept["facts"], "memory_pages": 1}})
    with Sandbox(cache_dir=modules, cache_key_path=key, workers=1) as misled:
        result = misled.execute(asked)
    assert isinstance(result, Fault)
    assert result.reason in OF_THE_MODULE
    assert "\n" not in result.text
