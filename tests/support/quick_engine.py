"""An engine that makes code quickly, for tests of what generated modules do.

It takes what the sandbox takes and gives a module the same stack; only the machine code is not
optimised, which no module can notice.
"""

import ctypes

import wasmtime

from ccl.abi.features import WASM_FEATURES
from runtime.sandbox.engine import WASM_STACK_BYTES


def quick_engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    for name, value in WASM_FEATURES.items():
        setattr(config, name, value)
    config.parallel_compilation = False
    config.cranelift_opt_level = "none"
    # Of these the library has setters and its Python wrapper has not.
    library: ctypes.CDLL = wasmtime._ffi.dll
    flag = library.wasmtime_config_cranelift_flag_set
    flag.restype = None
    flag(config.ptr(), b"regalloc_algorithm", b"single_pass")
    stack = library.wasmtime_config_async_stack_size_set
    stack.restype = None
    stack(config.ptr(), ctypes.c_uint64(WASM_STACK_BYTES))
    config.max_wasm_stack = WASM_STACK_BYTES
    return wasmtime.Engine(config)
