"""The functions of WASI at their extremes."""

from typing import Any

from ccl.abi.fuel import WASI_PRICES
from extremes.extreme import AT, MIB, Extreme, numbers
from runtime.host.wasi.calls import WASI_FUNCTIONS


def _buffers(call: str, fd: int, count: int, length: int, label: str, **more: Any) -> Extreme:
    """`count` buffers, each of the whole payload."""
    fill = f"""(local.set $i (i32.const 0)) (loop $l
      (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 8)))
        (i32.const {AT}))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $i) (i32.const 8)))
        (i32.const {length}))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const {count})))) (local.set $i (i32.const 0))"""
    return numbers(call, label, fd, 1024, count, 16, before=fill if count else "", **more)


def _clocks(count: int) -> Extreme:
    return numbers(
        "poll_oneoff",
        f"{count} clocks",
        AT,
        AT,
        count,
        16,
        payload=bytes(48 * count),
        moved=80 * count + 4,
        items=count,
        times=max(2_000 // count, 1),
    )


def _read_and_written() -> list[Extreme]:
    return [
        _buffers("fd_read", 0, 1, 8, "8 bytes", payload=bytes(16_384), items=1, moved=20),
        _buffers(
            "fd_read",
            0,
            1_024,
            8,
            "1 024 buffers",
            payload=bytes(16_384),
            items=1_024,
            moved=1_024 * 8 + 4,
            times=5,
        ),
        _buffers("fd_read", 0, 1, MIB, "1 MiB", payload=bytes(MIB), items=1, moved=12, times=20),
        _buffers("fd_write", 1, 0, 0, "no buffers", moved=4),
        _buffers("fd_write", 1, 1, 8, "8 bytes", payload=bytes(8), items=1, moved=20),
        _buffers("fd_write", 1, 1, MIB, "1 MiB", payload=bytes(MIB), items=1, moved=MIB, times=20),
        _buffers("fd_write", 1, 1_024, 0, "1 024 empty buffers", moved=8_192, items=1_024, times=5),
        _buffers(
            "fd_write", 2, 1_024, 1, "1 024 lines", payload=b"\n", moved=9_216, items=2_048, times=5
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "65 536 lines",
            payload=b"\n" * 65_536,
            moved=65_536,
            items=65_537,
            times=5,
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "no line's end",
            payload=b"a" * 65_536,
            moved=65_536,
            items=1,
            times=20,
        ),
        _buffers(
            "fd_write",
            2,
            1,
            65_536,
            "no text",
            payload=b"\xff\n" * 32_768,
            moved=65_536,
            items=32_768,
            times=2,
        ),
    ]


def wasi_extremes() -> list[Extreme]:
    plain = [
        numbers(name, "", *(0 for _ in WASI_FUNCTIONS[name].parameters))
        for name in WASI_PRICES
        if name not in ("args_get", "fd_read", "fd_write", "poll_oneoff", "random_get", "proc_exit")
    ]
    return [
        *plain,
        numbers("proc_exit", "", 0, times=1),
        numbers("args_get", "none", 1024, 2048, items=1, moved=11),
        numbers(
            "args_get",
            "4 000",
            65_536,
            98_304,
            items=4_001,
            moved=4 * 4_001 + 12_007,
            times=3,
            payload=bytes(65_536),
            context={"arguments": ["ab"] * 4_000},
        ),
        *_read_and_written(),
        _clocks(1),
        _clocks(1_000),
        numbers("random_get", "8 bytes", AT, 8, payload=bytes(8), moved=8),
        numbers("random_get", "1 MiB", AT, MIB, payload=bytes(MIB), moved=MIB, times=20),
    ]
