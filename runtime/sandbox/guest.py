"""The guest's memory and fuel, as the engine holds them.

Each host call pays for itself and for every byte it moves, from the store's fuel; when that is
used up, the execution ends there.
"""

import ctypes

import wasmtime

from runtime.execution import Outcome, OutcomeKind
from runtime.host.invocation import Stop
from runtime.host.memory import OutOfBoundsError
from runtime.metering import HOST_BYTE_FUEL, HOST_CALL_FUEL

OUT_OF_FUEL = Outcome(kind=OutcomeKind.OUT_OF_FUEL, reason="the fuel is used up")


class GuestMemory:
    """Reads and writes are checked against the memory's present size, and metered.

    `memory` is None while the module has none, and until its instance exists.
    """

    __slots__ = ("_fuel", "_store", "memory")

    def __init__(self, store: wasmtime.Store) -> None:
        self._store = store
        self._fuel = 0
        self.memory: wasmtime.Memory | None = None

    def begin_call(self) -> None:
        """Charge for a host call. Raises Stop when there is no fuel for it."""
        self._fuel = self._store.get_fuel()
        self._charge(HOST_CALL_FUEL)

    def end_call(self) -> None:
        """Give the fuel that is left back to the guest."""
        self._store.set_fuel(self._fuel)

    @property
    def size(self) -> int:
        """In bytes."""
        return 0 if self.memory is None else self.memory.data_len(self._store)

    def read(self, pointer: int, length: int) -> bytes:
        if length == 0:
            return b""
        address = self._address(pointer, length)
        self._charge(length * HOST_BYTE_FUEL)
        return ctypes.string_at(address, length)

    def write(self, pointer: int, data: bytes) -> None:
        if not data:
            return
        address = self._address(pointer, len(data))
        self._charge(len(data) * HOST_BYTE_FUEL)
        ctypes.memmove(address, data, len(data))

    def peek(self, pointer: int, length: int) -> bytes:
        """A read of the host's own, not metered. Raises OutOfBoundsError."""
        return ctypes.string_at(self._address(pointer, length), length) if length else b""

    def poke(self, pointer: int, data: bytes) -> None:
        """A write of the host's own, not metered. Raises OutOfBoundsError."""
        if data:
            ctypes.memmove(self._address(pointer, len(data)), data, len(data))

    def _address(self, pointer: int, length: int) -> int:
        size = self.size
        if self.memory is None or pointer + length > size:
            raise OutOfBoundsError(pointer, length, size)
        # Fetched each time: growing may move the memory.
        base = ctypes.cast(self.memory.data_ptr(self._store), ctypes.c_void_p).value
        assert base is not None, "a memory that is not empty has an address"
        return base + pointer

    def _charge(self, fuel: int) -> None:
        if self._fuel < fuel:
            self._fuel = 0
            raise Stop(OUT_OF_FUEL)
        self._fuel -= fuel
