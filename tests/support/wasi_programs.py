"""WASI programs written by hand, with every function of preview 1 at hand."""

import struct

from runtime.host.wasi.calls import WASI_FUNCTIONS

IMPORTS = "\n".join(
    f'(import "wasi_snapshot_preview1" "{name}" (func ${name}'
    + "".join(f" (param {kind})" for kind in function.parameters)
    + (" (result i32)" if function.returns_errno else "")
    + "))"
    for name, function in WASI_FUNCTIONS.items()
)


def command(body: str, extra: str = "") -> str:
    """A WASI program. Memory from 64 on is free; `$print` writes bytes to stdout, `$is` traps
    unless two numbers are the same."""
    return f"""(module {IMPORTS} (memory (export "memory") 2) {extra}
      (func $write (param $fd i32) (param $at i32) (param $n i32)
        (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $n))
        (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func $print (param $at i32) (param $n i32)
        (call $write (i32.const 1) (local.get $at) (local.get $n)))
      (func $is (param $found i32) (param $expected i32)
        (if (i32.ne (local.get $found) (local.get $expected)) (then unreachable)))
      (func (export "_start") (local $n i32) {body}))"""


def data(at: int, content: bytes) -> str:
    """A data segment."""
    text = "".join(f"\\{byte:02x}" for byte in content)
    return f'(data (i32.const {at}) "{text}")'


def subscription(userdata: int, kind: int, number: int, timeout: int = 0, flags: int = 0) -> bytes:
    """As a guest of `poll_oneoff` writes it."""
    return struct.pack("<QB7xI4xQQH6x", userdata, kind, number, timeout, 0, flags)
