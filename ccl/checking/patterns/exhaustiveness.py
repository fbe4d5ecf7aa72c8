"""Exhaustiveness of `match`: values of the subject that no arm takes, shown as patterns.

Values are split by the constructors in a column of patterns, and each group is followed with the
rows that can still take it (Maranget, Warnings for pattern matching). A group that no row takes is
a witness; a row that takes all of a group ends the search in it. Numbers are split at the ends of
the ranges written.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TypeVar, assert_never

from ccl.checking.patterns.patterns import VariantTypes, plain_name
from ccl.checking.patterns.rows import INTEGER_MAX, INTEGER_MIN, ByGroup, Row, ends_of
from ccl.checking.patterns.shapes import (
    Anything,
    Either,
    Elements,
    Equal,
    Fields,
    Shape,
    Variant,
    Within,
)
from ccl.ir import typed
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.support.node import Node

WITNESSES_MAX = 3
STEPS_MAX = 4_000_000
"""The most patterns looked at for the coverage of one `match`, and as many for its reachable arms:
deciding either is exponential in the worst case."""


_ANYTHING = Anything()


class Types(Node, frozen=True, kw_only=True):
    """The structs and enums of the program."""

    variants: Callable[[Type], VariantTypes]
    fields: Callable[[Struct], tuple[tuple[str, Type], ...]]


class TooManyStepsError(Exception):
    """Raised where a question takes more than `STEPS_MAX` steps."""


class Steps:
    """What is left of `STEPS_MAX`."""

    def __init__(self) -> None:
        self._left = STEPS_MAX

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TooManyStepsError


class _Group(Node, frozen=True, kw_only=True):
    """Values that every pattern of a column takes or leaves together."""

    parts: tuple[Type, ...]
    key: object = None
    """The key of a pattern of one value or variant that takes the group."""
    low: int | None = None
    """The least value, of numbers."""
    taken: Callable[[Shape], tuple[Shape, ...] | None]
    """Returns the patterns of the parts; None where the pattern does not take the group."""
    show: Callable[[tuple[str, ...]], str]


def uncovered(rows: Sequence[Shape], kind: Type, types: Types) -> tuple[str, ...]:
    """Returns patterns of values that no row takes, at most `WITNESSES_MAX` of them.

    Raises TooManyStepsError.
    """
    search = _Search(types, Steps())
    found = search.witnesses([(row,) for row in rows], (_ANYTHING,), (kind,))
    return tuple(each[0] for each in islice(found, WITNESSES_MAX))


def is_reachable(
    rows: Sequence[Shape], shape: Shape, kind: Type, types: Types, steps: Steps
) -> bool:
    """Returns whether the shape takes a value that the rows before leave; True beyond the limit."""
    search = _Search(types, steps)
    try:
        found = search.witnesses([(row,) for row in rows], (shape,), (kind,))
        return next(found, None) is not None
    except TooManyStepsError:
        return True


class _Search:
    def __init__(self, types: Types, steps: Steps) -> None:
        self._types = types
        self._steps = steps
        self._covered: set[object] = set()
        """Questions without a witness: alternatives lead to the same one in many ways."""

    def witnesses(
        self, rows: list[Row], target: Row, kinds: tuple[Type, ...]
    ) -> Iterator[tuple[str, ...]]:
        """Yields values that `target` takes and no row does."""
        self._steps.take(1 + len(rows) * len(kinds))
        if not rows:
            yield ("_",) * len(kinds)
            return
        if any(all(map(_takes_all, row)) for row in rows):
            return
        question = (_identities(rows), _identities((target,)), kinds)
        if question in self._covered:
            return
        nothing = True
        for found in self._split(rows, target, kinds):
            nothing = False
            yield found
        if nothing:
            self._covered.add(question)

    def _split(
        self, rows: list[Row], target: Row, kinds: tuple[Type, ...]
    ) -> Iterator[tuple[str, ...]]:
        """Yields the witnesses in each group of one column."""
        at = _column(rows)
        kind, *others = _turned(kinds, at)
        rows = [row for each in rows for row in _apart(_turned(each, at))]
        for query in _apart(_turned(target, at)):
            column = [row[0] for row in (*rows, query)]
            found_by = ByGroup(rows)
            for group in self._groups(kind, column, query[0]):
                ahead = group.taken(query[0])
                if ahead is None:
                    continue
                left = [
                    (*parts, *row[1:])
                    for row in found_by.of(group.key, group.low)
                    if (parts := group.taken(row[0])) is not None
                ]
                width = len(group.parts)
                rest = (*group.parts, *others)
                for found in self.witnesses(left, (*ahead, *query[1:]), rest):
                    first, after = group.show(found[:width]), found[width:]
                    yield (*after[:at], first, *after[at:])

    def _groups(self, kind: Type, column: list[Shape], target: Shape) -> Iterator[_Group]:
        """Returns the groups of values in a column, as far as `target` may take them."""
        heads = [each for each in column if not isinstance(each, Anything)]
        if not heads:
            yield _whole()
            return
        match kind:
            case Option() | Result() | Enumeration():
                variants = self._types.variants(kind)
                tags = (target.tag,) if isinstance(target, Variant) else range(len(variants))
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
                    for each in (heads if isinstance(target, Anything) else (target,))
                    if isinstance(each, Equal) and isinstance(each.value, typed.TextConst)
                }
                for text in sorted(texts):
                    yield _text(text)
                yield _other_texts()
            case Prim() | Token():
                yield from _numbers(kind, heads, target)
            case Map() | ErrorType():
                raise AssertionError("only names and `_` fit it")
            case _:
                assert_never(kind)


def _identities(rows: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
    """Returns the rows by identity of their patterns; those of the arms live as long as the
    search."""
    return tuple(tuple(map(id, row)) for row in rows)


def _takes_all(shape: Shape) -> bool:
    """Returns whether the shape takes every value of its type."""
    match shape:
        case Anything():
            return True
        case Equal() | Within() | Variant():
            return False
        case Fields(parts=parts):
            return all(map(_takes_all, parts))
        case Elements(parts=parts, rest=rest):
            return rest is not None and not parts
        case Either(alternatives=alternatives):
            return any(map(_takes_all, alternatives))


def _column(rows: Sequence[Row]) -> int:
    """Returns the column that most rows constrain: splitting by it leaves the fewest of them."""
    if len(rows[0]) == 1:
        return 0
    asking = [sum(not _takes_all(each) for each in column) for column in zip(*rows, strict=True)]
    return asking.index(max(asking))


_T = TypeVar("_T")


def _turned(row: tuple[_T, ...], at: int) -> tuple[_T, ...]:
    """Returns the rows with one column moved to the front."""
    return (row[at], *row[:at], *row[at + 1 :]) if at else row


def _apart(row: Row) -> Iterator[Row]:
    """Yields one row for each alternative in its first column."""
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
        return (_ANYTHING,) * len(payload)

    return _Group(
        parts=payload,
        key=("variant", tag),
        taken=taken,
        show=lambda parts: f"{name}({', '.join(parts)})" if parts else name,
    )


def _fields(kind: Struct, fields: tuple[tuple[str, Type], ...]) -> _Group:
    names = [name for name, _ in fields]

    def show(parts: tuple[str, ...]) -> str:
        named = [f"{name}: {part}" for name, part in zip(names, parts, strict=True) if part != "_"]
        rest = [] if len(named) == len(names) else [".."]
        return f"{plain_name(kind)} {{ {', '.join((*named, *rest))} }}"

    return _Group(
        parts=tuple(each for _, each in fields),
        taken=lambda shape: (
            shape.parts if isinstance(shape, Fields) else (_ANYTHING,) * len(fields)
        ),
        show=show,
    )


def _extent(arrays: Sequence[Elements]) -> tuple[int, int, int]:
    """Returns the lengths that are split one by one, and the distance from both ends of longer
    ones."""
    first = max((each.before for each in arrays if each.rest is not None), default=0)
    last = max((len(each.parts) - each.before for each in arrays if each.rest), default=0)
    longest = max((len(each.parts) for each in arrays if each.rest is None), default=0)
    return max(longest, first + last - 1), first, last


def _elements(length: int, element: Type) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        if not isinstance(shape, Elements):
            return (_ANYTHING,) * length
        between = length - len(shape.parts)
        if between < 0 or (between > 0 and shape.rest is None):
            return None
        head, tail = shape.parts[: shape.before], shape.parts[shape.before :]
        return (*head, *((_ANYTHING,) * between), *tail)

    return _Group(
        parts=(element,) * length, taken=taken, show=lambda parts: f"[{', '.join(parts)}]"
    )


def _longer(length: int, first: int, last: int, element: Type) -> _Group:
    """Returns the group of longer arrays: as many first and last elements as any pattern names."""

    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        if not isinstance(shape, Elements):
            return (_ANYTHING,) * (first + last)
        if shape.rest is None:
            return None
        head, tail = shape.parts[: shape.before], shape.parts[shape.before :]
        middle = (_ANYTHING,) * (first + last - len(shape.parts))
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


def _numbers(kind: Type, heads: Sequence[Shape], target: Shape) -> Iterator[_Group]:
    """Returns the ranges of numbers between the ends that are written."""
    first, last = (0, 1) if kind is Prim.BOOL else (INTEGER_MIN, INTEGER_MAX)
    starts = {first, last + 1}
    for head in heads:
        low, high = ends_of(head)
        starts |= {low, high + 1}
    least, greatest = ends_of(target)
    for start, after in pairwise(sorted(each for each in starts if least <= each <= greatest + 1)):
        yield _range(kind, start, after - 1)


def _range(kind: Type, low: int, high: int) -> _Group:
    def taken(shape: Shape) -> tuple[Shape, ...] | None:
        least, greatest = ends_of(shape)
        return () if least <= low and high <= greatest else None

    def show(_: tuple[str, ...]) -> str:
        if kind is Prim.BOOL:
            return "true" if low else "false"
        if kind is not Prim.INTEGER:
            return "_"
        return str(high if low == INTEGER_MIN else low)

    return _Group(parts=(), key=low if low == high else None, low=low, taken=taken, show=show)
