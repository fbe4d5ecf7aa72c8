"""Claims: constraints of a decided condition on one value, and their satisfiability.

Sound and complete for `Claim`s: numbers step by millionths or by ones, texts are ordered by bytes,
and a path exists only if all its prefixes do.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, TypeAlias

from ccl.checking.expressions.literals import DECIMAL_ONE, INTEGER_MAX, INTEGER_MIN
from ccl.support.node import Node

NEGATED: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

Known: TypeAlias = int | str


class Sort(Enum):
    """The representation of a subject's values: ints, in millionths for numbers."""

    WHOLE = "whole number"
    DECIMAL = "number"
    TEXT = "text"
    TRUTH = "truth value"
    ORDER = "order of two values"
    """-1, 0 and 1: less, equal, greater."""
    PRESENCE = "presence"


_SMALL: Final = {Sort.TRUTH: (0, 1), Sort.ORDER: (-1, 1), Sort.PRESENCE: (0, 1)}
_TOGETHER: Final = {Sort.WHOLE: Sort.DECIMAL}
"""Sorts that are decided together: texts that spell numbers are compared as either, on their
own."""


class Claim(Node, frozen=True, kw_only=True):
    """`subject operator value`. `reading` keeps apart the sorts that share no values."""

    subject: str
    sort: Sort
    operator: str
    value: Known
    reading: str = ""


class Every(Node, frozen=True):
    """All parts hold."""

    parts: tuple["Formula", ...]


class Some(Node, frozen=True):
    """At least one part holds."""

    parts: tuple["Formula", ...]


Formula: TypeAlias = Claim | Every | Some
NOTHING: Final = Every(())
"""The formula that always holds."""
STEPS_MAX: Final = 2_000
"""Alternatives tried for one satisfiability check; beyond, it counts as satisfiable."""


def present(path: Sequence[str]) -> tuple[Claim, ...]:
    """Returns the claims that the path and all its prefixes exist."""
    return tuple(
        Claim(subject=".".join(path[: n + 1]), sort=Sort.PRESENCE, operator="==", value=1)
        for n in range(len(path))
    )


def absent(path: Sequence[str]) -> Formula:
    return Claim(subject=".".join(path), sort=Sort.PRESENCE, operator="==", value=0)


def possible(formulas: Iterable[Formula]) -> bool:
    """Returns whether all of them can hold at once."""
    return _Search().holds(tuple(formulas), {})


_Claims: TypeAlias = dict[tuple[str, str], tuple[Claim, ...]]


class _Search:
    """A search through alternatives, those with the fewest branches first."""

    def __init__(self) -> None:
        self._steps = 0

    def holds(self, formulas: tuple[Formula, ...], known: _Claims) -> bool:
        self._steps += 1
        if self._steps > STEPS_MAX:
            return True
        claims: _Claims | None = dict(known)
        open_: list[Some] = []
        pending = list(formulas)
        while pending:
            match pending.pop():
                case Claim() as claim:
                    claims = _with(claims, claim)
                    if claims is None:
                        return False
                case Every(parts):
                    pending += parts
                case Some() as some:
                    open_.append(some)
        assert claims is not None, "left above"
        ways = [tuple(p for p in some.parts if _is_open(p, claims)) for some in open_]
        if not ways:
            return True
        fewest = min(range(len(ways)), key=lambda n: len(ways[n]))
        rest = tuple(Some(each) for n, each in enumerate(ways) if n != fewest)
        return any(self.holds((way, *rest), claims) for way in ways[fewest])


def _is_open(part: Formula, claims: _Claims) -> bool:
    return not isinstance(part, Claim) or _with(claims, part) is not None


def _with(claims: _Claims | None, claim: Claim) -> _Claims | None:
    """Returns the claims and one more; None where no value satisfies all about its subject."""
    assert claims is not None, "a contradiction ends the search"
    key = (claim.subject, claim.reading or _TOGETHER.get(claim.sort, claim.sort).value)
    known = claims.get(key, ())
    if claim in known:
        return claims
    found = (*known, claim)
    return {**claims, key: found} if _has_value(found) else None


def _has_value(claims: tuple[Claim, ...]) -> bool:
    """Returns whether one value satisfies claims of one sort."""
    if claims[0].sort is Sort.TEXT:
        return _has_text(claims)
    low, high, step = _domain({each.sort for each in claims})
    others: set[int] = set()
    for each in claims:
        value = each.value
        assert isinstance(value, int), "only texts are no ints"
        match each.operator:
            case "==":
                low, high = max(low, value), min(high, value)
            case "!=":
                others.add(value)
            case "<":
                high = min(high, value - 1)
            case "<=":
                high = min(high, value)
            case ">":
                low = max(low, value + 1)
            case _:
                low = max(low, value)
    low, high = -(-low // step) * step, high // step * step
    left_out = sum(low <= each <= high and each % step == 0 for each in others)
    return (high - low) // step + 1 > left_out


def _domain(sorts: set[Sort]) -> tuple[int, int, int]:
    """Returns the least and the greatest value, and the step between two."""
    for sort, (low, high) in _SMALL.items():
        if sort in sorts:
            return low, high, 1
    if Sort.DECIMAL in sorts:
        return INTEGER_MIN, INTEGER_MAX, DECIMAL_ONE if Sort.WHOLE in sorts else 1
    return INTEGER_MIN * DECIMAL_ONE, INTEGER_MAX * DECIMAL_ONE, DECIMAL_ONE


def _has_text(claims: tuple[Claim, ...]) -> bool:
    """Returns whether one text satisfies the claims.

    The successor of a text is that with a zero byte more: nothing lies between.
    """
    low, end = b"", None
    others: set[bytes] = set()
    for each in claims:
        assert isinstance(each.value, str), "only texts are compared with texts"
        value = each.value.encode()
        if each.operator in ("==", ">="):
            low = max(low, value)
        if each.operator == ">":
            low = max(low, value + b"\0")
        if each.operator in ("==", "<="):
            end = value + b"\0" if end is None else min(end, value + b"\0")
        if each.operator == "<":
            end = value if end is None else min(end, value)
        if each.operator == "!=":
            others.add(value)
    while low in others:
        low += b"\0"
    return end is None or low < end
