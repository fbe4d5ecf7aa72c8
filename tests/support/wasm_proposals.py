"""A module for each proposal and each kind of damage: those that the engine takes, and the rest."""

from typing import Final

from wasm_modules import leb, section, wasm

HEADER: Final = b"\0asm\1\0\0\0"
_UNIT: Final = section(1, b"\1\x60\0\0") + section(3, b"\1\0")


def with_body(code: bytes, *, before: bytes = b"", after: bytes = b"") -> bytes:
    """A module of one function without parameters or results. before, after: sections around the
    exports, which are one: `run`."""
    body = b"\0" + code + b"\x0b"
    exports = section(7, b"\1\3run\0\0")
    return HEADER + _UNIT + before + exports + after + section(10, b"\1" + leb(len(body)) + body)


def _run(body: str, before: str = "") -> bytes:
    return wasm(f'(module {before} (func (export "run") {body}))')


TAKEN: Final[dict[str, bytes]] = {
    "mvp": _run("(drop (i32.add (i32.const 1) (i32.const 2)))"),
    "sign extension": _run("(drop (i32.extend8_s (i32.const 1)))"),
    "saturating truncation": _run("(drop (i32.trunc_sat_f64_s (f64.const 1)))"),
    "simd": _run("(drop (i8x16.add (v128.const i64x2 1 2) (v128.const i64x2 3 4)))"),
    "bulk memory": _run("(memory.fill (i32.const 0) (i32.const 0) (i32.const 9))", "(memory 1)"),
    "multi value": wasm(
        "(module (func $f (result i32 i32) i32.const 1 i32.const 2)"
        ' (func (export "run") call $f drop drop))'
    ),
    "funcref tables": _run("(drop (table.get (i32.const 0)))", "(table 3 funcref)"),
    "ref.func": wasm(
        "(module (elem declare func $f) (func $f)"
        ' (func (export "run") (drop (ref.is_null (ref.func $f)))))'
    ),
    "mutable globals": _run("(global.set $g (i32.const 1))", "(global $g (mut i32) (i32.const 0))"),
    "extended constants": _run("", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
}
REFUSED: Final[dict[str, bytes]] = {
    "threads": _run("(drop (i32.atomic.load (i32.const 0)))", "(memory 1)"),
    "fence": _run("(atomic.fence)"),
    "shared memory": _run("", "(memory 1 2 shared)"),
    "memory64": _run("", "(memory i64 1)"),
    "table64": _run("", "(table i64 1 funcref)"),
    "multi memory": _run("", "(memory 1) (memory 1)"),
    "tail call": wasm('(module (func $f) (func (export "run") return_call $f))'),
    "relaxed simd": _run(
        "(drop (i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const i64x2 3 4)))"
    ),
    "wide arithmetic": _run(
        "(i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop"
    ),
    "exceptions": wasm('(module (tag $t) (func (export "run") (throw $t)))'),
    "try_table": _run("(block $b (try_table (catch_all $b)))"),
    "legacy exceptions": with_body(b"\x06\x40\x19\x0b"),
    "gc struct": wasm(
        "(module (type $s (struct (field i32)))"
        ' (func (export "run") (drop (struct.new $s (i32.const 1)))))'
    ),
    "gc i31": _run("(drop (ref.i31 (i32.const 1)))"),
    "function references": wasm(
        "(module (type $t (func)) (func $f) (elem declare func $f)"
        ' (func (export "run") (call_ref $t (ref.func $f))))'
    ),
    "externref parameter": wasm('(module (func (export "run") (param externref)))'),
    "externref table": _run("", "(table 1 externref)"),
    "externref local": _run("(local externref)"),
    "externref null": _run("(drop (ref.null extern))"),
    "stack switching": wasm(
        '(module (type $f (func)) (type $c (cont $f)) (func (export "run") (drop (ref.null $c))))'
    ),
    "custom page sizes": _run("", "(memory 1 (pagesize 1))"),
    "component": b"\0asm\x0d\0\1\0",
    "an operand is missing": with_body(b"\x6a\x1a"),
    "an unknown opcode": with_body(b"\xff"),
    "an unknown prefix": with_body(b"\xfd\xff\xff\3"),
    "a local that is not there": with_body(b"\x20\7\x1a"),
    "a label that is not there": with_body(b"\x0c\7"),
    "a function that is not there": with_body(b"\x10\7"),
    "a body without end": HEADER + _UNIT + section(10, b"\1\2\0\1"),
    "bodies are missing": HEADER + _UNIT,
    "two exports of a name": HEADER
    + _UNIT
    + section(7, b"\2\1a\0\0\1a\0\0")
    + section(10, b"\1\2\0\x0b"),
    "sections out of order": HEADER
    + section(3, b"\1\0")
    + section(1, b"\1\x60\0\0")
    + section(10, b"\1\2\0\x0b"),
    "an unknown section": with_body(b"", after=section(77, b"")),
    "a section with a rest": HEADER + section(1, b"\1\x60\0\0\0"),
    "a start function with parameters": HEADER
    + section(1, b"\1\x60\1\x7f\0")
    + section(3, b"\1\0")
    + section(8, b"\0")
    + section(10, b"\1\2\0\x0b"),
    "a long number": HEADER + section(1, b"\x81\x80\x80\x80\x80\x80\0\x60\0\0"),
    "a memory over 4 GiB": HEADER + section(5, b"\1\0\x81\x80\4"),
    "a data segment without memory": with_body(b"") + section(11, b"\1\0\x41\0\x0b\1x"),
}
