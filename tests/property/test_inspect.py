"""Inspection of any bytes: a description, or the offset of the first that is malformed."""

import pytest
import wasmtime
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.sections import Abi, ExportSignature, StateVariable
from ccl.wasm.binary import Cursor, ModuleError
from ccl.wasm.inspect import inspect_module
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode

WAT = """
(module
  (import "icn_host" "host_log_message" (func (param i32 i32)))
  (import "icn_host" "host_random" (func (result i64)))
  (import "env" "seed" (global (mut i32)))
  (memory (export "memory") 2 16)
  (table 4 funcref)
  (global (export "counter") (mut i32) (i32.const 0))
  (func (export "run") (param i64) (result i64) (local.get 0))
  (func (result i32 i64) (i32.const 1) (i64.const 2))
  (data (i32.const 8) "hello"))
"""
ABI = Abi(
    exports=(
        ExportSignature(
            name="run",
            convention="direct",
            parameters=(("amount", "Integer"),),
            result="Integer",
            doc="Doubles it.\nOr not.",
        ),
    ),
    structs={},
    enums={},
    states=(
        StateVariable(
            home="register", name="members", type="Array<Member>", shape="Array<Member { }>"
        ),
    ),
)


def leb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def custom(name: str, content: bytes) -> bytes:
    body = leb(len(name.encode())) + name.encode() + content
    return b"\0" + leb(len(body)) + body


PLAIN = bytes(wasmtime.wat2wasm(WAT))
PACKED_CID = str(cid_of(PLAIN, Codec.RAW))
MODULE = (
    PLAIN
    + custom("ccl:abi", encode(ABI.to_value()))
    + custom("ccl:sites", encode([["a.ccl", 1, 2, 3, "overflow", None]]))
    + custom("ccl:source", encode({"compiler": "0.1.0", "sources": {"a.ccl": PACKED_CID}}))
    + custom("ccl:packed", encode({PACKED_CID: PLAIN}))
)


def test_whole_module() -> None:
    found = inspect_module(MODULE)
    assert found.size_bytes == len(MODULE)
    assert found.cid == str(cid_of(MODULE, Codec.RAW))
    assert [(i.module, i.name, i.kind, i.signature) for i in found.imports] == [
        ("icn_host", "host_log_message", "function", "(i32, i32)"),
        ("icn_host", "host_random", "function", "() -> i64"),
        ("env", "seed", "global", ""),
    ]
    assert [(e.name, e.kind, e.signature) for e in found.exports] == [
        ("memory", "memory", ""),
        ("counter", "global", ""),
        ("run", "function", "(i64) -> i64"),
    ]
    assert found.functions == 2
    assert found.memory_pages == (2, 16)
    assert found.abi == ABI
    assert found.sites == 1
    assert found.provenance is not None
    assert found.provenance.sources == {"a.ccl": PACKED_CID}
    assert [(p.cid, p.size_bytes) for p in found.packed] == [(PACKED_CID, len(PLAIN))]
    assert found.problems == ()


def test_foreign_module_has_no_ccl_parts() -> None:
    found = inspect_module(PLAIN)
    assert (found.abi, found.sites, found.provenance, found.packed) == (None, None, None, ())


@pytest.mark.parametrize(
    ("section", "content", "reason"),
    [
        ("ccl:abi", b"\xff", "section ccl:abi cannot be read"),
        ("ccl:abi", encode({"version": 99}), "version 99"),
        ("ccl:abi", encode(7), "malformed ccl:abi"),
        ("ccl:sites", encode([[1]]), "malformed ccl:sites"),
        ("ccl:source", encode({"compiler": 1}), "malformed ccl:source"),
        ("ccl:packed", encode(["x"]), "malformed ccl:packed"),
    ],
)
def test_damaged_section_is_a_problem_not_a_failure(
    section: str, content: bytes, reason: str
) -> None:
    found = inspect_module(PLAIN + custom(section, content))
    assert len(found.problems) == 1
    assert reason in found.problems[0]
    assert len(found.exports) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"\0as", "cut off inside its first four bytes"),
        (b"\0asm\x01\0", "inside its eight-byte header"),
        (b"\0asm\x02\0\0\0", "WebAssembly version 2, not 1"),
        (b"\0asm\x0d\0\x01\0", "a WebAssembly component"),
        (b"  (module)", "WebAssembly text"),
        (b"execution { }", "not WebAssembly"),
        (b"\x7fELF", "not WebAssembly"),
        (PLAIN[:-1], "cut off: section data"),
        (PLAIN[:8] + b"\x40\x00", "section number 64 does not exist"),
        (PLAIN[:8] + b"\x02\x05\xff\xff\xff\xff\x0f", "a list of 4294967295 entries"),
        (PLAIN[:8] + b"\x01\xff\xff\xff\xff\xff\x01", "an integer of more than 32 bits"),
        (PLAIN[:8] + b"\x02\x05\x01\x02\xff\xfe\x00", "a name that is not UTF-8"),
    ],
)
def test_file_that_is_no_module_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(ModuleError) as caught:
        inspect_module(data)
    assert reason in caught.value.reason
    assert 0 <= caught.value.offset <= len(data)


def test_over_the_size_limit() -> None:
    with pytest.raises(ModuleError, match="a module has at most 16777216"):
        inspect_module(b"\0asm" + bytes(16 * 1024 * 1024))


@examples(200)
@given(st.integers(0, len(MODULE)))
def test_truncated_anywhere(length: int) -> None:
    try:
        found = inspect_module(MODULE[:length])
    except ModuleError as error:
        assert 0 <= error.offset <= length
    else:
        assert found.size_bytes == length


@examples(300)
@given(st.lists(st.tuples(st.integers(8, len(MODULE) - 1), st.integers(0, 255)), max_size=4))
def test_damaged_anywhere(changes: list[tuple[int, int]]) -> None:
    data = bytearray(MODULE)
    for offset, byte in changes:
        data[offset] = byte
    try:
        inspect_module(bytes(data))
    except ModuleError as error:
        assert 0 <= error.offset <= len(data)


@examples(100)
@given(st.integers(0, (1 << 32) - 1))
def test_integers_are_read_as_written(value: int) -> None:
    data = leb(value)
    cursor = Cursor(data, 0, len(data))
    assert cursor.unsigned() == value
    assert cursor.offset == len(data)
