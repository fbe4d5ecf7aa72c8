"""Checks of modules before compilation: each refusal has its reason and place."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import leb, section, wasm

from ccl.abi.limits import ModuleLimits
from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.module.headers import FunctionType
from runtime.sandbox.confinement.selftest import KERNEL

HEADER = b"\0asm\1\0\0\0"


def refused(module: bytes, limits: ModuleLimits | None = None) -> Rejection:
    checked = check_module(module) if limits is None else check_module(module, limits)
    assert isinstance(checked, Rejection)
    return checked


@pytest.mark.parametrize(
    ("module", "reason", "detail"),
    [
        (b"", "the module is empty", "expected a WebAssembly binary"),
        (b"\x7fELF\2\1\1\0", "not a WebAssembly module", "7f 45 4c 46"),
        (b"(module)", "WebAssembly text, not a binary", "wat2wasm"),
        (b"  ;; a comment\n(module)", "WebAssembly text, not a binary", "wat2wasm"),
        (b"\0as", "the module is cut off", "byte 3"),
        (b"\0asm\1", "the module is cut off", "byte 5"),
        (b"\0asm\2\0\0\0", "WebAssembly version 2, expected 1", ""),
        (b"\0asm\x0d\0\1\0", "a WebAssembly component, not a core module", "wasm32-wasip1"),
        (HEADER + b"\1\x7f", "the module is cut off", "section 1 at byte 9 has 127 bytes"),
        (HEADER + b"\1\xff\xff\xff\xff\x7f", "a number of more than 32 bits", "byte 13"),
        (HEADER + section(1, b"\1\x5f\0"), "a type that is not a function type", "0x5f"),
        (HEADER + section(5, b"\1\3\1\1"), "threads are switched off", "shared memory"),
        (HEADER + section(5, b"\1\4\1"), "64-bit memory is switched off", ""),
        (HEADER + section(5, b"\2\0\1\0\1"), "2 memories, at most 1 are allowed", ""),
        (HEADER + section(13, b"\0"), "exceptions are switched off", "tags"),
        (HEADER + section(5, b"\0") * 2, "two sections with number 5", "byte"),
        (HEADER + section(0, b"\0") * 5000, "more than 4096 sections", ""),
        (HEADER + section(0, b"\xff"), "the module is cut off", ""),
        (HEADER + section(0, b"\2\xff\xfe"), "a name that is not UTF-8", "byte 11"),
        (HEADER + section(7, b"\1\1x\0\5"), "the export 'x' is function 5", ""),
        (HEADER + section(4, b"\1\x70\0\xff\xff\xff\x7f"), "tables of 268435455 elements", ""),
        (HEADER + section(1, b"\xff\xff\3"), "65535 types, at most 10000 are allowed", ""),
    ],
)
def test_bad_binaries_are_named(module: bytes, reason: str, detail: str) -> None:
    found = refused(module)
    assert found.reason.startswith(reason)
    assert detail in found.detail


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        (
            '(module (import "icn_host" "host_submit_jobs" (func)))',
            "unknown import icn_host.host_submit_jobs",
            "did you mean host_submit_job?",
        ),
        (
            '(module (import "icn_host" "host_log_message" (func (param i64))))',
            "the import icn_host.host_log_message has the wrong type",
            "declared (i64) -> nothing, supplied (i32, i32) -> nothing",
        ),
        (
            '(module (import "env" "abort" (func)))',
            "unknown import env.abort",
            "imports come from icn_host or wasi_snapshot_preview1",
        ),
        (
            '(module (import "wasi_snapshot_preview2" "fd_write" (func)))',
            "unknown import wasi_snapshot_preview2.fd_write",
            "did you mean wasi_snapshot_preview1?",
        ),
        (
            '(module (import "icn_host" "memory" (memory 1)))',
            "the import icn_host.memory is a memory",
            "only functions",
        ),
        (
            '(module (import "icn_host" "g" (global i32)))',
            "the import icn_host.g is a global",
            "only functions",
        ),
        (
            '(module (@custom "ccl:abi" "\\ff"))',
            "the section ccl:abi cannot be read",
            "",
        ),
        (
            '(module (@custom "ccl:sites" "\\81\\80"))',
            "the section ccl:sites cannot be read",
            "malformed ccl:sites section",
        ),
    ],
)
def test_bad_imports_and_sections_are_named(text: str, reason: str, detail: str) -> None:
    found = refused(wasm(text))
    assert found.reason == reason
    assert detail in found.detail


def many_locals(functions: int, locals_each: int) -> bytes:
    types = section(1, b"\1\x60\0\0")
    declared = section(3, leb(functions) + b"\0" * functions)
    body = b"\1" + leb(locals_each) + b"\x7f\x0b"
    return (
        HEADER
        + types
        + declared
        + section(10, leb(functions) + (leb(len(body)) + body) * functions)
    )


def test_compilation_bomb_is_refused_unread() -> None:
    bomb = many_locals(10_000, 50_000)
    assert len(bomb) < 100_000
    assert refused(bomb).reason == "more than 1000000 locals in total"
    assert isinstance(check_module(many_locals(20, 50_000)), ModuleFacts)


def test_empty_groups_of_locals_count() -> None:
    groups = 1_000_001
    body = leb(groups) + b"\0\x7f" * groups + b"\x0b"
    module = (
        HEADER
        + section(1, b"\1\x60\0\0")
        + section(3, b"\1\0")
        + section(10, b"\1" + leb(len(body)) + body)
    )
    assert refused(module).reason == "more than 1000000 locals in total"


def test_functions_are_counted() -> None:
    assert refused(many_locals(50_001, 0)).reason == "50001 functions, at most 50000 are allowed"


def test_size_is_bounded() -> None:
    found = refused(KERNEL, ModuleLimits(module_bytes=100))
    assert found.reason == f"a module of {len(KERNEL)} bytes, at most 100 are compiled"


def test_facts_of_a_module_are_read() -> None:
    facts = check_module(
        wasm(
            """(module
              (import "icn_host" "host_log_message" (func $log (param i32 i32)))
              (memory (export "memory") 3)
              (func (export "run") (param i64) (result i32) (i32.const 1))
              (export "log" (func $log)) (global (export "g") i32 (i32.const 1)))"""
        )
    )
    assert isinstance(facts, ModuleFacts)
    assert facts.entries == {
        "run": FunctionType(parameters=("i64",), results=("i32",)),
        "log": FunctionType(parameters=("i32", "i32"), results=()),
    }
    assert facts.exports_memory
    assert (facts.memory_pages, facts.memory_pages_max) == (3, None)
    assert not facts.uses_wasi


@pytest.mark.parametrize(
    ("body", "grows"),
    [
        ("(drop (memory.grow (i32.const 0)))", True),
        ("(if (i32.const 0) (then (block (loop (drop (memory.grow (i32.const 64)))))))", True),
        ("unreachable (drop (memory.grow))", True),
        ("(block (loop)) (drop (memory.size))", False),
        (
            "(drop (i32.const 64)) (drop (i64.const 0x4040)) (drop (f64.const 0x1.4040404p+3))",
            False,
        ),
        ("(drop (i32.load offset=64 (i32.const 64)))", False),
        ("(drop (v128.const i32x4 0x40404040 0x40404040 0 0))", False),
        ("(drop (table.grow (ref.null func) (i32.const 64)))", False),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 64))", False),
    ],
)
def test_growth_of_memory_is_detected(body: str, grows: bool) -> None:
    """0x40 is also a block's type and a byte of constants and offsets."""
    facts = check_module(wasm(f"(module (memory 1 7) (table 1 funcref) (func) (func {body}))"))
    assert isinstance(facts, ModuleFacts)
    assert (facts.memory_pages_max, facts.grows_memory) == (7, grows)


