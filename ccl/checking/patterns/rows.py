"""Rows of patterns, indexed by the values that they take: of many rows, few meet another one."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ccl.checking.patterns.shapes import Equal, Shape, Variant, Within
from ccl.ir import typed

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

Row: TypeAlias = tuple[Shape, ...]


class Rows:
    """The shapes of arms, by the values that they take: of many, few meet another one."""

    def __init__(self) -> None:
        self._by_key: dict[object, list[Shape]] = {}
        self._ranges: list[tuple[int, int, Shape]] = []
        """Those that take numbers only."""
        self._rest: list[Shape] = []

    def add(self, shape: Shape) -> None:
        key = key_of(shape)
        if key is not None:
            self._by_key.setdefault(key, []).append(shape)
        if isinstance(shape, Within) or isinstance(key, int):
            self._ranges.append((*ends_of(shape), shape))
        elif key is None:
            self._rest.append(shape)

    def meeting(self, shape: Shape) -> list[Shape]:
        """Returns those that may take some value that the shape takes."""
        key = key_of(shape)
        if isinstance(shape, Within) or isinstance(key, int):
            least, greatest = ends_of(shape)
            ranges = [each for low, high, each in self._ranges if low <= greatest and least <= high]
            return [*ranges, *self._rest]
        if key is not None:
            return [*self._by_key.get(key, ()), *self._rest]
        keyed = [each for shapes in self._by_key.values() for each in shapes]
        ranges = [each for *_, each in self._ranges if isinstance(each, Within)]
        return [*keyed, *ranges, *self._rest]


class ByGroup:
    """Rows by the group that their first column takes: most patterns take one of many."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._by_key: dict[object, list[Row]] = {}
        self._ranges: list[tuple[int, int, Row]] = []
        self._rest: list[Row] = []
        for row in rows:
            key = key_of(row[0])
            if key is not None:
                self._by_key.setdefault(key, []).append(row)
            elif isinstance(row[0], Within):
                self._ranges.append((*ends_of(row[0]), row))
            else:
                self._rest.append(row)
        self._ranges.sort(key=lambda each: each[0], reverse=True)
        self._open: list[tuple[int, Row]] = []
        """Ranges that began before the last group."""

    def of(self, key: object, low: int | None) -> Iterator[Row]:
        """Returns the rows that may take a group, by its key and its least number.

        Groups of numbers are looked up in their order.
        """
        yield from self._rest
        yield from self._by_key.get(key, ())
        if low is not None:
            while self._ranges and self._ranges[-1][0] <= low:
                _, high, row = self._ranges.pop()
                self._open.append((high, row))
            self._open = [each for each in self._open if each[0] >= low]
            yield from (row for _, row in self._open)


def key_of(shape: Shape) -> object:
    """Returns the one value or variant that a pattern takes; None where it may take several."""
    match shape:
        case Variant(tag=tag):
            return ("variant", tag)
        case Equal(value=value):
            return value.value
        case _:  # it may take several
            return None


def ends_of(shape: Shape) -> tuple[int, int]:
    """Returns the least and the greatest number that a pattern takes."""
    match shape:
        case Equal(value=typed.ScalarConst(value=value)):
            return value, value
        case Within(low=low, high=high, inclusive=inclusive):
            return low.value, high.value if inclusive else high.value - 1
        case _:  # it may take any number
            return INTEGER_MIN, INTEGER_MAX
