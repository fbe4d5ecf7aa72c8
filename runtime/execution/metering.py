"""Units of compute: what the fuel of an execution costs. What costs fuel is in `ccl.abi.fuel`."""

from runtime.execution.context import FUEL_PER_UNIT


def compute_units(fuel: int) -> int:
    """Compute units that `fuel` takes up, rounded up."""
    return -(-fuel // FUEL_PER_UNIT)
