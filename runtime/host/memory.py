"""The guest's memory as host calls see it: a port with checked reads and writes."""

from typing import Protocol


class OutOfBoundsError(Exception):
    """A pointer and a length that do not lie in the guest's memory."""

    def __init__(self, pointer: int, length: int, memory_bytes: int) -> None:
        super().__init__(
            f"{length} bytes at {pointer} are outside the module's memory of {memory_bytes} bytes"
        )


class Memory(Protocol):
    """Pointers and lengths are unsigned 32-bit."""

    def read(self, pointer: int, length: int) -> bytes:
        """Copies bytes of the guest. Raises OutOfBoundsError."""
        ...

    def write(self, pointer: int, data: bytes | memoryview) -> None:
        """Raises OutOfBoundsError, in which case nothing is written."""
        ...
