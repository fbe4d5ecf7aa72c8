"""Metering: what a host call costs in fuel, and what fuel costs in units.

WebAssembly instructions are counted by the engine, about one fuel each. A host call runs
native code for microseconds that the engine does not see, so it is charged a fixed price and
a price per byte that crosses; otherwise a loop of host calls would buy a thousand times the
time it pays for. The prices are part of what every executor must agree on: they are hashed
into the engine's configuration.
"""

from typing import Final

from ccl.abi import fuel
from runtime.context import FUEL_PER_UNIT

HOST_CALL_FUEL: Final = fuel.HOST_CALL_FUEL
HOST_BYTE_FUEL: Final = fuel.HOST_BYTE_FUEL


def compute_units(fuel: int) -> int:
    """Compute units that `fuel` takes up, rounded up."""
    return -(-fuel // FUEL_PER_UNIT)
