"""Intervals of 64-bit integers: facts about variables at a point, and exact arithmetic."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ccl.ir.typed import BinaryOp, Builtin

MIN: Final = -(2**63)
MAX: Final = 2**63 - 1
LENGTH_MAX: Final = 2**30
"""Of an array, a text or a map: no block of memory is larger."""
Interval: TypeAlias = tuple[int, int]
ALL: Final[Interval] = (MIN, MAX)


@dataclass
class Known:
    """Facts at one point of the program; a variable without any is unconstrained.

    `most`: upper bounds of a variable that are other variables.
    """

    intervals: dict[int, Interval] = field(default_factory=dict)
    most: dict[int, frozenset[int]] = field(default_factory=dict)

    def copy(self) -> "Known":
        return Known(dict(self.intervals), dict(self.most))

    def set(self, index: int, interval: Interval) -> None:
        self.forget(index)
        if interval != ALL:
            self.intervals[index] = interval

    def forget(self, index: int) -> None:
        self.intervals.pop(index, None)
        self.most.pop(index, None)
        for other, bounds in list(self.most.items()):
            if index in bounds:
                self.most[other] = bounds - {index}

    def narrow(self, index: int, low: int, high: int) -> None:
        """Intersects the interval of the variable; a contradiction is ignored."""
        before = self.intervals.get(index, ALL)
        after = max(before[0], low), min(before[1], high)
        if after[0] <= after[1]:
            self.intervals[index] = after

    def join(self, other: "Known") -> None:
        """Keeps the facts that hold in either state."""
        self.intervals = {
            index: hull(interval, other.intervals[index])
            for index, interval in self.intervals.items()
            if index in other.intervals
        }
        self.most = {
            index: bounds & other.most[index]
            for index, bounds in self.most.items()
            if index in other.most
        }

    def become(self, other: "Known") -> None:
        self.intervals, self.most = other.intervals, other.most


def result_of(op: BinaryOp, left: Interval, right: Interval) -> Interval | None:
    """Returns the interval of exact results, unbounded; None if there is none."""
    match op:
        case BinaryOp.ADD:
            return left[0] + right[0], left[1] + right[1]
        case BinaryOp.SUBTRACT:
            return left[0] - right[1], left[1] - right[0]
        case BinaryOp.MULTIPLY:
            corners = [a * b for a in left for b in right]
            return min(corners), max(corners)
        case BinaryOp.DIVIDE if right[0] > 0:
            corners = [truncated(a, b) for a in left for b in right]
            return min(corners), max(corners)
        case BinaryOp.REMAINDER if right[0] > 0:
            top = right[1] - 1
            return (
                0 if left[0] >= 0 else max(left[0], -top),
                0 if left[1] <= 0 else min(left[1], top),
            )
        case _:
            return None


def bits(builtin: Builtin, left: Interval, right: Interval) -> Interval:
    """Bounds `bit_and` by its operands that are not negative, and shifts."""
    if builtin is Builtin.SHIFT_RIGHT:
        return min(left[0], 0) if right[0] != right[1] else left[0] >> (right[0] & 63), (
            max(left[1], -1) if right[0] != right[1] else left[1] >> (right[0] & 63)
        )
    tops = [high for low, high in (left, right) if low >= 0]
    return (0, min(tops)) if tops else ALL


def truncated(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


def clamped(interval: Interval) -> Interval:
    low, high = max(interval[0], MIN), min(interval[1], MAX)
    return (low, high) if low <= high else ALL


def hull(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), max(a[1], b[1])
