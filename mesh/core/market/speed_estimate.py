"""The estimated speed of a node: a moving average over its own executions.

Rule: a program chooses its instructions, and some take hundreds of times as long for their fuel as
others, so no program decides what a node seems to be. Only a success that was long enough to be
measured counts, a single one moves the average by a twelfth at most, and all together never
further than OFF_MOST times from what was measured of the machine.
"""

from typing import Annotated, Final

from msgspec import Struct

from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import Between
from runtime.execution.execution import Execution, OutcomeKind

MEASURABLE_MS: Final = 10
"""Shorter executions say more of the clock than of the node."""
OFF_MOST: Final = 4
"""Host calls may take three times as long as compiled code, and a machine may have other work."""
_NEWEST: Final = 4
"""One part in so many is the newest execution's."""
_STEP: Final = 3
"""An execution is taken to differ by one part in so many at most."""


class SpeedEstimate(Struct, frozen=True, kw_only=True):
    """fuel_per_second: of one core. executions: how many it was learned from, 0 for none."""

    fuel_per_second: Annotated[int, Between(1, INTEGER_MAX)]
    executions: Annotated[int, Between(0, INTEGER_MAX)]


def initial(measured: int) -> SpeedEstimate:
    """The estimate before any execution. measured: fuel per second of the machine."""
    return SpeedEstimate(fuel_per_second=max(1, measured), executions=0)


def learned(before: SpeedEstimate, execution: Execution, measured: int) -> SpeedEstimate:
    """The estimate after one more execution; the same where that one shows nothing.

    measured: fuel per second of the machine, by a program of ours.
    """
    done, wall_ms = execution.deterministic, execution.metrics.wall_ms
    fuel = done.fuel_used
    if done.outcome.kind is not OutcomeKind.SUCCEEDED or fuel is None or wall_ms < MEASURABLE_MS:
        return before
    known = before.fuel_per_second
    shown = _between(fuel * 1000 // wall_ms, known - known // _STEP, known + known // _STEP)
    mixed = ((_NEWEST - 1) * known + shown) // _NEWEST
    speed = _between(mixed, max(1, measured // OFF_MOST), min(measured * OFF_MOST, INTEGER_MAX))
    return SpeedEstimate(fuel_per_second=max(1, speed), executions=before.executions + 1)


def _between(value: int, least: int, most: int) -> int:
    return min(max(value, least), most)
