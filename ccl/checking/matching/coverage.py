"""Which values of a `match` subject no arm takes, shown as patterns.

Values are split by the constructors that stand in a column of patterns, and each group is
followed with the rows that can still take it (Maranget, Warnings for pattern matching). A group
that no row takes is a witness. Numbers are split at the ends of the ranges written.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TypeAlias

from ccl import typed
from ccl.checking.matching.patterns import (
    Anything,
    Either,
    Elements,
    Equal,
    Fields,
    Shape,
    Variant,
    VariantTypes,
    Within,
    plain_name,
)
from ccl.node import Node
from ccl.types import Array, Enumeration, Option, Prim, Result, Struct, Type

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
WITNESSES_MAX = 3
STEPS_MAX = 50_000
"""Groups looked at for one question; patterns made to be hard need more than anybody writes."""

_Row: TypeAlias = tuple[Shape, ...]


class Types(Node, frozen=True, kw_only=True):
    """What the types of the program are made of."""

    variants: Callable[[Type], VariantTypes]
    fields: Callable[[Struct], tuple[tuple[str, Type], ...]]


class _TooManyStepsError(Exception):
    """The question is given up."""


class _Group(Node, frozen=True, kw_only=True):
    """Values that every pattern of a column takes or leaves together."""

    parts: tuple[Type, ...]
    key: object = None
    """What a pattern of one value or variant asks for, if it takes the group."""
    low: int | None = None
    """The least, where the values are numbers."""
    taken: Callable[[Shape], tuple[Shape, ...] | None]
    """What remains to be asked of the parts; None where the pattern leaves the group."""
    show: Callable[[tuple[str, ...]], str]


def uncovered(rows: Sequence[Shape], kind: Type, types: Types) -> tuple[str, ...]:
    """Patterns of what none of the rows takes, at most `WITNESSES_MAX` of them."""
    search = _Search(types)
    try:
        found = search.witnesses([(row,) for row in rows], (Anything(),), (kind,))
        return tuple(each[0] for each in islice(found, WITNESSES_MAX))
    except _TooManyStepsError:
        return ("_",)


class Rows:
    """The shapes of arms, by what they ask for: of many, few meet another one."""

    def __init__(self) -> None:
        self._by_key: dict[object, list[Shape]] = {}
        self._ranges: list[tuple[int, int, Shape]] = []
        """All that take some numbers only."""
        self._rest: list[Shape] = []

    def add(self, shape: Shape) -> None:
        key = key_of(shape)
        if key is not None:
            self._by_key.setdefault(key, []).append(shape)
        if isinstance(shape, Within) or isinstance(key, int):
            self._ranges.append((*_ends(shape), shape))
        elif key is None:
            self._rest.append(shape)

    def meeting(self, shape: Shape) -> list[Shape]:
        """Those that may take something of what the shape takes."""
        key = key_of(shape)
        if isinstance(shape, Within) or isinstance(key, int):
            least, greatest = _ends(shape)
            ranges = [each for low, high, each in self._ranges if low <= greatest and least <= high]
            return [*ranges, *self._rest]
        if key is not None:
            return [*self._by_key.get(key, ()), *self._rest]
        keyed = [each for shapes in self._by_key.values() for each in shapes]
        ranges = [each for *_, each in self._ranges if isinstance(each, Within)]
        return [*keyed, *ranges, *self._rest]


def is_reachable(rows: Sequence[Shape], shape: Shape, kind: Type, types: Types) -> bool:
    """Whether the shape takes something that the rows before leave."""
    search = _Search(types)
    try:
        found = search.witnesses([(row,) for row in rows], (shape,), (kind,))
        return next(found, None) is not None
    except _TooManyStepsError:
        return True


class _Search:
    def __init__(self, types: Types) -> None:
        self._types = types
        self._steps = 0

    def witnesses(
        self, rows: list[_Row], asked: _Row, kinds: tuple[Type, ...]
    ) -> Iterator[tuple[str, ...]]:
        """Values that `asked` takes and no row does."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise _TooManyStepsError
        if not kinds:
            if not rows:
                yield ()
            return
        rows = [row for each in rows for row in _apart(each)]
        for query in _apart(asked):
            column = [row[0] for row in (*rows, query)]
            found_by = _Rows(rows)
            for group in self._groups(kinds[0], column, query[0]):
                ahead = group.taken(query[0])
                if ahead is None:
                    continue
                left = [
                    (*parts, *row[1:])
                    for row in found_by.of(group)
                    if (parts := group.taken(row[0])) is not None
                ]
                width = len(group.parts)
                rest = (*group.parts, *kinds[1:])
                for found in self.witnesses(left, (*ahead, *query[1:]), rest):
                    yield (group.show(found[:width]), *found[width:])

    def _groups(self, kind: Type, column: list[Shape], asked: Shape) -> Iterator[_Group]:
        """The groups that the column parts the values into, as far as `asked` may take them."""
        heads = [each for each in column if not isinstance(each, Anything)]
        if not heads:
            yield _whole()
            return
        match kind:
            case Option() | Result() | Enumeration():
                variants = self._types.variants(kind)
                tags = (asked.tag,) if isinstance(asked, Variant) else range(len(variants))
                for tag in tags:
                    name, payload = variants[tag]
                    yield _variant(tag, _written(kind, name), payload)
            case Struct():
                yield _fields(kind, self._types.fields(kind))
            case Array(element):
                arrays = [each for each in heads if isinstance(each, Elements)]
                longest, first, last = _extent(arrays)
                for length in range(longest + 1):
                    yield _elements(length, element)
                yield _longer(longest, first, last, element)
            case Prim.STRING | Prim.DID | Prim.CID:
                texts = {
                    each.value.value
                    for each in (heads if isinstance(asked, Anything) else (asked,))
                    if isinstance(each, Equal) and isinstance(each.value, typed.TextConst)
                }
                for text in sorted(texts):
                    yield _text(text)
                yield _other_texts()
            case _:
                yield from _numbers(kind, heads, asked)


