"""The validator process: the engine decides whether one module is valid, and the process ends.

It loads the engine's library itself, since its Python package takes four times as long to import as
all of this. Arguments: the parent's process id, bounds of address space and CPU time, the library,
and the features as `name=0` or `name=1`. The module comes on standard input; the answer is `VALID`,
or the engine's reason.
"""

from __future__ import annotations

import ctypes
import os
import sys

from runtime.sandbox.confinement.confine import (
    OPEN_FILES_MAX,
    allow_few_syscalls,
    die_with_parent,
    give_up_privileges,
    limit_resources,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from typing import Final

VALID: Final = b"valid"
_READ_BYTES: Final = 1 << 20


class _Bytes(ctypes.Structure):
    """wasm_byte_vec_t."""

    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.POINTER(ctypes.c_char)))


def main() -> None:
    parent, address_bytes, cpu_seconds = map(int, sys.argv[1:4])
    die_with_parent(parent)
    library = ctypes.CDLL(sys.argv[4])
    engine = make_engine(library, sys.argv[5:])
    limit_resources(address_bytes=address_bytes, cpu_seconds=cpu_seconds, open_files=OPEN_FILES_MAX)
    give_up_privileges(parent)
    allow_few_syscalls()
    answer = memoryview(verdict(library, engine, _everything()))
    while answer:
        answer = answer[os.write(1, answer) :]


def make_engine(library: ctypes.CDLL, features: list[str]) -> ctypes.c_void_p:
    library.wasm_config_new.restype = ctypes.c_void_p
    library.wasm_engine_new_with_config.restype = ctypes.c_void_p
    config = ctypes.c_void_p(library.wasm_config_new())
    for feature in features:
        name, _, value = feature.partition("=")
        getattr(library, f"wasmtime_config_{name}_set")(config, ctypes.c_bool(value == "1"))
    return ctypes.c_void_p(library.wasm_engine_new_with_config(config))


def verdict(library: ctypes.CDLL, engine: ctypes.c_void_p, module: bytes) -> bytes:
    library.wasmtime_module_validate.restype = ctypes.c_void_p
    error = library.wasmtime_module_validate(engine, module, ctypes.c_size_t(len(module)))
    if not error:
        return VALID
    message = _Bytes()
    library.wasmtime_error_message(ctypes.c_void_p(error), ctypes.byref(message))
    return ctypes.string_at(message.data, message.size)


def _everything() -> bytes:
    parts = []
    while part := os.read(0, _READ_BYTES):
        parts.append(part)
    return b"".join(parts)
