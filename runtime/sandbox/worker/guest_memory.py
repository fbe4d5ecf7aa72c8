"""The guest's memory and fuel, as the engine holds them.

While the host works, the meter holds the fuel, and every byte that the host moves is charged there;
at the end of a call the engine gets back the rest.
"""

import ctypes

import wasmtime
from wasmtime import _ffi as ffi

from ccl.abi.fuel import Price
from runtime.host.fuel_meter import FuelMeter
from runtime.host.memory import OutOfBoundsError

_get_fuel = ffi.dll["wasmtime_context_get_fuel"]
_get_fuel.restype = ctypes.c_void_p
_get_fuel.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_set_fuel = ffi.dll["wasmtime_context_set_fuel"]
_set_fuel.restype = ctypes.c_void_p
_set_fuel.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
_data = ffi.dll["wasmtime_memory_data"]
_data.restype = ctypes.c_void_p
_data.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_data_size = ffi.dll["wasmtime_memory_data_size"]
_data_size.restype = ctypes.c_size_t
_data_size.argtypes = [ctypes.c_void_p, ctypes.c_void_p]


class GuestMemory:
    """Reads and writes are checked against the memory's present size, and metered.

    There is no memory until one is attached: a module may have none.
    """

    __slots__ = ("_base", "_cell", "_context", "_left", "_memory", "_place", "_size", "meter")

    def __init__(self, store: wasmtime.Store, meter: FuelMeter) -> None:
        # Addresses once, not at each call: they are valid as long as the store.
        self._context = ctypes.cast(store._context(), ctypes.c_void_p).value
        self._cell = ctypes.c_uint64()
        self._left = ctypes.addressof(self._cell)
        self._memory: wasmtime.Memory | None = None
        self._place = 0
        self._base = 0
        self._size: int | None = None
        self.meter = meter

    def attach(self, memory: wasmtime.Memory) -> None:
        self._memory = memory
        self._place = ctypes.addressof(memory._memory)

    @property
    def is_attached(self) -> bool:
        return self._memory is not None

    # --- fuel

    def begin_call(self, price: Price) -> None:
        """Charges for a host call. Raises Stop when there is no fuel for it."""
        self._size = None
        _get_fuel(self._context, self._left)
        meter = self.meter
        meter.left = self._cell.value
        meter.price = price
        meter.charge(price.call)

    def end_call(self) -> None:
        """Gives the remaining fuel to the guest."""
        _set_fuel(self._context, self.meter.left)

    # --- memory

    @property
    def size(self) -> int:
        """In bytes."""
        return 0 if self._memory is None else _data_size(self._context, self._place)

    def read(self, pointer: int, length: int) -> bytes:
        if length == 0:
            return b""
        address = self._address(pointer, length)
        self.meter.charge_bytes(length)
        return ctypes.string_at(address, length)

    def write(self, pointer: int, data: bytes | memoryview) -> None:
        """Writes bytes; a view is copied only after its size is checked and charged."""
        if not data:
            return
        address = self._address(pointer, len(data))
        self.meter.charge_bytes(len(data))
        ctypes.memmove(address, bytes(data), len(data))

    def peek(self, pointer: int, length: int) -> bytes:
        """Reads for the host itself, not metered. Raises OutOfBoundsError."""
        self._size = None
        return ctypes.string_at(self._address(pointer, length), length) if length else b""

    def poke(self, pointer: int, data: bytes) -> None:
        """Writes for the host itself, not metered. Raises OutOfBoundsError."""
        self._size = None
        if data:
            ctypes.memmove(self._address(pointer, len(data)), data, len(data))

    def _address(self, pointer: int, length: int) -> int:
        size = self._size
        if size is None:
            size = self._look()
        if pointer + length > size:
            raise OutOfBoundsError(pointer, length, size)
        return self._base + pointer

    def _look(self) -> int:
        """Reads address and size of the memory: once a call, since only the guest changes it."""
        self._size = size = self.size
        if size:
            self._base = _data(self._context, self._place)
        return size