def test_truncated_module_is_refused() -> None:
    """A cut between sections leaves a module that is whole, with fewer exports."""
    whole = check_module(KERNEL)
    assert isinstance(whole, ModuleFacts)
    for length in range(len(KERNEL)):
        checked = check_module(KERNEL[:length])
        if isinstance(checked, ModuleFacts):
            assert checked.entries.keys() <= whole.entries.keys()
        else:
            assert checked.reason


@examples(150)
@given(st.data())
def test_flipped_bytes_never_crash_the_reader(data: st.DataObject) -> None:
    module = bytearray(KERNEL)
    for _ in range(data.draw(st.integers(1, 4))):
        module[data.draw(st.integers(8, len(module) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(check_module(bytes(module)), ModuleFacts | Rejection)


@examples(150)
@given(st.binary(max_size=200))
def test_any_bytes_after_the_header_are_accepted_or_refused(data: bytes) -> None:
    assert isinstance(check_module(HEADER + data), ModuleFacts | Rejection)


@pytest.mark.parametrize("name", ["ccl:abi", "ccl:sites"])
def test_section_of_too_many_items_is_refused_before_it_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """8 MB of articles or sites took seconds and half a gigabyte, for no fuel at all."""
    monkeypatch.setattr("runtime.module.check.decode", None)
    payload = b"\x9a" + (400_000).to_bytes(4, "big") + b"\x80" * 400_000
    label = name.encode()
    module = HEADER + section(0, leb(len(label)) + label + payload)
    found = check_module(module)
    assert isinstance(found, Rejection)
    assert found.reason == f"the section {name} has too many items"
