"""Matches as text over types with few values, and which of the values each pattern takes.

What a pattern takes is said here by enumeration, from the reference's table of patterns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from hypothesis import strategies as st

Value: TypeAlias = Any
"""bool, int, str; `(variant, payload)`, also of structs; a tuple starting with "[" for arrays."""

VALUES_MAX = 1_500
_ELEMENTS_MAX = 2
"""On either side of a rest. Longer arrays fare like those of twice as many and one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Its text, and the test that it represents. Names are not bound."""

    text: str
    takes: Callable[[Value], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: how it is written and declared, its values, and patterns of it."""

    text: str
    declared: str
    values: tuple[Value, ...]
    patterns: st.SearchStrategy[Pattern]


@dataclass(frozen=True, slots=True)
class Arm:
    """The alternatives of an arm; a guard may hold or not."""

    alternatives: tuple[Pattern, ...]
    guarded: bool

    @property
    def text(self) -> str:
        guard = " if open" if self.guarded else ""
        return " | ".join(each.text for each in self.alternatives) + guard + " => 1,"


ANYTHING = Pattern("_", lambda _: True)


def _equal(text: str, value: Value) -> Pattern:
    return Pattern(text, lambda given: given == value)


def _range(low: int, high: int, *, closed: bool) -> Pattern:
    dots = "..=" if closed else ".."
    return Pattern(f"{low}{dots}{high}", lambda n: low <= n < high + closed)


def _ranges() -> st.SearchStrategy[Pattern]:
    ends = st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans())
    fine = ends.filter(lambda e: e[0] < e[1] or (e[0] == e[1] and e[2]))
    return fine.map(lambda e: _range(e[0], e[1], closed=e[2]))


INTEGER = Kind(
    "Integer",
    "",
    tuple(range(-4, 5)),
    st.integers(-2, 2).map(lambda n: _equal(str(n), n)) | _ranges() | st.just(ANYTHING),
)
BOOL = Kind(
    "Bool",
    "",
    (False, True),
    st.sampled_from([_equal("true", True), _equal("false", False), ANYTHING]),
)
STRING = Kind(
    "String",
    "",
    ("a", "b", "other"),
    st.sampled_from([_equal('"a"', "a"), _equal('"b"', "b"), ANYTHING]),
)


def _patterns(parts: tuple[Kind, ...]) -> st.SearchStrategy[tuple[Pattern, ...]]:
    return st.tuples(*(each.patterns for each in parts))


def _all(patterns: tuple[Pattern, ...], values: tuple[Value, ...]) -> bool:
    return all(each.takes(value) for each, value in zip(patterns, values, strict=True))


def _variant(written: str, name: str, payload: tuple[Kind, ...]) -> st.SearchStrategy[Pattern]:
    def made(parts: tuple[Pattern, ...]) -> Pattern:
        inside = f"({', '.join(each.text for each in parts)})" if parts else ""
        return Pattern(written + inside, lambda v: v[0] == name and _all(parts, v[1]))

    return _patterns(payload).map(made)


def sum_of(text: str, declared: str, prefix: str, variants: dict[str, tuple[Kind, ...]]) -> Kind:
    """An enum, an Option or a Result."""
    return Kind(
        text,
        declared,
        tuple(
            (name, values)
            for name, payload in variants.items()
            for values in product(*(each.values for each in payload))
        ),
        st.one_of(
            st.just(ANYTHING),
            *(_variant(prefix + name, name, payload) for name, payload in variants.items()),
        ),
    )


def struct_of(name: str, fields: dict[str, Kind]) -> Kind:
    def made(parts: tuple[Pattern, ...]) -> Pattern:
        inside = ", ".join(
            f"{field}: {each.text}" for field, each in zip(fields, parts, strict=True)
        )
        return Pattern(f"{name} {{ {inside} }}", lambda v: _all(parts, v[1]))

    kinds = tuple(fields.values())
    before = "".join(each.declared for each in kinds)
    inside = ", ".join(f"{field}: {each.text}" for field, each in fields.items())
    return Kind(
        name,
        f"{before}struct {name} {{ {inside} }}\n",
        tuple((name, values) for values in product(*(each.values for each in kinds))),
        st.just(ANYTHING) | _patterns(kinds).map(made),
    )


def array_of(element: Kind) -> Kind:
    def made(parts: tuple[list[Pattern], list[Pattern] | None]) -> Pattern:
        before, after = parts
        rest = [] if after is None else ["..", *(each.text for each in after)]
        text = ", ".join([*(each.text for each in before), *rest])

        def takes(value: Value) -> bool:
            wanted = [*before, *(after or ())]
            between = len(value[1]) - len(wanted)
            if between < 0 or (between > 0 and after is None):
                return False
            filled = (*before, *(ANYTHING,) * between, *(after or ()))
            return _all(filled, value[1])

        return Pattern(f"[{text}]", takes)

    several = st.lists(element.patterns, max_size=_ELEMENTS_MAX)
    lengths = range(2 * _ELEMENTS_MAX + 2)
    return Kind(
        f"Array<{element.text}>",
        element.declared,
        tuple(("[", each) for n in lengths for each in product(element.values, repeat=n)),
        st.just(ANYTHING) | st.tuples(several, st.none() | several).map(made),
    )


@st.composite
def kinds(draw: st.DrawFn, depth: int = 2, name: str = "T") -> Kind:
    if depth == 0:
        return draw(st.sampled_from([BOOL, BOOL, INTEGER, STRING]))

    def part(number: int) -> Kind:
        return draw(kinds(draw(st.integers(0, depth - 1)), f"{name}{number}"))

    match draw(st.integers(0, 4)):
        case 0:
            one = part(0)
            return sum_of(f"Option<{one.text}>", one.declared, "", {"Some": (one,), "None": ()})
        case 1:
            one, two = part(0), part(1)
            declared, text = one.declared + two.declared, f"Result<{one.text}, {two.text}>"
            return sum_of(text, declared, "", {"Ok": (one,), "Err": (two,)})
        case 2:
            one, two = part(0), part(1)
            item = f"enum {name} {{ A, B({one.text}), C({two.text}, Bool) }}\n"
            variants = {"A": (), "B": (one,), "C": (two, BOOL)}
            return sum_of(name, one.declared + two.declared + item, f"{name}::", variants)
        case 3:
            return struct_of(name, {"x": part(0), "y": part(1)})
        case _:
            return array_of(BOOL)


@st.composite
def matches(draw: st.DrawFn) -> tuple[Kind, list[Arm]]:
    """A type of few values, and the arms of a match over it."""
    kind = draw(kinds().filter(lambda each: len(each.values) <= VALUES_MAX))
    alternatives = st.lists(kind.patterns, min_size=1, max_size=2).map(tuple)
    arms = st.builds(Arm, alternatives, st.sampled_from([False, False, False, True]))
    return kind, draw(st.lists(arms, min_size=1, max_size=7))


def program(kind: Kind, arms: list[Arm]) -> str:
    lines = "\n".join(f"    {arm.text}" for arm in arms)
    return (
        f"{kind.declared}fn g(v: {kind.text}, open: Bool) -> Integer {{\n  match v {{\n{lines}\n"
        f"  }}\n}}\nexecution {{ 0 }}\n"
    )
