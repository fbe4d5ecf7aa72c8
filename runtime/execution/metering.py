"""Units of compute: the price of the fuel of an execution. `ccl.abi.fuel` has the fuel of each
operation."""

from runtime.execution.context import FUEL_PER_UNIT


def compute_units(fuel: int) -> int:
    """Converts fuel to compute units, rounded up."""
    return -(-fuel // FUEL_PER_UNIT)
