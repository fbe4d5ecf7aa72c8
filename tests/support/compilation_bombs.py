"""Modules that a few kilobytes make slow to compile, or large in the compiler's memory.

Each kind grows with `size`, about the bytes of its function. A kind that the compiler once choked
on is kept for ever.
"""

from collections.abc import Callable
from typing import Final

from wasm_modules import leb, section
from wasm_proposals import HEADER

I32: Final = b"\x7f"
WIDE: Final = 64
"""Parameters and results of the wide type, number 1."""
_TYPES: Final = (
    b"\x60\0\0",
    b"\x60" + leb(WIDE) + I32 * WIDE + leb(WIDE) + I32 * WIDE,
    b"\x60\0\1\x7f",
    b"\x60\1\x7f\0",
)


def _module(code: bytes, locals_: int = 1) -> bytes:
    """Function 0 has the code and so many locals; 1, 2, 3 are of the type of their number."""
    bodies = (
        b"\1" + leb(locals_) + I32 + code + b"\x0b",
        b"\0" + b"".join(_get(each) for each in range(WIDE)) + b"\x0b",
        b"\0\x41\0\x0b",
        b"\0\x0b",
    )
    coded = b"".join(leb(len(body)) + body for body in bodies)
    return (
        HEADER
        + section(1, leb(len(_TYPES)) + b"".join(_TYPES))
        + section(3, b"\4\0\1\2\3")
        + section(4, b"\1\x70\0\x0a")
        + section(5, b"\1\0\1")
        + section(7, b"\1\3run\0\0")
        + section(10, b"\4" + coded)
    )


def _get(local: int) -> bytes:
    return b"\x20" + leb(local)


def _set(local: int) -> bytes:
    return b"\x21" + leb(local)


_BLOCK, _LOOP, _IF, _END = b"\x02\x40", b"\x03\x40", b"\x04\x40", b"\x0b"
_BREAK_IF: Final = b"\x0d\0"
_WIDE_VALUES: Final = b"\x41\0" * WIDE
_DROP_WIDE: Final = b"\x1a" * WIDE


def _grow(local: int) -> bytes:
    return _get(local) + b"\x41\1\x6a" + _set(local)


def _loops_around(inner: bytes, count: int, locals_: int) -> bytes:
    ends = b"".join(_get(each % locals_) + _BREAK_IF + _END for each in range(count))
    return _LOOP * count + inner + ends


def _changed_in_loops(size: int, locals_: int) -> bytes:
    inner = b"".join(_grow(each) for each in range(locals_))
    return _module(_loops_around(inner, size // 8, locals_), locals_)


def _read_in_loops(size: int, locals_: int) -> bytes:
    made = b"".join(b"\x10\2" + _set(each) for each in range(locals_))
    used = b"".join(_get(each) + b"\x10\3" for each in range(locals_))
    return _module(made + _loops_around(used, size // 8, locals_), locals_)


def _changed_in_ifs(size: int, locals_: int) -> bytes:
    ifs = (
        _get(each % locals_)
        + _IF
        + _get((each * 7 + 1) % locals_)
        + _set((each * 3 + 2) % locals_)
        + _END
        for each in range(size // 10)
    )
    return _module(b"".join(ifs), locals_)


HOSTILE: Final[dict[str, Callable[[int], bytes]]] = {
    "loops one after another": lambda size: _module((_LOOP + _END) * (size // 3)),
    "loops in loops": lambda size: _module(_LOOP * (size // 3) + _END * (size // 3)),
    "ifs": lambda size: _module((_get(0) + _IF + _END) * (size // 5)),
    "ifs in ifs": lambda size: _module((_get(0) + _IF) * (size // 5) + _END * (size // 5)),
    "conditional branches": lambda size: _module(
        _BLOCK + (_get(0) + _BREAK_IF) * (size // 4) + _END
    ),
    "branches": lambda size: _module((_BLOCK + b"\x0c\0" + _END) * (size // 5)),
    "indirect calls": lambda size: _module(b"\x41\0\x11\0\0" * (size // 5)),
    "entries of a table": lambda size: _module(b"\x41\0\x25\0\x1a" * (size // 5)),
    "growing tables": lambda size: _module(b"\xd0\x70\x41\0\xfc\x0f\0\x1a" * (size // 8)),
    "growing the memory in a loop": lambda size: _module(
        _LOOP + (_get(0) + b"\x40\0\x1a") * (size // 5) + _END
    ),
    "copying memory in a loop": lambda size: _module(
        _LOOP + (_get(0) * 3 + b"\xfc\x0a\0\0") * (size // 10) + _END
    ),
    "filling memory in a loop": lambda size: _module(
        _LOOP + (_get(0) * 3 + b"\xfc\x0b\0") * (size // 9) + _END
    ),
    "20 locals changed in loops": lambda size: _changed_in_loops(size, 20),
    "100 locals changed in loops": lambda size: _changed_in_loops(size, 100),
    "400 locals changed in loops": lambda size: _changed_in_loops(size, 400),
    "200 locals read in loops": lambda size: _read_in_loops(size, 200),
    "1000 locals changed in ifs": lambda size: _changed_in_ifs(size, 1000),
    "50000 locals changed in ifs": lambda size: _changed_in_ifs(size, 50_000),
    "wide blocks": lambda size: _module(_WIDE_VALUES + b"\x02\1\x0b" * (size // 3) + _DROP_WIDE),
    "wide loops": lambda size: _module(
        _WIDE_VALUES + (b"\x03\1" + _get(0) + b"\x0d\0\x0b") * (size // 7) + _DROP_WIDE
    ),
    "wide ifs": lambda size: _module(
        _WIDE_VALUES + (_get(0) + b"\x04\1\x0b") * (size // 5) + _DROP_WIDE
    ),
    "wide calls": lambda size: _module(_WIDE_VALUES + b"\x10\1" * (size // 2) + _DROP_WIDE),
    "square roots": lambda size: _module(b"\x44" + bytes(8) + b"\x9f" * size + b"\x1a"),
    "a wide br_table": lambda size: _module(
        _BLOCK + _get(0) + b"\x0e" + leb(size) + bytes(size + 1) + _END
    ),
}
