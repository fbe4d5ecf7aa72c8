"""How fast a node has shown itself to be: a moving average over its verified executions.

Rule: only what was long enough to be measured counts, and no single execution counts for more
than a quarter.
"""

from typing import Annotated, Final

from msgspec import Struct

from mesh.records import Receipt
from runtime.content.codec import INTEGER_MAX
from runtime.content.typed import Between

MEASURABLE_MS: Final = 10
"""Shorter executions say more of the clock than of the node."""
_NEWEST: Final = 4
"""One part in so many is the newest execution's."""


class Pace(Struct, frozen=True, kw_only=True):
    """fuel_per_second: of one core. executions: how many it was learned from, 0 for none."""

    fuel_per_second: Annotated[int, Between(1, INTEGER_MAX)]
    executions: Annotated[int, Between(0, INTEGER_MAX)]


def learned(before: Pace, receipt: Receipt) -> Pace:
    """The pace after one more verified receipt; the same where that one shows nothing."""
    fuel, wall_ms = receipt.deterministic.fuel_used, receipt.metrics.wall_ms
    if fuel is None or wall_ms < MEASURABLE_MS:
        return before
    shown = fuel * 1000 // wall_ms
    mixed = ((_NEWEST - 1) * before.fuel_per_second + shown) // _NEWEST
    return Pace(fuel_per_second=min(max(1, mixed), INTEGER_MAX), executions=before.executions + 1)
