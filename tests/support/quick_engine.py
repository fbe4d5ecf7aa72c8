"""An engine that makes code quickly, for tests of what generated modules do.

It is the sandbox's but for one thing: its machine code is not optimised, which no module can
notice. What a module uses of fuel and of its stack of calls is the same.
"""

import ctypes

import wasmtime

from runtime.sandbox.engine import engine_config


def quick_engine(*, fuel: bool = True) -> wasmtime.Engine:
    """fuel: whether it is counted."""
    config = engine_config()
    config.consume_fuel = fuel
    config.cranelift_opt_level = "none"
    # The library has a setter for this, and its Python wrapper has not.
    library: ctypes.CDLL = wasmtime._ffi.dll
    flag = library.wasmtime_config_cranelift_flag_set
    flag.restype = None
    flag(config.ptr(), b"regalloc_algorithm", b"single_pass")
    return wasmtime.Engine(config)