class _Rows:
    """Rows by what they ask of the first column: most patterns take one group of many."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._by_key: dict[object, list[_Row]] = {}
        self._ranges: list[tuple[int, int, _Row]] = []
        self._rest: list[_Row] = []
        for row in rows:
            key = key_of(row[0])
            if key is not None:
                self._by_key.setdefault(key, []).append(row)
            elif isinstance(row[0], Within):
                self._ranges.append((*_ends(row[0]), row))
            else:
                self._rest.append(row)
        self._ranges.sort(key=lambda each: each[0], reverse=True)
        self._open: list[tuple[int, _Row]] = []
        """Ranges that began before the last group asked for."""

    def of(self, group: _Group) -> Iterator[_Row]:
        """The rows that may take a group; groups of numbers are asked for in their order."""
        yield from self._rest
        yield from self._by_key.get(group.key, ())
        if group.low is not None:
            while self._ranges and self._ranges[-1][0] <= group.low:
                _, high, row = self._ranges.pop()
                self._open.append((high, row))
            self._open = [each for each in self._open if each[0] >= group.low]
            yield from (row for _, row in self._open)


def key_of(shape: Shape) -> object:
    """The one value or variant that a pattern asks for; None where it may take several."""
    match shape:
        case Variant(tag=tag):
            return ("variant", tag)
        case Equal(value=value):
            return value.value
        case _:
            return None


def _apart(row: _Row) -> Iterator[_Row]:
    """One row for each alternative in its first column."""
    if isinstance(row[0], Either):
        for each in row[0].alternatives:
            yield from _apart((each, *row[1:]))
    else:
        yield row


def _written(kind: Type, variant: str) -> str:
    return f"{plain_name(kind)}::{variant}" if isinstance(kind, Enumeration) else variant


def _whole() -> _Group:
    return _Group(parts=(), taken=lambda _: (), show=lambda _: "_")


def _variant(tag: int, name: str, payload: tuple[Type, ...]) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        if isinstance(shape, Variant):
            return shape.parts if shape.tag == tag else None
        return (Anything(),) * len(payload)

    return _Group(
        parts=payload,
        key=("variant", tag),
        taken=taken,
        show=lambda parts: f"{name}({', '.join(parts)})" if parts else name,
    )


def _fields(kind: Struct, fields: tuple[tuple[str, Type], ...]) -> _Group:
    names = [name for name, _ in fields]

    def show(parts: tuple[str, ...]) -> str:
        told = [f"{name}: {part}" for name, part in zip(names, parts, strict=True) if part != "_"]
        rest = [] if len(told) == len(names) else [".."]
        return f"{plain_name(kind)} {{ {', '.join((*told, *rest))} }}"

    return _Group(
        parts=tuple(each for _, each in fields),
        taken=lambda shape: (
            shape.parts if isinstance(shape, Fields) else (Anything(),) * len(fields)
        ),
        show=show,
    )


def _extent(arrays: Sequence[Elements]) -> tuple[int, int, int]:
    """The lengths that are looked at one by one, and how far longer ones are from both ends."""
    first = max((each.before for each in arrays if each.rest is not None), default=0)
    last = max((len(each.parts) - each.before for each in arrays if each.rest), default=0)
    longest = max((len(each.parts) for each in arrays if each.rest is None), default=0)
    return max(longest, first + last - 1), first, last


def _elements(length: int, element: Type) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        if not isinstance(shape, Elements):
            return (Anything(),) * length
        between = length - len(shape.parts)
        if between < 0 or (between > 0 and shape.rest is None):
            return None
        head, tail = shape.parts[: shape.before], shape.parts[shape.before :]
        return (*head, *((Anything(),) * between), *tail)

    return _Group(
        parts=(element,) * length, taken=taken, show=lambda parts: f"[{', '.join(parts)}]"
    )


def _longer(length: int, first: int, last: int, element: Type) -> _Group:
    """Arrays with more elements: as many of the first and last as any pattern asks for."""

    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        if not isinstance(shape, Elements):
            return (Anything(),) * (first + last)
        if shape.rest is None:
            return None
        head, tail = shape.parts[: shape.before], shape.parts[shape.before :]
        middle = (Anything(),) * (first + last - len(shape.parts))
        return (*head, *middle, *tail)

    def show(parts: tuple[str, ...]) -> str:
        if set(parts) <= {"_"}:
            return f"[{', '.join(['_'] * min(length + 1, 6))}{', …' * (length >= 6)}]"
        return f"[{', '.join((*parts[:first], '..', *parts[first:]))}]"

    return _Group(parts=(element,) * (first + last), taken=taken, show=show)


def _text(text: str) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        return None if isinstance(shape, Equal) and shape.value.value != text else ()

    return _Group(parts=(), key=text, taken=taken, show=lambda _: f'"{text}"')


def _other_texts() -> _Group:
    return _Group(
        parts=(), taken=lambda shape: None if isinstance(shape, Equal) else (), show=lambda _: "_"
    )


def _numbers(kind: Type, heads: Sequence[Shape], asked: Shape) -> Iterator[_Group]:
    """Ranges of numbers between the ends that are written."""
    first, last = (0, 1) if kind is Prim.BOOL else (INTEGER_MIN, INTEGER_MAX)
    starts = {first, last + 1}
    for head in heads:
        low, high = _ends(head)
        starts |= {low, high + 1}
    least, greatest = _ends(asked)
    for start, after in pairwise(sorted(each for each in starts if least <= each <= greatest + 1)):
        yield _range(kind, start, after - 1)


def _ends(shape: Shape) -> tuple[int, int]:
    """The least and the greatest number that a pattern takes."""
    match shape:
        case Equal(value=typed.ScalarConst(value=value)):
            return value, value
        case Within(low=low, high=high, inclusive=inclusive):
            return low.value, high.value if inclusive else high.value - 1
        case _:
            return INTEGER_MIN, INTEGER_MAX


def _range(kind: Type, low: int, high: int) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        least, greatest = _ends(shape)
        return () if least <= low and high <= greatest else None

    def show(_: tuple[str, ...]) -> str:
        if kind is Prim.BOOL:
            return "true" if low else "false"
        if kind is not Prim.INTEGER:
            return "_"
        return str(high if low == INTEGER_MIN else low)

    return _Group(parts=(), key=low if low == high else None, low=low, taken=taken, show=show)
