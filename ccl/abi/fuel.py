"""What a host call costs in fuel: the runtime charges it, the compiler counts it in bounds."""

from typing import Final

HOST_CALL_FUEL: Final = 10_000
"""About the instructions that run in the time of a host call."""
HOST_BYTE_FUEL: Final = 1
"""For each byte that is read from the guest's memory or written to it."""
