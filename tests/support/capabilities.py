"""Capabilities of tests that run as root, dropped so that the modes of files count."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_VERSION = 0x2008_0522
_HEADER = struct.pack("=Ii", _VERSION, 0)


@contextmanager
def obeying_modes() -> Iterator[None]:
    """Drops this thread's right to ignore the modes of files, also as root."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    before = ctypes.create_string_buffer(24)
    assert libc.capget(_HEADER, before) == 0
    effective, *rest = struct.unpack("=6I", before.raw)
    lowered = effective & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    assert libc.capset(_HEADER, struct.pack("=6I", lowered, *rest)) == 0
    try:
        yield
    finally:
        assert libc.capset(_HEADER, before.raw) == 0
