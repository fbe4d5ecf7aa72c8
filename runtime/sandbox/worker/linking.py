"""Host functions as the engine calls them: raw values in, a raw value out.

The engine's Python package builds an object for each value and for its type, which makes a call ten
times as slow and is host work that fuel would have to pay for. Rule: no exception passes through
the engine; it is kept here, the engine gets a trap, and `take_raised` returns it.
"""

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._extern import wrap_extern

HostFunction = Callable[..., int | None]
"""`function(caller, *parameters)`: i32 unsigned, i64 signed; the caller for `memory_of`."""

_SLOT_BYTES: Final = 16
_SLOTS: Final = {"i32": "I12x", "i64": "q8x"}
_RESULTS: Final[dict[str, type[Any]]] = {"i32": ctypes.c_int32, "i64": ctypes.c_int64}
_TYPES: Final = {"i32": wasmtime.ValType.i32, "i64": wasmtime.ValType.i64}
_Callback: Final = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
_define = ffi.dll["wasmtime_linker_define_func_unchecked"]
_define.restype = ctypes.c_void_p
_define.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    _Callback,
    ctypes.c_void_p,
    ctypes.c_void_p,
]


class HostLinker:
    """Links modules with host functions. Lives as long as what it has linked."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self._linker = wasmtime.Linker(engine)
        self._callbacks: list[Any] = []
        self._raised: BaseException | None = None

    def define(
        self,
        module: str,
        name: str,
        parameters: Sequence[str],
        result: str | None,
        function: HostFunction,
    ) -> None:
        results = [] if result is None else [_TYPES[result]()]
        shape = wasmtime.FuncType([_TYPES[kind]() for kind in parameters], results)
        callback = _Callback(self._called(parameters, result, function))
        # The engine keeps only the address.
        self._callbacks.append(callback)
        within, named = module.encode(), name.encode()
        error = _define(
            ctypes.cast(self._linker.ptr(), ctypes.c_void_p),
            within,
            len(within),
            named,
            len(named),
            ctypes.cast(shape.ptr(), ctypes.c_void_p),
            callback,
            None,
            None,
        )
        assert not error, f"{module}.{name} is defined once"

    def instantiate_pre(self, module: wasmtime.Module) -> wasmtime.InstancePre:
        """Raises WasmtimeError."""
        return self._linker.instantiate_pre(module)

    def take_raised(self) -> BaseException | None:
        """Gives the exception of a host function, if that is why the engine trapped."""
        raised, self._raised = self._raised, None
        return raised

    def _called(
        self, parameters: Sequence[str], result: str | None, function: HostFunction
    ) -> Callable[[int, int, int, int], int]:
        size = _SLOT_BYTES * len(parameters)
        unpack = struct.Struct("<" + "".join(_SLOTS[kind] for kind in parameters)).unpack
        read = ctypes.string_at
        answered = None if result is None else _RESULTS[result].from_address

        def called(_environment: int, caller: int, values: int, _count: int) -> int:
            try:
                answer = function(caller, *unpack(read(values, size)))
                if answered is not None:
                    answered(values).value = answer
            except BaseException as error:  # noqa: BLE001 - nothing may pass through the engine
                self._raised = error
                return _trap()
            return 0

        return called


def memory_of(caller: int, name: str) -> wasmtime.Memory | None:
    """Finds a memory that the calling module exports: a start function runs before there is an
    instance to look it up in."""
    key = name.encode()
    found = ffi.wasmtime_extern_t()
    pointer = ctypes.cast(caller, ctypes.POINTER(ffi.wasmtime_caller_t))
    if not ffi.wasmtime_caller_export_get(
        pointer, ctypes.create_string_buffer(key), len(key), ctypes.byref(found)
    ):
        return None
    memory = wrap_extern(found)
    return memory if isinstance(memory, wasmtime.Memory) else None


def exported(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> Any:
    """Finds the export of that name, None for none: a module may have ten thousand."""
    key = name.encode()
    found = ffi.wasmtime_extern_t()
    if not ffi.wasmtime_instance_export_get(
        store._context(),
        ctypes.byref(instance._instance),
        ctypes.create_string_buffer(key, len(key)),
        len(key),
        ctypes.byref(found),
    ):
        return None
    return wrap_extern(found)


def integer_of(store: wasmtime.Store, variable: wasmtime.Global) -> int | None:
    """Reads a global that is an integer, None for another: a module may export any type under any
    name, and the engine's package raises for a vector's value and aborts for its type."""
    raw = ffi.wasmtime_val_t()
    ffi.wasmtime_global_get(store._context(), ctypes.byref(variable._global), ctypes.byref(raw))
    kind: Any = raw.kind
    match kind:
        case ffi.WASMTIME_I32.value:
            return int(raw.of.i32)
        case ffi.WASMTIME_I64.value:
            return int(raw.of.i64)
        case _:
            return None


def _trap() -> int:
    """Gives the address of a trap that the engine takes over."""
    trap = wasmtime.Trap("ended by the host")._consume()
    return ctypes.cast(trap, ctypes.c_void_p).value or 0
