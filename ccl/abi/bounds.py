"""Upper bounds on the cost of an export: fuel as a formula, or the obstacle to one.

A formula is a sum of products with coefficients that are not negative. Its symbols are the
parameters of the export: `len(xs)`, the length of an array or text, and `|n|`, the size of a
number. Written as a block (section `ccl:bounds`): by export, `{"fuel": [[coefficient,
[symbol, …]], …]}` or `{"obstacle": [file, line, column, reason]}`.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, TypeAlias

from msgspec import Struct

Monomial: TypeAlias = tuple[str, ...]
"""Symbols, sorted; () is the constant."""


class Formula(Struct, frozen=True):
    terms: Mapping[Monomial, int]

    @staticmethod
    def constant(value: int) -> "Formula":
        return Formula({(): value} if value else {})

    @staticmethod
    def symbol(name: str) -> "Formula":
        return Formula({(name,): 1})

    def __add__(self, other: "Formula") -> "Formula":
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return Formula(terms)

    def __mul__(self, other: "Formula") -> "Formula":
        terms: dict[Monomial, int] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                key = tuple(sorted(a + b))
                terms[key] = terms.get(key, 0) + x * y
        return Formula(terms)

    def most(self, other: "Formula") -> "Formula":
        """Returns a formula that is at least both."""
        keys = dict.fromkeys((*self.terms, *other.terms))
        return Formula({k: max(self.terms.get(k, 0), other.terms.get(k, 0)) for k in keys})

    def replaced(self, by: Mapping[str, "Formula"]) -> "Formula":
        """Substitutes each symbol; every one must be given."""
        total = Formula.constant(0)
        for monomial, coefficient in self.terms.items():
            product = Formula.constant(coefficient)
            for name in monomial:
                product = product * by[name]
            total = total + product
        return total

    def symbols(self) -> frozenset[str]:
        return frozenset(name for monomial in self.terms for name in monomial)

    def at(self, values: Mapping[str, int]) -> int:
        """Evaluates the formula. Raises KeyError if a symbol is missing."""
        total = 0
        for monomial, coefficient in self.terms.items():
            total += coefficient * prod(values[name] for name in monomial)
        return total

    def __str__(self) -> str:
        """Writes the highest powers first: `12·len(xs)·|n| + 40·len(xs) + 300`."""
        ordered = sorted(self.terms.items(), key=lambda term: (-len(term[0]), term[0]))
        parts = ["·".join([str(coefficient), *names]) for names, coefficient in ordered]
        return " + ".join(parts) or "0"


class Obstacle(Struct, frozen=True, kw_only=True):
    """The reason why there is no bound, and its place."""

    file: str
    line: int
    column: int
    reason: str


Bound: TypeAlias = Formula | Obstacle


def bounds_to_value(bounds: Mapping[str, Bound]) -> dict[str, Any]:
    return {name: _to_value(bound) for name, bound in bounds.items()}


def _to_value(bound: Bound) -> dict[str, Any]:
    if isinstance(bound, Obstacle):
        return {"obstacle": [bound.file, bound.line, bound.column, bound.reason]}
    return {"fuel": [[bound.terms[key], list(key)] for key in sorted(bound.terms)]}


def bounds_from_value(value: Any) -> dict[str, Bound]:
    """Reads the output of `bounds_to_value`. Raises ValueError for any other shape."""
    if not isinstance(value, dict):
        raise ValueError("malformed ccl:bounds section: not a map")
    return {str(name): _from_value(entry) for name, entry in value.items()}


def _from_value(entry: Any) -> Bound:
    match entry:
        case {"obstacle": [str(file), int(line), int(column), str(reason)]}:
            return Obstacle(file=file, line=line, column=column, reason=reason)
        case {"fuel": list(terms)}:
            found: dict[Monomial, int] = {}
            for term in terms:
                match term:
                    case [int(coefficient), list(names)] if coefficient >= 0 and all(
                        isinstance(name, str) for name in names
                    ):
                        found[tuple(names)] = coefficient
                    case _:
                        raise ValueError(f"malformed ccl:bounds section: term {term!r}")
            return Formula(found)
    raise ValueError(f"malformed ccl:bounds section: entry {entry!r}")
